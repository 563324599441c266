"""Problem details (RFC 9457): what a route gives when something is wrong, and how the OpenAPI document describes it."""

from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import Scope

SCHEMAS = "#/components/schemas/"
_PROBLEM = {"application/problem+json": {"schema": {"$ref": f"{SCHEMAS}Problem"}}}


def problem(status: HTTPStatus, detail: str, *, scope: Scope | None = None, headers: dict[str, str] | None = None) -> JSONResponse:
    """A problem-details response (RFC 9457): the kind of problem, one sentence on this one, and the request's id in the log."""
    said: dict[str, Any] = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail}
    if scope is not None and (request_id := scope.get("state", {}).get("request_id")):
        said["request_id"] = request_id
    return JSONResponse(said, status_code=status, media_type="application/problem+json", headers=headers)


def problems(**when: str) -> dict[int | str, dict[str, Any]]:
    """Responses of a route that are problems, by the names of their statuses, each with when it is given."""
    return {int(HTTPStatus[name.upper()]): {"description": said, "content": _PROBLEM} for name, said in when.items()}


def stream_of_steps() -> dict[str, Any]:
    """The content of a response that is lines of JSON."""
    schema = {"type": "string", "contentMediaType": "application/json", "contentSchema": {"$ref": f"{SCHEMAS}Step"}}
    return {"application/x-ndjson": {"schema": {"description": "A line of JSON for each step.", **schema}}}
