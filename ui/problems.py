"""Problem details (RFC 9457): the responses that say what went wrong, and their description in the OpenAPI document."""

from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import Scope

SCHEMAS = "#/components/schemas/"
_PROBLEM = {"application/problem+json": {"schema": {"$ref": f"{SCHEMAS}Problem"}}}


def problem(status: HTTPStatus, detail: str, *, scope: Scope | None = None, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return a problem response: its status, a sentence about this case, and the request's id in the log."""
    body: dict[str, Any] = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail}
    if scope is not None and (request_id := scope.get("state", {}).get("request_id")):
        body["request_id"] = request_id
    return JSONResponse(body, status_code=status, media_type="application/problem+json", headers=headers)


def problems(**when: str) -> dict[int | str, dict[str, Any]]:
    """Describe the problem responses of a route: keys are names of statuses, values say when each is returned."""
    return {int(HTTPStatus[name.upper()]): {"description": description, "content": _PROBLEM} for name, description in when.items()}


def stream_of_steps() -> dict[str, Any]:
    """Describe the content of a response that consists of lines of JSON."""
    schema = {"type": "string", "contentMediaType": "application/json", "contentSchema": {"$ref": f"{SCHEMAS}Step"}}
    return {"application/x-ndjson": {"schema": {"description": "One line of JSON per step.", **schema}}}
