"""Bringing the tables up to date, by Alembic. Apart from `database`, because Alembic takes a sixth of a second to load
and a question needs no database.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from bot.ledger.database import LedgerDownError


def upgrade(connection: Connection) -> None:
    """Bring the tables up to date. Raises `LedgerDownError` where they are of a version that this one does not know."""
    with _of_this_version():
        command.upgrade(_config(connection), "head")


def must_be_current(connection: Connection) -> None:
    """Raise `LedgerDownError` unless the tables are those of this version."""
    with _of_this_version():
        head = ScriptDirectory.from_config(_config(connection)).get_current_head()
        found = MigrationContext.configure(connection).get_current_revision()
    if found != head:
        raise LedgerDownError(f"the database is at version {found or 'none'}, not {head}: run `signpost db upgrade`")


@contextmanager
def _of_this_version() -> Iterator[None]:
    try:
        yield
    except CommandError as error:
        first = str(error).splitlines()[0][:120] if str(error) else "no reason given"
        raise LedgerDownError(f"the database is not one of this version: {first}") from None


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config
