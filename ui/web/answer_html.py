"""An answer as the chat shows it: HTML in which all text is escaped, and as Markdown to keep."""

import html
import re
from collections.abc import Callable, Sequence
from urllib.parse import quote

from assistant import Answer, Citation, Sentence
from corpus import CELLS_APART
from ui.wording import Language, as_language, explain, place, say, suggest, within

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_MOST_ACROSS = 5  # cells of a row beside one another, which a phone shows as well
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


def message(answer: Answer, kept: str, feedback: str | None = None, root: str = "") -> str:
    """An answer as one line of HTML: what became of the question, the sentences and where they stand, or why there is none and
    what comes nearest. What a reader can do with it are links that the page's script turns into buttons: to copy `kept`, and to
    judge it by the id `feedback`. `root` is the prefix of the links to the documents.
    """
    language = as_language(answer.language)
    parts = [] if answer.status == "no_question" else [_paragraph("state", say(f"state_{answer.status}", language))]
    if answer.searched != " ".join(answer.question.split()):
        parts.append(_paragraph("searched", say("searched", language, query=answer.searched)))
    parts += [_sentence(sentence, answer.citations, language, root) for sentence in answer.sentences]
    if answer.reason is not None:
        parts.append(_paragraph("reason", explain(answer.reason, language, answer.unanswered)))
    if answer.citations:
        parts += [_paragraph("label", say("sources", language)), _sources(answer.citations, language, root)]
    if answer.nearest:
        parts += [_paragraph("label", say("nearest", language)), _nearest(answer.nearest, language, root)]
    if answer.suggestions:
        asked = "".join(f"<li>{_link(text, f'#ask={quote(text)}')}</li>" for text in suggest(answer.suggestions, language))
        parts += [_paragraph("label", say("you_could_ask", language)), f"<ul>{asked}</ul>"]
    if answer.status != "no_question":
        parts.append(_actions(kept, feedback, language))
    return f'<div class="answer {answer.status}" lang="{language}">{"".join(parts)}</div>'


def failure(sentence: str) -> str:
    """What can't be answered, in a sentence, as HTML."""
    return f'<div class="answer failed">{_paragraph("reason", sentence)}</div>'


def kept_text(answer: Answer, added: Callable[[str], str], origin: str) -> str:
    """An answer to keep, as Markdown: the sentences with their references, or why there are none and what comes nearest.

    `added` gives the date a document was added, by its id. Links lead to the server at `origin`.
    """
    language = as_language(answer.language)

    def reference(citation: Citation) -> str:
        where = escape(", ".join(part for part in (place(citation, language), citation.source) if part))
        when = escape(say("added_on", language, date=added(citation.document_id)))
        return f"{where}, {when}. <{origin}{citation.link}>"

    lines = [
        " ".join([escape(f"“{sentence.text}”"), *(escape(f"[{number}]") for number in sentence.citations)])
        for sentence in answer.sentences
    ]
    if answer.reason is not None:
        lines.append(escape(explain(answer.reason, language, answer.unanswered)))
    lines += [f"{escape(f'[{citation.number}]')} {reference(citation)}" for citation in answer.citations]
    if answer.nearest:
        lines.append(escape(say("nearest", language)))
        lines += [f"{escape(f'“{citation.text}”')} {reference(citation)}" for citation in answer.nearest]
    return "\n\n".join(lines)


def escape(text: str) -> str:
    """Text that Markdown and HTML show as it is: a backslash before an ASCII punctuation mark makes it literal (CommonMark)."""
    return _PUNCTUATION.sub(r"\\\1", text)


def unescape(markdown: str) -> str:
    """The text that `escape` made this of."""
    return _ESCAPED.sub(r"\1", markdown)


def _paragraph(kind: str, text: str) -> str:
    return f'<p class="{kind}">{_text(text)}</p>'


def _sentence(sentence: Sentence, citations: Sequence[Citation], language: Language, root: str) -> str:
    """A sentence with the answer's words in it marked, and its citations; a table row is a small table."""
    span = sentence.answer_span or (0, 0)
    cited = [citations[number - 1] for number in sentence.citations]
    links = "".join(f" {_cite(f'[{citation.number}]', citation, language, root)}" for citation in cited)
    cells = cited[0].cells if len(cited) == 1 else ()
    if any(name for name, _ in cells):
        return f'<div class="sentence row" dir="auto">{_row(cells, span)}{links}</div>'
    return f'<p class="sentence" dir="auto">{_marked(sentence.text, span)}{links}</p>'


def _row(cells: Sequence[tuple[str, str]], span: tuple[int, int]) -> str:
    """A table row as a table, with the range `span` of its text marked: below the names of its columns, or if there are many, each
    cell beside its name.
    """
    names, texts = [], []
    scope = "col" if len(cells) <= _MOST_ACROSS else "row"
    place = 0
    for name, text in cells:
        place += len(f"{name}: ") if name else 0
        names.append(f'<th scope="{scope}" dir="auto">{_text(name)}</th>')
        texts.append(f'<td dir="auto">{_marked(text, (span[0] - place, span[1] - place))}</td>')
        place += len(text) + len(CELLS_APART)
    lines = ["".join(names), "".join(texts)] if scope == "col" else map("".join, zip(names, texts, strict=True))
    return f'<div class="tabled"><table>{"".join(f"<tr>{line}</tr>" for line in lines)}</table></div>'


def _marked(text: str, span: tuple[int, int]) -> str:
    """A text with a range of it marked, as far as that is in it."""
    first, last = (min(max(place, 0), len(text)) for place in span)
    marked = f"<strong>{_piece(text[first:last])}</strong>" if first < last else ""
    return f"{_piece(text[:first])}{marked}{_piece(text[max(first, last) :])}"


def _sources(citations: Sequence[Citation], language: Language, root: str) -> str:
    """The places of an answer, each under the title of its document."""
    lines = []
    for number, citation in enumerate(citations):
        if number == 0 or citation.document_id != citations[number - 1].document_id:
            lines.append(f'<li class="title" dir="auto">{_text(citation.title)}</li>')
        where = f"[{citation.number}] {within(citation, language) or citation.source}"
        lines.append(f"<li>{_cite(where, citation, language, root)}</li>")
    return f'<ul class="sources">{"".join(lines)}</ul>'


def _nearest(citations: Sequence[Citation], language: Language, root: str) -> str:
    shown = (
        f'<li><q dir="auto">{_text(citation.text)}</q> {_cite(place(citation, language), citation, language, root)}</li>'
        for citation in citations
    )
    return f'<ul class="nearest">{"".join(shown)}</ul>'


def _actions(kept: str, feedback: str | None, language: Language) -> str:
    links = [_link(say("copy", language), f"#copy={quote(kept)}")]
    if feedback is not None:
        links.append(_link(say("helpful", language), f"#helpful={quote(feedback)}"))
        links.append(_link(say("not_helpful", language), f"#not-helpful={quote(feedback)}"))
    return f'<p class="actions">{"".join(links)}</p>'


def _cite(text: str, citation: Citation, language: Language, root: str) -> str:
    """A link to a cited place, which says on a closer look what is to be known of it."""
    hint = f' title="{html.escape(say("by_ocr_why", language))}"' if citation.ocr else ""
    return f'<a class="cite" href="{html.escape(root + citation.link)}"{hint}>{_text(text)}</a>'


def _link(text: str, address: str) -> str:
    return f'<a href="{html.escape(address)}">{_text(text)}</a>'


def _text(text: str) -> str:
    """Text on one line, so that no blank line ends the HTML; what Markdown could see in it is a character reference."""
    return _piece(text.strip())


def _piece(text: str) -> str:
    """The same of a piece of a text, which may begin or end with a space."""
    return re.sub(r"[`*_\[\]\\~|$:]", lambda match: f"&#{ord(match[0])};", html.escape(re.sub(r"\s+", " ", text)))
