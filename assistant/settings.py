"""The settings, from `QUIPU_*` variables and an optional `quipu.toml` in the folder where Quipu is started."""

from pathlib import Path
from tomllib import TOMLDecodeError
from typing import Any, Self

from platformdirs import user_data_path
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from assistant.refusal import Caution
from corpus import SettingsError
from index import DEFAULT_MODEL


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

    @field_validator("home", mode="before")
    @classmethod
    def _at_home(cls, value: object) -> object:
        """A folder with its "~" written out. Raises ValueError for an empty one, which would be wherever Quipu is started."""
        if not str(value).strip():
            raise ValueError("it is empty")
        return Path(str(value)).expanduser()

    @classmethod
    def load(cls, **given: Any) -> Self:  # noqa: ANN401 - pydantic says what each may be
        """The settings, those in `given` before all others. Raises SettingsError, in one sentence, for what can't be used."""
        try:
            return cls(**given)
        except ValidationError as error:
            first = error.errors()[0]
            name = "_".join(str(part) for part in first["loc"])
            raise SettingsError(
                f"The setting '{name}' can't be used ({first['msg']}): see QUIPU_{name.upper()} and quipu.toml."
            ) from None
        except (TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"quipu.toml can't be read: {error}.") from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - not used: no settings from .env and secret files
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is passed, then variables, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)
