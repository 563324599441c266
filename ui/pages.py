"""What all pages are made with. All that is put into a template is escaped."""

from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request

from ui.access.visitor import SESSION_COOKIE, visitor_of
from ui.wording import Language, language_of, other_language, page_name, say

TEMPLATES = Environment(
    loader=PackageLoader("ui"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


@dataclass(frozen=True, slots=True)
class Frame:
    """What is around a page: its language, the prefix of all links, the page's own address to come back to, who is signed in, and
    whether they have a session that they may end.
    """

    language: Language
    root: str = ""
    address: str = "/"
    user: str = ""
    session: bool = False


def frame_of(request: Request) -> Frame:
    """The frame of the page that is asked for."""
    address = f"{request.url.path}?{request.url.query}".rstrip("?")
    has_visitor = "visitor" in request.scope.get("state", {})  # the pages that are open to everybody have none
    user = visitor_of(request).name if has_visitor else ""
    return Frame(
        language_of(request.headers), request.scope["root_path"], address, user, bool(user) and SESSION_COOKIE in request.cookies
    )


def page(template: str, frame: Frame, **values: object) -> str:
    """The HTML of a page."""
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
    """A page that says one sentence."""
    return page("message.html", frame, message=message, here="")
