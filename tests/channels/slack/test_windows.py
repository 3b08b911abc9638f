"""Windows and Home: forms, Open, shortcuts, and what becomes of them when Slack shows no window."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.server import utc_now
from bot import Card
from tests.channels.school import ACCOUNT, WORDS
from tests.channels.slack.front import Fault, Front
from tests.channels.slack.office import Office

EXPIRED = [Fault("expired_trigger_id"), Fault("trigger_expired"), Fault("fatal", 500)]


# ---- the form


async def test_a_form_is_a_window_and_what_is_wrong_stands_at_its_fields(quiet: Office) -> None:
    await quiet.command("teacher", "/concern")
    await quiet.presses("teacher", WORDS.about_pupils)

    await quiet.fills("teacher", {"child-1": "Robin"})

    shown = quiet.window("teacher")
    assert WORDS.form_needed.partition("}")[2] in shown
    assert "Robin" in shown, "what was typed is still there"
    assert not await quiet.posts("teacher")
    await quiet.fills("teacher", ACCOUNT)
    assert WORDS.check_title in quiet.window("teacher")


async def test_a_form_as_long_as_slack_sends_one_is_heard(quiet: Office) -> None:
    await quiet.command("teacher", "/concern")
    await quiet.presses("teacher", WORDS.about_pupils)

    await quiet.fills("teacher", {**ACCOUNT, "happened": "安" * 140_000})

    assert ACCOUNT["child-1"] in quiet.window("teacher"), "and whatever is said of its length, it is said in the window"


async def test_the_form_leads_with_danger_and_says_what_closing_it_costs(quiet: Office) -> None:
    await quiet.command("teacher", "/concern")

    assert "999" in quiet.window("teacher")
    await quiet.presses("teacher", WORDS.about_pupils)
    assert WORDS.window_closing in quiet.window("teacher")


async def test_another_child_keeps_what_was_typed(quiet: Office) -> None:
    await quiet.command("teacher", "/concern")
    await quiet.presses("teacher", WORDS.about_pupils)
    pressed = await quiet.pressing("teacher", WORDS.form_another_child)
    pressed["view"]["state"]["values"]["child-1"]["value"]["value"] = "Robin Ashdown"

    await quiet.heard(quiet.interaction(pressed))

    assert "Robin Ashdown" in quiet.window("teacher")
    assert WORDS.form_child.replace("{number}", "2") in quiet.window("teacher")


async def test_words_after_the_command_are_in_the_form(quiet: Office) -> None:
    await quiet.command("teacher", "/concern", "Robin was pushed off the <wall> & hurt")
    await quiet.presses("teacher", WORDS.about_pupils)

    assert "Robin was pushed off the <wall> & hurt" in quiet.window("teacher")


async def test_urgent_words_after_the_command_bring_who_to_ring_first(quiet: Office) -> None:
    await quiet.command("teacher", "/concern", "she says she is going to kill herself tonight")

    assert quiet.window("teacher").startswith(f"🚨 {WORDS.ring_now_title}")


async def test_closing_the_form_leaves_a_way_back_to_it(quiet: Office) -> None:
    await quiet.command("teacher", "/concern")
    await quiet.presses("teacher", WORDS.about_pupils)
    await quiet.fills("teacher", {"child-1": "Robin Ashdown"})

    await quiet.closes("teacher")

    (post,) = await quiet.posts("teacher")
    assert WORDS.form_button in post
    await quiet.presses("teacher", WORDS.form_button)
    assert "Robin Ashdown" in quiet.window("teacher")


async def test_closing_a_form_that_has_moved_on_says_nothing(quiet: Office) -> None:
    await quiet.command("teacher", "/concern")
    await quiet.presses("teacher", WORDS.about_pupils)
    await quiet.says("teacher", "stop")
    before = await quiet.posts("teacher")

    await quiet.closes("teacher")

    assert await quiet.posts("teacher") == before


async def test_the_button_of_a_form_that_is_gone_says_so(quiet: Office) -> None:
    await quiet.says("teacher", "log a concern")
    quiet.front.once("views.open", Fault("expired_trigger_id"))
    await quiet.presses("teacher", WORDS.about_pupils)
    await quiet.says("teacher", "stop")

    await quiet.presses("teacher", WORDS.form_button)

    assert WORDS.old_button_title in quiet.window("teacher")


async def test_the_receipt_is_in_the_window_and_in_the_direct_message(quiet: Office) -> None:
    await quiet.sends()

    assert "TA-" in quiet.window("teacher")
    assert "TA-" in (await quiet.posts("teacher"))[-1]


async def test_an_old_send_is_answered_with_what_has_happened_since(quiet: Office) -> None:
    await quiet.writes()
    old = await quiet.pressing("teacher", WORDS.send_button)
    await quiet.presses("teacher", WORDS.send_button)

    await quiet.heard(quiet.interaction({**old, "trigger_id": "another"}))

    assert WORDS.already_sent_title in quiet.window("teacher")
    assert len(await quiet.signpost.ledger.all_concerns()) == 1


@pytest.mark.parametrize("fault", EXPIRED, ids=lambda fault: fault.error)
async def test_a_form_whose_window_does_not_open_comes_by_direct_message(
    quiet: Office, front: Front, fault: Fault
) -> None:
    front.always("views.open", fault)

    await quiet.command("teacher", "/concern")

    (post,) = await quiet.posts("teacher")
    assert WORDS.about_title in post


async def test_what_was_typed_stays_on_the_screen_when_it_cannot_be_saved(quiet: Office, tmp_path: Path) -> None:
    await quiet.says("teacher", "log a concern")
    await quiet.presses("teacher", WORDS.about_pupils)
    filled = quiet.filled("teacher", ACCOUNT)
    (tmp_path / "practice" / "slack.db").unlink()

    answer = await quiet.interaction(filled)

    assert answer.status == 200
    assert answer.body
    assert answer.body["response_action"] == "errors"
    ((field, said),) = answer.body["errors"].items()
    assert field in filled["view"]["state"]["values"]
    assert WORDS.not_sent_title in said


# ---- Open


async def test_open_is_a_window_and_leaves_nothing_in_any_conversation(quiet: Office, front: Front) -> None:
    await quiet.sends()
    await quiet.ring(utc_now())

    await quiet.presses("dsl", WORDS.open_button)

    assert ACCOUNT["happened"] in quiet.window("dsl")
    for message in front.messages.values():
        if front.directs.get(message.channel) != front.users["teacher"]:
            assert ACCOUNT["happened"] not in str(message.body)
            assert "Ashdown" not in str(message.body)


@pytest.mark.parametrize("fault", EXPIRED, ids=lambda fault: fault.error)
async def test_an_open_that_comes_too_late_posts_no_content(quiet: Office, front: Front, fault: Fault) -> None:
    await quiet.sends()
    await quiet.ring(utc_now())
    front.always("views.open", fault)

    await quiet.presses("dsl", WORDS.open_button)

    assert WORDS.window_late_title in (await quiet.posts("dsl"))[-1]
    assert "Ashdown" not in await quiet.seen("dsl")


async def test_an_act_inside_open_is_answered_in_its_window(quiet: Office) -> None:
    await quiet.sends()
    await quiet.ring(utc_now())
    await quiet.presses("dsl", WORDS.open_button)
    before = await quiet.posts("dsl")

    await quiet.presses("dsl", WORDS.acknowledge_button)

    assert WORDS.acknowledged_title.partition("{")[0] in quiet.window("dsl")
    assert await quiet.posts("dsl") == before


async def test_a_window_of_several_pages_is_turned(quiet: Office, front: Front) -> None:
    user, windows = front.users["dsl"], quiet.channel._windows
    parts = tuple(Card(f"Card {number}", "Something to read. " * 100) for number in range(150))
    assert await windows.open(await front.trigger(user), parts)
    first = quiet.window("dsl")

    await quiet.presses("dsl", WORDS.window_next)
    assert "Card 60" not in first
    assert "Card 60" in quiet.window("dsl")
    await quiet.presses("dsl", WORDS.window_back)
    assert quiet.window("dsl") == first

    windows._paged.clear()
    await quiet.presses("dsl", WORDS.window_next)
    assert WORDS.window_late_title in quiet.window("dsl"), "after a restart it is to be opened again"


# ---- shortcuts, Home


async def test_the_shortcut_opens_the_form(quiet: Office) -> None:
    await quiet.begins("teacher")

    assert WORDS.about_title in quiet.window("teacher")


async def test_a_concern_from_a_message_carries_its_link_and_never_its_author(quiet: Office, front: Front) -> None:
    await quiet.begins("teacher", channel=front.staffroom, ts="1763975240.000900")
    await quiet.presses("teacher", WORDS.about_pupils)

    shown = quiet.window("teacher")
    assert f"/archives/{front.staffroom}/p1763975240000900" in shown
    assert "U0ACCUSED" not in shown
    assert "Jordan keeps grabbing people" not in shown


async def test_home_shows_the_ways_in_the_numbers_and_my_concerns(quiet: Office, front: Front) -> None:
    await quiet.looks_at_home("teacher")
    home = front.homes[front.users["teacher"]]
    assert WORDS.numbers_title in str(home.body)
    assert WORDS.mine_title in str(home.body)

    await quiet.sends()
    await quiet.channel._hearing.settle()

    assert "TA-" in str(front.homes[front.users["teacher"]].body), "it is drawn anew after a concern was sent"


async def test_a_press_on_home_is_answered_in_a_window(quiet: Office) -> None:
    await quiet.looks_at_home("teacher")

    await quiet.presses("teacher", WORDS.topics_button)

    assert WORDS.topics_title in quiet.window("teacher")
    assert await quiet.posts("teacher") == []
