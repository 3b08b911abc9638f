"""Signpost serving Slack, for the load run: the real channel, ledger and bell, in a process of its own.

Started as `python -m tests.evidence.slack_server '<json>'`; it prints `ready` once it serves. It ends when its parent does.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from aiohttp import web

from adapters import logs
from adapters.practice import dress
from adapters.server import Signpost, served, utc_now
from adapters.shelf import Shelf
from adapters.slack.channel import SlackChannel
from bot import Vault, open_ledger
from tests.evidence.server import with_its_parent


async def main(config: dict[str, Any]) -> None:
    logs.set_up("WARNING")
    shelf = Shelf(None, None, dress)
    channel = SlackChannel(
        bot_token="xoxb-load",
        dsl_channel="G0DSL",
        signing_secret=config["secret"],
        api_url=config["slack"],
        guidance=shelf.guidance,
        clock=utc_now,
    )
    ledger = await open_ledger(config["database"], Vault.from_text(config["keys"]), "TA")
    signpost = Signpost.of(shelf, ledger, {"slack": channel})
    site = web.Application(client_max_size=2**20)
    site.add_routes([*signpost.routes(), *channel.routes()])
    async with (
        channel.open(signpost.house(), listening=True),
        served(site, signpost, "127.0.0.1", config["port"]),
    ):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await with_its_parent(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
