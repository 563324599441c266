"""The settings of the server: under which address it is reached, who may ask, how much, and what it logs."""

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic_settings import NoDecode

from assistant import Settings

SignInWay = Literal["password", "proxy", "token"]
"""How somebody may sign in: by a password of their own, by a proxy that knows them, or with a token that another server signed."""


def _split(value: object) -> object:
    """The parts of a list that is written as one word with commas, as it is in a variable."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


_HOST = r"(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::[0-9]{1,5})?"

_List = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]


class ServerSettings(Settings):
    """What an operator may set for `quipu serve`, and for every other way to ask."""

    host: str = "127.0.0.1"
    """The address that `quipu serve` serves on."""

    port: int = Field(default=7860, ge=0, le=65535)
    """Its port; 0 takes a free one."""

    address: str = ""
    """The address by which readers reach it, as "https://reports.example/quipu", where it isn't the one that it serves on."""

    public: bool = False
    """Whether other machines are served without a sign-in."""

    sign_in: Annotated[tuple[SignInWay, ...], NoDecode, BeforeValidator(_split)] = ()
    """How readers may sign in; without any, only this machine is served, unless `public` is set."""

    proxies: _List = ()
    """The addresses or networks of the proxies that are believed: who signed in with them, and for whom they ask."""

    proxy_user_header: str = "X-Forwarded-User"
    """The header in which a proxy says who signed in."""

    proxy_groups_header: str = "X-Forwarded-Groups"
    """The header in which it says in which groups they are, with commas between."""

    token_key: Path | None = None
    """The file with what tokens are checked by: a shared secret of 32 bytes or more, or a public key in PEM."""

    token_audience: str = Field(default="quipu", min_length=1)
    """The audience that a token has to name."""

    operator_group: str = Field(default="quipu-operators", min_length=1)
    """Whoever is in this group by a proxy's or a token's word is an operator."""

    origins: _List = ()
    """The origins of pages that may embed Quipu, as "https://intranet.example"."""

    rate: str = "60/minute"
    """How many questions a reader may ask."""

    origin_rate: str = "600/minute"
    """How many questions may come from the pages of one other origin."""

    log: Literal["plain", "json"] = "plain"
    """What `quipu serve` logs: warnings in plain words, or every request and warning as a line of JSON."""

    log_questions: bool = False
    """Whether the log has the questions' text."""

    @field_validator("address")
    @classmethod
    def _as_address(cls, value: str) -> str:
        """An address without a slash at its end. Raises ValueError for what is none."""
        if value and not re.fullmatch(r"https?://" + _HOST + r"(/[\w.~-]+)*/?", value, re.ASCII):
            raise ValueError(f"'{value}' is no address like https://reports.example or https://reports.example/quipu")
        return value.rstrip("/")

    @field_validator("origins")
    @classmethod
    def _as_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """The origins as browsers send them. Raises ValueError for what is none, such as "*"."""
        for origin in value:
            scheme, _, place = origin.partition("://")
            is_usual = place.endswith({"http": ":80", "https": ":443"}.get(scheme, ""))  # which browsers leave out
            if not re.fullmatch(r"https?://" + _HOST, origin) or (is_usual and ":" in place):
                raise ValueError(f"'{origin}' is no origin like https://intranet.example, in small letters and without a path")
        return value

    @field_validator("rate", "origin_rate")
    @classmethod
    def _as_rate(cls, value: str) -> str:
        """Raises ValueError for what is no rate."""
        if not re.fullmatch(r"[1-9][0-9]{0,8}/(second|minute|hour|day)", value):
            raise ValueError(f"'{value}' is no rate like 60/minute")
        return value

    @field_validator("proxies")
    @classmethod
    def _as_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Raises ValueError for what is no address and no network."""
        for network in value:
            ip_network(network)
        return value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        """Raises ValueError if a way to sign in lacks what it needs."""
        if "proxy" in self.sign_in and not self.proxies:
            raise ValueError("QUIPU_SIGN_IN has 'proxy', and QUIPU_PROXIES names none: say which addresses are to be believed")
        if "token" in self.sign_in and self.token_key is None:
            raise ValueError("QUIPU_SIGN_IN has 'token', and QUIPU_TOKEN_KEY names no file with the key")
        return self
