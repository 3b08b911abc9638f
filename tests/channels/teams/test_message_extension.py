"""A concern begun from a message or the compose box: a dialog from the first step to the receipt."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapters.teams.package import LOG_COMMAND
from tests.channels.school import ACCOUNT, WORDS
from tests.channels.teams import cards
from tests.channels.teams.client import Teams
from tests.channels.teams.school import TeamsSchool, running

LINK = "https://teams.example/l/message/19:staffroom/1700000000001"
MESSAGE: dict[str, Any] = {
    "id": "1700000000001",
    "linkToMessage": LINK,
    "from": {"user": {"id": "x", "displayName": "Casey Thornbury"}},
    "body": {"contentType": "html", "content": "<p>Zanzibar was seen behind the gym</p>"},
}


@pytest.fixture
async def school(teams: Teams, tmp_path: Path) -> AsyncIterator[TeamsSchool]:
    async with running(tmp_path, teams) as started:
        yield started


def dialog(school: TeamsSchool, who: str = "teacher") -> str:
    return "\n".join(cards.texts(school[who].dialog.card))


async def test_from_a_message_to_the_receipt_in_the_dialog_and_in_ones_own_chat(school: TeamsSchool) -> None:
    sam = school["teacher"]
    await sam.begins(LOG_COMMAND, school.staffroom, MESSAGE)
    await sam.presses(WORDS.about_pupils)
    await sam.fills(ACCOUNT)
    await sam.presses(WORDS.send_button)

    ref = next(word for word in dialog(school).split() if word.startswith("TA-"))
    assert ref in "\n".join(cards.texts(sam.newest().cards())), "the dialog leaves nothing behind; the chat does"
    await school.is_told("dsl", ref, school.team)
    assert school.staffroom.by(school.teams.connector.bot) == []


async def test_the_link_is_kept_and_neither_author_nor_text(school: TeamsSchool) -> None:
    sam = school["teacher"]
    await sam.begins(LOG_COMMAND, school.staffroom, MESSAGE)
    await sam.presses(WORDS.about_pupils)

    held = "\n".join([dialog(school), *(str(each.get("value", "")) for each in cards.inputs(sam.dialog.card))])
    assert LINK in held
    assert "Zanzibar" not in held
    assert "Thornbury" not in held


async def test_from_where_a_message_is_written(school: TeamsSchool) -> None:
    await school["teacher"].begins(LOG_COMMAND)

    assert WORDS.about_pupils in dialog(school)


async def test_in_a_chat_that_signpost_is_not_in_staff_are_known_all_the_same(school: TeamsSchool) -> None:
    """The command is offered in every chat. Of a chat between two people Teams says that it is personal."""
    sam, head = school["teacher"], school["head"]
    await sam.types("help")
    between = school.teams.connector.open("personal", sam.account, head.account)
    del school.teams.connector.conversations[between.id]
    between.id, between.installed = "19:sam_head@unq.gbl.spaces", False
    school.teams.connector.conversations[between.id] = between
    school.channel._people._known.clear()  # nobody has been asked about

    await sam.begins(LOG_COMMAND, between)
    await sam.presses(WORDS.about_pupils)
    await sam.fills(ACCOUNT)
    await sam.presses(WORDS.send_button)

    assert "TA-" in dialog(school)
    assert "TA-" in "\n".join(cards.texts(sam.newest().cards()))
    assert between.by(school.teams.connector.bot) == []
    asked = [each for each in school.teams.connector.asked if each.startswith("POST") and "unq.gbl" in each]
    assert asked == [], "their own chat is not taken for one with Signpost"


async def test_errors_are_drawn_again_in_the_dialog_with_what_was_typed(school: TeamsSchool) -> None:
    sam = school["teacher"]
    await sam.begins(LOG_COMMAND)
    await sam.presses(WORDS.about_pupils)

    await sam.fills({**ACCOUNT, "happened": ""})

    held = {each["id"]: each.get("value") for each in cards.inputs(sam.dialog.card)}
    assert held["child-1"] == ACCOUNT["child-1"]
    assert "⚠" in dialog(school)


async def test_a_dialog_that_was_closed_is_taken_up_where_it_was(school: TeamsSchool) -> None:
    sam = school["teacher"]
    await sam.begins(LOG_COMMAND)
    await sam.presses(WORDS.about_pupils)
    await sam.fills({**ACCOUNT, "happened": ""})
    sam.closes()

    await sam.begins(LOG_COMMAND)

    assert ACCOUNT["child-1"] in [each.get("value") for each in cards.inputs(sam.dialog.card)]


async def test_without_the_app_the_dialog_still_gives_the_reference(school: TeamsSchool) -> None:
    sam = school["teacher"]
    sam.account.installed = False
    await sam.begins(LOG_COMMAND, school.staffroom)
    await sam.presses(WORDS.about_pupils)
    await sam.fills(ACCOUNT)
    await sam.presses(WORDS.send_button)

    assert "TA-" in dialog(school)
    assert school.staffroom.by(school.teams.connector.bot) == []


async def test_a_long_account_is_checked_page_by_page_and_sent(school: TeamsSchool) -> None:
    sam = school["teacher"]
    long = "It went on and on in the corridor, and nobody came. " * 900
    await sam.begins(LOG_COMMAND)
    await sam.presses(WORDS.about_pupils)
    await sam.fills({**ACCOUNT, "happened": f"{long[:49_900]} the very end"})
    read = dialog(school)
    while not cards.action(sam.dialog.card, WORDS.send_button):
        await sam.presses("More")
        read += dialog(school)

    assert "the very end" in read
    await sam.presses(WORDS.send_button)
    assert "TA-" in dialog(school)


async def test_turning_pages_loses_no_word_of_a_reply_that_led_with_whom_to_ring(school: TeamsSchool) -> None:
    sam = school["teacher"]
    marks = [f"mark{n:04}" for n in range(4_000)]
    await sam.begins(LOG_COMMAND)
    await sam.presses(WORDS.about_pupils)
    await sam.fills({**ACCOUNT, "happened": f"She says she will kill herself. {' '.join(marks)}"})
    read = dialog(school)
    assert WORDS.ring_now_title in read
    while not cards.action(sam.dialog.card, WORDS.send_button):
        await sam.presses("More")
        read += dialog(school)

    assert [mark for mark in marks if mark not in read] == []


async def test_pages_are_found_again_after_a_restart(teams: Teams, tmp_path: Path) -> None:
    long = "It went on and on in the corridor, and nobody came. " * 900
    async with running(tmp_path, teams) as school:
        await school["teacher"].begins(LOG_COMMAND)
        await school["teacher"].presses(WORDS.about_pupils)
        await school["teacher"].fills({**ACCOUNT, "happened": f"{long[:49_900]} the very end"})
    async with running(tmp_path, teams) as school:
        sam, read = school["teacher"], ""
        while not cards.action(sam.dialog.card, WORDS.send_button):
            await sam.presses("More")
            read += dialog(school)
        assert "the very end" in read
        await sam.presses(WORDS.send_button)
        assert "TA-" in dialog(school)


async def test_a_pupil_who_finds_the_command_gets_the_kind_reply(school: TeamsSchool) -> None:
    await school["visitor"].begins(LOG_COMMAND)

    assert WORDS.outsider_title in dialog(school, "visitor")
    assert cards.inputs(school["visitor"].dialog.card) == []
