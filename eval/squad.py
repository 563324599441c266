"""Reads test questions in SQuAD format (Rajpurkar et al., 2016 and 2018): articles made of paragraphs, with questions on each."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from assistant import QuestionError
from corpus import split_sentences
from eval.questions import TestQuestion
from index import question_language


class LeftOut(StrEnum):
    """What is left out of the index, so that questions on it can't be answered: every second paragraph of each article, which
    leaves the topic without the answer, or every second article.
    """

    NOTHING = "nothing"
    PARAGRAPHS = "paragraphs"
    ARTICLES = "articles"


_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


@dataclass(frozen=True, slots=True)
class Article:
    """An article as it is indexed: the name of a Markdown file and its text."""

    name: str
    text: str


def read_squad(path: Path, left_out: LeftOut = LeftOut.NOTHING) -> tuple[list[Article], list[TestQuestion]]:
    """Return the articles to index and the questions to ask. The gold quote of a question is the sentence that contains its answer.

    Raises QuestionError if the file isn't in SQuAD format, has an answer that isn't in its paragraph, or repeats an id.
    """
    articles: list[Article] = []
    questions: dict[str, TestQuestion] = {}
    try:
        data = json.loads(path.read_bytes())["data"]
        for number, article in enumerate(data):
            indexed = []
            for index, paragraph in enumerate(article["paragraphs"]):
                is_out = (left_out == LeftOut.ARTICLES and number % 2 == 1) or (left_out == LeftOut.PARAGRAPHS and index % 2 == 1)
                if not is_out:
                    indexed.append(str(paragraph["context"]))
                for question in _questions(paragraph, is_out, f"{number + 1:04}", str(path)):
                    if question.id in questions:
                        raise QuestionError(f"{path} repeats the id '{question.id}'.")
                    questions[question.id] = question
            if indexed:
                title = str(article.get("title") or f"Article {number + 1}").replace("_", " ")
                articles.append(Article(f"{number + 1:04}.md", _markdown(title, indexed)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise QuestionError(f"{path} isn't in SQuAD format ({type(error).__name__}: {error}).") from None
    if not questions:
        raise QuestionError(f"{path} contains no questions.")
    return articles, list(questions.values())


def _questions(paragraph: dict[str, Any], is_out: bool, article: str, where: str) -> Iterator[TestQuestion]:
    context = str(paragraph["context"])
    for asked in paragraph["qas"]:
        answers = [] if asked.get("is_impossible", False) else asked.get("answers") or []
        has_answer = bool(answers)
        gold = {_sentence(context, str(answer["text"]), int(answer["answer_start"])) for answer in answers}
        answerable = has_answer and not is_out
        yield TestQuestion(
            id=str(asked["id"]),
            question=str(asked["question"]),
            lang=question_language(str(asked["question"])),
            kind="answerable" if answerable else "left out" if has_answer else "impossible",
            answerable=answerable,
            gold_quotes=tuple(sorted(gold)) if answerable else (),
            history=(),
            doc=article,
            gold_pages=frozenset(),
            where=where,
        )


def _sentence(context: str, answer: str, offset: int) -> str:
    """Return the sentence that contains the answer's occurrence nearest to `offset`. Raises ValueError if there is none."""
    starts = [match.start() for match in re.finditer(re.escape(answer), context)]
    if not starts:
        raise ValueError(f"the answer “{answer}” is not in its paragraph")
    start = min(starts, key=lambda position: abs(position - offset)) + len(answer) - len(answer.lstrip())
    for first, last in _blocks(context):
        for begin, end in split_sentences(context[first:last]):
            if first + begin <= start < first + end:
                return " ".join(context[first + begin : first + end].split())
    raise ValueError(f"no sentence of its paragraph contains the answer “{answer}”")


def _blocks(context: str) -> Iterator[tuple[int, int]]:
    """Yield the ranges of a context's paragraphs, which blank lines separate."""
    for match in re.finditer(r"\S.*?(?=\n[ \t]*\n|\Z)", context, re.DOTALL):
        yield match.span()


def _markdown(title: str, contexts: list[str]) -> str:
    """Return Markdown that parses to exactly this title and these paragraphs, except for whitespace."""
    blocks = [" ".join(context[first:last].split()) for context in contexts for first, last in _blocks(context)]
    return "\n\n".join([f"# {_PUNCTUATION.sub(_escaped, title)}", *(_PUNCTUATION.sub(_escaped, block) for block in blocks)])


def _escaped(match: re.Match[str]) -> str:
    return f"\\{match[0]}"
