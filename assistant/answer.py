"""What the assistant gives: values, without a word for a screen."""

import hashlib
from dataclasses import dataclass
from typing import Literal, Self
from urllib.parse import urlencode

from corpus import Document, PageKind

Status = Literal["answered", "partly", "not_in_documents", "no_question"]
"""`partly` is for several questions in one, of which some are answered; `no_question` for what asks nothing: empty, gibberish,
small talk."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why there is no answer: a code, and what it is about where there is such a thing.

    Of `no_question`: `empty`, `gibberish`, `small_talk`. Of `not_in_documents`: `off_topic` (no sentence is near enough),
    `not_said` (some are, and don't answer), `name_absent` (the subject is the name), `no_number`, `no_year`, `no_date`,
    `no_person`, `no_place` and `no_cause` (one is asked for and none is given), `language` (the subject is the code of one that
    Quipu doesn't know), `no_documents`.
    """

    code: str
    subject: str = ""

    def __str__(self) -> str:
        return f"{self.code}: {self.subject}" if self.subject else self.code


@dataclass(frozen=True, slots=True)
class Citation:
    """A place in a document. `quote` is `document.text[start:end]`; `text` is the quote as it is shown.

    `row` is the number of the row where it begins, in a sheet. `ocr` says that OCR read a page of it, which may have misread it;
    `is_pdf`, that `page` is one of a PDF. `cells` are those of the table row that it stands in, each with the name of its column
    or "".
    """

    number: int
    document_id: str
    title: str
    source: str
    start: int
    end: int
    quote: str
    text: str
    page: int | None
    page_label: str | None
    heading_path: tuple[str, ...]
    page_kind: PageKind = "page"
    row: int | None = None
    ocr: bool = False
    is_pdf: bool = False
    cells: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, number: int, document: Document, start: int, end: int) -> Self:
        """The citation of this range; `number` is what the reader sees as [1], [2] and so on."""
        passage = document.passage(start, end)
        row = document.row_at(start)
        return cls(
            number=number,
            document_id=document.id,
            title=document.title,
            source=document.source,
            start=start,
            end=end,
            quote=passage.text,
            text=document.shown(start, end),
            page=passage.page.number if passage.page else None,
            page_label=passage.page.label if passage.page else None,
            heading_path=passage.heading_path,
            page_kind=document.page_kind,
            row=row.number if row else None,
            ocr=any(page.ocr and page.start < end and start < page.end for page in document.pages),
            is_pdf=document.is_pdf,
            cells=_cells(document, start, end) if row and end <= row.end else (),
        )

    @property
    def label(self) -> str:
        """Where the quote begins: "p. 14" by the number that is printed, else by its own; of a PDF "p. 14 · PDF 26" where they
        differ, and "PDF 26" where none is printed; "slide 5" or "Budget, row 12"; "" without pages.
        """
        return self.labelled("p. {}", "slide {}", "row {}")

    def labelled(self, page: str, slide: str, row: str) -> str:
        """The `label` in other words, each of which has its number at "{}"."""
        if self.page_kind == "sheet":
            return ", ".join(part for part in (self.page_label, row.format(self.row) if self.row is not None else "") if part)
        if self.page is None:
            return ""
        if self.page_kind == "slide":
            return slide.format(self.page)
        number, printed = str(self.page), self.page_label
        said = "" if self.is_pdf and printed is None else page.format(printed or number)
        return " · ".join(part for part in (said, f"PDF {number}" if self.is_pdf and printed != number else "") if part)

    @property
    def link(self) -> str:
        """Where the document opens at the quote: root-relative, with the quote's hash in case the range should no longer fit."""
        digest = hashlib.sha256(self.quote.encode("utf-8")).hexdigest()[:8]
        return f"/documents/{self.document_id}?{urlencode({'start': self.start, 'end': self.end, 'q': digest})}"


def _cells(document: Document, start: int, end: int) -> tuple[tuple[str, str], ...]:
    return tuple((name.removesuffix(": "), text) for name, text in document.cells_shown(start, end))


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the answer: the range of its (first) citation's document that it is, and the numbers of its citations.

    A range may hold the sentence before as well, where the sentence can't stand alone. `answer_span` is the range of `text` that is
    the answer itself, where there is a clear one.
    """

    text: str
    start: int
    end: int
    citations: tuple[int, ...]
    answer_span: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question. `searched` is what was searched, which differs from `question` for a follow-up.

    `language` is the question's. `confidence` is the probability that the documents answer the question (see
    `assistant/reader/MODEL.md` for how well it holds). `reason` is that of the first part that isn't answered, which is
    `unanswered` in a question of several parts. `nearest` are the places that come nearest when there is no answer; `suggestions`
    are topics, as the documents' headings name them. `generation` is that of the library, 0 for a reader who may not see all of it.
    """

    question: str
    searched: str
    language: str
    status: Status
    reason: Reason | None = None
    unanswered: str = ""
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    nearest: tuple[Citation, ...] = ()
    suggestions: tuple[str, ...] = ()
    confidence: float = 0.0
    generation: int = 0

    @property
    def text(self) -> str:
        """The answer's sentences as one text; "" if there is none."""
        return " ".join(sentence.text for sentence in self.sentences)
