"""Who asks: what the sign-in found out about a request, and what of the documents it lets them see."""

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
    """Somebody who may ask. `name` is "" without a sign-in. `groups` None stands for who may see every document."""

    name: str
    role: Role
    groups: frozenset[str] | None

    @classmethod
    def reader(cls, name: str, groups: frozenset[str] = frozenset()) -> "Visitor":
        """A reader in these groups."""
        return cls(name, "reader", groups)

    @classmethod
    def operator(cls, name: str) -> "Visitor":
        """An operator, who sees and changes every document."""
        return cls(name, "operator", None)

    @property
    def is_operator(self) -> bool:
        """Whether they may change the library."""
        return self.role == "operator"


def visitor_of(request: HTTPConnection) -> Visitor:
    """The visitor whom `SignIn` let in with this request. Raises KeyError if the request didn't come by it."""
    visitor: Visitor = request.scope["state"]["visitor"]
    return visitor


def message_for(error: QuipuError, request: HTTPConnection) -> str:
    """What the visitor of this request is told of what went wrong. What is amiss with the library names places on this machine:
    that is for operators, and for the log, where the id that the others are told finds it.
    """
    if isinstance(error, QuestionError) or visitor_of(request).is_operator:
        return str(error)
    request_id = request.scope["state"]["request_id"]
    _log.warning("Request %s: %s", request_id, error)
    return f"{say('error_not_ready', language_of(request.headers))} ({request_id})"


def visible_to_visitor(assistant: Assistant, request: HTTPConnection) -> Assistant:
    """The assistant as the visitor of this request may ask it."""
    return assistant.visible_to(visitor_of(request).groups)
