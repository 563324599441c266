"""Pairs documents with the questions that are asked of each of them alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant import QuestionError
from corpus import ACCEPTED_ENDINGS, shipped
from eval.questions import TestQuestion, read_questions, shipped_questions


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Questions, and the files that they are asked of in a home of their own; without files, they are asked of the library.

    `name` tells the sets of a run apart: that of the document, without its ending. It is "" for the only set.
    """

    name: str
    files: tuple[Path, ...]
    questions: tuple[TestQuestion, ...]


def read_sets(documents: Path, questions: Path) -> list[QuestionSet]:
    """Return a set for each `NAME.jsonl` in the folder `questions`, about the file `NAME.*` in the folder `documents`.

    Raises QuestionError for a document without questions, questions without a document, a name or an id that occurs twice, and
    whatever `read_questions` raises it for.
    """
    return _paired(_documents(documents), questions)


def shipped_sets() -> list[QuestionSet]:
    """Return the sets that come with Quipu: of the report that ships, and of the reports that are only there to be measured."""
    questions = shipped_questions().parent
    return _paired([*shipped(), *_documents(questions.parent / "reports")], questions)


def _documents(folder: Path) -> list[Path]:
    """Return the files in a folder that Quipu reads."""
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise QuestionError(f"The folder {folder} can't be opened: {error.strerror}.") from None
    return [path for path in paths if path.suffix.lower() in ACCEPTED_ENDINGS and not path.name.startswith(".")]


def _paired(documents: Sequence[Path], questions: Path) -> list[QuestionSet]:
    by_name: dict[str, Path] = {}
    for document in documents:
        if (other := by_name.setdefault(document.stem, document)) != document:
            raise QuestionError(f"{other} and {document} have the same name; {document.stem}.jsonl can be asked of one file only.")
    asked = {path.stem: path for path in sorted(questions.glob("*.jsonl"))}
    if not asked:
        raise QuestionError(f"{questions} contains no questions: it needs a file NAME.jsonl for each document NAME.")
    for name, path in asked.items():
        if name not in by_name:
            raise QuestionError(f"{path} has no document: no file that Quipu reads is named {name}.")
    for name, document in by_name.items():
        if name not in asked:
            raise QuestionError(f"{document} has no questions: there is no {questions / name}.jsonl.")
    sets = [QuestionSet(name, (by_name[name],), tuple(read_questions(path))) for name, path in asked.items()]
    first: dict[str, TestQuestion] = {}
    for question in (question for one in sets for question in one.questions):
        if (earlier := first.setdefault(question.id, question)) is not question:
            raise QuestionError(f"The id '{question.id}' occurs twice: {earlier.where} and {question.where}.")
    return sets
