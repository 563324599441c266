"""Reads test questions from JSON Lines."""

import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from assistant import QuestionError
from corpus import shipped

_KINDS_THAT_NEED_ALL = ("multi-passage", "overview", "comparison")


@dataclass(frozen=True, slots=True)
class TestQuestion:
    """A question with its gold: exact quotes from the documents, or pages (numbered from 0). `doc` is the name, without its ending,
    of the file that the question is about; gold pages need it.

    Any one of the quotes is a right answer, but for the kinds that need all of them. `history` holds the questions asked before,
    oldest first. `where` says in which file the question is, and in which line.
    """

    __test__ = False  # tells pytest that this is no test, despite its name

    id: str
    question: str
    lang: str
    kind: str
    answerable: bool
    gold_quotes: tuple[str, ...]
    history: tuple[str, ...]
    doc: str | None
    gold_pages: frozenset[int]
    where: str

    @property
    def needs_all(self) -> bool:
        """Whether all gold quotes are needed, rather than any one of them."""
        return self.kind in _KINDS_THAT_NEED_ALL


def read_questions(path: Path) -> list[TestQuestion]:
    """Return the questions in a file. Raises QuestionError, naming the line, for an invalid question or a repeated id."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionError(f"The questions in {path} can't be read: {error}.") from None
    questions: dict[str, TestQuestion] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            question = _question(json.loads(line), f"line {number} of {path}")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise QuestionError(
                f"Line {number} of {path} is not a question ({type(error).__name__}: {error}): it must be an object with at least "
                '"id", "question", and "gold_quotes" or "doc" and "gold_pages".'
            ) from None
        if question.id in questions:
            raise QuestionError(f"Line {number} of {path} repeats the id '{question.id}' of an earlier line.")
        questions[question.id] = question
    if not questions:
        raise QuestionError(f"{path} contains no questions.")
    return list(questions.values())


def shipped_questions() -> Path:
    """Return the file of test questions about the report that ships."""
    return Path(str(files("eval").joinpath("questions", f"{shipped()[0].stem}.jsonl")))


def _question(values: dict[str, object], where: str) -> TestQuestion:
    json.dumps(values, ensure_ascii=False).encode("utf-8")  # raises UnicodeEncodeError, a ValueError, for a lone surrogate
    quotes, pages, history = values.get("gold_quotes", ()), values.get("gold_pages", ()), values.get("history", ())
    if not all(isinstance(part, list | tuple) for part in (quotes, pages, history)):
        raise TypeError("gold_quotes, gold_pages and history must be lists")
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
        where=where,
    )
