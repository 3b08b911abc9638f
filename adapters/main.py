"""The `signpost` command: the entry point and the only place where the parts are put together."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Annotated

import structlog
import typer
from aiohttp import web

from adapters import asking, evaluating, keeping, needs, practice, registers
from adapters.console.channel import ConsoleChannel
from adapters.console.render import render
from adapters.email.channel import EmailChannel, EmailUrlError
from adapters.port import Chat, Finding, House
from adapters.reports import trends_route
from adapters.server import LARGEST_REQUEST, Signpost, served, utc_now
from adapters.shelf import Shelf
from adapters.slack.manifest import manifest, to_json, to_yaml
from adapters.teams.package import PackageError, package
from adapters.web.channel import TRENDS, WebChannel, only_this_computer
from bot import Channel, Guidance, Vault, Words, open_ledger
from bot.cards import answer, clarify, ring_now, unknown
from bot.settings import Settings, half_connected

_log = structlog.get_logger("signpost.main")
app = typer.Typer(
    help="A school's own safeguarding policy, answered in chat; concerns logged, and the DSL told.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
_EXAMPLE_SITE = "https://www.example.sch.uk/privacy"
slack_app = typer.Typer(help="Slack.", no_args_is_help=True)
app.add_typer(slack_app, name="slack")


@slack_app.callback()
def _slack_commands() -> None:
    """Slack."""


teams_app = typer.Typer(help="Microsoft Teams.", no_args_is_help=True)
app.add_typer(teams_app, name="teams")


def run() -> None:
    """The console script."""
    app()


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="0 takes any free port.")] = 0,
    fresh: Annotated[bool, typer.Option(help="Begin with nothing logged.")] = False,
) -> None:
    """Practice on this computer alone: a teacher's chat and the DSL channel on one page."""
    settings = needs.settings(quiet=True)
    needs.refuse_real("demo")
    needs.run(_demo(settings, port or settings.port, any_port=port == 0, fresh=fresh))


@app.command()
def chat() -> None:
    """Practice in this terminal: ask, be triaged, log a concern, acknowledge it."""
    settings = needs.settings(quiet=True)
    needs.refuse_real("chat")
    needs.run(_chat(settings))


@app.command()
def ask(
    question: Annotated[str | None, typer.Argument(help="A question, in quotes.")] = None,
    batch: Annotated[Path | None, typer.Option(help='A file of JSON lines {"text": …}; - for standard input.')] = None,
    why: Annotated[bool, typer.Option(help="Also say which phrases and words won.")] = False,
) -> None:
    """Ask one question, or a file of them."""
    settings = needs.settings()
    guidance = needs.content(settings.content, settings.data)
    if batch is not None:
        _batch(guidance, batch)
    elif question is not None:
        _answer(guidance, question, why=why)
    else:
        needs.stop(
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
    settings = needs.settings()
    guidance = needs.content(settings.content, settings.data)
    try:
        with file.open(encoding="utf-8") as lines:
            found = evaluating.evaluate(guidance, evaluating.read(lines, guidance.library.topics))
    except (asking.BatchError, UnicodeDecodeError) as error:
        what = str(error) if isinstance(error, asking.BatchError) else "it is not UTF-8 text"
        needs.stop(
            f"{file}: {what}", "each line is one labelled question", "correct the file; see `signpost evaluate --help`"
        )
    except OSError as error:
        needs.stop(f"{file} cannot be read", error.strerror or "the disk refused", "check the name")
    for line in [evaluating.as_json(found)] if as_json else evaluating.as_text(found):
        typer.echo(line)


@app.command()
def check(folder: Annotated[Path | None, typer.Argument(help="The school's content folder.")] = None) -> None:
    """Check all content, and name every fault as file:line: what — why — hint."""
    settings = needs.settings()
    folder = folder or settings.content
    guidance = needs.content(folder, settings.data)
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
    settings = needs.settings()
    faults: list[str] = []
    vault = needs.vault(settings, faults)
    shelf = needs.shelf(settings, faults)
    channels = _channels(settings, shelf) if shelf else {}
    half = half_connected(settings)
    faults += half
    if not half and not any(isinstance(channel, Chat) for channel in channels.values()):
        faults.append(
            "no chat is connected, so nobody could ask or be told. Set SIGNPOST_SLACK_BOT_TOKEN or SIGNPOST_TEAMS_APP_ID "
            "and what belongs to it; the README's settings say what that is. To try it first: `signpost demo`."
        )
    if faults or vault is None or shelf is None:
        needs.stop(
            "signpost serve did not start",
            "something it cannot do without is missing",
            needs.bullets(faults),
        )
    if len(channels) == 1:
        _log.warning("one_route_only", route=next(iter(channels)), hint="set SIGNPOST_SMTP_URL: email is the second")
    needs.run(_serve(settings, shelf, vault, channels))


@slack_app.command("manifest")
def slack_manifest(
    url: Annotated[str, typer.Option(help="The address at which Slack reaches this Signpost, as https://…")] = "",
    via_socket: Annotated[bool, typer.Option("--socket", help="Socket Mode: no address is needed.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="For Slack's JSON tab; without it, YAML with reasons.")
    ] = False,
) -> None:
    """Print the app manifest: what to paste into Slack when the app is made, with the reason for each permission."""
    if url and via_socket:
        needs.stop(
            "no manifest was printed",
            "with --socket Slack is called and needs no address",
            "say --url https://… (the address where `signpost serve` is reached), or --socket, not both",
        )
    if not url and not via_socket:
        typer.echo("note: the address in it is an example. Say --url https://… or --socket.", err=True)
    document = manifest(url, socket=via_socket) if url else manifest(socket=via_socket)
    typer.echo((to_json if as_json else to_yaml)(document), nl=False)


@teams_app.callback()
def _teams_commands() -> None:
    """Microsoft Teams."""


@teams_app.command("package")
def teams_package(
    website: Annotated[str, typer.Option(help="The school's own page on privacy, https://…: Teams links to it.")] = "",
    out: Annotated[Path, typer.Option(help="Where to write it.")] = Path("signpost-teams.zip"),
    version: Annotated[str, typer.Option(help="Three numbers; higher at each upload.")] = "1.0.0",
) -> None:
    """Write the app package that is uploaded in the Teams admin centre. Needs SIGNPOST_TEAMS_APP_ID and the school's name."""
    settings = needs.settings(quiet=True)
    school = needs.content(settings.content).library.school.name
    if not website:
        typer.echo("note: its links to the school's page on privacy are an example. Say --website https://….", err=True)
    try:
        found = package(settings.teams_app_id, school, website or _EXAMPLE_SITE, version)
    except PackageError as error:
        needs.stop("no app package was written", "Teams would refuse it", str(error))
    try:
        out.write_bytes(found)
    except OSError as error:
        needs.stop(f"{out} cannot be written", error.strerror or "the disk refused", "name another place with --out")
    typer.echo(f"{out} is written. Upload it in the Teams admin centre: Teams apps, Manage apps, Upload new app.")


# ---- what the commands do


def _slack(settings: Settings, shelf: Shelf) -> Channel | None:
    token = settings.slack_bot_token.get_secret_value()
    if not token or not settings.slack_dsl_channel:
        return None
    from adapters.slack.channel import SlackChannel

    return SlackChannel(
        bot_token=token,
        dsl_channel=settings.slack_dsl_channel,
        signing_secret=settings.slack_signing_secret.get_secret_value(),
        app_token=settings.slack_app_token.get_secret_value(),
        api_url=settings.slack_api_url,
        guidance=shelf.guidance,
        clock=utc_now,
    )


def _teams(settings: Settings, shelf: Shelf) -> Channel | None:
    if not settings.teams_app_id:
        return None
    secret = settings.teams_app_password.get_secret_value()
    if not (secret and settings.teams_tenant_id):
        return None  # what is missing is said by name, with everything else that is
    from adapters.teams.channel import TeamsChannel
    from adapters.teams.hosting import Host, HostError

    try:
        host = Host(
            settings.teams_app_id,
            secret,
            settings.teams_tenant_id,
            login_url=settings.teams_login_url,
            openid_url=settings.teams_openid_url,
        )
    except HostError as error:
        needs.stop("Teams is not connected", "its settings are not right", str(error))
    return TeamsChannel(host, shelf.guidance, settings.teams_tenant_id, settings.teams_dsl_conversation)


def _email(settings: Settings, shelf: Shelf) -> Channel | None:
    url = settings.smtp_url.get_secret_value()
    try:
        return EmailChannel(url, shelf.guidance, utc_now) if url else None
    except EmailUrlError as error:
        needs.stop("SIGNPOST_SMTP_URL is not right", "alerts could not go by email", str(error))


Make = Callable[[Settings, Shelf], Channel | None]

# The ways to people, first choice first: name to what makes it from the settings, or None where they do not connect it.
# A channel adds its line here.
CHANNELS: dict[str, Make] = {"slack": _slack, "teams": _teams, "email": _email}


def _channels(settings: Settings, shelf: Shelf) -> dict[str, Channel]:
    """The ways to people that the settings connect, first choice first."""
    made = {name: make(settings, shelf) for name, make in CHANNELS.items()}
    return {name: channel for name, channel in made.items() if channel is not None}


keeping.add_to(app, _channels)
registers.add_to(app, _channels)


async def _demo(settings: Settings, port: int, *, any_port: bool, fresh: bool) -> None:
    folder = practice.folder(settings.data, fresh=fresh)
    typer.echo("Starting. The first start learns the phrases, which takes about a quarter of a minute.")
    shelf = Shelf(settings.content, folder, practice.dress)
    channel = WebChannel(shelf.guidance)
    ledger = await open_ledger(_sqlite(folder), practice.vault(folder), shelf.guidance().library.school.short)
    signpost = Signpost.of(shelf, ledger, {channel.name: channel})
    site = web.Application(middlewares=[only_this_computer], client_max_size=2**20)
    site.add_routes([*signpost.routes(), *channel.routes(signpost.desk, ledger, signpost.wake)])
    site.add_routes([trends_route(TRENDS, lambda: shelf.guidance().library, ledger, utc_now)])
    if any_port and not _free(port):
        port = 0
    async with served(site, signpost, "127.0.0.1", port) as bound:
        typer.echo(
            f"{shelf.guidance().library.wording.practice}.\nOpen http://127.0.0.1:{bound}/ in a browser; Ctrl-C ends it."
        )
        sys.stdout.flush()
        await _told_to_stop()


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
    ledger = await needs.ledger(settings, vault, shelf.guidance().library.school.short)
    signpost = Signpost.of(shelf, ledger, channels)
    chats = [channel for channel in channels.values() if isinstance(channel, Chat)]
    site = web.Application(client_max_size=LARGEST_REQUEST)
    monitor = settings.monitor_token.get_secret_value()
    site.add_routes([*signpost.routes(monitor), *(route for chat in chats for route in chat.routes())])
    async with AsyncExitStack() as opened:
        opened.push_async_callback(ledger.close)
        await _look_before_serving(chats, signpost.house())
        for chat in chats:
            await opened.enter_async_context(chat.open(signpost.house(), listening=True))
        bound = await opened.enter_async_context(served(site, signpost, settings.host, settings.port, closing=False))
        for part, reason in (await signpost.readiness()).items():
            _log.error("not_ready", part=part, reason=reason)
        typer.echo(f"Serving on {settings.host}:{bound}")
        sys.stdout.flush()
        await _told_to_stop()


async def _look_before_serving(chats: Sequence[Chat], house: House) -> None:
    """Say everything that is not as it must be; refuse to serve where that would break a promise to somebody."""
    found: list[Finding] = []
    for chat in chats:
        async with chat.open(house, listening=False):
            found += await chat.examine(house.clock())
    for finding in found:
        _log.warning("not_as_it_must_be", what=finding.what, where=finding.where, why=finding.why, hint=finding.hint)
    stops = [str(finding) for finding in found if finding.stops]
    if stops:
        needs.stop("signpost serve did not start", "it could not keep what it promises", needs.bullets(stops))


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
        needs.stop(
            f"{path}: {what}",
            'each line is JSON such as {"text": "a question"}',
            "correct the file; the lines before it were answered",
        )
    except OSError as error:
        needs.stop(f"{path} cannot be read", error.strerror or "the disk refused", "check the name")


async def _told_to_stop() -> None:
    """Until whoever runs this machine ends it: then what has begun is answered and saved, and the database closed."""
    stop = asyncio.Event()
    with suppress(NotImplementedError):  # Windows has no such signal
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()


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
