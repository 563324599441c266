"""Turns a question and the sentences of a passage into the cross-encoder's input, in training and in use alike."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

_QUESTION, _HEADINGS, _SENTENCE = 64, 20, 96  # the most tokens of each part: the last of a question, the first of the others
_LONGEST = 250  # tokens of one input without its markers: a passage with more is read in parts


@dataclass(frozen=True, slots=True)
class PassageInput:
    """A question with some sentences of a passage as tokens: "[CLS] question [SEP] headings. sentences [SEP]" and a marker, another
    [CLS], for each sentence.

    `sentences` are the ranges of tokens of the sentences, and `offsets` the range of characters of each of their tokens. The
    markers are the last tokens, in the order of the sentences; they stand at position 0, as [CLS] does.
    """

    ids: list[int]
    types: list[int]
    sentences: list[tuple[int, int]] = field(default_factory=list)
    offsets: list[list[tuple[int, int]]] = field(default_factory=list)

    @property
    def positions(self) -> list[int]:
        """The position of each token."""
        markers = len(self.sentences)
        return [*range(len(self.ids) - markers), *[0] * markers]

    def attention(self) -> NDArray[np.bool_]:
        """Return which token looks at which, shape (t, t): a marker at the question, its own sentence, the last [SEP] and itself;
        all other tokens at one another, never at a marker.

        So a marker gathers for its sentence what [CLS] gathers for a single sentence, with no other sentence in its view.
        """
        body = len(self.ids) - len(self.sentences)
        seen = np.zeros((len(self.ids), len(self.ids)), np.bool_)
        seen[:body, :body] = True
        for marker, (start, end) in enumerate(self.sentences, body):
            seen[marker, 1 : self.types.index(1)] = True
            seen[marker, start:end] = seen[marker, body - 1] = seen[marker, marker] = True
        return seen


def passage_inputs(tokenizer: "Tokenizer", question: str, headings: str, sentences: Sequence[str]) -> Iterator[PassageInput]:
    """Yield the input of a question and the sentences of a passage, in order: more than one if they are too long for one.

    `headings` are those above the passage, nearest first. `tokenizer` is BERT's, without special tokens, truncation and padding of
    its own. Raises ValueError if it lacks [CLS] or [SEP].
    """
    begin, end = _special(tokenizer, "[CLS]"), _special(tokenizer, "[SEP]")
    asked, above, *texts = tokenizer.encode_batch([question, headings, *sentences], add_special_tokens=False)
    head = [begin, *asked.ids[-_QUESTION:], end]
    lead = [*above.ids[:_HEADINGS], *([_special(tokenizer, ".")] if above.ids else [])]
    part: list[Encoding] = []
    room = _LONGEST - len(head) - len(lead) - 1
    for text in texts:
        if part and sum(len(one.ids[:_SENTENCE]) for one in part) + len(text.ids[:_SENTENCE]) > room:
            yield _joined(head, lead, part, begin, end)
            part = []
        part.append(text)
    if part:
        yield _joined(head, lead, part, begin, end)


def _joined(head: list[int], lead: list[int], texts: "Sequence[Encoding]", begin: int, end: int) -> PassageInput:
    joined = PassageInput([*head, *lead], [0] * len(head) + [1] * len(lead))
    for text in texts:
        tokens = text.ids[:_SENTENCE]
        joined.sentences.append((len(joined.ids), len(joined.ids) + len(tokens)))
        joined.offsets.append(text.offsets[:_SENTENCE])
        joined.ids.extend(tokens)
    joined.ids.append(end)
    joined.types.extend([1] * (len(joined.ids) - len(joined.types)) + [0] * len(texts))
    joined.ids.extend([begin] * len(texts))
    return joined


def _special(tokenizer: "Tokenizer", token: str) -> int:
    number = tokenizer.token_to_id(token)
    if number is None:
        raise ValueError(f"the tokenizer has no {token}")
    return number
