"""`signpost doctor`: everything that an alert depends on, looked at and tried now; what is wrong, in four parts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta

import typer

from adapters import needs
from adapters.port import Chat, Finding
from adapters.server import Signpost, utc_now
from adapters.shelf import Shelf
from bot import Channel, Ledger, LedgerDownError
from bot.settings import Settings

Make = Callable[[Settings, Shelf], Mapping[str, Channel]]
_SKEW = 5.0  # seconds between two clocks before anybody need worry
_DRILL_AFTER = timedelta(days=120)

# What a database says when it cannot be used, and what to do then; the first that fits.
_HINTS = (
    ("db upgrade", "Stop `signpost serve`, run `signpost db upgrade`, and start it again."),
    ("not one of this version", "Run the Signpost that last used this database, or a later one."),
    ("password", "Correct the user and password in SIGNPOST_DATABASE_URL."),
    ("role ", "Correct the user and password in SIGNPOST_DATABASE_URL."),
    ("permission denied", "Let this user own the database and its tables (`ALTER DATABASE … OWNER TO …`)."),
    (
        "does not exist",
        "Make the database, or correct its name in SIGNPOST_DATABASE_URL; then run `signpost db upgrade`.",
    ),
    ("database url", "Correct SIGNPOST_DATABASE_URL, or leave it out: then it is a file in SIGNPOST_DATA."),
    ("must begin", "Correct SIGNPOST_DATABASE_URL, or leave it out: then it is a file in SIGNPOST_DATA."),
    ("connection", "Start the database server, and check its name and port in SIGNPOST_DATABASE_URL."),
    (
        "master key",
        "Put back the key that is missing from SIGNPOST_KEYS, after the newest; a copy is kept off this machine.",
    ),
    (
        "does not open",
        "Put back the key that is missing from SIGNPOST_KEYS, after the newest; a copy is kept off this machine.",
    ),
    ("malformed", "Keep the damaged file; restore the last backup into a new one with `signpost db restore`."),
    ("not a database", "Keep the damaged file; restore the last backup into a new one with `signpost db restore`."),
    ("full", "Make room on the disk."),
    ("readonly", "Let Signpost's own user write to the file and to its folder."),
    (
        "unable to open",
        "Check that the folder in SIGNPOST_DATA is there, and that Signpost's own user may write to it.",
    ),
)


async def examine(found: Settings, make: Make) -> None:
    """Look at everything, prove each route, and end well, or with what is wrong. `make` gives the channels."""
    faults: list[str] = []
    vault, shelf = needs.vault(found, faults), needs.shelf(found, faults)
    findings = [_of_setting(fault) for fault in faults]
    if vault is None or shelf is None:
        _end(findings)
        return
    try:
        ledger = await needs.ledger(found, vault, shelf.guidance().library.school.short)
    except LedgerDownError as error:
        _end([*findings, of_database(error, found.database)])
        return
    try:
        signpost = Signpost.of(shelf, ledger, make(found, shelf))
        async with AsyncExitStack() as opened:
            also = await _of_chats(signpost, opened)
            findings += await look(signpost, found.database, utc_now(), also)
    finally:
        await ledger.close()
    _end(findings)


async def _of_chats(signpost: Signpost, opened: AsyncExitStack) -> list[Finding]:
    """What each chat says is wrong. They stay open, for their routes to be proved."""
    found: list[Finding] = []
    for channel in signpost.channels.values():
        if isinstance(channel, Chat):
            await opened.enter_async_context(channel.open(signpost.house(), listening=False))
            found += await channel.examine(utc_now())
    return found


async def look(signpost: Signpost, database: str, now: datetime, also: Sequence[Finding] = ()) -> list[Finding]:
    """Everything that is wrong with a Signpost that could be put together. `also` is what its chats have found themselves.

    Prints what is well. `database` is its URL; passwords in it are not shown.
    """
    findings = [*_of_content(signpost.shelf), *also, *_of_routes_alone(signpost.channels)]
    try:
        findings += await _of_ledger(signpost.ledger, database, now)
        findings += await _prove(signpost, now)
        await _note_drills(signpost.ledger, now)
    except LedgerDownError as error:
        findings.append(of_database(error, database))
    return findings


def of_database(error: LedgerDownError, url: str) -> Finding:
    """A database that cannot be used."""
    why = str(error)
    hint = next((hint for said, hint in _HINTS if said in why.lower()), "Mend that, then run `signpost doctor` again.")
    return Finding("the database cannot be used, so no concern can be logged", shown(url), why, hint, stops=True)


def shown(url: str) -> str:
    """A database's URL without what is secret in it."""
    return re.sub(r"//([^:/@]*):.*@", r"//\1@", url.partition("?")[0])


def _of_setting(fault: str) -> Finding:
    what, _, hint = fault.partition(". ")
    return Finding(
        what.rstrip("."),
        "the settings and the content",
        "Signpost does not start without it",
        hint or "Correct it; the README's settings say how it is written.",
        stops=True,
    )


def _of_content(shelf: Shelf) -> list[Finding]:
    if not shelf.trouble:
        return []
    what, why = "an edit of the content was not taken", "it has a fault; the words from before it are in use"
    return [Finding(what, "the content folder", why, "Run `signpost check`, which names the file and line.")]


def _of_routes_alone(channels: Mapping[str, Channel]) -> list[Finding]:
    if not channels:
        what, why = "no chat is connected", "nobody could ask or be told"
        return [Finding(what, "the settings", why, "Connect one, then run this again.", stops=True)]
    if len(channels) == 1:
        why = "if it fails nobody is told"
        hint = "Set SIGNPOST_SMTP_URL, so that email is the second."
        return [Finding("only one route exists", f"route {next(iter(channels))}", why, hint)]
    return []


async def _of_ledger(ledger: Ledger, database: str, now: datetime) -> list[Finding]:
    """Raises `LedgerDownError` where it does not take a write, or its keys are not these."""
    await ledger.ping()
    await ledger.head()
    findings = []
    skew = await ledger.clock_skew(now)
    if abs(skew) > _SKEW:
        why = f"the database's clock is {skew:+.0f} s from this machine's, so alerts come early or late"
        hint = "Set both clocks by the network (NTP)."
        findings.append(Finding("two clocks disagree", shown(database), why, hint))
    waiting = await ledger.undelivered()
    if waiting:
        why = "`signpost serve` may not be running, or a route does not work"
        hint = "Start `signpost serve`; `signpost concerns REFERENCE` says why one waits."
        findings.append(Finding(f"{waiting} alerts wait to be delivered", "the outbox", why, hint))
    return findings


async def _prove(signpost: Signpost, now: datetime) -> list[Finding]:
    findings = []
    for proof in await signpost.bell.prove_now(now):
        if proof.channel not in signpost.channels:
            continue
        if proof.failure is None:
            typer.echo(f"route {proof.channel}: proved {proof.proved_at:%H:%M:%S} UTC")
            continue
        hint = "Mend it, then run this again; until then alerts go by the other routes."
        findings.append(Finding("a route to people does not work", f"route {proof.channel}", proof.failure, hint))
    return findings


async def _note_drills(ledger: Ledger, now: datetime) -> None:
    drills = [concern.logged_at for concern in await ledger.all_concerns() if concern.drill]
    if not drills or now - max(drills) > _DRILL_AFTER:
        typer.echo("note: no drill in the last four months. `signpost drill` rings once, through people.")


def _end(findings: Sequence[Finding]) -> None:
    """Say what is wrong, each in its four parts, and end so that a script can tell."""
    if not findings:
        typer.echo("All is well.")
        return
    typer.echo("Signpost is not well: an alert might not be heard.", err=True)
    for one in findings:
        typer.echo(f"\n{one.what}\n  where: {one.where}\n  why: {one.why}\n  what to do: {one.hint}", err=True)
    raise typer.Exit(2)
