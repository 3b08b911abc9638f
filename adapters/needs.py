"""What a command needs before it can do its work, or, in words for the person at the terminal, why it cannot."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, NoReturn

import typer

from adapters import logs, practice
from adapters.shelf import Shelf, read_guidance
from bot import Guidance, KeyTextError, Ledger, LedgerDownError, Vault, open_ledger
from bot.settings import Settings, SettingsError, read_settings
from policy_content import ContentError
from policy_content.model import School


def settings(*, quiet: bool = False) -> Settings:
    """The settings, with logs set up. `quiet` leaves the screen to the person, unless a level was asked for."""
    try:
        found = read_settings()
    except SettingsError as error:
        stop("the settings are not right", "Signpost reads them from the environment", bullets(error.faults))
    asked = "log_level" in found.model_fields_set or not quiet
    logs.set_up(found.log_level if asked else "WARNING")
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


async def ledger(found: Settings, made: Vault, short: str, *, migrate: bool | None = None) -> Ledger:
    """The school's ledger. Raises `LedgerDownError`."""
    found.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    return await open_ledger(found.database, made, short, tombs=found.data / "forgotten", migrate=migrate)


async def opened(found: Settings, *, migrate: bool | None = None) -> tuple[Ledger, School]:
    """The school's ledger, and the school as its content has it. Raises `LedgerDownError`."""
    school = content(found.content).library.school
    return await ledger(found, key(found), school.short, migrate=migrate), school


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


def stop(what: str, why: str, hint: str) -> NoReturn:
    """End with an error in its parts: what, why, and what to do next."""
    typer.echo(f"{what}\n  why: {why}\n  what to do: {hint}", err=True)
    raise typer.Exit(2)
