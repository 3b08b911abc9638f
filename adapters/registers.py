"""The registers in the terminal: references, stages and clocks for whoever has a shell; and, with a ten-minute code that a
DSL gets in chat, what is shown, exported or forgotten. Having a shell on this machine is not being on the safeguarding team.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
import textwrap
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from typer.core import TyperGroup

from adapters import codes, needs
from adapters.codes import Make
from adapters.console.render import clean, render
from adapters.export.files import FORMATS, files, write
from adapters.reports import page, read_years
from adapters.server import utc_now
from bot import Choice, Message
from bot.clocks import late, upcoming
from bot.concern import Concern
from bot.ledger import Delivery
from bot.retention import Standing, standing
from bot.settings import Settings
from policy_content.model import School

Code = Annotated[str, typer.Option(help="The ten-minute code that a DSL gets in chat. Left out, it is asked for.")]
_DEFAULT = "delivered"
_WIDTH = 78  # columns
_WHEN = "%d %b %H:%M"
_TO_REPORTER = frozenset({"waiting", "told", "settled", "message"})  # kinds of alert that only whoever logged it gets


class _ByReference(TyperGroup):
    """`concerns TA-2026-0042` goes on meaning how its alerts were delivered."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """A first word that is no command of ours is a reference."""
        known = args and (args[0] in self.commands or args[0].startswith("-"))
        return super().resolve_command(ctx, args if known else [_DEFAULT, *args])


def add_to(app: typer.Typer, make: Make) -> None:
    """Add `concerns` and `report`. `make` gives the channels that the settings connect, which know who is on the team."""
    concerns = typer.Typer(
        help="References, stages and clocks; `concerns REFERENCE`: how its alerts were delivered. Never a name or a word "
        "without a DSL's code.",
        cls=_ByReference,
        invoke_without_command=True,
    )
    app.add_typer(concerns, name="concerns")

    @concerns.callback()
    def listed(context: typer.Context) -> None:
        """References, stages and clocks; with a reference, how each of its alerts was delivered. Never a name or a word."""
        if context.invoked_subcommand is None:
            needs.run(_list(needs.settings(quiet=True), None))

    @concerns.command(_DEFAULT, hidden=True)
    def delivered(reference: str) -> None:
        """How each alert of one concern was delivered."""
        needs.run(_list(needs.settings(quiet=True), reference))

    @concerns.command()
    def others() -> None:
        """How alerts were delivered that belong to no concern: forms not sent, failed proofs, people who are not staff."""
        needs.run(_others(needs.settings(quiet=True)))

    @concerns.command()
    def show(reference: str, code: Code = "") -> None:
        """Show one concern here, to the DSL whose code this is. It is entered in its chronology under their name."""
        found = needs.settings(silent=True)
        needs.run(_show(found, make, reference, code or _asked()))

    @concerns.command()
    def export(
        references: Annotated[list[str], typer.Argument(help="One or more references.")],
        to: Annotated[Path, typer.Option(help="The folder to write to.", file_okay=False, exists=True, writable=True)],
        pdf: Annotated[bool, typer.Option("--pdf", help="A PDF of each.")] = False,
        as_json: Annotated[bool, typer.Option("--json", help="A JSON file of each.")] = False,
        as_csv: Annotated[bool, typer.Option("--csv", help="One CSV of all.")] = False,
        code: Code = "",
    ) -> None:
        """Write concerns to a file that only the DSL's passphrase opens. It is entered in their chronologies."""
        asked = [name for name, wanted in zip(FORMATS, (pdf, as_json, as_csv), strict=True) if wanted]
        if not asked:
            needs.stop("nothing was exported", "no format was asked for", "say one or more of --pdf, --json, --csv")
        found = needs.settings(silent=True)
        needs.run(_export(found, make, references, asked, to, code or _asked()))

    @concerns.command()
    def retention(
        do: Annotated[
            bool, typer.Option("--do", help="Forget what is due. Without it, only say what would be.")
        ] = False,
        code: Code = "",
    ) -> None:
        """What has been handed over and is due to be forgotten: first only listed."""
        found = needs.settings(silent=do, quiet=True)
        needs.run(_forget_due(found, make, code or _asked()) if do else _dry_run(found))

    @app.command()
    def report(
        first: Annotated[
            datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="A day of the first school year.")
        ],
        last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="A day of the last month.")],
        out: Annotated[Path, typer.Option(help="The HTML file to write.", dir_okay=False)] = Path(
            "signpost-report.html"
        ),
    ) -> None:
        """What the school learns, as one page fit for governors: no names, no count under five."""
        needs.run(_report(needs.settings(quiet=True), first.date(), last.date(), out))


def _asked() -> str:
    """The code, typed where it leaves no trace in the shell's history."""
    return str(typer.prompt("The DSL's code", hide_input=sys.stdin.isatty()))


# ---- without a code


async def _list(found: Settings, reference: str | None) -> None:
    ledger, school = await needs.opened(found)
    try:
        if reference is None:
            _table(await ledger.all_concerns(), school)
            return
        concern = await ledger.by_reference(reference.upper())
        if concern is None:
            needs.stop(
                f"there is no concern {reference}", "or it has been forgotten", "`signpost concerns` lists them all"
            )
        _table([concern], school)
        _tries(await ledger.deliveries(concern.id), concern, school)
    finally:
        await ledger.close()


async def _others(found: Settings) -> None:
    ledger, school = await needs.opened(found)
    try:
        _tries(await ledger.deliveries(None), None, school)
    finally:
        await ledger.close()


def _table(concerns: Sequence[Concern], school: School) -> None:
    """References, stages and clocks, in 80 columns. `Next told` is when the next people are told that nobody has acknowledged."""
    if not concerns:
        typer.echo("No concern has been logged.")
        return
    now, zone = utc_now(), ZoneInfo(school.timezone)
    typer.echo(_columns("Reference", "Stage", "Logged", "Next told", "Decide by", ""))
    for concern in concerns:
        clocks = {clock: f"{at.astimezone(zone):{_WHEN}}" for clock, at in upcoming(concern, school)}
        marks = {
            "urgent": concern.urgent,
            "LATE": not concern.drill and late(concern, school, now),
            "DRILL": concern.drill,
        }
        typer.echo(
            _columns(
                concern.reference,
                concern.stage,
                f"{concern.logged_at.astimezone(zone):{_WHEN}}",
                clocks.get("seen", "-"),
                clocks.get("decide", "-"),
                " ".join(mark for mark, holds in marks.items() if holds),
            )
        )
    typer.echo(f"Times are those of {school.timezone}.")


def _columns(reference: str, stage: str, logged: str, told: str, decide: str, marks: str) -> str:
    return f"{reference:<14} {stage:<12} {logged:<12} {told:<12} {decide:<12} {marks}".rstrip()


def _tries(deliveries: Sequence[Delivery], concern: Concern | None, school: School) -> None:
    zone = ZoneInfo(school.timezone)
    for d in deliveries:
        which, told = f"{d.kind} {d.step + 1}", _whom(d, concern, school)
        typer.echo(f"  {d.at.astimezone(zone):%Y-%m-%d %H:%M:%S}  {which:<11} to {told:<14} by {d.via:<8} {d.outcome}")
    if not deliveries:
        typer.echo("No alert of this kind has been sent." if concern is None else "  No alert of it has been sent yet.")


def _whom(delivery: Delivery, concern: Concern | None, school: School) -> str:
    """Whom an alert told, never by name. Who reported it may lead on it too: then the kind says as whom they were told."""
    if not delivery.told.startswith("person:"):
        return delivery.told
    id_ = delivery.told.removeprefix("person:")
    role = next((role for role, person in school.people.everyone() if id_ in person.ids()), "a named person")
    if concern is not None and id_ == concern.reporter and (delivery.kind in _TO_REPORTER or role == "a named person"):
        return "reporter"
    return role


async def _report(found: Settings, first: date, last: date, out: Path) -> None:
    if last < first:
        needs.stop("no report was made", "it would end before it begins", "say --from before --to")
    guidance = needs.content(found.content, found.data)
    library, now = guidance.library, utc_now()
    ledger, _ = await needs.opened(found)
    try:
        years = await read_years(ledger, library, first, last, now)
    finally:
        await ledger.close()
    if not years:
        needs.stop("no report was made", "no whole month of it is over yet", "choose an earlier --to")
    made = page(library, years, now, library.digest[:8])
    await asyncio.to_thread(out.write_text, made, encoding="utf-8")
    typer.echo(f"{out}: {years[0].first} to {years[-1].last}, in whole school years and whole months.")


# ---- with one


async def _show(found: Settings, make: Make, reference: str, code: str) -> None:
    async with codes.holder(found, make, code) as at:
        desk = at.signpost.desk
        concern = await desk.handing.yours(at.guide, at.who, reference.upper())
        event = f"terminal-{secrets.token_hex(16)}"
        reply = await desk.hear(Message(event, at.who, choice=f"open:{concern.id}"), at.now)
        if not reply.dialog:
            needs.stop(
                f"{concern.reference} was not shown",
                "that it was opened could not be entered in its chronology",
                "run `signpost doctor`, mend what it finds, and ask the DSL for a new code",
            )
        typer.echo(render([part for part in reply.parts if not isinstance(part, Choice)]))
    _say(
        f"Shown to {clean(at.who.name.reveal())}, and entered as opened by them. It is still on this screen and in what it has "
        "scrolled: close this window when it has been read."
    )


async def _export(
    found: Settings, make: Make, references: Sequence[str], formats: Sequence[str], to: Path, code: str
) -> None:
    async with codes.holder(found, make, code) as at:
        how = ", ".join(name.upper() for name in formats)
        asked = [reference.upper() for reference in references]
        records = await at.signpost.desk.handing.take(at.guide, at.who, asked, how, at.now)
        held = list(files(at.guide.library, records, formats))
        try:
            path = write(to, f"signpost-{at.now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}", held, at.passphrase)
        except OSError as error:
            needs.stop(
                f"no file was written to {to}",
                error.strerror or "the disk refused",
                "make room there or name another folder with --to, and ask the DSL for a new code. The chronology says "
                "already that it was exported",
            )
    typer.echo(path)
    _say(
        f"{_count(len(records), 'concern')} in {_count(len(held), 'file')}, AES-256 (7-Zip opens it), entered as exported by "
        f"{clean(at.who.name.reveal())}. It opens with the passphrase that they alone were shown with the code. Delete it when "
        "it has been imported."
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _say(text: str) -> None:
    """A sentence or two under what was asked for."""
    typer.echo(f"\n{textwrap.fill(text, _WIDTH)}")


# ---- forgetting


async def _dry_run(found: Settings) -> None:
    ledger, school = await needs.opened(found)
    try:
        for one in _standings(await ledger.all_concerns(None), school):
            typer.echo(_fate(one, utc_now()))
    finally:
        await ledger.close()
    typer.echo("Nothing was changed. `signpost concerns retention --do` forgets what is due, with a DSL's code.")


def _standings(concerns: Sequence[Concern], school: School) -> list[Standing]:
    return sorted((standing(one, school) for one in concerns), key=lambda one: one.concern.logged_at)


def _fate(one: Standing, now: datetime) -> str:
    """A concern's reference, dates, and what would become of it."""
    why = {
        "not_open": "kept: it is open",
        "not_handed_over": "kept: not handed over",
        "changed": "kept: changed since it was handed over",
    }
    due = f"{one.due_at:%Y-%m-%d}" if one.due_at else ""
    would = why.get(one.refused) or (f"WOULD BE FORGOTTEN: due {due}" if one.due(now) else f"kept until {due}")
    handed = f"  handed over {one.handed_at:%Y-%m-%d}" if one.handed_at else ""
    return f"{one.concern.reference}  logged {one.concern.logged_at:%Y-%m-%d}{handed}  {would}"


async def _forget_due(found: Settings, make: Make, code: str) -> None:
    async with codes.holder(found, make, code) as at:
        concerns = await at.signpost.ledger.all_concerns(None)
        due = [one.concern for one in _standings(concerns, at.guide.library.school) if one.due(at.now)]
        done, others = await at.signpost.desk.handing.forget_due(at.guide, at.who, due, at.now)
    for reference in done:
        typer.echo(f"{reference}  forgotten")
    for reference in others:
        typer.echo(f"{reference}  kept: it is not open to the DSL whose code this is")
    typer.echo(f"{len(done)} forgotten. Reference, dates, who and why remain.")
