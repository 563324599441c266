"""The types of what the API and the MCP tools return. The OpenAPI document is made from them and their docstrings."""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import ConfigDict, Field, TypeAdapter, with_config
from typing_extensions import TypedDict  # before Python 3.12, pydantic can't use the one in `typing`

from assistant import Status
from corpus import PageKind

_DOCUMENTED = ConfigDict(use_attribute_docstrings=True)

Link = Annotated[str, Field(json_schema_extra={"format": "uri-reference"})]
"""An address on this server, from its root."""

Count = Annotated[int, Field(ge=0)]

DocumentId = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
"""The id of a document: 16 hex digits derived from its content."""


@with_config(_DOCUMENTED)
class Sentence(TypedDict):
    """A sentence of an answer, quoted from a document."""

    text: str
    """The sentence as it is shown."""
    citations: list[int]
    """The numbers of its citations."""
    answer_span: Annotated[list[int], Field(min_length=2, max_length=2)] | None
    """The part of `text` that is the answer itself: its first character and the one after its last; null if none is clear."""


@with_config(_DOCUMENTED)
class Cell(TypedDict):
    """A cell of a quoted table row."""

    name: str
    """The name of its column; "" if it is unknown."""
    text: str
    """Its text."""


@with_config(_DOCUMENTED)
class Citation(TypedDict):
    """A place in a document: `quote` is the document's text from `start` to `end`, character for character."""

    number: Annotated[int, Field(ge=1)]
    """What the reader sees as [1], [2] and so on."""
    document_id: DocumentId
    """The document's id."""
    title: str
    """The document's title."""
    source: str
    """The name of the document's file."""
    quote: str
    """The text, exactly as the document has it."""
    text: str
    """The quote as it is shown: with single spaces, and without a hyphen at a line's end. A table row reads cell by cell, each with
    the name of its column: `Region: Loreto | 2021: 412`."""
    start: Count
    """Where the quote begins in the document's text, in characters."""
    end: Count
    """Where it ends: the character after its last."""
    page: Annotated[int | None, Field(ge=1)]
    """The page, slide or sheet where it begins, from 1; null in a document without pages."""
    page_label: str | None
    """The number printed on that page, if there is one; of a sheet, its name."""
    page_kind: PageKind
    """What the document's pages are."""
    row: Annotated[int | None, Field(ge=1)]
    """The number of the row where it begins, in a sheet; null elsewhere."""
    label: str
    """Where it begins, in the language of the answer: `p. 14 · PDF 26`, `slide 5`, `Budget, row 12`; "" in a text without pages."""
    ocr: bool
    """Whether OCR read it from a picture of a page, and may have misread it."""
    cells: list[Cell]
    """If it is a table row or part of one: the cells that `text` is made of; else empty."""
    heading_path: list[str]
    """The headings above it, outermost first."""
    link: Link
    """Opens the document with the quote highlighted."""


@with_config(_DOCUMENTED)
class Answer(TypedDict):
    """The answer to a question. Its sentences are quotes; only `explanation` and `suggestions` are in Quipu's own words."""

    question: str
    """The question as asked, with single spaces."""
    searched: str
    """What was searched for: it differs for a follow-up, which takes words from the question before it."""
    language: str
    """The two-letter code of the question's language."""
    status: Status
    """`answered`; `partly` if several questions were asked and not all are answered; `unsure` if the documents may answer, and
    `nearest` are the sentences that may be the answer; `not_in_documents`, which is an answer, too; `no_question` if nothing was
    asked."""
    reason: str | None
    """Why there is no answer, or none to a part: a code, and after ": " what it is about, as in `name_absent: Bolivia`."""
    explanation: str | None
    """The reason as a sentence: in Spanish for a question in Spanish, else in English."""
    unanswered: str
    """The part of the question that is not answered, if it has several; else ""."""
    confidence: Annotated[float, Field(ge=0, le=1)]
    """The probability that the documents answer the question."""
    text: str
    """The sentences as one text; "" if there is no answer."""
    sentences: list[Sentence]
    """The sentences of the answer, best first."""
    citations: list[Citation]
    """The places they are quoted from, numbered from 1."""
    nearest: list[Citation]
    """If there is no answer: the most closely related places, best first. If the status is `unsure`, they may be the answer; else
    they are not."""
    suggestions: list[str]
    """Questions that could be asked instead."""
    generation: Count
    """The number of the library's state, which grows with every change; 0 for a reader who may not see all documents."""
    milliseconds: Annotated[float, Field(ge=0)]
    """The time that the answer took."""
    feedback: str | None
    """The id by which the answer can be judged; null if no feedback is kept."""


@with_config(_DOCUMENTED)
class Document(TypedDict):
    """A document that can be asked."""

    id: DocumentId
    """The document's id, derived from its content."""
    title: str
    """Its title."""
    source: str
    """The name of its file."""
    media_type: str
    """The media type of its file."""
    language: str
    """The two-letter code of its language."""
    pages: Count
    """The number of its pages, slides or sheets; 0 for a format without pages."""
    page_kind: PageKind
    """What its pages are."""
    pages_without_text: list[int]
    """The numbers of the pages without text, which are blank or scanned."""
    ocr_pages: list[int]
    """The numbers of the pages that OCR read, and may have misread."""
    running_lines: Count
    """The number of lines that were left out as headers and footers."""
    garbled: Annotated[float, Field(ge=0, le=1)]
    """The share of its characters that are unreadable: from 0.01, its text can't be relied on."""
    passages: Count
    """The number of passages that it is searched in."""
    added: str
    """When it was added (ISO 8601)."""
    link: Link
    """Opens the document."""


@with_config(_DOCUMENTED)
class Piece(TypedDict):
    """A part of a paragraph."""

    text: str
    """Its text."""
    cited: bool
    """Whether it is part of the passage."""


@with_config(_DOCUMENTED)
class TableCell(TypedDict):
    """A cell of a table row that is not blank."""

    column: Count
    """Its column, from 0."""
    span: Annotated[int, Field(ge=1)]
    """The number of columns that it spans."""
    pieces: list[Piece]
    """Its text, in pieces."""


@with_config(_DOCUMENTED)
class TableRow(TypedDict):
    """A table row near a passage. The rows that name its columns come first, even from far above."""

    table: Annotated[int, Field(ge=1)]
    """The number of its table in the document, from 1."""
    number: Annotated[int | None, Field(ge=1)]
    """Its number in its sheet; null elsewhere."""
    names_columns: bool
    """Whether it only names the columns."""
    cells: list[TableCell]
    """Its cells, from the first column."""


@with_config(_DOCUMENTED)
class Paragraph(TypedDict):
    """A paragraph, heading or table row near a passage."""

    heading: bool
    """Whether it is a heading."""
    pieces: list[Piece]
    """Its text, in pieces."""
    row: NotRequired[TableRow]
    """Its cells, if it is a row of a table."""


def _as_of_a_citation(schema: dict[str, Any]) -> None:
    """Copy the descriptions of a citation's fields, since docstrings aren't inherited."""
    for name, field in TypeAdapter(Citation).json_schema()["properties"].items():
        schema["properties"][name]["description"] = field["description"]


@with_config(ConfigDict(use_attribute_docstrings=True, json_schema_extra=_as_of_a_citation))
class Passage(Citation):
    """A place in a document, with the text around it."""

    context: list[Paragraph]
    """The paragraphs around it, and the passage itself."""


@with_config(_DOCUMENTED)
class VerifiedQuote(TypedDict):
    """The outcome of checking one citation."""

    number: Count
    """The citation's number; 0 stands for the answer as a whole."""
    source: str
    """The name of the document's file."""
    text: str
    """The quote as it is shown."""
    problem: str
    """What is wrong with it, in a sentence; "" if the original has the quote as cited."""


@with_config(_DOCUMENTED)
class Verification(TypedDict):
    """The outcome of checking an answer."""

    verified: bool
    """Whether it quotes something and every quote is right."""
    quotes: list[VerifiedQuote]
    """Its citations, in order."""


@with_config(_DOCUMENTED)
class Step(TypedDict):
    """A step in adding a file: one line of JSON."""

    state: Literal["reading", "encoding", "added", "error"]
    """Where it is; in the last line `added` or `error`."""
    message: NotRequired[str]
    """The outcome as a sentence: only in the last line."""
    id: NotRequired[DocumentId]
    """The id of the document, or of the first in a zip: only with `added`."""
    ids: NotRequired[list[DocumentId]]
    """The ids of all documents in the file: several in a zip, or in an e-mail with attachments, which comes first itself."""
    done: NotRequired[Count]
    """The number of passages that are encoded: only with `encoding`."""
    of: NotRequired[Count]
    """The number of passages in all: only with `encoding`."""


@with_config(_DOCUMENTED)
class Problem(TypedDict):
    """What went wrong (RFC 9457)."""

    type: Literal["about:blank"]
    """Always `about:blank`: the status says what kind of problem it is."""
    title: str
    """The status in words."""
    status: Annotated[int, Field(ge=400, le=599)]
    """The HTTP status."""
    detail: str
    """What went wrong, as a sentence for a person."""
    request_id: NotRequired[str]
    """The request's id in the log, as in `X-Request-ID`."""
