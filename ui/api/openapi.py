"""The description of the API: the OpenAPI document for machines, and a page made from it for people."""

import json
from collections.abc import Callable, Iterator
from functools import cache
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import TypeAdapter
from starlette.routing import Route, compile_path
from starlette.types import Receive, Scope, Send

from ui.addresses import HEALTH, prefix_of, route_path
from ui.api.schema import Problem, Step
from ui.pages import frame_of, page
from ui.problems import SCHEMAS, problem, problems
from ui.settings import ServerSettings
from ui.visitor import SESSION_COOKIE

_DESCRIPTION = (
    "Ask documents in plain words; get their own sentences, each with a citation that opens the document at that place. “Not in "
    "the documents” is an answer, too, and “May be answered” comes with the closest sentences. Errors are problem details (RFC "
    "9457), whose `request_id` finds the request in the log. The same is available as tools over MCP, at `/mcp`."
)
_TAGS = {
    "questions": "Ask, see where an answer comes from, and judge it.",
    "documents": "The documents that can be asked. Operators may change them.",
    "running": "Whether the server is up, and how it is doing.",
}
_SCHEMES: dict[str, dict[str, str]] = {
    "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "A token that your server signs."},
    "password": {"type": "http", "scheme": "basic", "description": "A name and a password, for programs."},
    "session": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE, "description": "The session of a browser."},
}
_CREDENTIALS = {"token": "-H 'Authorization: Bearer TOKEN' ", "password": "-u NAME "}  # for curl
_SESSIONS = frozenset(["password", "token"])  # the ways to sign in that can begin a session
_UNUSED_SCHEMAS = ("HTTPValidationError", "ValidationError")  # schemas of error responses that Quipu never sends


def reference_routes(app: FastAPI, settings: ServerSettings) -> APIRouter:
    """Return the routes of the OpenAPI document and of the page made from it."""
    routes = APIRouter(include_in_schema=False)

    @cache
    def described() -> dict[str, Any]:
        return describe(app, settings)

    app.openapi = described  # type: ignore[method-assign] # FastAPI's documented way to extend its document

    @routes.get("/api/openapi.json")
    def document() -> JSONResponse:
        """The OpenAPI document."""
        return JSONResponse(described())

    @routes.get("/api")
    def reference(request: Request) -> HTMLResponse:
        """The page that shows it."""
        return HTMLResponse(render(described(), request, settings.address or str(request.base_url).rstrip("/")))

    return routes


def render(described: dict[str, Any], request: Request, address: str) -> str:
    """Return the HTML of the page. `address` is that of the server, for the examples."""
    groups = [
        (tag, [(method, path, operation) for path, method, operation in _operations(described) if tag["name"] in operation["tags"]])
        for tag in described["tags"]
    ]
    shapes = described["components"]["schemas"]
    schemes = described["components"].get("securitySchemes", {})
    example = {name: json.dumps(shape["examples"][0]) for name, shape in shapes.items() if "examples" in shape}
    return page(
        "api.html",
        frame_of(request),
        api=described,
        groups=groups,
        shapes=dict(sorted(shapes.items())),
        schemes=schemes,
        credentials=next((_CREDENTIALS[name] for name in schemes if name in _CREDENTIALS), ""),
        example=example,
        site=address,
        here="api",
    )


def _operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the path, method and description of each operation."""
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            yield path, method, operation


class NoSuchOperation:
    """An ASGI endpoint for requests that match no operation: 405 if the path has other methods, else 404."""

    def __init__(self, described: Callable[[], dict[str, Any]]) -> None:
        self._described = described

    def routes(self) -> list[Route]:
        """Return the routes that lead here. They have to come after all others, and before Gradio's, which match every path."""
        return [Route(path, self, include_in_schema=False) for path in ("/api/{path:path}", *HEALTH, "/metrics")]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        path = route_path(scope)
        methods = {method.upper() for known, method, _ in _operations(self._described()) if compile_path(known)[0].match(path)}
        if methods:
            allow = ", ".join(sorted(methods))
            detail, headers = f"This takes {allow}, not {scope['method']}.", {"Allow": allow}
            response = problem(HTTPStatus.METHOD_NOT_ALLOWED, detail, scope=scope, headers=headers)
        else:
            response = problem(HTTPStatus.NOT_FOUND, "There is no such operation.", scope=scope)
        await response(scope, receive, send)


def describe(app: FastAPI, settings: ServerSettings) -> dict[str, Any]:
    """Return the OpenAPI document of an application: its routes, and what middleware may answer instead."""
    document = get_openapi(
        title="Quipu",
        version=version("quipu"),
        description=_DESCRIPTION,
        routes=app.routes,
        tags=[{"name": name, "description": text} for name, text in _TAGS.items()],
        servers=[{"url": prefix_of(settings.address) or "/"}],
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for shape in (Problem, Step):
        schema = TypeAdapter(shape).json_schema(ref_template=SCHEMAS + "{model}", mode="serialization")
        schemas[schema["title"]] = schema
    for name in _UNUSED_SCHEMAS:
        schemas.pop(name, None)
    ways = {*settings.sign_in, *(["session"] if _SESSIONS & set(settings.sign_in) else [])}
    schemes = {name: scheme for name, scheme in _SCHEMES.items() if name in ways}
    if schemes:
        document["components"]["securitySchemes"] = schemes
        document["security"] = [{name: []} for name in schemes]
    for path, method, operation in _operations(document):
        _complete(operation, path, method, settings)
    return document


def _complete(operation: dict[str, Any], path: str, method: str, settings: ServerSettings) -> None:
    """Add the responses that middleware may give before the request reaches its route."""
    if path in HEALTH:
        operation["security"] = []
    responses = operation["responses"]
    if "application/json" in responses.get("422", {}).get("content", {}):  # FastAPI's own, for parameters that can't be wrong
        del responses["422"]
    for status, response in problems(**_middleware_problems(operation, path, method, settings)).items():
        responses.setdefault(str(status), response)
    if "429" in responses:
        wait = {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}
        responses["429"] = {**responses["429"], "headers": {"Retry-After": wait}}
    operation["responses"] = dict(sorted(responses.items()))
    if "tags" not in operation:
        operation.update(tags=["running"], summary=operation["description"].partition(".")[0])


def _middleware_problems(operation: dict[str, Any], path: str, method: str, settings: ServerSettings) -> dict[str, str]:
    """Return when middleware answers with a problem, by the names of the statuses."""
    described: dict[str, str] = {}
    if path not in HEALTH:
        described["too_many_requests"] = "The visitor has sent too many requests."
        if settings.sign_in:
            described["unauthorized"] = "The request carries no sign-in, or one that is not good."
    if method != "get":
        described["forbidden"] = "A page of another site sent it."
    if "requestBody" in operation:
        described["request_entity_too_large"] = "The body is too large."
    if "application/json" in operation.get("requestBody", {}).get("content", {}):
        described["bad_request"] = "The body is not JSON."
    return described
