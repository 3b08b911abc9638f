"""A concern in Teams, from the first word to the acknowledgement, as the people in it see it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.server import utc_now
from bot.intake import LONGEST
from tests.channels.school import ACCOUNT, LIBRARY, WORDS, come_true
from tests.channels.teams import cards
from tests.channels.teams.client import Teams
from tests.channels.teams.school import TeamsSchool, running

NARRATIVE = (ACCOUNT["happened"], "Robin Ashdown")


@pytest.fixture
async def school(teams: Teams, tmp_path: Path) -> AsyncIterator[TeamsSchool]:
    async with running(tmp_path, teams) as started:
        yield started


def alert(school: TeamsSchool) -> Any:
    """The concern's own post in the DSL's channel."""
    return next(post for post in school.team.by(school.teams.connector.bot) if "concern TA-" in read(post))


def read(post: Any, viewer: str = "") -> str:
    return "\n".join(cards.texts(post.cards(viewer)))


async def test_from_the_first_word_to_the_acknowledgement(school: TeamsSchool) -> None:
    ref = await school.logs()
    told = await school.is_told("dsl", ref, school.team)
    assert "Sam Carter" in told

    await school["dsl"].presses(WORDS.acknowledge_button, school.team)

    await school.is_told("teacher", LIBRARY.say(WORDS.told_title, reference=ref))
    await come_true(lambda: alert(school).redrawn, "the alert redrawn from the record")
    assert not cards.action(alert(school).cards()[0], WORDS.acknowledge_button)
    assert "Priya Nair" in read(alert(school))
    assert all(secret not in school["dsl"].sees(school.team) for secret in NARRATIVE)


async def test_an_alert_asks_teams_to_notify_and_a_reply_does_not(school: TeamsSchool) -> None:
    await school.logs()
    await school.is_told("dsl", "TA-", school.team)

    assert alert(school).activity["channelData"] == {"notification": {"alert": True}}
    assert "channelData" not in school["teacher"].newest().activity


async def test_a_form_with_errors_is_drawn_again_in_its_place_with_what_was_typed(school: TeamsSchool) -> None:
    sam = school["teacher"]
    await sam.types("log a concern")
    await sam.presses(WORDS.about_pupils)
    posts = len(sam.chat.posts)

    await sam.fills({**ACCOUNT, "happened": "", "date": "2031-01-01"})

    assert WORDS.form_date_ahead.split("{")[0][:20] in sam.sees()
    held = {each["id"]: each.get("value") for each in cards.inputs(sam.card())}
    assert held["child-1"] == ACCOUNT["child-1"]
    assert held["now"] == "no"
    assert len(sam.chat.posts) == posts, "nothing was posted: the card is the same one"

    await sam.fills({"happened": ACCOUNT["happened"], "date": ""})
    await sam.presses(WORDS.send_button)
    assert "TA-" in sam.sees()


async def test_another_child_adds_fields_and_keeps_what_was_typed(school: TeamsSchool) -> None:
    sam = school["teacher"]
    await sam.types("log a concern")
    await sam.presses(WORDS.about_pupils)

    await sam.fills(ACCOUNT, press=WORDS.form_another_child)

    held = {each["id"]: each.get("value") for each in cards.inputs(sam.card())}
    assert "child-2" in held
    assert held["happened"] == ACCOUNT["happened"]


async def test_each_step_of_triage_takes_the_place_of_the_last(school: TeamsSchool) -> None:
    sam = school["teacher"]
    await sam.types("help")
    posts = len(sam.chat.posts)
    seen = set()
    await sam.presses(WORDS.triage_button)
    for _ in range(4):
        seen.add(read(sam.newest()))
        first = cards.actions(sam.card())[0]["title"]
        await sam.presses(first)

    assert len(seen) == 4
    assert len(sam.chat.posts) == posts
    assert sam.newest().redrawn >= 4, "it stays when the chat is opened again"


async def test_what_took_a_cards_place_is_there_when_the_chat_is_opened_again(school: TeamsSchool) -> None:
    sam = school["teacher"]
    ref = await school.logs()

    sam.newest().seen_by.clear()

    assert ref in sam.sees()


async def test_opened_in_a_dialog_and_in_no_message(school: TeamsSchool) -> None:
    ref = await school.logs()
    await school.is_told("dsl", ref, school.team)
    priya = school["dsl"]

    await priya.presses(WORDS.open_button, school.team)

    assert priya.dialog
    shown = "\n".join(cards.texts(priya.dialog.card))
    assert ACCOUNT["happened"] in shown
    for conversation in school.teams.connector.conversations.values():
        if conversation is not school["teacher"].chat:
            assert not any(secret in read(post) for post in conversation.posts.values() for secret in NARRATIVE)
    concern = (await school.signpost.ledger.open_concerns())[0]
    assert concern.entry("opened") is not None


async def test_acknowledged_in_the_dialog_it_was_opened_in(school: TeamsSchool) -> None:
    ref = await school.logs()
    await school.is_told("dsl", ref, school.team)
    await school["dsl"].presses(WORDS.open_button, school.team)

    await school["dsl"].presses(WORDS.acknowledge_button)

    await school.is_told("teacher", LIBRARY.say(WORDS.told_title, reference=ref))
    assert LIBRARY.say(WORDS.acknowledged_title, reference=ref) in school["dsl"].sees()


async def test_one_who_has_left_the_team_opens_nothing(school: TeamsSchool) -> None:
    ref = await school.logs()
    await school.is_told("dsl", ref, school.team)
    priya = school["dsl"]
    school.team.people.remove(priya.account)
    sam = school["teacher"]  # reads along, say, on somebody's shoulder, and makes the request themselves
    school.team.people.append(sam.account)
    await sam.presses(WORDS.acknowledge_button, school.team)  # a member at this moment
    school.team.people.remove(sam.account)

    for someone in (priya, sam):
        await someone.presses(WORDS.open_button, school.team)
        assert WORDS.not_yours_title in someone.sees()
        assert ACCOUNT["happened"] not in "\n".join(cards.texts(someone.dialog.card))


async def test_a_refused_press_leaves_the_alert_and_its_buttons(school: TeamsSchool) -> None:
    ref = await school.logs()
    await school.is_told("dsl", ref, school.team)
    sam = school["teacher"]

    await sam.presses(WORDS.acknowledge_button, school.team)

    assert WORDS.not_yours_title in "\n".join(sam.told)
    assert cards.action(alert(school).cards(sam.account.id)[0], WORDS.acknowledge_button)
    assert (await school.signpost.ledger.open_concerns())[0].stage == "logged"


async def test_unheard_it_goes_to_the_deputy_and_the_head_in_their_own_chats(school: TeamsSchool) -> None:
    ref = await school.logs(values={**ACCOUNT, "now": "yes"})
    await school.is_told("dsl", ref, school.team)
    for minutes, who in ((5.1, "deputy-1"), (10.2, "head")):
        assert ref not in school[who].sees()
        await school.signpost.bell.ring_due(utc_now() + timedelta(minutes=minutes))
        await school.is_told(who, ref)

    await school["deputy-1"].presses(WORDS.open_button)
    assert ACCOUNT["happened"] in school["deputy-1"].sees()
    school["deputy-1"].closes()
    await school["deputy-1"].presses(WORDS.acknowledge_button)

    await school.is_told("teacher", LIBRARY.say(WORDS.told_title, reference=ref))
    await school.signpost.bell.ring_due(utc_now() + timedelta(minutes=10.5))
    assert not cards.action(school["head"].card(), WORDS.acknowledge_button)


async def test_a_concern_about_the_head_is_in_the_chairs_chat_alone(school: TeamsSchool) -> None:
    values = {"now": "no", "adult": "Ruth Adeyemi", "happened": "Shouted at a pupil."}
    ref = await school.logs(values=values, about="head")
    await school.is_told("chair", ref)

    assert all(ref not in school[who].sees(where) for who, where in (("dsl", school.team), ("head", None)))


async def test_what_follows_an_alert_is_said_beneath_it(school: TeamsSchool) -> None:
    ref = await school.logs()
    await school.is_told("dsl", ref, school.team)
    sam = school["teacher"]
    await sam.types("my concerns")
    await sam.presses(LIBRARY.say(WORDS.add_button, reference=ref))
    await sam.fills({"text": "Robin came back and said more."})

    await school.is_told("dsl", LIBRARY.say(WORDS.added_alert_title, reference=ref), school.team)
    posts = school.team.by(school.teams.connector.bot)
    assert posts[-1].thread == alert(school).id


async def test_a_content_longer_than_a_card_is_read_page_by_page(school: TeamsSchool) -> None:
    ending = "and that was the end of it"
    long = "This went on and on, each time in another corridor. " * 900 + ending
    ref = await school.logs(values={**ACCOUNT, "happened": long[: LONGEST - len(ending)] + ending})
    await school.is_told("dsl", ref, school.team)
    priya = school["dsl"]
    await priya.presses(WORDS.open_button, school.team)

    pages = 1
    while ending not in "\n".join(cards.texts(priya.dialog.card)):
        await priya.presses("More")
        pages += 1
        assert pages < 9

    assert pages > 1


async def test_nobody_reads_on_who_may_read_no_more(school: TeamsSchool) -> None:
    long = "This went on and on, each time in another corridor. " * 900
    ref = await school.logs(values={**ACCOUNT, "happened": long[:LONGEST]})
    await school.is_told("dsl", ref, school.team)
    priya = school["dsl"]
    await priya.presses(WORDS.open_button, school.team)
    school.team.people.remove(priya.account)

    await priya.presses("More")

    assert WORDS.not_yours_title in priya.sees()
    assert "another corridor" not in "\n".join(cards.texts(priya.dialog.card))


async def test_a_decision_is_written_in_a_dialog_and_stays_in_no_message(school: TeamsSchool) -> None:
    ref = await school.logs()
    await school.is_told("dsl", ref, school.team)
    priya = school["dsl"]
    await priya.presses(WORDS.acknowledge_button, school.team)
    await come_true(lambda: cards.action(alert(school).cards()[0], WORDS.decide_button), "the alert redrawn")

    await priya.presses(WORDS.decide_button, school.team)

    assert priya.dialog


async def test_a_message_of_the_dsls_is_read_in_a_dialog_and_stays_in_no_message(school: TeamsSchool) -> None:
    ref = await school.logs()
    await school.is_told("dsl", ref, school.team)
    await school["dsl"].presses(WORDS.open_button, school.team)
    await school["dsl"].presses(WORDS.case.message_button)
    await school["dsl"].fills({"text": "Please keep Marigold near you until three."})
    await school.is_told("teacher", WORDS.case.read_button)

    await school["teacher"].presses(WORDS.case.read_button)

    assert "Marigold" in "\n".join(cards.texts(school["teacher"].dialog.card))
    school["teacher"].closes()
    assert "Marigold" not in school["teacher"].sees()
    assert WORDS.case.read_button in school["teacher"].sees(), "it can be read again"


async def test_pictures_and_files_are_refused_and_never_fetched(school: TeamsSchool) -> None:
    for image in (False, True):
        await school["teacher"].attaches("look at this", image=image)
        assert WORDS.files_title in read(school["teacher"].newest())


async def test_urgent_words_bring_who_to_ring_first(school: TeamsSchool) -> None:
    await school["teacher"].types("she says she is going to kill herself tonight")

    assert WORDS.ring_now_title in read(school["teacher"].newest()).split("\n")[0]
