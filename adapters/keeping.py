"""The commands of those who look after Signpost: audit, backup, keys, doctor, drill, and the list without names.

Shell access is not DSL access: nothing here shows a name or a word of a concern.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from adapters import doctor as doctor_
from adapters import needs
from adapters.server import utc_now
from adapters.shelf import Shelf
from bot import KeyTextError, Ledger, NotABackupError, Words, new_master_key
from bot.clocks import ladder
from bot.concern import Account, NewConcern
from bot.ledger import Audit
from bot.settings import Settings
from policy_content.model import School

_BETWEEN_DRILLS = timedelta(days=60)  # once a term is meant

db_app = typer.Typer(help="The database.", no_args_is_help=True)
keys_app = typer.Typer(help="Master keys.", no_args_is_help=True)


def add_to(app: typer.Typer, make: doctor_.Make) -> None:
    """Add the commands. `make` gives the channels that the settings connect."""
    app.add_typer(db_app, name="db")
    app.add_typer(keys_app, name="keys")
    app.command()(audit)

    @app.command()
    def doctor() -> None:
        """Check everything that alerts depend on, and prove each route now."""
        found = needs.settings(quiet=True)
        needs.run(doctor_.examine(found, make))

    @app.command()
    def drill(
        report: Annotated[bool, typer.Option(help="Show how the last drills went.")] = False,
        again: Annotated[bool, typer.Option(help="Even though one was run lately.")] = False,
    ) -> None:
        """Ring the alarm once, marked DRILL, through the people themselves: once a term."""
        found = needs.settings(quiet=True)
        needs.run(_drill_report(found) if report else _drill(found, make, again=again))


def audit() -> None:
    """Verify the record: no entry changed, removed, reordered or cut off, and no concern without its entries or its key."""
    needs.run(_audit(needs.settings(quiet=True)))


@db_app.command("upgrade")
def db_upgrade() -> None:
    """Bring the tables up to date. PostgreSQL needs it once for each version; SQLite does it by itself."""
    needs.run(_upgrade(needs.settings(quiet=True)))


@db_app.command("backup")
def db_backup(file: Annotated[Path, typer.Argument(help="Where to write it.")]) -> None:
    """Write everything, still sealed, to a file, while Signpost runs. Without SIGNPOST_KEYS it opens nothing."""
    needs.run(_backup(needs.settings(quiet=True), file))


@db_app.command("restore")
def db_restore(file: Annotated[Path, typer.Argument(help="A file that `db backup` wrote.")]) -> None:
    """Fill an empty database from a backup. What has been forgotten since is forgotten again."""
    needs.run(_restore(needs.settings(quiet=True), file))


@keys_app.command("new")
def keys_new(name: Annotated[str, typer.Argument(help="Its id, such as this year.")] = "1") -> None:
    """Print a new master key for SIGNPOST_KEYS. Whoever has it can open what is sealed: keep it as you keep passwords."""
    try:
        typer.echo(new_master_key(name))
    except KeyTextError as error:
        needs.stop("no key was made", str(error), "choose another id, such as this year")


@keys_app.command("rotate")
def keys_rotate() -> None:
    """Wrap every data key by the newest master key, after `signpost serve` was started again with both. It can be stopped,
    and goes on when run again.
    """
    needs.run(_rotate(needs.settings(quiet=True)))


async def _audit(found: Settings) -> None:
    ledger, _ = await needs.opened(found)
    try:
        result = await ledger.audit()
    finally:
        await ledger.close()
    _name(result)
    typer.echo(f"{result.checked} entries checked, {len(result.breaks)} breaks. Head {result.head}")
    if result.breaks:
        needs.stop(
            "the record does not verify",
            "an entry or a concern was changed, removed, reordered or cut off outside Signpost",
            "keep this database as it is, tell the DSL, and compare the head with the ones noted in the log and in the “last proved” message",
        )


def _name(result: Audit) -> None:
    for fault in result.breaks:
        typer.echo(f"BROKEN {fault}", err=True)


async def _upgrade(found: Settings) -> None:
    ledger, _ = await needs.opened(found, migrate=True, begin="first")
    await ledger.close()
    typer.echo("The tables are up to date.")


async def _backup(found: Settings, file: Path) -> None:
    ledger, _ = await needs.opened(found)
    try:
        rows = await ledger.backup(file)
    finally:
        await ledger.close()
    typer.echo(f"{rows} rows written to {file}. Keep it apart from SIGNPOST_KEYS, and keep both.")


async def _restore(found: Settings, file: Path) -> None:
    ledger, _ = await needs.opened(found, migrate=True, begin="anew")
    try:
        rows = await ledger.restore(file)
        result = await ledger.audit()
    except NotABackupError as error:
        needs.stop(f"{file} was not restored", str(error), "take another backup; the database is as it was")
    finally:
        await ledger.close()
    _name(result)
    typer.echo(f"{rows} rows restored; {result.checked} entries verified, {len(result.breaks)} breaks.")
    if result.breaks:
        needs.stop(
            "what was restored does not verify",
            f"it was changed before {file} was written, or in that file; everything in it is restored all the same",
            "use it only if no better backup is left: tell the DSL what is named above, and compare the head with the ones noted "
            "in the log and in the “last proved” message. To try another backup, restore it into an empty database",
            code=1,
        )


async def _rotate(found: Settings) -> None:
    ledger, _ = await needs.opened(found)
    try:
        done = await ledger.rotate()
    finally:
        await ledger.close()
    typer.echo(
        f"{done} keys wrapped anew. A `signpost serve` that was started without the newest master key can open nothing now: "
        "start it again with both keys. Then take the older key out of SIGNPOST_KEYS once `signpost keys rotate` says 0, "
        "and keep it for older backups."
    )


async def _drill(found: Settings, make: doctor_.Make, *, again: bool) -> None:
    ledger, school = await needs.opened(found)
    try:
        now = utc_now()
        last = max((c.logged_at for c in await ledger.all_concerns() if c.drill), default=None)
        if last is not None and now - last < _BETWEEN_DRILLS and not again:
            needs.stop(
                "no drill was begun",
                f"the last was on {last:%Y-%m-%d}, and people stop answering alarms that are often false",
                "wait, or say --again",
            )
        ref = await _begin_drill(ledger, school, next(iter(make(found, Shelf(found.content, found.data))), "none"), now)
    finally:
        await ledger.close()
    typer.echo(
        f"DRILL {ref} is logged. `signpost serve` rings it now; see `signpost drill --report` when somebody has acknowledged."
    )


async def _begin_drill(ledger: Ledger, school: School, via: str, now: datetime) -> str:
    run = f"drill-{secrets.token_hex(8)}"
    account = Account(Words("Signpost drill"), ())
    new = NewConcern("pupils", urgent=True, reporter=run, account=account, conversation=run, drill=True)
    return await ledger.log_concern(run, new, None, ladder(school, "pupils")[0], via, now)


async def _drill_report(found: Settings) -> None:
    ledger, _ = await needs.opened(found)
    try:
        drills = [concern for concern in await ledger.all_concerns() if concern.drill]
        for concern in drills:
            rung = [d.at for d in await ledger.deliveries(concern.id) if d.outcome in {"delivered", "found"}]
            seen = concern.entry("acknowledged")
            typer.echo(
                f"{concern.reference}  {concern.logged_at:%Y-%m-%d %H:%M}  "
                f"arrived after {_after(concern.logged_at, min(rung, default=None))}, "
                f"acknowledged after {_after(concern.logged_at, seen.at if seen else None)}, steps rung: {concern.seen}"
            )
    finally:
        await ledger.close()
    if not drills:
        typer.echo("No drill has been run.")


def _after(began: datetime, at: datetime | None) -> str:
    return f"{(at - began).total_seconds():.0f} s" if at else "never yet"
