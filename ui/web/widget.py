"""The widget that other pages embed, `/widget.js`, and a page with nothing but the widget, `/embed`, for frames."""

import hashlib
import json
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import get_args

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from rcssmin import cssmin
from rjsmin import jsmin

from ui.pages import Frame, frame_of, page
from ui.wording import Language, as_language, scripted

_STATIC = Path(__file__).parent / "static"
_KEYS = (
    "answer_closest",
    "answer_nearest",
    "answer_searched",
    "answer_sources",
    "answer_you_could_ask",
    "chat_heading",
    "chat_log",
    "chat_new",
    "chat_opening",
    "chat_send",
    "close_panel",
    "feedback_helpful",
    "feedback_not_helpful",
    "feedback_thanks",
    "place_by_ocr",
    "place_by_ocr_note",
    "source_heading",
    "source_next",
    "source_open_document",
    "source_previous",
    "status_answered",
    "status_not_in_documents",
    "status_partly",
    "status_unsure",
    "table_label",
    "widget_ask",
    "widget_back",
    "widget_failed",
    "widget_looking",
    "widget_no_token",
    "widget_open",
    "widget_sign_in",
    "widget_unlisted",
    "widget_unreachable",
    "widget_wait",
)
"""The sentences that `static/widget.js` says."""


def widget_routes() -> APIRouter:
    """Return the widget's routes. They show nothing of the documents and are open to everybody."""
    routes = APIRouter()

    @routes.api_route("/widget.js", methods=["GET", "HEAD"], response_class=Response)
    def script(request: Request) -> Response:
        """Return the widget's script. Browsers ask each time whether the copy they have is still current."""
        body = widget_script()
        headers = {
            "Cache-Control": "no-cache",
            "ETag": f'"{hashlib.sha256(body).hexdigest()[:16]}"',
            "Cross-Origin-Resource-Policy": "cross-origin",  # for host pages that load only what is offered to them (COEP)
        }
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(body, media_type="text/javascript", headers=headers)

    @routes.api_route("/embed", methods=["GET", "HEAD"], response_class=HTMLResponse)
    def embed(
        request: Request, lang: str = "", documents: str = "", theme: str = "auto", heading: str = "", opening: str = ""
    ) -> HTMLResponse:
        """Return a page with the widget alone. The parameters become the attributes of its element."""
        frame = frame_of(request)
        if lang in get_args(Language):
            frame = Frame(as_language(lang), frame.root)
        attributes = {"documents": documents, "theme": theme, "heading": heading, "opening": opening}
        shown = {name: value for name, value in attributes.items() if value}
        return HTMLResponse(page("embed.html", frame, attributes=shown, theme=theme))

    return routes


@cache
def widget_script() -> bytes:
    """Return the widget's script as it is served: with its words and styles put in, and minified."""
    style: str = cssmin(_read("widget.css"))
    script: str = jsmin(_read("widget.js"))
    for name, value in {
        "QUIPU_WORDS": {language: scripted(_KEYS, language) for language in get_args(Language)},
        "QUIPU_STYLE": style,
    }.items():
        script = script.replace(name, _literal(value), 1)
    return script.encode("utf-8")


def _literal(value: object) -> str:
    """Return a value as a JavaScript literal, with nothing in it that could end the script it is put into."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(
        {ord(mark): f"\\u{ord(mark):04x}" for mark in "<\u2028\u2029"}
    )


def _read(name: str) -> str:
    return (_STATIC / name).read_text(encoding="utf-8")
