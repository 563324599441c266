"""What all pages are made with. All that is put into a template is escaped."""

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined

TEMPLATES = Environment(
    loader=PackageLoader("ui"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def address_of(request: Request) -> str:
    """The path and the query of the page that is shown, to come back to."""
    return f"{request.url.path}?{request.url.query}".rstrip("?")
