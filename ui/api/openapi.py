"""What the API is, for machines and for people: the OpenAPI document, and a page that shows it."""

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

from ui.access.visitor import SESSION_COOKIE
from ui.addresses import HEALTH, prefix_of, route_path
from ui.api.schema import Problem, Step
from ui.pages import frame_of, page
from ui.problems import SCHEMAS, problem, problems
from ui.settings import ServerSettings

_DESCRIPTION = (
    "Ask documents in plain words; get their own sentences, each with a citation that opens the document at that very place. "
    "“Not in the documents” is an answer, too. What goes wrong is a problem (RFC 9457), and a problem's `request_id` finds the "
    "request in the log. The same can be had as tools over MCP, at `/mcp`."
)
_TAGS = {
    "questions": "Ask, see where an answer stands, and judge it.",
    "documents": "The documents that can be asked. An operator may change them.",
    "running": "Whether it is up, and how it is doing.",
}
_SCHEMES: dict[str, dict[str, str]] = {
    "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "A token that your server signs."},
    "password": {"type": "http", "scheme": "basic", "description": "A name and a password, for machines."},
    "session": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE, "description": "The session of a browser."},
}
_CREDENTIALS = {"token": "-H 'Authorization: Bearer TOKEN' ", "password": "-u NAME "}  # for curl
_SESSIONS = frozenset(["password", "token"])  # the ways to sign in by which a browser may begin one
_FASTAPIS_OWN = ("HTTPValidationError", "ValidationError")  # shapes of problems that are never given here


def reference_routes(app: FastAPI, settings: ServerSettings) -> APIRouter:
    """The routes of the OpenAPI document, and of the page that shows it."""
    routes = APIRouter(include_in_schema=False)

    @cache
    def described() -> dict[str, Any]:
        return describe(app, settings)

    app.openapi = described  # type: ignore[method-assign] # FastAPI's documented way to say more than it knows

    @routes.get("/api/openapi.json")
    def document() -> JSONResponse:
        """The OpenAPI document."""
        return JSONResponse(described())

    @routes.get("/api")
    def reference(request: Request) -> HTMLResponse:
        """The same for people."""
        return HTMLResponse(render(described(), request, settings.address or str(request.base_url).rstrip("/")))

    return routes


def render(described: dict[str, Any], request: Request, address: str) -> str:
    """The HTML of the page. `address` is where the API is reached."""
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
    """Path, method and operation."""
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            yield path, method, operation


class NoSuchOperation:
    """An ASGI endpoint for what no operation of the API takes: 405 where there are others at the same path, else 404."""

    def __init__(self, described: Callable[[], dict[str, Any]]) -> None:
        self._described = described

    def routes(self) -> list[Route]:
        """The routes that lead here; they have to come behind all others, and before Gradio's, which takes everything."""
        return [Route(path, self, include_in_schema=False) for path in ("/api/{path:path}", *HEALTH, "/metrics")]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        path = route_path(scope)
        taken = {method.upper() for known, method, _ in _operations(self._described()) if compile_path(known)[0].match(path)}
        if taken:
            allow = ", ".join(sorted(taken))
            detail, headers = f"This takes {allow}, and not {scope['method']}.", {"Allow": allow}
            response = problem(HTTPStatus.METHOD_NOT_ALLOWED, detail, scope=scope, headers=headers)
        else:
            response = problem(HTTPStatus.NOT_FOUND, "There is no such operation.", scope=scope)
        await response(scope, receive, send)


def describe(app: FastAPI, settings: ServerSettings) -> dict[str, Any]:
    """The OpenAPI document of an application: its routes, with what stands before all of them."""
    said = get_openapi(
        title="Quipu",
        version=version("quipu"),
        description=_DESCRIPTION,
        routes=app.routes,
        tags=[{"name": name, "description": text} for name, text in _TAGS.items()],
        servers=[{"url": prefix_of(settings.address) or "/"}],
    )
    schemas = said.setdefault("components", {}).setdefault("schemas", {})
    for shape in (Problem, Step):
        schema = TypeAdapter(shape).json_schema(ref_template=SCHEMAS + "{model}", mode="serialization")
        schemas[schema["title"]] = schema
    for name in _FASTAPIS_OWN:
        schemas.pop(name, None)
    ways = {*settings.sign_in, *(["session"] if _SESSIONS & set(settings.sign_in) else [])}
    schemes = {name: scheme for name, scheme in _SCHEMES.items() if name in ways}
    if schemes:
        said["components"]["securitySchemes"] = schemes
        said["security"] = [{name: []} for name in schemes]
    for path, method, operation in _operations(said):
        _complete(operation, path, method, settings)
    return said


def _complete(operation: dict[str, Any], path: str, method: str, settings: ServerSettings) -> None:
    """Add to an operation what any request may meet before it comes to its route."""
    if path in HEALTH:
        operation["security"] = []
    responses = operation["responses"]
    if "application/json" in responses.get("422", {}).get("content", {}):  # FastAPI's own, for parameters that are any text
        del responses["422"]
    for status, said in problems(**_met_by_all(operation, path, method, settings)).items():
        responses.setdefault(str(status), said)
    if "429" in responses:
        wait = {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}
        responses["429"] = {**responses["429"], "headers": {"Retry-After": wait}}
    operation["responses"] = dict(sorted(responses.items()))
    if "tags" not in operation:
        operation.update(tags=["running"], summary=operation["description"].partition(".")[0])


def _met_by_all(operation: dict[str, Any], path: str, method: str, settings: ServerSettings) -> dict[str, str]:
    """The problems of middleware, by the names of their statuses."""
    met: dict[str, str] = {}
    if path not in HEALTH:
        met["too_many_requests"] = "More than this visitor may send now."
        if settings.sign_in:
            met["unauthorized"] = "It doesn't say who sent it, or what it says isn't good."
    if method != "get":
        met["forbidden"] = "A page of another site sent it."
    if "requestBody" in operation:
        met["request_entity_too_large"] = "The body is too large."
    if "application/json" in operation.get("requestBody", {}).get("content", {}):
        met["bad_request"] = "The body is no JSON."
    return met
