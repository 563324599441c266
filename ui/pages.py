"""Render pages from templates, in a common frame. Every value in a template is escaped."""

from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request

from ui.visitor import SESSION_COOKIE, visitor_of
from ui.wording import Language, language_of, other_language, page_name, say

TEMPLATES = Environment(
    loader=PackageLoader("ui"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds a page.

    `root` is the prefix of all links, `address` the page's own address to return to, `user` who is signed in, and `session` says
    whether they have a session that they can end.
    """

    language: Language
    root: str = ""
    address: str = "/"
    user: str = ""
    session: bool = False


def frame_of(request: Request) -> Frame:
    """Return the frame of the requested page."""
    address = f"{request.url.path}?{request.url.query}".rstrip("?")
    has_visitor = "visitor" in request.scope.get("state", {})  # a page that is open to everybody may have none
    user = visitor_of(request).name if has_visitor else ""
    return Frame(
        language_of(request.headers), request.scope["root_path"], address, user, bool(user) and SESSION_COOKIE in request.cookies
    )


def page(template: str, frame: Frame, **values: object) -> str:
    """Return the HTML of a page."""
    return TEMPLATES.get_template(template).render(
        language=frame.language,
        root=frame.root,
        address=frame.address,
        user=frame.user,
        session=frame.session,
        other_language=other_language(frame.language),
        say=say,
        page_name=page_name,
        **values,
    )


def message_page(message: str, frame: Frame) -> str:
    """Return a page with one sentence."""
    return page("message.html", frame, message=message, here="")
