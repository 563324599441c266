"""The widget that other pages show, `/widget.js`, and a page that is nothing else, `/embed`, for frames."""

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
from ui.wording import Language, as_language, say

_STATIC = Path(__file__).parent / "static"
_VALUES = {name: f"{{{name}}}" for name in ("origin", "query", "seconds", "status")}  # the widget puts these in
_KEYS = (
    "answers by_ocr by_ocr_why close helpful nearest new next not_helpful open_document previous searched send source sources "
    "state_answered state_not_in_documents state_partly table thanks widget_ask widget_back widget_failed "
    "widget_looking widget_no_token widget_open widget_sign_in widget_unlisted widget_unreachable "
    "widget_wait you_could_ask"
).split()


def widget_routes() -> APIRouter:
    """The routes of the widget. They show nothing of the documents, and are open to everybody."""
    routes = APIRouter()

    @routes.api_route("/widget.js", methods=["GET", "HEAD"], response_class=Response)
    def script(request: Request) -> Response:
        """The widget's script. Browsers ask each time whether theirs is still the latest."""
        body = widget_script()
        headers = {
            "Cache-Control": "no-cache",
            "ETag": f'"{hashlib.sha256(body).hexdigest()[:16]}"',
            "Cross-Origin-Resource-Policy": "cross-origin",  # for host pages that load nothing without leave
        }
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(body, media_type="text/javascript", headers=headers)

    @routes.api_route("/embed", methods=["GET", "HEAD"], response_class=HTMLResponse)
    def embed(
        request: Request, lang: str = "", documents: str = "", theme: str = "auto", heading: str = "", opening: str = ""
    ) -> HTMLResponse:
        """The widget alone on a page. The parameters are its attributes."""
        frame = frame_of(request)
        if lang in get_args(Language):
            frame = Frame(as_language(lang), frame.root)
        attributes = {"documents": documents, "theme": theme, "heading": heading, "opening": opening}
        shown = {name: value for name, value in attributes.items() if value}
        return HTMLResponse(page("embed.html", frame, attributes=shown, theme=theme))

    return routes


@cache
def widget_script() -> bytes:
    """The widget's script as it is served: with its words and its styles, and without comments and indents."""
    style: str = cssmin(_read("widget.css"))
    script: str = jsmin(_read("widget.js"))
    for name, value in {
        "QUIPU_WORDS": {language: _words(language) for language in get_args(Language)},
        "QUIPU_STYLE": style,
    }.items():
        script = script.replace(name, _literal(value), 1)
    return script.encode("utf-8")


def _words(language: Language) -> dict[str, str]:
    """What the widget says."""
    heading, opening = say("promise", language).removeprefix("## ").split("\n")
    return {"heading": heading, "opening": opening} | {key: say(key, language, **_VALUES) for key in _KEYS}


def _literal(value: object) -> str:
    """A value as JavaScript, which can't end the script that it is in."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(
        {ord(mark): f"\\u{ord(mark):04x}" for mark in "<\u2028\u2029"}
    )


def _read(name: str) -> str:
    return (_STATIC / name).read_text(encoding="utf-8")
