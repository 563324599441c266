"""The shapes of what the API and the tools give, each field with what it means: the OpenAPI document is made from them."""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import ConfigDict, Field, TypeAdapter, with_config
from typing_extensions import TypedDict  # pydantic can't read that of `typing` before Python 3.12

from assistant import Status
from corpus import PageKind

_DOCUMENTED = ConfigDict(use_attribute_docstrings=True)

Link = Annotated[str, Field(json_schema_extra={"format": "uri-reference"})]
"""An address on this server, from its root on."""

Count = Annotated[int, Field(ge=0)]

DocumentId = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
"""The id of a document: 16 hex digits, made from its content."""


@with_config(_DOCUMENTED)
class Sentence(TypedDict):
    """A sentence of an answer, quoted from a document."""

    text: str
    """The sentence as it is shown."""
    citations: list[int]
    """The numbers of the citations that it stands in."""
    answer_span: Annotated[list[int], Field(min_length=2, max_length=2)] | None
    """The part of `text` that is the answer itself, as its first character and the one after its last; null if none is clear."""


@with_config(_DOCUMENTED)
class Cell(TypedDict):
    """A cell of a table row that is quoted."""

    name: str
    """The name of its column; "" where none is known."""
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
    """Where it ends: the character after the last."""
    page: Annotated[int | None, Field(ge=1)]
    """The page, slide or sheet where it begins, from 1; null in a document without any."""
    page_label: str | None
    """The number that is printed on that page, where it has one; the name of a sheet."""
    page_kind: PageKind
    """What the pages of the document are."""
    row: Annotated[int | None, Field(ge=1)]
    """The number of the row where it begins, in a sheet; null elsewhere."""
    label: str
    """Where it begins, in the language of the answer: `p. 14 · PDF 26`, `slide 5`, `Budget, row 12`; "" in a text without pages."""
    ocr: bool
    """Whether it stands on a page that is a picture, whose words were recognised and may be misread."""
    cells: list[Cell]
    """If it is a table row, or in one: its cells, of which `text` is made; else empty."""
    heading_path: list[str]
    """The headings above it, the outermost first."""
    link: Link
    """Opens the document with the quote marked."""


@with_config(_DOCUMENTED)
class Answer(TypedDict):
    """What became of a question. Its sentences are quoted; only `explanation` and `suggestions` are in Quipu's own words."""

    question: str
    """The question as it was asked, with single spaces."""
    searched: str
    """What was searched: it differs for a follow-up, which takes words from the question before it."""
    language: str
    """The language of the question, as a code of two letters."""
    status: Status
    """`answered`; `partly`, if several questions were asked and not all are answered; `not_in_documents`, which is an answer, too;
    `no_question`, if nothing was asked."""
    reason: str | None
    """Why there is no answer, or none to a part: a code, and behind ": " what it is about, as in `name_absent: Bolivia`."""
    explanation: str | None
    """The reason in a sentence, in the question's language if that is Spanish, else in English."""
    unanswered: str
    """The part of a question with several that isn't answered; "" if there is none."""
    confidence: Annotated[float, Field(ge=0, le=1)]
    """The probability that the documents answer the question."""
    text: str
    """The sentences as one text; "" if there is no answer."""
    sentences: list[Sentence]
    """The sentences of the answer, the best first."""
    citations: list[Citation]
    """The places where they stand, by their numbers from 1."""
    nearest: list[Citation]
    """If there is no answer: the places that come nearest. They are no answer."""
    suggestions: list[str]
    """Questions that could be asked instead."""
    generation: Count
    """The state of the library, which grows with every change; 0 for a reader who may not see all documents."""
    milliseconds: Annotated[float, Field(ge=0)]
    """How long the answer took."""
    feedback: str | None
    """The id by which the answer can be judged; null if no feedback is kept."""


@with_config(_DOCUMENTED)
class Document(TypedDict):
    """A document that can be asked."""

    id: DocumentId
    """The document's id, made from its content."""
    title: str
    """Its title."""
    source: str
    """The name of its file."""
    media_type: str
    """The type of its file."""
    language: str
    """The language of its text, as a code of two letters."""
    pages: Count
    """How many pages, slides or sheets it has; 0 for a type without any."""
    page_kind: PageKind
    """What these are."""
    pages_without_text: list[int]
    """Those, from 1, that have no text: blank, or scanned."""
    ocr_pages: list[int]
    """Those, from 1, that are pictures whose words were recognised, and may be misread."""
    running_lines: Count
    """How many lines were left out as headers and footers."""
    garbled: Annotated[float, Field(ge=0, le=1)]
    """The share of its characters that stand for nothing: from 0.01 on, its text can't be relied on."""
    passages: Count
    """In how many passages it is searched."""
    added: str
    """When it was added (ISO 8601)."""
    link: Link
    """Opens it."""


@with_config(_DOCUMENTED)
class Piece(TypedDict):
    """A part of a paragraph."""

    text: str
    """Its text."""
    cited: bool
    """Whether it is part of the passage."""


@with_config(_DOCUMENTED)
class TableCell(TypedDict):
    """A cell of a table row that isn't blank."""

    column: Count
    """Its column, from 0."""
    span: Annotated[int, Field(ge=1)]
    """Over how many columns it reaches."""
    pieces: list[Piece]
    """Its text, in pieces."""


@with_config(_DOCUMENTED)
class TableRow(TypedDict):
    """A row of a table near a passage. Before the first comes what names the columns, be it far above."""

    table: Annotated[int, Field(ge=1)]
    """Which table of the document it belongs to, from 1."""
    number: Annotated[int | None, Field(ge=1)]
    """Its number in its sheet; null elsewhere."""
    names_columns: bool
    """Whether it does nothing but name the columns."""
    cells: list[TableCell]
    """Its cells, from the first column on."""


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
    """Say of the fields of a citation what is said there: docstrings aren't inherited."""
    for name, field in TypeAdapter(Citation).json_schema()["properties"].items():
        schema["properties"][name]["description"] = field["description"]


@with_config(ConfigDict(use_attribute_docstrings=True, json_schema_extra=_as_of_a_citation))
class Passage(Citation):
    """A place in a document, with what stands around it."""

    context: list[Paragraph]
    """What stands around it, and the passage itself."""


@with_config(_DOCUMENTED)
class VerifiedQuote(TypedDict):
    """What became of checking one citation."""

    number: Count
    """The citation's number; 0 stands for the answer as a whole."""
    source: str
    """The name of the document's file."""
    text: str
    """The quote as it is shown."""
    problem: str
    """What is wrong with it, in a sentence; empty if the original has it as it says."""


@with_config(_DOCUMENTED)
class Verification(TypedDict):
    """What became of checking an answer."""

    verified: bool
    """Whether it quotes something, and nothing is wrong with any quote."""
    quotes: list[VerifiedQuote]
    """Its citations, in order."""


@with_config(_DOCUMENTED)
class Step(TypedDict):
    """How the adding of a file goes: a line of JSON each."""

    state: Literal["reading", "encoding", "added", "error"]
    """The last line is `added` or `error`."""
    message: NotRequired[str]
    """What became of it, in words: only in the last line."""
    id: NotRequired[DocumentId]
    """The document's id, or that of the first in a zip: only with `added`."""
    ids: NotRequired[list[DocumentId]]
    """The ids of all documents in the file, itself first: several in a zip, or in an e-mail with attachments."""
    done: NotRequired[Count]
    """How many passages are ready: only with `encoding`."""
    of: NotRequired[Count]
    """Of how many."""


@with_config(_DOCUMENTED)
class Problem(TypedDict):
    """What went wrong (RFC 9457)."""

    type: Literal["about:blank"]
    """Always `about:blank`: the status says the kind of problem."""
    title: str
    """The status in words."""
    status: Annotated[int, Field(ge=400, le=599)]
    """The HTTP status."""
    detail: str
    """What went wrong, in a sentence for a person."""
    request_id: NotRequired[str]
    """The request's id in the log, as in `X-Request-ID`."""
