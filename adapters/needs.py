"""What a command needs before it can do its work, or, in words for the person at the terminal, why it cannot."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import textwrap
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, NoReturn

import typer
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from adapters import logs, practice
from adapters.shelf import Shelf, read_guidance
from bot import Guidance, KeyTextError, Ledger, LedgerDownError, Vault, open_ledger
from bot.settings import Settings, SettingsError, read_settings
from policy_content import ContentError
from policy_content.model import School

_MARKED = (
    "Signpost has begun its database beside this file. If the database is gone, Signpost says so instead of making an empty one.\n"
    "Delete this file only to begin anew on purpose.\n"
)


def settings(*, quiet: bool = False, silent: bool = False) -> Settings:
    """The settings, with logs set up. `quiet` leaves the screen to the person but for warnings, `silent` altogether: the
    command says itself what went wrong. Where a level was asked for, that holds.
    """
    try:
        found = read_settings()
    except SettingsError as error:
        stop("the settings are not right", "Signpost reads them from the environment", bullets(error.faults))
    asked = "log_level" in found.model_fields_set or not (quiet or silent)
    logs.set_up(found.log_level if asked else "CRITICAL" if silent else "WARNING")
    return found


def content(folder: Path | None, data: Path | None = None) -> Guidance:
    """The guidance, or every fault printed and the end. `data` remembers what the matcher has learnt."""
    try:
        return read_guidance(folder, data=data)
    except ContentError as error:
        typer.echo(str(error), err=True)
        typer.echo(f"{len(error.faults)} fault{'s' if len(error.faults) > 1 else ''}. Nothing was changed.", err=True)
        raise typer.Exit(1) from None


def vault(found: Settings, faults: list[str]) -> Vault | None:
    """The vault of SIGNPOST_KEYS, or a fault. Never a key of our own making."""
    text = found.keys.get_secret_value()
    if not text:
        faults.append(
            "SIGNPOST_KEYS is empty. Make a key with `signpost keys new`, and keep a copy off this machine: "
            "without it nothing that was logged can be read again."
        )
        return None
    try:
        return Vault.from_text(text)
    except KeyTextError as error:
        faults.append(f"SIGNPOST_KEYS: {error}.")
        return None


def shelf(found: Settings, faults: list[str]) -> Shelf | None:
    """The content in use, with real people in it, or faults."""
    try:
        made = Shelf(found.content, found.data)
    except ContentError as error:
        faults.append(f"the content cannot be used; run `signpost check`. First: {error.faults[0]}")
        return None
    faults += [
        f"school.yaml: nobody is named for “{role}”. Copy school.yaml into your content folder and write the name and number."
        for role in made.guidance().library.school.placeholders()
    ]
    return made


def key(found: Settings) -> Vault:
    """The vault, or the end."""
    faults: list[str] = []
    made = vault(found, faults)
    if made is None:
        stop("the record cannot be opened", "its keys are not here", bullets(faults))
    return made


Begin = Literal["never", "first", "anew"]


async def ledger(
    found: Settings, made: Vault, short: str, *, migrate: bool | None = None, begin: Begin = "first"
) -> Ledger:
    """The school's ledger. Raises `LedgerDownError`; ends the command where there is no database and none may be begun:
    `never`, only the `first` time, or `anew` (what a backup is restored into). PostgreSQL has its own word in this.
    """
    file = _database_file(found.database)
    if file is not None and not file.exists():
        _may_begin(file, begin)
    found.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    opened = await open_ledger(found.database, made, short, tombs=found.data / "forgotten", migrate=migrate)
    if file is not None and not _marker(file).exists():
        with suppress(
            OSError
        ):  # a folder in which nothing new may be written: the database is there, and that is enough
            _marker(file).write_text(_MARKED, encoding="ascii")
    return opened


async def opened(found: Settings, *, migrate: bool | None = None, begin: Begin = "never") -> tuple[Ledger, School]:
    """The school's ledger, and the school as its content has it. Raises `LedgerDownError`."""
    school = content(found.content).library.school
    return await ledger(found, key(found), school.short, migrate=migrate, begin=begin), school


def _database_file(url: str) -> Path | None:
    """The file of a SQLite database; None for any other, and for a URL that is none."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        return None
    if (
        parsed.get_backend_name() != "sqlite"
        or not parsed.database
        or parsed.database.startswith((":memory:", "file:"))
    ):
        return None
    return Path(parsed.database)


def _marker(file: Path) -> Path:
    """What stays beside a database, so that one that is gone is not taken for one that never was."""
    return file.with_name(f"{file.name}.begun")


def _may_begin(file: Path, begin: Begin) -> None:
    """End the command unless a new database may be made where there is none."""
    if begin != "anew" and _marker(file).exists():
        stop(
            f"the database is gone: {file}",
            "there was one here (a file beside it says so), and a new, empty one would know of no concern that was logged",
            "put the file back, or restore the last backup with `signpost db restore FILE`. To begin anew on purpose, "
            f"delete {_marker(file)} and run `signpost serve`",
        )
    if begin == "never":
        stop(
            f"there is no database: {file}",
            "nothing has been logged in this folder, or SIGNPOST_DATA names another folder than `signpost serve` uses",
            "correct SIGNPOST_DATA. In a new school `signpost doctor`, `signpost serve` or `signpost db upgrade` makes the database",
        )


def refuse_real(command: str) -> None:
    """End a practice command where real settings are present."""
    real = practice.real_settings(os.environ)
    if real:
        stop(
            f"signpost {command} did not start",
            f"it is for practice, and real settings are here: {', '.join(real)}",
            "start it in a shell without them",
        )


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a command to its end, and say what stopped it if something did."""
    again = "mend that and start it again; nothing that was logged is lost"
    try:
        asyncio.run(main)
    except KeyboardInterrupt:
        typer.echo("Ended.")
    except (LedgerDownError, ContentError) as error:
        stop("signpost stopped", str(error), again)
    except OSError as error:
        stop("signpost stopped", error.strerror or type(error).__name__, again)


def bullets(lines: list[str]) -> str:
    """What to do, one line for each thing."""
    return "\n  - ".join(["mend each of these:", *lines])


def stop(what: str, why: str, hint: str, *, code: int = 2) -> NoReturn:
    """End with an error in its parts: what, why, and what to do next. `code` is 1 where what was asked was done."""
    text = f"{what}\n  why: {why}\n  what to do: {hint}"
    if sys.stderr.isatty():
        text = fitted(text, shutil.get_terminal_size().columns)
    typer.echo(text, err=True)
    raise typer.Exit(code)


def fitted(text: str, width: int) -> str:
    """Lines no longer than `width` columns, broken between words: a terminal breaks within them. What follows on stands
    further in than the line that it goes on with.
    """
    lines = []
    for line in text.split("\n"):
        inset = " " * (len(line) - len(line.lstrip()) + 2)
        lines += textwrap.wrap(
            line, width, subsequent_indent=inset, break_long_words=False, break_on_hyphens=False
        ) or [""]
    return "\n".join(lines)
