"""The visitor who sent a request, and what they may see."""

import logging
from dataclasses import dataclass
from typing import Literal

from starlette.requests import HTTPConnection

from assistant import Assistant, QuestionError
from corpus import QuipuError
from ui.wording import language_of, say

_log = logging.getLogger(__name__)

SESSION_COOKIE = "quipu_session"
"""The cookie of a browser that has signed in."""

Role = Literal["reader", "operator"]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who may ask. `name` is "" without a sign-in; `groups` is None for an operator, who may see every document."""

    name: str
    role: Role
    groups: frozenset[str] | None

    @classmethod
    def reader(cls, name: str, groups: frozenset[str] = frozenset()) -> "Visitor":
        """Return a reader in these groups."""
        return cls(name, "reader", groups)

    @classmethod
    def operator(cls, name: str) -> "Visitor":
        """Return an operator, who sees and changes every document."""
        return cls(name, "operator", None)

    @property
    def is_operator(self) -> bool:
        """Whether they may change the library."""
        return self.role == "operator"


def visitor_of(request: HTTPConnection) -> Visitor:
    """Return the visitor that `RequireSignIn` let in. Raises KeyError for a request that is open to everybody and has none."""
    visitor: Visitor = request.scope["state"]["visitor"]
    return visitor


def error_message_for(error: QuipuError, request: HTTPConnection) -> str:
    """Return what to tell the visitor about an error.

    An error of the library names paths on this machine, so only operators see it. Others get a request id that finds it in the log.
    """
    if isinstance(error, QuestionError) or visitor_of(request).is_operator:
        return str(error)
    request_id = request.scope["state"]["request_id"]
    _log.warning("Request %s: %s", request_id, error)
    return f"{say('error_not_ready', language_of(request.headers))} ({request_id})"


def visible_to_visitor(assistant: Assistant, request: HTTPConnection) -> Assistant:
    """Return the assistant limited to what the visitor of this request may see."""
    return assistant.visible_to(visitor_of(request).groups)
