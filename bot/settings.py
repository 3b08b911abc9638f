"""The environment to `Settings`, or a list of all that is wrong with it. Read by `adapters.main` alone, and passed down."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "SIGNPOST_"
_SECRETS = (
    "keys",
    "database_url",
    "smtp_url",
    "slack_bot_token",
    "slack_signing_secret",
    "slack_app_token",
    "teams_app_password",
    "monitor_token",
)


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
    slack_bot_token: SecretStr = SecretStr("")
    slack_signing_secret: SecretStr = SecretStr("")
    slack_app_token: SecretStr = SecretStr("")  # Socket Mode: no public address is needed
    slack_dsl_channel: str = ""
    slack_api_url: str = "https://slack.com/api/"
    teams_app_id: str = ""
    teams_app_password: SecretStr = SecretStr("")
    teams_tenant_id: str = ""
    teams_dsl_conversation: str = ""  # else learnt by a one-time code
    teams_login_url: str = "https://login.microsoftonline.com/"
    teams_openid_url: str = "https://login.botframework.com/v1/.well-known/openidconfiguration"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 3978
    monitor_token: SecretStr = SecretStr("")  # for /metrics and the detail of /readyz
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @property
    def database(self) -> str:
        """The SQLAlchemy URL: the one given, or a SQLite file in the data folder."""
        return self.database_url.get_secret_value() or f"sqlite+aiosqlite:///{self.data / 'signpost.db'}"


_TOGETHER = {
    "Slack": ("slack_bot_token", "slack_dsl_channel"),
    "Teams": ("teams_app_id", "teams_app_password", "teams_tenant_id"),
}


def half_connected(settings: Settings) -> list[str]:
    """What is missing of a chat that is connected in part: neither staff nor the DSL could rely on it. Empty if nothing is."""
    faults = []
    for chat, names in _TOGETHER.items():
        missing = [f"{PREFIX}{name.upper()}" for name in names if not _given(settings, name)]
        if missing and any(_given(settings, name) for name in names):
            faults.append(f"{chat} is connected in part: {', '.join(missing)} is empty.")
    if settings.slack_bot_token.get_secret_value() and not (
        settings.slack_signing_secret.get_secret_value() or settings.slack_app_token.get_secret_value()
    ):
        faults.append(
            f"Slack could not reach Signpost: set {PREFIX}SLACK_SIGNING_SECRET (it calls your address) or "
            f"{PREFIX}SLACK_APP_TOKEN (Socket Mode, no address needed)."
        )
    return faults


def _given(settings: Settings, name: str) -> bool:
    value = getattr(settings, name)
    return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)


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
