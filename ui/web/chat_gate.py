"""The gate before Gradio: lets through only the addresses that the chat page asks for and the events that it sends."""

import json
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Literal

import gradio as gr
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.addresses import route_path
from ui.problems import problem

_JOIN = "/gradio_api/queue/join"
_SERVED = frozenset(["/", "/theme.css", _JOIN, "/gradio_api/queue/data"])  # besides the page's own files, below
_FILES = ("/assets/", "/static/")
_MOST_MESSAGES = 2000
_MOST_DOCUMENTS = 1000
_LONGEST_ID = 64  # characters

Text = Annotated[str, Field(strict=True)]


class _Closed(BaseModel):
    """A JSON object with no other fields than the declared ones."""

    model_config = ConfigDict(extra="forbid")


class _TextPart(_Closed):
    """The only kind of content that a message of this chat has: neither files nor components."""

    type: Literal["text"]
    text: Text


class _ChatMessage(_Closed):
    """A message as the page sends it."""

    role: Literal["user", "assistant"]
    content: Text | Annotated[list[_TextPart], Field(max_length=1)]
    metadata: None = None
    options: None = None


class _Event(BaseModel):
    """An event of the page. Other fields (which button it was, what was under the pointer) aren't passed on."""

    session_hash: Annotated[str, Field(pattern=r"^[0-9a-z]{1,64}$")]
    fn_index: Annotated[int, Field(ge=0, strict=True)]
    trigger_id: int | None = None
    data: list[Any]


_INPUTS: Mapping[str, TypeAdapter[Any]] = {
    "textbox": TypeAdapter(Text),
    "button": TypeAdapter(Text),
    "chatbot": TypeAdapter(Annotated[list[_ChatMessage], Field(max_length=_MOST_MESSAGES)]),
    "dropdown": TypeAdapter(
        Annotated[list[Annotated[Text, Field(max_length=_LONGEST_ID)]], Field(max_length=_MOST_DOCUMENTS)] | None
    ),
}
"""What each kind of component sends when it is an input of an event."""


class ChatGate:
    """An ASGI application around Gradio's.

    Gradio reads files of this machine and pages of other hosts for anybody who names them, in an address or in an object that
    stands for a file in the body of an event. Here each event is parsed by its own schema and serialized anew, so that nothing
    reaches Gradio that the page wouldn't send.
    """

    def __init__(self, gradio: ASGIApp, page: gr.Blocks) -> None:
        self._gradio = gradio
        self._inputs: dict[int, Sequence[TypeAdapter[Any]]] = {
            number: [_INPUTS[block.get_block_name()] for block in event.inputs] for number, event in page.fns.items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request, as ASGI defines it."""
        path = route_path(scope)
        if path not in _SERVED and not path.startswith(_FILES):
            await problem(HTTPStatus.NOT_FOUND, "There is no such page.", scope=scope)(scope, receive, send)
        elif path == _JOIN and scope["method"] == "POST":
            await self._join(scope, receive, send)
        else:
            await self._gradio(scope, receive, send)

    async def _join(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = self._event(await Request(scope, receive).body())
        except (ValidationError, _UnknownEventError):
            detail = "The chat accepts only what its own page sends. Reload the page and ask again."
            await problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, scope=scope)(scope, receive, send)
            return
        headers = [
            (name, value)
            for name, value in scope["headers"]
            if name not in (b"content-length", b"content-type", b"transfer-encoding")
        ]
        headers += [(b"content-length", str(len(body)).encode()), (b"content-type", b"application/json")]
        await self._gradio({**scope, "headers": headers}, _replayed(body, receive), send)

    def _event(self, body: bytes) -> bytes:
        """Return the event in a body with only its checked fields, as JSON. Raises ValidationError or _UnknownEventError."""
        event = _Event.model_validate_json(body)
        inputs = self._inputs.get(event.fn_index)
        if inputs is None or len(inputs) != len(event.data):
            raise _UnknownEventError
        event.data = [
            expected.dump_python(expected.validate_python(value)) for expected, value in zip(inputs, event.data, strict=True)
        ]
        return json.dumps(event.model_dump()).encode()


class _UnknownEventError(Exception):
    """The page has no event with this number, or the event has another number of inputs."""


def _replayed(body: bytes, receive: Receive) -> Callable[[], Any]:
    """Return an ASGI `receive` that gives this body first, and then whatever else comes."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return messages.pop() if messages else await receive()

    return replayed
