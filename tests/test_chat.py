"""What the chat page shows, as the HTML that it is made of, and an answer as text to keep."""

import re
from dataclasses import replace
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as parsed
from markdown_it import MarkdownIt

from assistant import Answer, Citation, Reason, Sentence
from tests.made import text_document
from ui.cli.text import answer_text
from ui.web.answer_html import answer_html, answer_markdown, escape, failure_html, unescape
from ui.web.chat import Message, _questions
from ui.wording.languages import language_for, language_of

DOCUMENT = text_document("# Forests <b>\n\n## The *law*\n\nSawmills were [counted](x). Few were closed.\n", "r.md")


def citation(number: int, quote: str) -> Citation:
    start = DOCUMENT.text.index(quote)
    return Citation.of(number, DOCUMENT, start, start + len(quote))


def answered(span: tuple[int, int] | None = None) -> Answer:
    first = citation(1, "Sawmills were counted.")
    sentence = Sentence(first.text, first.start, first.end, (1,), span)
    return Answer("q", "q", "en", "answered", sentences=(sentence,), citations=(first,))


def texts(shown: str, kind: str) -> list[str]:
    """The texts of the paragraphs of a kind."""
    return [element.text_content() for element in parsed.fromstring(shown).find_class(kind)]


def test_an_answer_has_a_link_for_each_citation() -> None:
    shown = answer_html(answered(), "")
    assert texts(shown, "state") == ["Answered from the documents"]
    assert texts(shown, "sentence") == ["Sawmills were counted. [1]"]
    assert texts(shown, "sources") == ["Forests[1] The law"]
    links = [(link.get("href"), link.text) for link in parsed.fromstring(shown).find_class("cite")]
    address = citation(1, "Sawmills were counted.").link
    assert links == [(address, "[1]"), (address, "[1] The law")]


def test_a_part_that_is_not_answered_is_named_with_its_reason() -> None:
    partly = replace(answered(), status="partly", reason=Reason("no_number"), unanswered="how many were closed?")
    assert texts(answer_html(partly, ""), "state") == ["Answered in part"]
    said = "“how many were closed?”: These documents do not answer that: they give no number for it."
    assert texts(answer_html(partly, ""), "reason") == [said]
    assert said in answer_text(partly)


def test_the_words_that_answer_are_marked() -> None:
    assert "<strong>" not in answer_html(answered(), "")
    assert " were <strong>counted</strong>. <a" in answer_html(answered((14, 21)), "")


def test_what_was_searched_is_shown_where_it_differs() -> None:
    assert texts(answer_html(answered(), ""), "searched") == []
    answer = Answer("and  there?", "and there? sawmills", "es", "not_in_documents", Reason("off_topic"))
    shown = answer_html(answer, "")
    assert texts(shown, "searched") == ["Se buscó: and there? sawmills"]
    assert texts(shown, "state") == ["No está en los documentos"]
    assert texts(shown, "reason") == ["Estos documentos no responden a eso."]


def test_a_refusal_says_why_and_what_is_near() -> None:
    near = citation(1, "Few were closed.")
    answer = Answer("q", "q", "en", "not_in_documents", Reason("name_absent", "<i>Chile</i>"), nearest=(near,), suggestions=("x",))
    shown = answer_html(answer, "")
    assert texts(shown, "reason") == ["These documents do not answer that: “<i>Chile</i>” does not appear in them."]
    assert texts(shown, "label") == ["Related, but not an answer:", "You could ask:"]
    assert texts(shown, "nearest") == ["Few were closed. Forests · The law"]
    assert texts(shown, "answer")[0].endswith("What do the documents say about x?Copy with references")
    greeting = answer_html(Answer("hi", "hi", "en", "no_question", Reason("small_talk"), suggestions=("The *law*",)), "")
    assert "What do the documents say about The *law*?" in texts(greeting, "answer")[0]
    assert texts(greeting, "actions") == texts(greeting, "state") == []


@pytest.mark.parametrize(
    ("language", "state", "said", "closest"),
    [
        ("en", "May be answered", "These documents may answer this.", "The closest sentences:"),
        ("es", "Quizá esté respondida", "Puede que estos documentos respondan a esto.", "Las oraciones más cercanas:"),
    ],
)
def test_an_unsure_answer_quotes_what_may_be_it_and_marks_nothing(language: str, state: str, said: str, closest: str) -> None:
    near = (citation(1, "Few were closed."), citation(2, "Sawmills were counted."))
    answer = Answer("q", "q", language, "unsure", Reason("unsure"), nearest=near)
    shown = answer_html(answer, "kept")
    assert parsed.fromstring(shown).get("class") == "answer unsure"
    assert [texts(shown, kind) for kind in ("state", "reason", "label")] == [[state], [said], [closest]]
    assert texts(shown, "nearest") == ["Few were closed. Forests · The lawSawmills were counted. Forests · The law"]
    assert [link.get("href") for link in parsed.fromstring(shown).find_class("cite")] == [place.link for place in near]
    assert texts(shown, "sentence") == texts(shown, "sources") == re.findall("<(?:strong|mark)", shown) == []
    assert "#copy=kept" in shown
    kept = unescape(answer_markdown(answer, lambda _: "2026-01-02", "http://quipu.example"))
    assert kept.startswith(f"{said}\n\n{closest}\n\n“Few were closed.” Forests · The law, r.md, ")
    assert kept.endswith(f" 2026-01-02. <http://quipu.example{near[1].link}>")
    assert answer_text(answer).startswith(f"{said}\n\n{closest}\n- “Few were closed.” Forests · The law (r.md, ")


def test_a_part_of_which_the_answer_is_unsure_is_named() -> None:
    partly = replace(answered(), status="partly", reason=Reason("unsure"), unanswered="how many were closed?")
    shown, said = answer_html(partly, ""), "“how many were closed?”: These documents may answer this."
    assert (texts(shown, "state"), texts(shown, "reason"), texts(shown, "label")) == (["Answered in part"], [said], ["Sources"])
    assert said in answer_text(partly)
    assert said in unescape(answer_markdown(partly, lambda _: "2026-01-02", ""))


def test_what_can_be_done_with_an_answer_is_a_link_that_holds_it() -> None:
    def done(shown: str) -> list[str]:
        (actions,) = parsed.fromstring(shown).find_class("actions")
        return [unquote(link.get("href")) for link in actions]

    assert done(answer_html(answered(), "“a” & b\n\nc")) == ["#copy=“a” & b\n\nc"]
    assert done(answer_html(answered(), "", "an/id")) == ["#copy=", "#helpful=an/id", "#not-helpful=an/id"]


@given(st.text(alphabet=st.sampled_from("ab <>&\"'`*_[]()!#|\\~-+.:=$/@{}^%,;?1\n") | st.characters(categories=["L", "N"])))
def test_text_is_shown_as_it_is_whether_html_or_markdown_reads_it(text: str) -> None:
    shown = failure_html(f"x {text}")
    (reason,) = texts(MarkdownIt("gfm-like", {"linkify": False, "html": True}).render(shown), "reason")
    assert reason == " ".join(f"x {text}".split())
    tags = re.findall(r"</?(\w+)", shown)
    assert tags == ["div", "p", "p", "div"]
    assert "\n" not in shown


@given(st.text(alphabet=st.sampled_from("ab <>&\"'`*_[]()!#|\\~-+.:=$/@{}^%,;?1") | st.characters(categories=["L", "N"])))
def test_escaped_markdown_is_shown_as_it_is(text: str) -> None:
    text = " ".join(text.split())
    tokens = MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(escape(f"x {text}"))
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert "".join(child.content for child in tokens[1].children or ()) == f"x {text}".strip()
    assert {child.type for child in tokens[1].children or ()} <= {"text", "text_special"}
    assert unescape(escape(text)) == text


def test_an_answer_is_kept_with_its_references() -> None:
    link = citation(1, "Sawmills were counted.").link
    kept = answer_markdown(answered(), {DOCUMENT.id: "2026-01-02"}.__getitem__, "http://quipu.example")
    assert unescape(kept) == (
        f"“Sawmills were counted.” [1]\n\n[1] Forests · The law, r.md, added 2026-01-02. <http://quipu.example{link}>"
    )
    near = citation(1, "Few were closed.")
    refused = Answer("q", "q", "es", "not_in_documents", Reason("off_topic"), nearest=(near,))
    assert unescape(answer_markdown(refused, lambda _: "2026-01-02", "")).startswith(
        "Estos documentos no responden a eso.\n\nRelacionado, pero no es una respuesta:\n\n“Few were closed.” "
        "Forests · The law, r.md, añadido el 2026-01-02. </documents/"
    )


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


@pytest.mark.parametrize(
    ("cookie", "language"),
    [
        ("quipu_language=es", "es"),
        ("other=1; quipu_language=en", "en"),
        ("quipu_language=xx", "es"),
        ("a=\x00;;=", "es"),
        ("", "es"),
    ],
)
def test_the_reader_may_choose_another(cookie: str, language: str) -> None:
    assert language_of({"cookie": cookie, "accept-language": "es"}) == language
