"""The routes for whoever runs the server: `/healthz`, `/readyz` and `/metrics`."""

import logging
from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from assistant import Assistant
from corpus import QuipuError
from ui.problems import problem, problems
from ui.telemetry.metrics import Metrics
from ui.visitor import visitor_of
from ui.wording import language_of, say

_log = logging.getLogger(__package__)


class Health(BaseModel):
    """The process is alive."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """Questions can be answered."""

    status: Literal["ready"] = "ready"


def telemetry_routes(assistant: Assistant, metrics: Metrics) -> APIRouter:
    """Return the three routes. `/healthz` and `/readyz` are open to everybody, and reveal nothing about the library."""
    routes = APIRouter()

    @routes.head("/healthz", include_in_schema=False)
    @routes.get("/healthz")
    async def healthz() -> Health:
        """The process is alive."""
        return Health()

    @routes.get(
        "/readyz",
        response_model=Readiness,
        responses=problems(service_unavailable="Questions can't be answered; the log says why."),
    )
    def readyz(request: Request) -> Readiness | Response:
        """Whether questions can be answered."""
        try:
            assistant.scope()
        except QuipuError as error:
            _log.warning("Questions can't be answered: %s", error)
            return problem(
                HTTPStatus.SERVICE_UNAVAILABLE, say("error_not_ready", language_of(request.headers)), scope=request.scope
            )
        return Readiness()

    @routes.get(
        "/metrics",
        response_class=PlainTextResponse,
        responses=problems(forbidden="The visitor is not an operator."),
    )
    def measures(request: Request) -> Response:
        """What was counted since the start, in Prometheus's text format. For operators."""
        if not visitor_of(request).is_operator:
            return problem(
                HTTPStatus.FORBIDDEN, say("error_metrics_operator_only", language_of(request.headers)), scope=request.scope
            )
        return Response(metrics.text(assistant), headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"})

    return routes
