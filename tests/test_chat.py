"""What the chat page shows, as the Markdown that it is made of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from assistant import Answer, Citation, Reason, Sentence
from tests.made import text_document
from ui.chat import Message, _questions, escape, message
from ui.wording import language_for

DOCUMENT = text_document("# Forests <b>\n\n## The *law*\n\nSawmills were [counted](x). Few were closed.\n", "r.md")


def citation(number: int, quote: str) -> Citation:
    start = DOCUMENT.text.index(quote)
    return Citation.of(number, DOCUMENT, start, start + len(quote))


def answered(**more: object) -> Answer:
    first = citation(1, "Sawmills were counted.")
    sentence = Sentence(first.text, first.start, first.end, (1,))
    return Answer("q", "q", "en", "answered", sentences=(sentence,), citations=(first,), **more)  # type: ignore[arg-type]


def html(markdown: str) -> str:
    return str(MarkdownIt("commonmark", {"html": True}).render(markdown))


def test_an_answer_has_a_link_for_each_citation() -> None:
    link = citation(1, "Sawmills were counted.").link.replace("&", "&amp;")
    assert html(message(answered())) == (
        f'<p>Sawmills were counted. <a href="{link}">[1]</a></p>\n<p><strong>Sources</strong></p>\n<p>Forests</p>\n'
        f'<ul>\n<li><a href="{link}">[1] The law</a></li>\n</ul>\n'
    )


def test_what_was_searched_is_shown_where_it_differs() -> None:
    assert "Searched" not in message(answered())
    answer = Answer("and  there?", "and there? sawmills", "es", "not_in_documents", Reason("off_topic"))
    assert html(message(answer)) == ("<p><em>Se buscó: and there? sawmills</em></p>\n<p>Estos documentos no responden a eso.</p>\n")


def test_a_refusal_says_why_and_what_is_near() -> None:
    near = citation(1, "Few were closed.")
    answer = Answer("q", "q", "en", "not_in_documents", Reason("name_absent", "<i>Chile</i>"), nearest=(near,), suggestions=("x",))
    shown = html(message(answer))
    assert "“&lt;i&gt;Chile&lt;/i&gt;” does not appear in them." in shown
    assert "<strong>Related, but not an answer:</strong>" in shown
    assert f'“Few were closed.” <a href="{near.link.replace("&", "&amp;")}">Forests · The law</a>' in shown
    assert "You could ask" not in shown
    asked = html(message(Answer("hi", "hi", "en", "no_question", Reason("small_talk"), suggestions=("The *law*",))))
    assert "<li>What do the documents say about The *law*?</li>" in asked


@given(st.text(alphabet=st.sampled_from("ab <>&\"'`*_[]()!#|\\~-+.:=$/@{}^%,;?1") | st.characters(categories=["L", "N"])))
def test_escaped_text_is_shown_as_it_is(text: str) -> None:
    text = " ".join(text.split())
    tokens = MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(escape(f"x {text}"))
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert "".join(child.content for child in tokens[1].children or ()) == f"x {text}".strip()
    assert {child.type for child in tokens[1].children or ()} <= {"text", "text_special"}


def test_earlier_questions_come_back_as_they_were_typed() -> None:
    typed = ["Who *controls* C:\\x [1]?", "and \\* there?"]
    messages: list[Message] = [
        {"role": "user", "content": [{"type": "text", "text": escape(typed[0])}]},
        {"role": "assistant", "content": [{"type": "text", "text": "an answer"}]},
        {"role": "user", "content": escape(typed[1])},
    ]
    assert _questions(messages) == typed


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("es", "es"),
        ("es-PE,es;q=0.9,en;q=0.8", "es"),
        ("en-US,es;q=0.9", "en"),
        ("fr,es;q=0.5,en;q=0.7", "en"),
        ("fr, de", "en"),
        ("es;q=x", "en"),
    ],
)
def test_the_browser_says_which_language(header: str | None, language: str) -> None:
    assert language_for(header) == language
