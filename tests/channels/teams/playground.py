"""A practice school for the Microsoft 365 Agents Playground, on this computer alone: how Teams is tried by hand.

    python -m tests.channels.teams.playground

prints what to start beside it, and a code for the DSL place. Nothing is authenticated, nobody is told, and what was
logged is gone when it ends.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import typer
from aiohttp import web

from adapters import logs, practice
from adapters.server import Signpost, served, utc_now
from adapters.shelf import Shelf
from adapters.teams.channel import TeamsChannel
from adapters.teams.hosting import Host
from bot import open_ledger
from policy_content.model import Library, Staff
from tests.channels.school import LIBRARY

TENANT = "00000000-0000-0000-0000-0000000000001"  # the Playground's own, with its digit too many
DOMAINS = ("example.com",)
BESIDE = """
npx --yes --package @microsoft/m365agentsplayground@0.2.28 agentsplayground \\
    -e http://127.0.0.1:{port}/api/messages -c msteams -p 56150 --disable-telemetry
"""


def dress(library: Library) -> Library:
    """Practice people; the Playground's own people are staff."""
    school = practice.dress(library).school
    return library.model_copy(update={"school": school.model_copy(update={"staff": Staff(email_domains=DOMAINS)})})


async def main(port: int) -> None:
    """Serve until Ctrl-C."""
    logs.set_up("INFO")
    with tempfile.TemporaryDirectory() as folder:
        shelf = Shelf(None, None, dress)
        ledger = await open_ledger(
            f"sqlite+aiosqlite:///{folder}/playground.db", practice.vault(Path(folder)), LIBRARY.school.short
        )
        channel = TeamsChannel(Host("", "", "", playground=True), shelf.guidance, TENANT)
        signpost = Signpost.of(shelf, ledger, {"teams": channel})
        site = web.Application()
        site.add_routes([*signpost.routes(), *channel.routes()])
        code = await ledger.offer_code("place:teams", utc_now())
        async with channel.open(signpost.house(), listening=True), served(site, signpost, "127.0.0.1", port) as bound:
            typer.echo(f"Beside it:{BESIDE.format(port=bound)}Then type @Signpost {code} in the group chat or channel.")
            await asyncio.Event().wait()


if __name__ == "__main__":
    typer.run(lambda port=3978: asyncio.run(main(port)))
