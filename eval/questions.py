"""Test questions, from JSON Lines."""

import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from assistant import QuestionError


@dataclass(frozen=True, slots=True)
class TestQuestion:
    """A question with its gold: exact quotes of the documents, or pages (from 0). `doc` is the file, without its ending, that the
    question is about; pages need it.

    Any one of the quotes is right, but for the kind "multi-passage", where all are needed. `history` are the questions asked
    before it, oldest first.
    """

    __test__ = False  # for pytest: not a test, by its name

    id: str
    question: str
    lang: str
    kind: str
    answerable: bool
    gold_quotes: tuple[str, ...]
    history: tuple[str, ...]
    doc: str | None
    gold_pages: frozenset[int]

    @property
    def needs_all(self) -> bool:
        """Whether all gold quotes are needed, rather than any one of them."""
        return self.kind == "multi-passage"


def read_questions(path: Path) -> list[TestQuestion]:
    """The questions of a file. Raises QuestionError, with the line, for what is no question, and for ids that occur twice."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionError(f"The questions in {path} can't be read: {error}.") from None
    questions: dict[str, TestQuestion] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            question = _question(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise QuestionError(
                f"Line {number} of {path} is no question ({type(error).__name__}: {error}): it needs an object with at least "
                '"id", "question", and "gold_quotes" or "doc" and "gold_pages".'
            ) from None
        if question.id in questions:
            raise QuestionError(f"Line {number} of {path} has the id '{question.id}', which an earlier line has too.")
        questions[question.id] = question
    if not questions:
        raise QuestionError(f"{path} holds no questions.")
    return list(questions.values())


def shipped_questions() -> Path:
    """The test questions about the report that ships."""
    return Path(str(files("eval").joinpath("questions", "report.jsonl")))


def _question(values: dict[str, object]) -> TestQuestion:
    json.dumps(values, ensure_ascii=False).encode("utf-8")  # half a surrogate pair is no text
    quotes, pages, history = values.get("gold_quotes", ()), values.get("gold_pages", ()), values.get("history", ())
    if not all(isinstance(part, list | tuple) for part in (quotes, pages, history)):
        raise TypeError("gold_quotes, gold_pages and history are lists")
    if "gold_quotes" not in values and "gold_pages" not in values:
        raise KeyError("gold_quotes")
    if values.get("answerable", True) is None:
        raise ValueError("it is a draft: say whether the documents answer it, true or false, and quote where")
    if bool(values.get("answerable", True)) != bool(quotes or pages):
        raise ValueError("a question is answerable if, and only if, it has gold quotes or gold pages")
    return TestQuestion(
        id=str(values["id"]),
        question=str(values["question"]),
        lang=str(values.get("lang", "en")),
        kind=str(values.get("kind", "question")),
        answerable=bool(values.get("answerable", True)),
        gold_quotes=tuple(map(str, quotes)),  # type: ignore[call-overload]
        history=tuple(map(str, history)),  # type: ignore[call-overload]
        doc=str(values["doc"]) if "doc" in values else None,
        gold_pages=frozenset(map(int, pages)),  # type: ignore[call-overload]
    )
