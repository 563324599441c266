"""Turns a question and a sentence into the cross-encoder's input, in training and in use alike."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from corpus import Document, sentences

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_QUESTION, _SENTENCE, _PATH, _BEFORE = 48, 96, 24, 32  # the most tokens of each part; the rest is cut off
_LOOK_BACK = 400  # characters before a sentence in which its preceding sentence is looked for


@dataclass(frozen=True, slots=True)
class Pair:
    """The tokens of a question and a sentence. `first` is the index of the sentence's first token; `offsets` are, for each token of
    the sentence, its range of characters in the sentence.
    """

    ids: list[int]
    types: list[int]
    first: int
    offsets: list[tuple[int, int]]


def context(document: Document, start: int) -> tuple[str, str]:
    """Return what a sentence that begins at `start` needs to be understood: the headings above it, nearest first and the title
    last, and the preceding sentence in the same section ("" if there is none). For a table row, that is the sentence before the
    table, since the row above is about something else.
    """
    path = document.heading_path(start)
    if (table := document.table_at(start)) is not None:
        start = table.rows[0].start
    headings = "; ".join([*reversed(path), document.title])
    preceding = sentences(document, max(0, start - _LOOK_BACK), start)
    if not preceding or preceding[-1][0] in {heading.start for heading in document.headings}:
        return headings, ""
    return headings, document.shown(*preceding[-1])


def encode(tokenizer: "Tokenizer", question: str, sentence: str, around: tuple[str, str]) -> Pair:
    """Return the tokens of "[CLS] question [SEP] sentence [SEP] headings [SEP] preceding sentence [SEP]", in which the sentence has
    token type 1.

    `tokenizer` is BERT's, without special tokens, truncation and padding of its own. Raises ValueError if it lacks [CLS] or [SEP].
    """
    asked, text, path, before = tokenizer.encode_batch([question, sentence, *around], add_special_tokens=False)
    begin, end = _special(tokenizer, "[CLS]"), _special(tokenizer, "[SEP]")
    head = [begin, *asked.ids[:_QUESTION], end]
    body = [*text.ids[:_SENTENCE], end]
    tail = [*path.ids[:_PATH], end, *before.ids[-_BEFORE:], end]
    types = [0] * len(head) + [1] * len(body) + [0] * len(tail)
    return Pair([*head, *body, *tail], types, len(head), text.offsets[:_SENTENCE])


def _special(tokenizer: "Tokenizer", token: str) -> int:
    number = tokenizer.token_to_id(token)
    if number is None:
        raise ValueError(f"the tokenizer has no {token}")
    return number
