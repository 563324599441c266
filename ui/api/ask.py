"""Ask a visitor's question: within what the visitor may see, counted, logged, and kept if the operator wants that."""

import logging
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from assistant import Answer, Assistant, Feedback, QuestionError
from index import LibraryError
from ui.access.rate_limits import Limiter, too_many
from ui.telemetry.metrics import Metrics
from ui.telemetry.request_log import log_question
from ui.visitor import visible_to_visitor
from ui.wording import language_of

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AskResult:
    """An answer, the milliseconds that it took, and the id by which it can be judged, or None if no feedback is kept."""

    answer: Answer
    milliseconds: float
    feedback: str | None


class AskService:
    """Asks one assistant on behalf of visitors: by the chat, the API and the MCP tools. With `feedback` None, nothing is kept."""

    def __init__(self, assistant: Assistant, feedback: Feedback | None, limiter: Limiter, metrics: Metrics) -> None:
        self._assistant, self._feedback, self._limiter, self._metrics = assistant, feedback, limiter, metrics

    def ask(self, request: HTTPConnection, question: str, history: Sequence[str], documents: Collection[str] | None) -> AskResult:
        """Answer a question that came with this request. Arguments and errors are those of `Assistant.ask`."""
        started = time.perf_counter()
        answer = visible_to_visitor(self._assistant, request).ask(question, history, documents)
        seconds = time.perf_counter() - started
        self._metrics.asked(answer.status, seconds)
        log_question(request.scope, answer.question, answer.status)
        return AskResult(answer, 1000 * seconds, self._keep(answer, history))

    def ask_within_limit(
        self, request: HTTPConnection, question: str, history: Sequence[str], documents: Collection[str] | None
    ) -> AskResult:
        """Do the same where `RateLimit` doesn't count questions, as in the chat. Raises QuestionError after too many questions."""
        if seconds := self._limiter.ask(request.scope):
            raise QuestionError(too_many(seconds, language_of(request.headers)))
        return self.ask(request, question, history, documents)

    def _keep(self, answer: Answer, history: Sequence[str]) -> str | None:
        """Keep the answer, and return its id. If that fails, the reader still gets the answer, and the id is None."""
        try:
            return self._feedback.keep(answer, history) if self._feedback else None
        except LibraryError as error:
            _log.warning("A question was not kept: %s", error)
            return None
