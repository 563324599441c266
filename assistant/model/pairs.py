"""How a question and a sentence become the reader's input, in training and in use alike."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from corpus import Document, sentences

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_QUESTION, _SENTENCE, _PATH, _BEFORE = 48, 96, 24, 32  # tokens of each part; the rest is cut off
_LOOK_BACK = 400  # characters before a sentence in which the one before it is looked for


@dataclass(frozen=True, slots=True)
class Pair:
    """The tokens of a question and a sentence. `first` is the place of the sentence's first token, and `offsets` are the
    characters of the sentence that each of its tokens stands for.
    """

    ids: list[int]
    types: list[int]
    first: int
    offsets: list[tuple[int, int]]


def context(document: Document, start: int) -> tuple[str, str]:
    """What a sentence that begins at `start` needs to be understood: the headings above it, nearest first and the title last, and
    the sentence before it in the same section ("" if there is none). Of a table row that is the sentence before the table: the
    row above is about something else.
    """
    path = document.heading_path(start)
    if (table := document.table_at(start)) is not None:
        start = table.rows[0].start
    before = sentences(document, max(0, start - _LOOK_BACK), start)
    headings = {heading.start for heading in document.headings}
    if not before or before[-1][0] in headings:
        return "; ".join([*reversed(path), document.title]), ""
    return "; ".join([*reversed(path), document.title]), document.shown(*before[-1])


def encode(tokenizer: "Tokenizer", question: str, sentence: str, around: tuple[str, str]) -> Pair:
    """[CLS] question [SEP] sentence [SEP] headings [SEP] sentence before [SEP], the sentence as the second kind of text.

    `tokenizer` is BERT's, without special tokens, truncation and padding of its own.
    """
    asked, read, path, before = tokenizer.encode_batch([question, sentence, *around], add_special_tokens=False)
    begin, end = _special(tokenizer, "[CLS]"), _special(tokenizer, "[SEP]")
    head = [begin, *asked.ids[:_QUESTION], end]
    body = [*read.ids[:_SENTENCE], end]
    tail = [*path.ids[:_PATH], end, *before.ids[-_BEFORE:], end]
    types = [0] * len(head) + [1] * len(body) + [0] * len(tail)
    return Pair([*head, *body, *tail], types, len(head), read.offsets[:_SENTENCE])


def _special(tokenizer: "Tokenizer", token: str) -> int:
    found = tokenizer.token_to_id(token)
    if found is None:
        raise ValueError(f"the tokenizer has no {token}")
    return found
