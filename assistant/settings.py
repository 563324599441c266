"""The settings, from `QUIPU_*` variables and an optional `quipu.toml` in the folder where Quipu is started."""

import re
from ipaddress import ip_network
from pathlib import Path
from tomllib import TOMLDecodeError
from typing import Annotated, Any, Literal, Self

from platformdirs import user_data_path
from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from assistant.decision import Caution
from assistant.errors import SettingsError
from corpus import ReadOptions
from index import DEFAULT_MODEL

SignInWay = Literal["password", "proxy", "token"]
"""How somebody may sign in: by a password of their own, by a proxy that knows them, or with a token that another server signed."""


def _split(value: object) -> object:
    """The parts of a list that is written as one word with commas, as it is in a variable."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


_HOST = r"(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::[0-9]{1,5})?"

_List = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]


class Settings(BaseSettings):
    """What an operator may set. A variable wins over the file."""

    model_config = SettingsConfigDict(env_prefix="QUIPU_", toml_file="quipu.toml", extra="forbid")

    home: Path = Field(default_factory=lambda: user_data_path("quipu", appauthor=False))
    """The folder for everything that Quipu keeps."""

    model: str = DEFAULT_MODEL
    """The encoder: its name, or the folder of a sentence-transformers model."""

    host: str = "127.0.0.1"
    """The address that `quipu serve` serves on."""

    port: int = Field(default=7860, ge=0, le=65535)
    """Its port; 0 takes a free one."""

    caution: Caution = "balanced"
    """How sure an answer has to be: careful, balanced or forthcoming."""

    feedback: bool = False
    """Whether questions, what they were answered with, and thumbs are kept, in `feedback.sqlite`."""

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

    ocr: bool = True
    """Whether pages that are pictures are read by OCR, where tesseract is installed."""

    read_megabytes: int = Field(default=ReadOptions().megabytes, ge=1, le=4000)
    """The largest file that is added, and the most that is taken out of an archive, in megabytes."""

    read_seconds: int = Field(default=ReadOptions().seconds, ge=1)
    """How long the reader of a file may go without a sign of life."""

    read_memory: int = Field(default=ReadOptions().memory, ge=512)
    """How much memory the reader of a file may take, in megabytes."""

    log: Literal["plain", "json"] = "plain"
    """What `quipu serve` logs: warnings in plain words, or every request and warning as a line of JSON."""

    log_questions: bool = False
    """Whether the log has the questions' text."""

    @field_validator("home", mode="before")
    @classmethod
    def _at_home(cls, value: object) -> object:
        """A folder with its "~" written out. Raises ValueError for an empty one, which would be wherever Quipu is started."""
        if not str(value).strip():
            raise ValueError("it is empty")
        return Path(str(value)).expanduser()

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

    def reading(self) -> ReadOptions:
        """How files are read."""
        return ReadOptions(self.ocr, self.read_megabytes, self.read_seconds, self.read_memory)

    @classmethod
    def load(cls, **given: Any) -> Self:  # noqa: ANN401 - pydantic says what each may be
        """The settings, those in `given` before all others. Raises SettingsError, in one sentence, for what can't be used."""
        try:
            return cls(**given)
        except ValidationError as error:
            first = error.errors()[0]
            said = first["msg"].removeprefix("Value error, ")
            if not first["loc"]:
                raise SettingsError(f"{said}.") from None
            name = str(first["loc"][0])
            raise SettingsError(f"The setting '{name}' can't be used ({said}): see QUIPU_{name.upper()} and quipu.toml.") from None
        except (TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"quipu.toml can't be read: {error}.") from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - not used: no settings from .env and secret files
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - nor this one
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is passed, then variables, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)
