"""The settings, from `QUIPU_*` variables and an optional `quipu.toml` in the folder where Quipu is started."""

from pathlib import Path

from platformdirs import user_data_path
from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from index import DEFAULT_MODEL


class Settings(BaseSettings):
    """What an operator may set. A variable wins over the file."""

    model_config = SettingsConfigDict(env_prefix="QUIPU_", toml_file="quipu.toml", extra="forbid")

    home: Path = Field(default_factory=lambda: user_data_path("quipu", appauthor=False))
    """The folder for everything that Quipu keeps."""

    model: str = DEFAULT_MODEL
    """The encoder: its name, or the folder of a sentence-transformers model."""

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
