"""The MCP server at `/mcp`: the assistant as tools for other assistants, behind the same sign-in as everything else.

Each request is independent and gets one JSON response: there are no sessions, and the server sends nothing by itself.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from importlib.metadata import version
from typing import Annotated, Any, Generic, TypeVar

from anyio import CapacityLimiter, to_thread
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from typing_extensions import TypedDict

from assistant import Answer, Assistant, Citation
from corpus import QuipuError
from ui.api import schema
from ui.api.answer_json import document_payloads, payload
from ui.api.ask import AskService
from ui.api.find_passage import PLACE, find_passage
from ui.api.passage_json import passage_payload
from ui.api.request_bodies import Ask
from ui.problems import problem
from ui.settings import ServerSettings
from ui.visitor import error_message_for, visible_to_visitor
from ui.wording import Language, as_language, explain, language_of, nearest_line, place, say, status_line, suggest, within

_INSTRUCTIONS = (
    "Quipu answers from a fixed set of documents and nothing else. Its answers are verbatim quotes with citations: present them "
    "as quotes, with their links. When it says that something is not in the documents, that is the answer: do not supply another."
)

Arguments = TypeVar("Arguments", bound=BaseModel)


class NoArguments(BaseModel):
    """No arguments."""


class PassageArguments(BaseModel):
    """A passage."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: Annotated[str, Field(pattern=PLACE)]
    """The passage, as the text of an answer names it: the document's id, a colon, and `start-end` of the citation."""

    q: str | None = None
    """The first 8 hex digits of the quote's SHA-256, as in the citation's link: finds the quote if the range no longer fits."""


class Documents(TypedDict):
    """The documents that can be asked."""

    documents: Annotated[list[schema.Document], Field(description="In the order they were added.")]


@dataclass(frozen=True, slots=True)
class _Tool(Generic[Arguments]):
    """A tool. `run` takes its arguments and the HTTP request that called it, and returns its result as JSON and as text."""

    title: str
    description: str
    arguments: type[Arguments]
    result: Any
    run: Callable[[Arguments, Request], tuple[Any, str]]

    def described(self, name: str) -> Tool:
        """Return the tool as clients see it."""
        return Tool(
            name=name,
            title=self.title,
            description=self.description,
            input_schema=self.arguments.model_json_schema(),
            output_schema=TypeAdapter(self.result).json_schema(mode="serialization"),
            annotations=ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False),
        )

    def call(self, arguments: dict[str, Any] | None, request: Request) -> CallToolResult:
        """Run the tool and return its result. An error is a result, too: one sentence."""
        try:
            result, text = self.run(self.arguments.model_validate(arguments or {}), request)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            return _failed(f"The arguments can't be read: {where}: {first['msg']}.")
        except QuipuError as error:
            return _failed(error_message_for(error, request))
        except HTTPException as error:
            return _failed(f"{error.detail}.")
        except Exception as error:  # a bug: `McpServer` raises it again where it is logged
            request.scope["state"]["bug"] = error
            return _failed(say("error_bug", language_of(request.headers)))
        return CallToolResult(content=[TextContent(text=text)], structured_content=result)


class McpServer:
    """The endpoint: an ASGI application that works while its `lifespan` is entered.

    `answering` limits how many tools run at the same time.
    """

    def __init__(self, assistant: Assistant, settings: ServerSettings, ask_service: AskService, answering: CapacityLimiter) -> None:
        self._answering = answering
        self._tools = _tools(assistant, settings, ask_service)
        self._server = Server[Any](
            "quipu",
            title="Quipu",
            version=version("quipu"),
            instructions=_INSTRUCTIONS,
            on_list_tools=self._list,
            on_call_tool=self._call,
        )
        self._manager: StreamableHTTPSessionManager | None = None
        self._described = cache(lambda: [tool.described(name) for name, tool in self._tools.items()])

    def routes(self) -> list[Route]:
        """Return its routes. There are two, since a redirect from one to the other could lose the body or the prefix."""
        return [Route(path, self, include_in_schema=False) for path in ("/mcp", "/mcp/")]

    @asynccontextmanager
    async def lifespan(self, _: object) -> AsyncIterator[None]:
        """Serve while this is entered. It can be entered again."""
        manager = StreamableHTTPSessionManager(self._server, json_response=True, stateless=True)
        async with manager.run():
            self._manager = manager
            try:
                yield
            finally:
                self._manager = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI. Middleware has checked the host and the origin."""
        if scope["method"] != "POST":
            headers = {"Allow": "POST"}
            refusal = problem(HTTPStatus.METHOD_NOT_ALLOWED, "MCP requests have to use POST.", scope=scope, headers=headers)
            await refusal(scope, receive, send)
        elif self._manager is None:
            await problem(HTTPStatus.SERVICE_UNAVAILABLE, "Quipu is stopping.", scope=scope)(scope, receive, send)
        else:
            await self._manager.handle_request(scope, receive, send)
            bug = scope["state"].pop("bug", None)
            if bug is not None:
                raise bug

    async def _list(self, _: ServerRequestContext[Any], __: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=self._described())

    async def _call(self, context: ServerRequestContext[Any], call: CallToolRequestParams) -> CallToolResult:
        tool = self._tools.get(call.name)
        if tool is None:
            raise MCPError(INVALID_PARAMS, f"There is no tool '{call.name}'.")
        assert isinstance(context.request, Request)  # noqa: S101 - all calls arrive by HTTP
        return await to_thread.run_sync(tool.call, call.arguments, context.request, limiter=self._answering)


def _tools(assistant: Assistant, settings: ServerSettings, ask_service: AskService) -> dict[str, _Tool[Any]]:
    """Return the tools over one assistant, by name."""

    def site(request: Request) -> str:
        return settings.address or str(request.base_url).rstrip("/")

    def ask(asked: Ask, request: Request) -> tuple[schema.Answer, str]:
        result = ask_service.ask_within_limit(request, asked.question, asked.history, asked.documents)
        values = payload(result.answer, result.milliseconds, result.feedback, request.scope["root_path"])
        return values, answer_text(result.answer, site(request))

    def documents(_: NoArguments, request: Request) -> tuple[Documents, str]:
        listed = document_payloads(visible_to_visitor(assistant, request), request.scope["root_path"])
        lines = (f"{one['id']}: {one['title']} ({one['source']}), {site(request)}/documents/{one['id']}" for one in listed)
        return {"documents": listed}, "\n".join(lines)

    def passage(asked: PassageArguments, request: Request) -> tuple[schema.Passage, str]:
        document, citation = find_passage(visible_to_visitor(assistant, request), asked.id, asked.q)
        language = language_of(request.headers)
        values = passage_payload(document, citation, language, request.scope["root_path"])
        around = "\n\n".join("".join(piece["text"] for piece in block["pieces"]) for block in values["context"])
        where = f"“{citation.text}”\n{place(citation, language)}\n{site(request)}{citation.link}"
        return values, f"{where}\n\nWhat stands around it:\n\n{around}"

    return {
        "ask": _Tool(
            "Ask the documents",
            "Ask a question in English or Spanish. The answer is verbatim sentences of the documents, each with a citation: title, "
            "page, link and exact quote. If the status is `unsure`, the documents may answer the question: `nearest` quotes up to "
            "three sentences that may be the answer. If it is `not_in_documents`, they do not answer it: that is an answer, and "
            "`nearest` only shows related passages. Ask about one thing at a time; for a follow-up, pass the earlier "
            "questions as `history`.",
            Ask,
            schema.Answer,
            ask,
        ),
        "documents": _Tool(
            "List the documents",
            "The documents that can be asked, with the ids by which `ask` can be limited to some of them.",
            NoArguments,
            Documents,
            documents,
        ),
        "passage": _Tool(
            "See a quote in its context",
            "A cited passage with the paragraphs and table rows around it, word for word.",
            PassageArguments,
            schema.Passage,
            passage,
        ),
    }


def answer_text(answer: Answer, site: str) -> str:
    """Return an answer as text: its status, and the quotes with their places and links, or why there is no answer."""
    language = as_language(answer.language)
    status = status_line(answer.status, language)
    lines = [f"{status}."] if status else []
    if answer.searched != " ".join(answer.question.split()):
        lines.append(say("answer_searched", language, query=answer.searched))
    lines += [f"“{sentence.text}” {' '.join(f'[{number}]' for number in sentence.citations)}" for sentence in answer.sentences]
    if answer.reason is not None:
        lines.append(explain(answer.reason, language, answer.unanswered))
    lines += [f"[{citation.number}] {_reference(citation, language, site)}" for citation in answer.citations]
    if answer.nearest:
        lines.append(nearest_line(answer.status, language))
        lines += [f"“{citation.text}” {_reference(citation, language, site)}" for citation in answer.nearest]
    if answer.suggestions:
        lines.append(" ".join([say("answer_you_could_ask", language), *suggest(answer.suggestions, language)]))
    return "\n\n".join(lines)


def _reference(citation: Citation, language: Language, site: str) -> str:
    """Return where a quote stands, its link, and its id for the tool `passage`."""
    where = ", ".join(part for part in (citation.title, within(citation, language), citation.source) if part)
    return f"{where}. {site}{citation.link} (id {citation.document_id}:{citation.start}-{citation.end})"


def _failed(sentence: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=sentence)], is_error=True)
