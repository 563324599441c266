"""The settings, read from `QUIPU_*` environment variables and an optional `quipu.toml` in the folder where Quipu is started."""

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

_SERVER_SETTINGS = frozenset(
    [
        "host", "port", "address", "public", "sign_in", "proxies", "proxy_user_header", "proxy_groups_header", "token_key",
        "token_audience", "operator_group", "origins", "rate", "origin_rate", "log", "log_questions",
    ]
)  # fmt: skip
"""The further settings that quipu.toml may have, which `ui.settings` reads. Any other name is a mistake and raises an error."""


class _File(TomlConfigSettingsSource):
    """The values in quipu.toml, without those that only the server uses."""

    def __call__(self) -> dict[str, Any]:
        """Return the values of these settings' fields, and any with unknown names, which the validation then rejects."""
        fields = self.settings_cls.model_fields
        return {name: value for name, value in super().__call__().items() if name in fields or name not in _SERVER_SETTINGS}


class Settings(BaseSettings):
    """The settings that apply to every interface; `ui.settings` adds those of the server. Environment variables take precedence
    over the file.
    """

    model_config = SettingsConfigDict(env_prefix="QUIPU_", toml_file="quipu.toml", extra="forbid")

    home: Path = Field(default_factory=lambda: user_data_path("quipu", appauthor=False))
    """The folder for all data that Quipu stores."""

    model: str = DEFAULT_MODEL
    """The encoder: its name, or the folder of a sentence-transformers model."""

    caution: Caution = "balanced"
    """How certain an answer has to be: careful, balanced or forthcoming."""

    feedback: bool = False
    """Whether questions, the places quoted for them, and thumbs are kept, in `feedback.sqlite`."""

    ocr: bool = True
    """Whether OCR reads pages that are images, if tesseract is installed."""

    read_megabytes: int = Field(default=ReadOptions().megabytes, ge=1, le=4000)
    """The size limit for an added file, and for all that is extracted from an archive, in megabytes."""

    read_seconds: int = Field(default=ReadOptions().seconds, ge=1)
    """How many seconds the parser of a file may go without a sign of life."""

    read_memory: int = Field(default=ReadOptions().memory, ge=512)
    """How much memory the parser of a file may use, in megabytes."""

    @field_validator("home", mode="before")
    @classmethod
    def _expand_home(cls, value: object) -> object:
        """Return the folder with "~" expanded. Raises ValueError for an empty name, which would mean wherever Quipu is started."""
        if not str(value).strip():
            raise ValueError("it is empty")
        return Path(str(value)).expanduser()

    def read_options(self) -> ReadOptions:
        """Return the options and limits for parsing files."""
        return ReadOptions(self.ocr, self.read_megabytes, self.read_seconds, self.read_memory)

    @classmethod
    def load(cls, **overrides: Any) -> Self:  # noqa: ANN401 - pydantic checks the type of each
        """Return the settings; `overrides` take precedence over variables and file. Raises SettingsError, in one sentence, for an
        invalid value or an unreadable file.
        """
        try:
            return cls(**overrides)
        except ValidationError as error:
            first = error.errors()[0]
            fault = first["msg"].removeprefix("Value error, ")
            if not first["loc"]:
                raise SettingsError(f"{fault}.") from None
            name = str(first["loc"][0])
            raise SettingsError(f"The setting '{name}' can't be used ({fault}): see QUIPU_{name.upper()} and quipu.toml.") from None
        except (TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"quipu.toml can't be read: {error}.") from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - unused: no settings come from .env or secret files
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - unused as well
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources by precedence: arguments, then variables, then the file."""
        return init_settings, env_settings, _File(settings_cls)
