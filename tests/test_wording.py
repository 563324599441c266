"""The sentences of the screens: the languages have the same ones, every one is used, and every one that is used exists."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

from assistant import Reason, Status
from corpus import PageKind
from ui.web.widget import _KEYS
from ui.wording import Language, explain, language_name, other_language, say, scripted, status_line
from ui.wording.answers import _REASONS
from ui.wording.read_summaries import _MANY, _MANY_NAMED, _ONE, _ONE_NAMED

UI = Path(__file__).parent.parent / "ui"
LANGUAGES: tuple[Language, ...] = get_args(Language)
SENTENCES = {language: json.loads((UI / "wording" / f"{language}.json").read_text(encoding="utf-8")) for language in LANGUAGES}
KEYS = set(SENTENCES["en"])
SOURCES = {path: path.read_text(encoding="utf-8") for ending in ("py", "html", "js") for path in sorted(UI.rglob(f"*.{ending}"))}
WIDGET = UI / "web" / "static" / "widget.js"


def of_kind(ending: str) -> list[tuple[Path, str]]:
    return [(path, text) for path, text in SOURCES.items() if path.suffix == ending]


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def said(text: str) -> Iterator[ast.expr]:
    """The first arguments of all calls of `say` in a file of Python."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say":
            yield node.args[0]


def test_the_languages_have_the_same_keys_in_order() -> None:
    for language in LANGUAGES:
        assert list(SENTENCES[language]) == sorted(KEYS), language


@pytest.mark.parametrize("key", sorted(KEYS))
def test_a_sentence_has_text_and_the_same_placeholders_in_every_language(key: str) -> None:
    sentences = [SENTENCES[language][key] for language in LANGUAGES]
    assert all(sentence.strip() == sentence != "" for sentence in sentences)
    assert len({frozenset(placeholders(sentence)) for sentence in sentences}) == 1, sentences


def test_every_key_is_written_out_somewhere() -> None:
    written = {key for text in SOURCES.values() for key in re.findall(r"""["'](\w+)["']""", text)}
    assert KEYS - written == set()


def test_python_says_keys_that_exist_and_puts_none_together() -> None:
    for path, text in of_kind(".py"):
        for argument in said(text):
            parts = list(ast.walk(argument))
            assert not any(isinstance(part, ast.JoinedStr | ast.BinOp | ast.Call) for part in parts), (path, ast.unparse(argument))
            choices = [argument.body, argument.orelse] if isinstance(argument, ast.IfExp) else [argument]
            written = {choice.value for choice in choices if isinstance(choice, ast.Constant)}
            assert written <= KEYS, path


def test_tables_of_keys_have_keys_that_exist() -> None:
    for path, text in of_kind(".py"):
        if path.parent.name == "wording":
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Dict):
                    assert {value.value for value in node.values if isinstance(value, ast.Constant)} <= KEYS, path


def test_templates_say_keys_that_exist() -> None:
    for path, text in of_kind(".html"):
        arguments = re.findall(r"\bsay\(([^,)]*),", text)
        assert len(arguments) == text.count("say(")
        for argument in arguments:
            written = re.fullmatch(r'"(\w+)"(?: if \w+ else "(\w+)")?', argument)
            assert written is not None, (path, argument)
            assert {key for key in written.groups() if key} <= KEYS, path


def test_the_widget_has_the_sentences_that_its_script_says_and_no_others() -> None:
    script = SOURCES[WIDGET]
    assert "${" not in "".join(re.findall(r"\bsay\([^)]*\)", script))
    written = set(re.findall(r'"(\w+)"', script))
    assert written & KEYS == set(_KEYS)
    called = re.findall(r'\bsay\((?:language, )?"(\w+)"', script)
    assert set(called) <= set(_KEYS)


def test_values_are_filled_in() -> None:
    assert say("library_select", "es", title="Bosques {x}") == "Seleccionar «Bosques {x}»"
    assert scripted(["widget_wait"], "en") == {"widget_wait": "Too many questions in a short time. Ask again in {seconds} seconds."}
    with pytest.raises(KeyError, match="title"):
        say("library_select", "en")
    with pytest.raises(KeyError, match="no_such_key"):
        say("no_such_key", "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_status_but_no_question_has_a_heading(language: Language) -> None:
    silent = [status for status in get_args(Status) if not status_line(status, language)]
    assert silent == ["no_question"]


def test_every_reason_that_the_assistant_gives_has_a_sentence() -> None:
    codes = set()
    for path in (UI.parent / "assistant").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Reason":
                codes |= {part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant)}
    assert {"off_topic", "not_said", "name_absent", "language", "no_documents", "empty"} <= codes <= set(_REASONS)


def test_every_kind_of_page_has_its_words() -> None:
    for table in (_ONE, _MANY, _ONE_NAMED, _MANY_NAMED):
        assert set(table) == set(get_args(PageKind))


def test_a_reason_names_the_language_in_the_readers_own() -> None:
    assert explain(Reason("language", "fr"), "es") == (
        "Estos documentos no responden a eso. La pregunta parece estar en francés; Quipu entiende español e inglés."
    )
    unread = "These documents may answer this. Quipu does not read French, so it cannot be sure."
    assert explain(Reason("unread", "fr"), "en") == unread
    assert (language_name("it", "en"), language_name("qu", "en")) == ("Italian", "qu")
    assert (other_language("en"), other_language("es")) == ("es", "en")
