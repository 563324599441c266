"""What the browser needs beside the pages: the choice of a language, the icon, the web app manifest, and the script's words."""

from http import HTTPStatus
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse

from ui.addresses import local_address
from ui.wording import LANGUAGE_COOKIE, as_language, language_of, say

STATIC = Path(__file__).parent / "static"
"""The folder of the scripts, styles and pictures of the pages."""

_YEAR = 365 * 24 * 3600  # seconds that a choice of language is kept
_ACCENT, _PAPER = "#8a3b12", "#fbfaf7"  # as in tokens.css, by day


def site_routes() -> APIRouter:
    """Return the routes. All but the words are open to everybody."""
    routes = APIRouter()

    @routes.get("/language/{code}")
    def choose_language(request: Request, code: str, onward: Annotated[str, Query(alias="next")] = "") -> RedirectResponse:
        """Remember the language, and go back to the page that the reader came from."""
        response = RedirectResponse(local_address(onward, request.scope), status_code=HTTPStatus.SEE_OTHER)
        response.set_cookie(LANGUAGE_COOKIE, as_language(code), max_age=_YEAR, samesite="lax", httponly=True)
        return response

    @routes.get("/favicon.ico")
    def icon() -> FileResponse:
        """The icon, which browsers ask for by themselves."""
        return FileResponse(STATIC / "icon.svg", media_type="image/svg+xml")

    @routes.get("/manifest.json")
    def manifest(request: Request) -> JSONResponse:
        """The web app manifest, which the chat page links to: how Quipu looks when it is installed as an app."""
        root = request.scope["root_path"]
        described = {
            "name": "Quipu",
            "start_url": f"{root}/",
            "scope": f"{root}/",
            "display": "minimal-ui",  # with a way back from a document
            "theme_color": _ACCENT,
            "background_color": _PAPER,
            "icons": [{"src": f"{root}/app-static/icon.svg", "sizes": "any", "type": "image/svg+xml"}],
        }
        return JSONResponse(described, media_type="application/manifest+json")

    @routes.get("/words")
    def words(request: Request) -> dict[str, str]:
        """The sentences that the chat page's script shows."""
        language = language_of(request.headers)
        return {
            "language": language,
            "copied": say("answer_copied", language),
            "why_not": say("feedback_why", language),
            "send_feedback": say("feedback_send", language),
            "thanks": say("feedback_thanks", language),
            "no_source": say("source_unavailable", language),
            "close": say("close_panel", language),
        }

    return routes
