"""The environment to `Settings`, or a list of all that is wrong with it. Read by `adapters.main` alone, and passed down."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "SIGNPOST_"
_SECRETS = ("keys", "database_url", "smtp_url")


class SettingsError(Exception):
    """The environment is not what it must be. `faults` holds one line for each variable, without its value."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))


class Settings(BaseSettings):
    """What the environment says. Every secret may instead be a file: `SIGNPOST_KEYS_FILE`, `SIGNPOST_SMTP_URL_FILE`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="ignore")

    data: Path = Path("signpost-data")
    database_url: SecretStr = SecretStr("")
    keys: SecretStr = SecretStr("")
    content: Path | None = None
    smtp_url: SecretStr = SecretStr("")
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 3978
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @property
    def database(self) -> str:
        """The SQLAlchemy URL: the one given, or a SQLite file in the data folder."""
        return self.database_url.get_secret_value() or f"sqlite+aiosqlite:///{self.data / 'signpost.db'}"


def read_settings() -> Settings:
    """The settings in the environment. Raises `SettingsError` naming everything that is wrong."""
    faults: list[str] = []
    secrets = {name: _from_file(f"{PREFIX}{name.upper()}_FILE", faults) for name in _SECRETS}
    try:
        settings = Settings(**{name: SecretStr(text) for name, text in secrets.items() if text})  # type: ignore[arg-type]
    except ValidationError as error:
        faults += [f"{PREFIX}{str(e['loc'][0]).upper()}: {e['msg']}." for e in error.errors()]
        raise SettingsError(faults) from None
    if faults:
        raise SettingsError(faults)
    return settings


def _from_file(name: str, faults: list[str]) -> str:
    """The secret in the file that this variable names, or nothing."""
    path = os.environ.get(name)
    if not path:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        faults.append(f"{name}: the file cannot be read ({reason}). Name one this account may read.")
        return ""
