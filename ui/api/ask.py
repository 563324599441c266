"""A visitor's question, by whichever door it came: asked of what they may see, counted, logged, and kept if that is wanted."""

import logging
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from assistant import Answer, Assistant, Feedback, QuestionError
from index import LibraryError
from ui.access.rate_limits import Limiter, too_many
from ui.access.visitor import visible_to_visitor
from ui.telemetry import Metrics, note_question
from ui.wording import language_of

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AskResult:
    """An answer, how long it took, and the id to judge it by; None if nothing is kept."""

    answer: Answer
    milliseconds: float
    feedback: str | None


class AskService:
    """Asks one assistant for its visitors. `feedback` is None if nothing is to be kept."""

    def __init__(self, assistant: Assistant, feedback: Feedback | None, limiter: Limiter, metrics: Metrics) -> None:
        self._assistant, self._feedback, self._limiter, self._metrics = assistant, feedback, limiter, metrics

    def ask(self, request: HTTPConnection, question: str, history: Sequence[str], documents: Collection[str] | None) -> AskResult:
        """The answer to a question that came with this request, as `Assistant.ask` gives it. Raises QuipuError as that does."""
        started = time.perf_counter()
        answer = visible_to_visitor(self._assistant, request).ask(question, history, documents)
        seconds = time.perf_counter() - started
        self._metrics.asked(answer.status, seconds)
        note_question(request.scope, answer.question, answer.status)
        return AskResult(answer, 1000 * seconds, self._keep(answer, history))

    def ask_within_limit(
        self, request: HTTPConnection, question: str, history: Sequence[str], documents: Collection[str] | None
    ) -> AskResult:
        """The same, by a door at which `RateLimit` doesn't count questions. Raises QuestionError if there were too many."""
        if seconds := self._limiter.ask(request.scope):
            raise QuestionError(too_many(seconds, language_of(request.headers)))
        return self.ask(request, question, history, documents)

    def _keep(self, answer: Answer, history: Sequence[str]) -> str | None:
        """The id of what was kept. A reader gets the answer all the same if it can't be."""
        try:
            return self._feedback.keep(answer, history) if self._feedback else None
        except LibraryError as error:
            _log.warning("A question was not kept: %s", error)
            return None
