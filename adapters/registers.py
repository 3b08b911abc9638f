"""The registers in the terminal: references, stages and clocks for whoever has a shell; and, with a ten-minute code that a
DSL gets in chat, what is shown, exported or forgotten. Having a shell on this machine is not being on the safeguarding team.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from adapters import needs
from adapters.console.render import render
from adapters.export.files import FORMATS, files, write
from adapters.port import Chat
from adapters.reports import page, read_years
from adapters.server import Signpost, utc_now
from adapters.shelf import Shelf
from bot import Channel, Choice, Message, NotYoursError, Person, RosterUnreadable
from bot.clocks import upcoming
from bot.concern import Concern
from bot.ledger import Delivery
from bot.retention import Standing, standing
from bot.settings import Settings
from policy_content.model import School

Make = Callable[[Settings, Shelf], Mapping[str, Channel]]
Code = Annotated[str, typer.Option(help="The ten-minute code that a DSL gets in chat. Left out, it is asked for.")]
_DEFAULT = "delivered"
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
        help="References, stages and clocks. Never a name or a word without a DSL's code.",
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
        found = needs.settings(quiet=True)
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
        found = needs.settings(quiet=True)
        needs.run(_export(found, make, references, asked, to, code or _asked()))

    @concerns.command()
    def retention(
        do: Annotated[
            bool, typer.Option("--do", help="Forget what is due. Without it, only say what would be.")
        ] = False,
        code: Code = "",
    ) -> None:
        """What has been handed over and is due to be forgotten: first only listed."""
        found = needs.settings(quiet=True)
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
    return str(typer.prompt("Code", hide_input=True))


# ---- without a code


async def _list(found: Settings, reference: str | None) -> None:
    ledger, school = await needs.opened(found)
    try:
        if reference is None:
            for concern in await ledger.all_concerns():
                typer.echo(_line(concern, school))
            return
        concern_ = await ledger.by_reference(reference)
        if concern_ is None:
            needs.stop(
                f"there is no concern {reference}", "or it has been forgotten", "`signpost concerns` lists them all"
            )
        typer.echo(_line(concern_, school))
        for d in await ledger.deliveries(concern_.id):
            typer.echo(_tried(d, _whom(d, concern_, school)))
    finally:
        await ledger.close()


async def _others(found: Settings) -> None:
    ledger, school = await needs.opened(found)
    try:
        for d in await ledger.deliveries(None):
            typer.echo(_tried(d, _whom(d, None, school)))
    finally:
        await ledger.close()


def _tried(d: Delivery, told: str) -> str:
    which = f"{d.kind} {d.step + 1}"
    return f"  {d.at:%Y-%m-%d %H:%M:%S} UTC  {which:<11} to {told:<14} by {d.via:<8} {d.outcome}"


def _whom(delivery: Delivery, concern: Concern | None, school: School) -> str:
    """Whom an alert told, never by name. Who reported it may lead on it too: then the kind says as whom they were told."""
    if not delivery.told.startswith("person:"):
        return delivery.told
    id_ = delivery.told.removeprefix("person:")
    role = next((role for role, person in school.people.everyone() if id_ in person.ids()), "a named person")
    if concern is not None and id_ == concern.reporter and (delivery.kind in _TO_REPORTER or role == "a named person"):
        return "reporter"
    return role


def _line(concern: Concern, school: School) -> str:
    clocks = ", ".join(f"{clock} by {at:%Y-%m-%d %H:%M} UTC" for clock, at in upcoming(concern, school))
    marks = f"{' urgent' if concern.urgent else ''}{' DRILL' if concern.drill else ''}"
    return (
        f"{concern.reference}  {concern.stage}{marks}  logged {concern.logged_at:%Y-%m-%d %H:%M} UTC  {clocks}".rstrip()
    )


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


@asynccontextmanager
async def _by_code(found: Settings, make: Make, code: str) -> AsyncIterator[tuple[Signpost, Person, str, datetime]]:
    """Signpost with its chats open, so that they can say who is on the team now; and whose code this is."""
    faults: list[str] = []
    shelf = needs.shelf(found, faults)
    if shelf is None:
        needs.stop("the record was not opened", "the content cannot be used", needs.bullets(faults))
    channels = make(found, shelf)
    ledger = await needs.ledger(found, needs.key(found), shelf.guidance().library.school.short, begin="never")
    async with AsyncExitStack() as opened:
        opened.push_async_callback(ledger.close)
        signpost = Signpost.of(shelf, ledger, channels or {"none": _Nobody()})
        for chat in channels.values():
            if isinstance(chat, Chat):
                await opened.enter_async_context(chat.open(signpost.house(), listening=False))
        now = utc_now()
        holder = await signpost.desk.handing.holder(code, now)
        if holder is None:
            needs.stop(
                "nothing was opened",
                "that is no DSL's code, or it has been used, or ten minutes have passed",
                "a DSL presses “Code for the terminal” or “Hand over” in chat and reads you a new one",
            )
        try:
            yield signpost, *holder, now
        except NotYoursError as error:
            needs.stop(
                f"{error} was not opened",
                "there is no such concern, or it is not open to the DSL whose code this is",
                "nothing was opened or written; check the reference with them, and ask for a new code",
            )
        except RosterUnreadable:
            needs.stop(
                "nothing was opened",
                "the chat could not say who is in the DSL place now",
                "try again when `signpost doctor` finds it well; the code is spent, ask for a new one",
            )


class _Nobody:
    """Stands where no chat is connected: it knows of nobody, and delivers nothing."""

    name = "none"

    async def members(self, place: str) -> frozenset[str]:
        """Nobody knows."""
        raise RosterUnreadable(f"no chat is connected that knows the {place} place")

    async def deliver(self, alert: Any) -> Any:
        """Never asked: nothing rings from a command."""
        raise NotImplementedError


async def _show(found: Settings, make: Make, reference: str, code: str) -> None:
    async with _by_code(found, make, code) as (signpost, who, _, now):
        concern = await signpost.ledger.by_reference(reference.upper())
        if concern is None:
            raise NotYoursError(reference)
        event = f"terminal-{secrets.token_hex(16)}"
        reply = await signpost.desk.hear(Message(event, who, choice=f"open:{concern.id}"), now)
        if not reply.dialog:
            raise NotYoursError(reference)
        typer.echo(render([part for part in reply.parts if not isinstance(part, Choice)]))


async def _export(
    found: Settings, make: Make, references: Sequence[str], formats: Sequence[str], to: Path, code: str
) -> None:
    async with _by_code(found, make, code) as (signpost, who, passphrase, now):
        guide = signpost.shelf.guidance()
        how = ", ".join(name.upper() for name in formats)
        asked = [reference.upper() for reference in references]
        records = await signpost.desk.handing.take(guide, who, asked, how, now)
        held = list(files(guide.library, records, formats))
        path = write(to, f"signpost-{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}", held, passphrase)
    typer.echo(f"{path}: {len(records)} concern{'s' if len(records) > 1 else ''}, {len(held)} files, AES-256.")
    typer.echo(
        "It opens with the passphrase that the DSL was shown with the code. Delete it when it has been imported."
    )


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
    async with _by_code(found, make, code) as (signpost, who, _, now):
        guide = signpost.shelf.guidance()
        concerns = await signpost.ledger.all_concerns(None)
        due = [one.concern for one in _standings(concerns, guide.library.school) if one.due(now)]
        done, others = await signpost.desk.handing.forget_due(guide, who, due, now)
    for reference in done:
        typer.echo(f"{reference}  forgotten")
    for reference in others:
        typer.echo(f"{reference}  kept: it is not open to the DSL whose code this is")
    typer.echo(f"{len(done)} forgotten. Reference, dates, who and why remain.")
