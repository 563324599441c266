"""An answer as HTML for the chat, where all text is escaped, and as Markdown to copy or save."""

import html
import re
from collections.abc import Callable, Sequence
from urllib.parse import quote

from assistant import Answer, Citation, Sentence
from corpus import CELLS_APART
from ui.wording import Language, as_language, explain, nearest_line, place, say, status_line, suggest, within

_MOST_ACROSS = 5  # cells of a table row side by side, as many as fit on a phone
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


def answer_html(answer: Answer, markdown: str, feedback: str | None = None, root: str = "") -> str:
    """Return an answer as one line of HTML: its status, its sentences and their sources, or why there are none and what is nearest.

    The actions are links that the page's script turns into buttons: copy `markdown`, and judge the answer by the id `feedback`.
    `root` is the prefix of the links to documents.
    """
    language = as_language(answer.language)
    parts = []
    if status := status_line(answer.status, language):
        parts.append(_paragraph("state", status))
    if answer.searched != " ".join(answer.question.split()):
        parts.append(_paragraph("searched", say("answer_searched", language, query=answer.searched)))
    parts += [_sentence(sentence, answer.citations, language, root) for sentence in answer.sentences]
    if answer.reason is not None:
        parts.append(_paragraph("reason", explain(answer.reason, language, answer.unanswered)))
    if answer.citations:
        parts += [_paragraph("label", say("answer_sources", language)), _sources(answer.citations, language, root)]
    if answer.nearest:
        parts += [_paragraph("label", nearest_line(answer.status, language)), _nearest(answer.nearest, language, root)]
    if answer.suggestions:
        questions = suggest(answer.suggestions, language)
        items = "".join(f"<li>{_link(question, f'#ask={quote(question)}')}</li>" for question in questions)
        parts += [_paragraph("label", say("answer_you_could_ask", language)), f"<ul>{items}</ul>"]
    if answer.status != "no_question":
        parts.append(_actions(markdown, feedback, language))
    return f'<div class="answer {answer.status}" lang="{language}">{"".join(parts)}</div>'


def failure_html(sentence: str) -> str:
    """Return the HTML of a message that says, in one sentence, why there is no answer."""
    return f'<div class="answer failed">{_paragraph("reason", sentence)}</div>'


def answer_markdown(answer: Answer, date_added: Callable[[str], str], origin: str) -> str:
    """Return an answer as Markdown to keep: its sentences with their references, or why there are none and what is nearest.

    `date_added` returns the date on which the document with an id was added. Links lead to the server at `origin`.
    """
    language = as_language(answer.language)

    def reference(citation: Citation) -> str:
        where = escape(", ".join(part for part in (place(citation, language), citation.source) if part))
        when = escape(say("answer_source_added", language, date=date_added(citation.document_id)))
        return f"{where}, {when}. <{origin}{citation.link}>"

    lines = [
        " ".join([escape(f"“{sentence.text}”"), *(escape(f"[{number}]") for number in sentence.citations)])
        for sentence in answer.sentences
    ]
    if answer.reason is not None:
        lines.append(escape(explain(answer.reason, language, answer.unanswered)))
    lines += [f"{escape(f'[{citation.number}]')} {reference(citation)}" for citation in answer.citations]
    if answer.nearest:
        lines.append(escape(nearest_line(answer.status, language)))
        lines += [f"{escape(f'“{citation.text}”')} {reference(citation)}" for citation in answer.nearest]
    return "\n\n".join(lines)


def escape(text: str) -> str:
    """Escape text so that Markdown shows it as it is: a backslash makes an ASCII punctuation mark literal (CommonMark)."""
    return _PUNCTUATION.sub(r"\\\1", text)


def unescape(markdown: str) -> str:
    """Return the text that `escape` was given."""
    return _ESCAPED.sub(r"\1", markdown)


def _paragraph(kind: str, text: str) -> str:
    return f'<p class="{kind}">{_text(text)}</p>'


def _sentence(sentence: Sentence, citations: Sequence[Citation], language: Language, root: str) -> str:
    """Return a sentence with its answer span in bold and its citations after it. A row with column names becomes a small table."""
    span = sentence.answer_span or (0, 0)
    cited = [citations[number - 1] for number in sentence.citations]
    links = "".join(f" {_citation_link(f'[{citation.number}]', citation, language, root)}" for citation in cited)
    cells = cited[0].cells if len(cited) == 1 else ()
    if any(name for name, _ in cells):
        return f'<div class="sentence row" dir="auto">{_table(cells, span)}{links}</div>'
    return f'<p class="sentence" dir="auto">{_with_bold(sentence.text, span)}{links}</p>'


def _table(cells: Sequence[tuple[str, str]], span: tuple[int, int]) -> str:
    """Return the (column name, text) cells of one row as a table, with the range `span` of the row's text in bold.

    The names are above the cells, or beside them if there are too many cells for one line.
    """
    headers, values = [], []
    scope = "col" if len(cells) <= _MOST_ACROSS else "row"
    start = 0  # of the cell's text within the row's text
    for name, text in cells:
        start += len(f"{name}: ") if name else 0
        headers.append(f'<th scope="{scope}" dir="auto">{_text(name)}</th>')
        values.append(f'<td dir="auto">{_with_bold(text, (span[0] - start, span[1] - start))}</td>')
        start += len(text) + len(CELLS_APART)
    rows = ["".join(headers), "".join(values)] if scope == "col" else map("".join, zip(headers, values, strict=True))
    return f'<div class="tabled"><table>{"".join(f"<tr>{row}</tr>" for row in rows)}</table></div>'


def _with_bold(text: str, span: tuple[int, int]) -> str:
    """Return the text with the part of `span` that lies within it in bold."""
    first, last = (min(max(position, 0), len(text)) for position in span)
    bold = f"<strong>{_fragment(text[first:last])}</strong>" if first < last else ""
    return f"{_fragment(text[:first])}{bold}{_fragment(text[max(first, last) :])}"


def _sources(citations: Sequence[Citation], language: Language, root: str) -> str:
    """Return the list of an answer's citations, grouped under the titles of their documents."""
    items = []
    for index, citation in enumerate(citations):
        if index == 0 or citation.document_id != citations[index - 1].document_id:
            items.append(f'<li class="title" dir="auto">{_text(citation.title)}</li>')
        where = f"[{citation.number}] {within(citation, language) or citation.source}"
        items.append(f"<li>{_citation_link(where, citation, language, root)}</li>")
    return f'<ul class="sources">{"".join(items)}</ul>'


def _nearest(citations: Sequence[Citation], language: Language, root: str) -> str:
    items = (
        f'<li><q dir="auto">{_text(citation.text)}</q> {_citation_link(place(citation, language), citation, language, root)}</li>'
        for citation in citations
    )
    return f'<ul class="nearest">{"".join(items)}</ul>'


def _actions(markdown: str, feedback: str | None, language: Language) -> str:
    links = [_link(say("answer_copy", language), f"#copy={quote(markdown)}")]
    if feedback is not None:
        links.append(_link(say("feedback_helpful", language), f"#helpful={quote(feedback)}"))
        links.append(_link(say("feedback_not_helpful", language), f"#not-helpful={quote(feedback)}"))
    return f'<p class="actions">{"".join(links)}</p>'


def _citation_link(text: str, citation: Citation, language: Language, root: str) -> str:
    """Return a link to the cited passage, with a warning as its tooltip if OCR read it."""
    tooltip = f' title="{html.escape(say("place_by_ocr_note", language))}"' if citation.ocr else ""
    return f'<a class="cite" href="{html.escape(root + citation.link)}"{tooltip}>{_text(text)}</a>'


def _link(text: str, address: str) -> str:
    return f'<a href="{html.escape(address)}">{_text(text)}</a>'


def _text(text: str) -> str:
    """Escape a whole text for HTML within Markdown, without the space around it."""
    return _fragment(text.strip())


def _fragment(text: str) -> str:
    """Escape a fragment of text, which may begin or end with a space, for HTML within Markdown.

    White space becomes single spaces, since a blank line would end the HTML, and the marks of Markdown character references.
    """
    return re.sub(r"[`*_\[\]\\~|$:]", lambda match: f"&#{ord(match[0])};", html.escape(re.sub(r"\s+", " ", text)))
