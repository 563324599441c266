"""The settings, from `QUIPU_*` variables and an optional `quipu.toml` in the folder where Quipu is started."""

from pathlib import Path
from tomllib import TOMLDecodeError
from typing import Any, Self

from platformdirs import user_data_path
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from assistant.decision import Caution
from assistant.errors import SettingsError
from corpus import ReadOptions
from index import DEFAULT_MODEL

_OF_THE_SERVER = frozenset(
    [
        "host", "port", "address", "public", "sign_in", "proxies", "proxy_user_header", "proxy_groups_header", "token_key",
        "token_audience", "operator_group", "origins", "rate", "origin_rate", "log", "log_questions",
    ]
)  # fmt: skip
"""What else may stand in a quipu.toml: `ui.settings` reads it. Anything beyond is a slip, and refused."""


class _File(TomlConfigSettingsSource):
    """The lines of quipu.toml, without those that are only for the server."""

    def __call__(self) -> dict[str, Any]:
        """Return the values that these settings have a field for, and those that none has."""
        fields = self.settings_cls.model_fields
        return {name: value for name, value in super().__call__().items() if name in fields or name not in _OF_THE_SERVER}


class Settings(BaseSettings):
    """What an operator may set for every way to ask: what the server needs besides is in `ui.settings`. A variable wins over the
    file.
    """

    model_config = SettingsConfigDict(env_prefix="QUIPU_", toml_file="quipu.toml", extra="forbid")

    home: Path = Field(default_factory=lambda: user_data_path("quipu", appauthor=False))
    """The folder for everything that Quipu keeps."""

    model: str = DEFAULT_MODEL
    """The encoder: its name, or the folder of a sentence-transformers model."""

    caution: Caution = "balanced"
    """How sure an answer has to be: careful, balanced or forthcoming."""

    feedback: bool = False
    """Whether questions, what they were answered with, and thumbs are kept, in `feedback.sqlite`."""

    ocr: bool = True
    """Whether pages that are pictures are read by OCR, where tesseract is installed."""

    read_megabytes: int = Field(default=ReadOptions().megabytes, ge=1, le=4000)
    """The largest file that is added, and the most that is taken out of an archive, in megabytes."""

    read_seconds: int = Field(default=ReadOptions().seconds, ge=1)
    """How long the reader of a file may go without a sign of life."""

    read_memory: int = Field(default=ReadOptions().memory, ge=512)
    """How much memory the reader of a file may take, in megabytes."""

    @field_validator("home", mode="before")
    @classmethod
    def _at_home(cls, value: object) -> object:
        """A folder with its "~" written out. Raises ValueError for an empty one, which would be wherever Quipu is started."""
        if not str(value).strip():
            raise ValueError("it is empty")
        return Path(str(value)).expanduser()

    def read_options(self) -> ReadOptions:
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
        return init_settings, env_settings, _File(settings_cls)
