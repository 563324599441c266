"""What reaches Gradio: only the addresses that the chat page asks for, and only the events that the page itself sends."""

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
_SERVED = frozenset(["/", "/theme.css", _JOIN, "/gradio_api/queue/data"])  # and the page's own files
_FILES = ("/assets/", "/static/")
_MOST_MESSAGES = 2000
_MOST_DOCUMENTS = 1000
_LONGEST_ID = 64  # characters

Text = Annotated[str, Field(strict=True)]


class _Closed(BaseModel):
    """A JSON object without a field that isn't named here."""

    model_config = ConfigDict(extra="forbid")


class _TextPart(_Closed):
    """The only kind of content that a message of this chat has: no files, and no components."""

    type: Literal["text"]
    text: Text


class _ChatMessage(_Closed):
    """A message as the page holds it."""

    role: Literal["user", "assistant"]
    content: Text | Annotated[list[_TextPart], Field(max_length=1)]
    metadata: None = None
    options: None = None


class _Event(BaseModel):
    """An event of the page. What else the page says of it (which button, what was under the pointer) isn't passed on."""

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
"""What each component of the page sends when it is an input of an event."""


class ChatGate:
    """ASGI application around Gradio's.

    Gradio would read files of this machine, and pages of other hosts, for whoever names them: by an address, or by an object in
    the body of an event that stands for a file. Here an event is read by its own schema and written anew, so that nothing that the
    page doesn't send reaches Gradio.
    """

    def __init__(self, gradio: ASGIApp, page: gr.Blocks) -> None:
        self._gradio = gradio
        self._inputs: dict[int, Sequence[TypeAdapter[Any]]] = {
            number: [_INPUTS[block.get_block_name()] for block in event.inputs] for number, event in page.fns.items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
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
            detail = "The chat takes questions and messages of text as its own page sends them; reload the page and ask again."
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
        """The event in this body, of nothing but what was checked. Raises ValidationError or _UnknownEventError."""
        event = _Event.model_validate_json(body)
        inputs = self._inputs.get(event.fn_index)
        if inputs is None or len(inputs) != len(event.data):
            raise _UnknownEventError
        event.data = [
            expected.dump_python(expected.validate_python(value)) for expected, value in zip(inputs, event.data, strict=True)
        ]
        return json.dumps(event.model_dump()).encode()


class _UnknownEventError(Exception):
    """The page has no event with this number, or none with so many inputs."""


def _replayed(body: bytes, receive: Receive) -> Callable[[], Any]:
    """What gives this body first, and then whatever else comes."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return messages.pop() if messages else await receive()

    return replayed
