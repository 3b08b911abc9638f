"""`signpost serve` itself, connected to Teams by its settings, and killed when it hurts most."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from tests.channels.school import ACCOUNT, DEADLINE, WORDS
from tests.channels.teams import cards
from tests.channels.teams.client import Teams
from tests.channels.teams.school import ROLES, cast
from tests.channels.teams.serving import eventually, serving


async def test_killed_between_commit_and_response_the_reference_still_comes(teams: Teams, tmp_path: Path) -> None:
    people = cast(teams)
    assert {people[role].account.aad for role in ROLES} == set(ROLES)
    team = teams.channel("Safeguarding", people["dsl"])
    serve = serving(tmp_path, teams, team)
    sam = people["teacher"]
    await serve.start()
    try:
        await sam.types("log a concern")
        await sam.presses(WORDS.about_pupils)
        await sam.fills(ACCOUNT)
        asked = len(teams.connector.asked)
        teams.connector.hang()
        pressing = asyncio.ensure_future(sam.presses(WORDS.send_button))
        await eventually(lambda: "PUT" in str(teams.connector.asked[asked:]), "the card, after the commit")
        serve.kill()
        await asyncio.gather(pressing, return_exceptions=True)
        assert "TA-" not in sam.sees()
        teams.connector.work()

        await serve.start()

        # The card that was being changed may have been changed all the same: what is owed comes as a message of its own.
        await eventually(lambda: WORDS.interrupted_title in sam.sees(), "the reply that was owed")
        ref = re.search(r"TA-\d{4}-\d{4}", "\n".join(cards.texts(sam.newest().cards())))
        await eventually(lambda: ref[0] in people["dsl"].sees(team), "the alert")
        assert ref[0].endswith("0001")
    finally:
        serve.kill()


async def test_told_to_stop_it_ends_in_order_and_the_next_start_finds_everything(teams: Teams, tmp_path: Path) -> None:
    people = cast(teams)
    serve = serving(tmp_path, teams, teams.channel("Safeguarding", people["dsl"]))
    await serve.start()
    try:
        await people["teacher"].types("log a concern")
        serve.process.terminate()
        await asyncio.to_thread(serve.process.wait, 3 * DEADLINE)
        assert serve.process.returncode == 0
        assert "Traceback" not in (tmp_path / "err").read_text()
        await serve.start()
        await people["teacher"].presses(WORDS.about_pupils)
        assert WORDS.form_title in people["teacher"].sees()
    finally:
        serve.kill()
