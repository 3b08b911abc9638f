"""What Teams sends twice, and what it never sends: nothing is done twice, and no content is in any message."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.channels.school import ACCOUNT, WORDS, come_true
from tests.channels.teams import cards
from tests.channels.teams.client import Teams
from tests.channels.teams.school import TeamsSchool, running


@pytest.fixture
async def school(teams: Teams, tmp_path: Path) -> AsyncIterator[TeamsSchool]:
    async with running(tmp_path, teams) as started:
        yield started


def said(school: TeamsSchool, who: str = "teacher") -> list[str]:
    chat = school[who].chat
    return ["\n".join(cards.texts(post.cards())) for post in chat.by(school.teams.connector.bot)]


# ---- what comes twice


async def test_a_message_delivered_twice_is_answered_once(school: TeamsSchool) -> None:
    sam = school["teacher"]
    activity = sam._message("its only banter", sam.chat)

    await asyncio.gather(*(school.teams.hears(activity) for _ in range(3)))
    await school.teams.hears(activity)

    assert len(said(school)) == 1


async def test_a_message_that_comes_again_while_it_is_being_answered_is_answered_once(school: TeamsSchool) -> None:
    sam = school["teacher"]
    for who in ("teacher", "head"):
        await school[who].types("help")
    activity, connector = sam._message("its only banter", sam.chat), school.teams.connector
    connector.hang()
    connector.asked.clear()

    def posts(who: str) -> int:
        return connector.asked.count(f"POST /emea/v3/conversations/{school[who].chat.id}/activities")

    hearing = [asyncio.ensure_future(school.teams.hears(activity))]
    await come_true(lambda: posts("teacher"), "that the reply is being posted")
    hearing.append(asyncio.ensure_future(school.teams.hears(activity)))
    hearing.append(asyncio.ensure_future(school["head"].types("its only banter")))
    await come_true(lambda: posts("head"), "that what came after it has got as far")
    assert posts("teacher") == 1
    connector.work()
    await asyncio.gather(*hearing)

    assert len(said(school)) == 2


async def test_send_delivered_twice_is_one_concern_and_one_reference(school: TeamsSchool) -> None:
    sam = school["teacher"]
    await sam.types("log a concern")
    await sam.presses(WORDS.about_pupils)
    await sam.fills(ACCOUNT)
    action = cards.action(sam.card(), WORDS.send_button)
    value = {"action": {"type": action["type"], "verb": action["verb"], "data": action["data"]}, "trigger": "manual"}

    def press() -> dict[str, object]:
        return school.teams.activity("invoke", sam.account, sam.chat, name="adaptiveCard/action", value=value,
                                     replyToId=sam.newest().id)  # fmt: skip

    same = press()
    answers = await asyncio.gather(*(school.teams.hears(each) for each in (same, same, press(), press())))
    answers.append(await school.teams.hears(same))

    assert len(await school.signpost.ledger.open_concerns()) == 1
    for answer in answers:
        assert "TA-2026-0001" in str(answer.body), "each press is told the reference"


async def test_acknowledged_by_two_at_once_is_acknowledged_once(school: TeamsSchool) -> None:
    school.team.people.append(school["deputy-1"].account)
    ref = await school.logs()
    await school.is_told("dsl", ref, school.team)

    await asyncio.gather(*(school[who].presses(WORDS.acknowledge_button, school.team) for who in ("dsl", "deputy-1")))

    concern = await school.signpost.ledger.by_reference(ref)
    assert [entry.what for entry in concern.chronology].count("acknowledged") == 1


async def test_open_that_comes_again_shows_the_same_and_each_is_an_opening(school: TeamsSchool) -> None:
    """Teams asks again when its first answer was lost: whoever pressed Open is still waiting to read."""
    ref = await school.logs()
    await school.is_told("dsl", ref, school.team)
    data = cards.action(school["dsl"].card(school.team), WORDS.open_button)["data"]
    activity = school.teams.activity(
        "invoke", school["dsl"].account, school.team, name="task/fetch", value={"data": data}
    )

    first = await school.teams.hears(activity)
    second = await school.teams.hears(activity)

    assert ACCOUNT["happened"] in "\n".join(cards.texts(first.body["task"]["value"]["card"]["content"]))
    assert ACCOUNT["happened"] in "\n".join(cards.texts(second.body["task"]["value"]["card"]["content"]))
    concern = await school.signpost.ledger.by_reference(ref)
    assert [entry.what for entry in concern.chronology].count("opened") == 2


# ---- what Teams never sends


@pytest.mark.parametrize(
    "broken",
    [
        {"value": {"action": {"type": "Action.Execute", "verb": "delete", "data": {"choice": "home"}}}},
        {"value": {"action": {"type": "Action.Execute", "verb": "choice", "data": {}}}},
        {"value": {"action": {"type": "Action.Execute", "verb": "form", "data": {"form": "x", "press": "check"}}}},
        {"value": {"action": {"type": "Action.Execute", "verb": "choice", "data": {"choice": 7}}}},
    ],
)
async def test_a_press_that_is_none_of_ours_is_a_400(school: TeamsSchool, broken: dict[str, object]) -> None:
    sam = school["teacher"]
    activity = school.teams.activity("invoke", sam.account, sam.chat, name="adaptiveCard/action", **broken)

    assert (await school.teams.posts(activity)).status == 400


async def test_an_invoke_that_is_not_known_is_a_501(school: TeamsSchool) -> None:
    sam = school["teacher"]
    activity = school.teams.activity("invoke", sam.account, sam.chat, name="fileConsent/invoke", value={})

    assert (await school.teams.posts(activity)).status == 501


@pytest.mark.parametrize("kind", ["open", "decide", "chronology", "more", "note"])
async def test_content_is_in_no_message_whatever_a_client_sends(school: TeamsSchool, kind: str) -> None:
    ref = await school.logs()
    await school.is_told("dsl", ref, school.team)
    concern = await school.signpost.ledger.by_reference(ref)
    choice = {"choice": f"{kind}:{concern.id}"}
    action = {"type": "Action.Execute", "verb": "choice", "data": choice}
    priya = school["dsl"]

    answer = await school.teams.hears(
        school.teams.activity(
            "invoke",
            priya.account,
            school.team,
            name="adaptiveCard/action",
            value={"action": action, "trigger": "manual"},
            replyToId="1",
        )
    )
    await school.teams.hears(school.teams.activity("message", priya.account, school.team, value=choice))

    assert "Robin" not in str(answer.body)
    assert "Robin" not in priya.sees(school.team)
    assert "Robin" not in "\n".join(said(school, "dsl"))
    assert (await school.signpost.ledger.by_reference(ref)).entry("opened") is None
