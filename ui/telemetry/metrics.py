"""The metrics of the server, for Prometheus."""

from typing import Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from assistant import Assistant, Status
from corpus import QuipuError

_METHODS = frozenset(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)  # upper bounds of the histograms' buckets

Refused = Literal["user", "origin", "requests", "body", "sign_in"]
"""Why a request was refused: too many questions from a user or from the pages of an origin, too many requests of other kinds,
too large a body, or no sign-in.
"""


class Metrics:
    """Counters and gauges in a registry of their own, so that two applications in one process are counted separately."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._requests = Counter(
            "quipu_http_requests", "Requests that were answered.", ["route", "method", "status"], registry=registry
        )
        self._seconds = Histogram(
            "quipu_http_request_seconds", "Time to the end of a response.", ["route"], buckets=_SECONDS, registry=registry
        )
        self._asked = Counter("quipu_questions", "Questions, by the status of the answer.", ["status"], registry=registry)
        self._asked_seconds = Histogram("quipu_question_seconds", "Time that an answer took.", buckets=_SECONDS, registry=registry)
        self._refused = Counter("quipu_refused", "Requests that were refused, by reason.", ["why"], registry=registry)
        self._documents = Gauge("quipu_documents", "Documents that are searched.", registry=registry)
        self._passages = Gauge("quipu_passages", "Passages that are searched.", registry=registry)
        self.in_flight = Gauge("quipu_http_requests_in_flight", "Requests that are being answered.", registry=registry)
        """Requests that are being answered."""
        ProcessCollector(registry=registry)
        for status in get_args(Status):
            self._asked.labels(status)

    def answered(self, route: str, method: str, status: int | None, seconds: float) -> None:
        """Count a request. `status` is None without a response: the client left, or the server stopped."""
        self._requests.labels(route, method if method in _METHODS else "other", "none" if status is None else str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def asked(self, status: Status, seconds: float) -> None:
        """Count a question by the status of its answer and the time that it took."""
        self._asked.labels(status).inc()
        self._asked_seconds.observe(seconds)

    def refused(self, why: Refused) -> None:
        """Count a request that was refused."""
        self._refused.labels(why).inc()

    def text(self, assistant: Assistant) -> bytes:
        """Return all metrics in Prometheus's text format. The library's gauges are NaN while it can't be opened."""
        try:
            scope = assistant.scope()
            self._documents.set(len(scope.entries()))
            self._passages.set(scope.size())
        except QuipuError:
            self._documents.set(float("nan"))
            self._passages.set(float("nan"))
        return generate_latest(self.registry)
