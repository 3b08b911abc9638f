"""What stands under the list of open concerns opens in a window of both chats: the search, and the terminal's code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.channels.contract import Entry_
from tests.channels.school import WORDS
from tests.channels.slack.entry import Slack
from tests.channels.teams.entry import Teams
from tests.channels.test_contract import eventually_seen, log

CHATS: tuple[Entry_, ...] = (Slack(), Teams())


@pytest.fixture(params=CHATS, ids=lambda entry: entry.name)
def entry(request: pytest.FixtureRequest) -> Entry_:
    return request.param


async def test_the_search_is_filled_in_and_finds_and_the_code_is_shown(entry: Entry_, tmp_path: Path) -> None:
    w = WORDS.handing
    async with entry.running(tmp_path) as running:
        await log(running, "pupils")
        await eventually_seen(running, "dsl", "TA-")
        await running.says("dsl", WORDS.commands.open_list[0])
        await running.presses("dsl", w.code_button)
        seen = await running.seen("dsl")
        assert re.search(rf"{w.code}\W+[A-Z0-9]{{4}}-[A-Z0-9]{{4}}\b", seen), seen[-500:]
        assert re.search(rf"{w.passphrase}\W+(?:[a-z0-9]{{4}}-){{3}}[a-z0-9]{{4}}\b", seen)

        await running.says("dsl", WORDS.commands.open_list[0])
        if running.channel.name == "teams":
            running.school["dsl"].closes()  # type: ignore[attr-defined]
        await running.presses("dsl", w.find_button)
        await running.fills("dsl", {"text": "Ashdown"})

        assert w.found.format(count="1") in await eventually_seen(running, "dsl", w.found_title)
