"""The `signpost` command: the entry point and the only place where the parts are put together."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from aiohttp import web

from adapters import asking, evaluating, logs, practice
from adapters.console.channel import ConsoleChannel
from adapters.console.render import render
from adapters.server import Signpost, served, utc_now
from adapters.shelf import Shelf, read_guidance
from adapters.web.channel import WebChannel, only_this_computer
from bot import Channel, Guidance, KeyTextError, LedgerDownError, Vault, Words, new_master_key, open_ledger
from bot.cards import answer, clarify, ring_now, unknown
from bot.settings import Settings, SettingsError, read_settings
from policy_content import ContentError

# The chats a school can connect, first choice first: name to what makes it from settings. A channel adds its line here.
CHANNELS: dict[str, Callable[[Settings], Channel]] = {}

app = typer.Typer(
    help="A school's own safeguarding policy, answered in chat; concerns logged, and the DSL told.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
keys_app = typer.Typer(help="Master keys.", no_args_is_help=True)
app.add_typer(keys_app, name="keys")


def run() -> None:
    """The console script."""
    app()


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="0 takes any free port.")] = 0,
    fresh: Annotated[bool, typer.Option(help="Begin with nothing logged.")] = False,
) -> None:
    """Practice on this computer alone: a teacher's chat and the DSL channel on one page."""
    settings = _settings(quiet=True)
    _refuse_real("demo")
    _run(_demo(settings, port or settings.port, any_port=port == 0, fresh=fresh))


@app.command()
def chat() -> None:
    """Practice in this terminal: ask, be triaged, log a concern, acknowledge it."""
    settings = _settings(quiet=True)
    _refuse_real("chat")
    _run(_chat(settings))


@app.command()
def ask(
    question: Annotated[str | None, typer.Argument(help="A question, in quotes.")] = None,
    batch: Annotated[Path | None, typer.Option(help='A file of JSON lines {"text": …}; - for standard input.')] = None,
    why: Annotated[bool, typer.Option(help="Also say which phrases and words won.")] = False,
) -> None:
    """Ask one question, or a file of them."""
    settings = _settings()
    guidance = _content(settings.content, settings.data)
    if batch is not None:
        _batch(guidance, batch)
    elif question is not None:
        _answer(guidance, question, why=why)
    else:
        _stop(
            "nothing was asked",
            "`signpost ask` takes a question or --batch FILE",
            'try: signpost ask "a pupil told me something"',
        )


@app.command()
def evaluate(
    file: Annotated[Path, typer.Argument(help='JSON lines {"text": …, "accept": [topics], "urgent": true|false}.')],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Measure how well a file of labelled questions is understood, and say why each miss was one."""
    settings = _settings()
    guidance = _content(settings.content, settings.data)
    try:
        with file.open(encoding="utf-8") as lines:
            found = evaluating.evaluate(guidance, evaluating.read(lines, guidance.library.topics))
    except (asking.BatchError, UnicodeDecodeError) as error:
        what = str(error) if isinstance(error, asking.BatchError) else "it is not UTF-8 text"
        _stop(
            f"{file}: {what}", "each line is one labelled question", "correct the file; see `signpost evaluate --help`"
        )
    except OSError as error:
        _stop(f"{file} cannot be read", error.strerror or "the disk refused", "check the name")
    for line in [evaluating.as_json(found)] if as_json else evaluating.as_text(found):
        typer.echo(line)


@app.command()
def check(folder: Annotated[Path | None, typer.Argument(help="The school's content folder.")] = None) -> None:
    """Check all content, and name every fault as file:line: what — why — hint."""
    settings = _settings()
    folder = folder or settings.content
    guidance = _content(folder, settings.data)
    library = guidance.library
    typer.echo(f"All well: {len(library.topics)} topics and {len(library.triages)} triages, every path walked.")
    for warning in evaluating.warnings(guidance.matcher):
        typer.echo(warning)
    for role in library.school.placeholders():
        typer.echo(f"note: school.yaml: nobody is named for “{role}” yet; `signpost serve` will refuse to start.")
    for key in library.school.unconfirmed():
        typer.echo(f"note: school.yaml: the number of “{key}” has no `confirmed:` date; staff see it marked.")
    if library.school.review_due < utc_now().date():
        typer.echo(f"note: the policy was due for review on {library.school.review_due}; answers are marked.")


@app.command()
def serve() -> None:
    """Serve the school's chats."""
    settings = _settings()
    faults: list[str] = []
    vault = _vault(settings, faults)
    shelf = _shelf(settings, faults)
    if not CHANNELS:
        faults.append(
            "no chat is connected, so nobody could ask or be told. This version has none to connect: "
            "Slack and Teams come in later versions. Try `signpost demo`."
        )
    if faults or vault is None or shelf is None:
        _stop(
            "signpost serve did not start",
            "something it cannot do without is missing",
            "\n  - ".join(["mend each of these:", *faults]),
        )
    _run(_serve(settings, shelf, vault, {name: make(settings) for name, make in CHANNELS.items()}))


@keys_app.command("new")
def keys_new(name: Annotated[str, typer.Argument(help="Its id, such as this year.")] = "1") -> None:
    """Print a new master key for SIGNPOST_KEYS. Whoever has it can open what is sealed: keep it as you keep passwords."""
    typer.echo(new_master_key(name))


# ---- what the commands do


async def _demo(settings: Settings, port: int, *, any_port: bool, fresh: bool) -> None:
    folder = practice.folder(settings.data, fresh=fresh)
    shelf = Shelf(settings.content, folder, practice.dress)
    channel = WebChannel(shelf.guidance)
    ledger = await open_ledger(_sqlite(folder), practice.vault(folder), shelf.guidance().library.school.short)
    signpost = Signpost.of(shelf, ledger, {channel.name: channel})
    site = web.Application(middlewares=[only_this_computer], client_max_size=2**20)
    site.add_routes([*signpost.routes(), *channel.routes(signpost.desk, ledger, signpost.wake)])
    if any_port and not _free(port):
        port = 0
    async with served(site, signpost, "127.0.0.1", port) as bound:
        typer.echo(
            f"{shelf.guidance().library.wording.practice}.\nOpen http://127.0.0.1:{bound}/ in a browser; Ctrl-C ends it."
        )
        sys.stdout.flush()
        await asyncio.Event().wait()


async def _chat(settings: Settings) -> None:
    folder = practice.folder(settings.data)
    shelf = Shelf(settings.content, folder, practice.dress)
    channel = ConsoleChannel(shelf.guidance, _ask_line, typer.echo, utc_now)
    ledger = await open_ledger(_sqlite(folder, "chat"), practice.vault(folder), shelf.guidance().library.school.short)
    signpost = Signpost.of(shelf, ledger, {channel.name: channel})
    ringing = asyncio.create_task(signpost.ring_for_ever())
    try:
        await channel.run(signpost.desk, signpost.wake)
    finally:
        ringing.cancel()
        await asyncio.gather(ringing, return_exceptions=True)
        await ledger.close()


async def _serve(settings: Settings, shelf: Shelf, vault: Vault, channels: dict[str, Channel]) -> None:
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    ledger = await open_ledger(settings.database, vault, shelf.guidance().library.school.short)
    signpost = Signpost.of(shelf, ledger, channels)
    site = web.Application(client_max_size=2**20)
    site.add_routes(signpost.routes())
    async with served(site, signpost, settings.host, settings.port) as bound:
        typer.echo(f"Serving on {settings.host}:{bound}")
        sys.stdout.flush()
        await asyncio.Event().wait()


def _answer(guidance: Guidance, question: str, *, why: bool) -> None:
    text = Words(question).reveal()
    route, now, library = guidance.route(text), utc_now(), guidance.library
    if route.urgent:
        typer.echo(render((ring_now(library, "dsl"),)))
    if route.kind == "answer":
        topic = library.topics[route.shown[0]]
        typer.echo(render(answer(library, topic, guidance.triage_for(topic), now)[:1]))
    elif route.kind == "clarify":
        typer.echo(render(clarify(library, route.shown)))
    else:
        typer.echo(render(unknown(library, guidance.triage_for(None))[:1]))
    if why:
        typer.echo(f"\nroute: {route.kind}   urgent: {route.urgent or 'no'}   {route.micros} µs")
        for match in route.best:
            typer.echo(f"  {match.score:.2f} {match.topic}")
            for because in match.because[:2]:
                words = ", ".join(f"{word} {weight:.2f}" for word, weight in because.words[:6])
                typer.echo(f"       “{because.phrase}” {because.score:.2f}: {words}")


def _batch(guidance: Guidance, path: Path) -> None:
    try:
        with sys.stdin if str(path) == "-" else path.open(encoding="utf-8") as lines:
            for line in asking.batch(guidance, lines):
                typer.echo(line)
    except (asking.BatchError, UnicodeDecodeError) as error:
        what = str(error) if isinstance(error, asking.BatchError) else "it is not UTF-8 text"
        _stop(
            f"{path}: {what}",
            'each line is JSON such as {"text": "a question"}',
            "correct the file; the lines before it were answered",
        )
    except OSError as error:
        _stop(f"{path} cannot be read", error.strerror or "the disk refused", "check the name")


# ---- what they need, or why not


def _settings(*, quiet: bool = False) -> Settings:
    """The settings, with logs set up. `quiet` leaves a practice screen to the person, unless a level was asked for."""
    try:
        settings = read_settings()
    except SettingsError as error:
        _stop(
            "the settings are not right",
            "Signpost reads them from the environment",
            "\n  - ".join(["mend each of these:", *error.faults]),
        )
    asked = "log_level" in settings.model_fields_set or not quiet
    logs.set_up(settings.log_level if asked else "WARNING")
    return settings


def _content(folder: Path | None, data: Path | None = None) -> Guidance:
    try:
        return read_guidance(folder, data=data)
    except ContentError as error:
        typer.echo(str(error), err=True)
        typer.echo(f"{len(error.faults)} fault{'s' if len(error.faults) > 1 else ''}. Nothing was changed.", err=True)
        raise typer.Exit(1) from None


def _vault(settings: Settings, faults: list[str]) -> Vault | None:
    text = settings.keys.get_secret_value()
    if not text:
        faults.append(
            "SIGNPOST_KEYS is empty. Make a key with `signpost keys new`, and keep a copy off this machine: without it nothing that was logged can be read again."
        )
        return None
    try:
        return Vault.from_text(text)
    except KeyTextError as error:
        faults.append(f"SIGNPOST_KEYS: {error}.")
        return None


def _shelf(settings: Settings, faults: list[str]) -> Shelf | None:
    try:
        shelf = Shelf(settings.content, settings.data)
    except ContentError as error:
        faults.append(f"the content cannot be used; run `signpost check`. First: {error.faults[0]}")
        return None
    faults += [
        f"school.yaml: nobody is named for “{role}”. Copy school.yaml into your content folder and write the name and number."
        for role in shelf.guidance().library.school.placeholders()
    ]
    return shelf


def _refuse_real(command: str) -> None:
    real = practice.real_settings(os.environ)
    if real:
        _stop(
            f"signpost {command} did not start",
            f"it is for practice, and real settings are here: {', '.join(real)}",
            "start it in a shell without them",
        )


def _sqlite(folder: Path, name: str = "practice") -> str:
    return f"sqlite+aiosqlite:///{folder / f'{name}.db'}"


def _free(port: int) -> bool:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


async def _ask_line(prompt: str) -> str | None:
    try:
        return await asyncio.to_thread(input, prompt)
    except EOFError:
        return None


def _run(main: object) -> None:
    try:
        asyncio.run(main)  # type: ignore[arg-type]
    except KeyboardInterrupt:
        typer.echo("Ended.")
    except (LedgerDownError, ContentError) as error:
        _stop("signpost stopped", str(error), "mend that and start it again; nothing that was logged is lost")
    except OSError as error:
        _stop(
            "signpost stopped",
            error.strerror or type(error).__name__,
            "mend that and start it again; nothing that was logged is lost",
        )


def _stop(what: str, why: str, hint: str) -> NoReturn:
    typer.echo(f"{what}\n  why: {why}\n  what to do: {hint}", err=True)
    raise typer.Exit(2)
