"""`Answer` and its parts: values that hold codes and ranges, and no text written for a screen."""

import hashlib
from dataclasses import dataclass
from typing import Literal, Self
from urllib.parse import urlencode

from corpus import Document, PageKind

Status = Literal["answered", "partly", "unsure", "not_in_documents", "no_question"]
"""`partly`: some parts of a question with several parts are answered. `unsure`: the documents may answer it, and `Answer.nearest`
are the sentences that may be the answer. `no_question`: the text asks nothing, being empty, gibberish or small talk."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why there is no answer: a code, and for some codes the subject it is about.

    For the status `no_question`: `empty`, `gibberish` or `small_talk`. For `not_in_documents`: `off_topic` (no sentence is similar
    enough), `not_said` (some sentences are similar but don't answer), `name_absent` (the subject is the missing name), `no_number`,
    `no_year`, `no_date`, `no_person`, `no_place` or `no_cause` (the question asks for one and no sentence gives it), `language`
    (the subject is the code of a language that Quipu doesn't support), or `no_documents`. For `unsure`: `unsure`, or `unread` (the
    subject is the code of a language that the cross-encoder doesn't read).
    """

    code: str
    subject: str = ""

    def __str__(self) -> str:
        return f"{self.code}: {self.subject}" if self.subject else self.code


@dataclass(frozen=True, slots=True)
class Citation:
    """A quoted range of a document. `quote` is `document.text[start:end]`; `text` is the quote as it is shown.

    `row` is the number of the sheet row where the quote begins. `ocr` tells that at least one of its pages was read by OCR, which
    may have misread it; `is_pdf`, that `page` is a page of a PDF. If the quote lies within one table row, `cells` are the cells it
    covers, as (column name or "", text).
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
        """Return the citation of a range; `number` is what the reader sees as [1], [2] and so on."""
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
        """Where the quote begins: "p. 14", by the printed page number if there is one; in a PDF, "p. 14 · PDF 26" if the printed
        and physical numbers differ, and "PDF 26" if none is printed; "slide 5" or "Budget, row 12"; "" without pages.
        """
        return self.labelled("p. {}", "slide {}", "row {}")

    def labelled(self, page: str, slide: str, row: str) -> str:
        """Return `label` in the words of another language: templates in which "{}" stands for the number."""
        if self.page_kind == "sheet":
            return ", ".join(part for part in (self.page_label, row.format(self.row) if self.row is not None else "") if part)
        if self.page is None:
            return ""
        if self.page_kind == "slide":
            return slide.format(self.page)
        number, printed = str(self.page), self.page_label
        printed_label = "" if self.is_pdf and printed is None else page.format(printed or number)
        return " · ".join(part for part in (printed_label, f"PDF {number}" if self.is_pdf and printed != number else "") if part)

    @property
    def link(self) -> str:
        """The root-relative URL that opens the document at the quote, with the quote's hash in case the range no longer fits."""
        digest = hashlib.sha256(self.quote.encode("utf-8")).hexdigest()[:8]
        return f"/documents/{self.document_id}?{urlencode({'start': self.start, 'end': self.end, 'q': digest})}"


def _cells(document: Document, start: int, end: int) -> tuple[tuple[str, str], ...]:
    return tuple((name.removesuffix(": "), text) for name, text in document.cells_shown(start, end))


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the answer: its range in the document of its first citation, and the numbers of its citations.

    The range includes the preceding sentence if this one can't stand alone. `answer_span` is the range of `text` that is the answer
    itself, or None if no range clearly is.
    """

    text: str
    start: int
    end: int
    citations: tuple[int, ...]
    answer_span: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question. `searched` is the query that was searched, which differs from `question` for a follow-up.

    `language` is the question's. `confidence` is the probability that the documents answer the question;
    `assistant/model/MODEL.md` tells how well it is calibrated. `reason` is why the first unanswered part has no answer, and
    `unanswered` is that part if the question has several. If there is no answer, `nearest` are the closest sentences, best
    first, and `suggestions` are topics named by the documents' headings. `generation` is the library's generation, or 0 for a
    reader who may not see all documents.
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
        """The sentences joined into one text; "" if there are none."""
        return " ".join(sentence.text for sentence in self.sentences)
