"""The one contract of all channels: each claim holds for the web page, the terminal, and whatever joins `CHANNELS`."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import pkgutil
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

import adapters
from bot import (
    Alert,
    Card,
    Choice,
    Delivered,
    Failed,
    Field,
    Form,
    Message,
    Option,
    Person,
    RosterUnreadable,
    Sent,
    WithdrawnError,
    Words,
    looked_at,
    notices,
)
from bot.clocks import ladder
from bot.triage import ABOUT
from tests.channels.contract import (
    NOW,
    Drawing,
    Entry_,
    Running,
    a_concern,
    everything_to_read,
    gallery,
    without_layout,
)
from tests.channels.entries import CHANNELS
from tests.channels.school import ABOUT_AN_ADULT, ACCOUNT, DEADLINE, LIBRARY, WORDS, practice_shelf

SEATS = ("teacher", "dsl", "head", "chair", "visitor")
WORD = "Typed"  # begins every line of HOSTILE
HOSTILE = "\n".join(
    f"{WORD} {line}"
    for line in (
        "<img src=x onerror=alert(1)><script>alert(1)</script>&lt;b&gt;",
        "**bold** _slanted_ ~gone~ `code` [here](javascript:alert(1)) <https://evil.example|here>",
        "<!channel> <@U0123> @everyone <at>all</at>",
        "\x1b[2J\x1b[1;1H\x1b]0;owned\x07 \x9b31m \x08\x08\x08 \x7f \x00",
        "\u202egnihtyna\u202c \u2066first\u2069 \u200e\u200f\u061c \u202d\u202b\u202a\u2067\u2068",
        "## Signpost says",
        "1. Do nothing",
        "- {dsl} {nobody}",
    )
)
LONGEST = "A very long account, said without a pause. " * 1150  # 49,450 characters


@pytest.fixture(params=CHANNELS, ids=lambda entry: entry.name)
def entry(request: pytest.FixtureRequest) -> Entry_:
    return request.param


@pytest.fixture
async def running(entry: Entry_, tmp_path: Path) -> AsyncIterator[Running]:
    async with entry.running(tmp_path) as started:
        yield started


def drawings(typed: str = "") -> list[Drawing]:
    return list(gallery(practice_shelf().guidance(), *([typed] if typed else [])))


def test_no_channel_is_left_out() -> None:
    folders = [found.name for found in pkgutil.iter_modules(adapters.__path__) if found.ispkg]
    with_one = [name for name in folders if importlib.util.find_spec(f"adapters.{name}.channel")]
    modules = [importlib.import_module(f"adapters.{name}.channel") for name in with_one]
    names = {
        thing.name
        for module in modules
        for thing in vars(module).values()
        if isinstance(thing, type)
        and {"name", "deliver", "members"} <= set(dir(thing))
        and thing.__module__ == module.__name__
    }
    # Email is a route for alerts and nobody writes by it: tests/core has its claims.
    assert names - {"email"} == {entry.name for entry in CHANNELS}


# ---- what is drawn


def test_every_card_choice_and_form_is_drawn_whole(entry: Entry_) -> None:
    for drawing in drawings():
        drawn = without_layout(entry.draw(drawing.parts))
        for part in drawing.parts:
            for text in everything_to_read(part):
                assert without_layout(text) in drawn, f"{drawing}: not drawn: {text}"


def test_parts_are_drawn_in_the_order_they_were_given(entry: Entry_) -> None:
    for drawing in drawings():
        drawn, at = without_layout(entry.draw(drawing.parts)), 0
        for part in drawing.parts:
            title = without_layout(part.label if isinstance(part, Choice) else part.title)
            assert title in drawn[at:], f"{drawing}: out of order: {title}"
            at = drawn.index(title, at) + len(title)


def test_the_longest_account_is_drawn_to_its_last_word(entry: Entry_) -> None:
    concern = a_concern("pupils", f"{LONGEST} the end of it")

    drawn = without_layout(entry.draw(notices.opened(LIBRARY, concern, NOW)))

    said = [line.value.reveal() for line in concern.account.lines]
    assert drawn.count(without_layout(f"{LONGEST} the end of it")) >= sum(LONGEST in value for value in said) > 0


def test_a_card_of_one_letter_and_a_reply_of_nothing_are_drawn(entry: Entry_) -> None:
    assert "x" in entry.draw((Card("x"),))
    assert entry.draw(()).strip() == ""


def test_a_button_says_all_of_its_label(entry: Entry_) -> None:
    for drawing in drawings():
        for part in drawing.parts:
            if isinstance(part, Choice):
                assert len(part.label) <= 75, f"{drawing}: {part.label}"
                assert without_layout(part.label) in without_layout(entry.draw((part,)))


# ---- what comes back


def test_choices_travel_as_ids(entry: Entry_) -> None:
    for drawing in drawings():
        ids = [part.id for part in drawing.parts if isinstance(part, Choice)]
        heard = [entry.pressed(drawing.parts, nth) for nth in range(len(ids))]
        assert [message.choice for message in heard] == ids, drawing
        assert all(message.words is None and message.form is None for message in heard)


def test_two_buttons_that_say_the_same_are_told_apart(entry: Entry_) -> None:
    parts = (Choice("Yes", "step:c0:1:danger"), Choice("Yes", "step:c0:1:no-danger"))

    assert [entry.pressed(parts, nth).choice for nth in (0, 1)] == ["step:c0:1:danger", "step:c0:1:no-danger"]


def test_a_button_whose_label_is_a_command_is_still_a_button(entry: Entry_) -> None:
    parts = (Choice("log a concern", "topic:banter"),)

    assert entry.pressed(parts, 0) == Message("e", entry.pressed(parts, 0).who, choice="topic:banter")


def test_a_form_comes_back_by_its_keys_with_what_was_typed(entry: Entry_) -> None:
    for drawing in drawings():
        for form in (part for part in drawing.parts if isinstance(part, Form)):
            values = {one.key: one.options[0].key if one.options else f"{one.key}, as typed" for one in form.fields}

            sent = entry.sent(form, values).form

            assert sent is not None
            assert sent.form == form.id
            assert {key: words.reveal() for key, words in sent.values.items()} == values


def test_several_answers_come_back_as_their_keys_with_commas(entry: Entry_) -> None:
    options = tuple(Option(key, label) for key, label in (("a", "Route A"), ("b", "Route B"), ("c", "Route C")))
    form = Form("restrict:c0:1", "Who?", "Choose", (Field("who", "Who", "many_of", options=options),), "Save")

    for chosen in ("a,c", "b", "a,b,c"):
        assert entry.sent(form, {"who": chosen}).form == Sent("restrict:c0:1", {"who": Words(chosen)})


# ---- typed text is only ever text


def test_typed_text_is_never_alive(entry: Entry_) -> None:
    for drawing in drawings(HOSTILE):
        assert entry.alive(drawing.parts, WORD) == [], drawing


def test_typed_text_is_shown_as_it_was_typed(entry: Entry_) -> None:
    opened = without_layout(entry.draw(notices.opened(LIBRARY, a_concern("pupils", HOSTILE), NOW)))

    for line in ("<img src=x onerror=alert(1)>", "_slanted_ ~gone~ `code`", "<!channel> <@U0123>", "- {dsl} {nobody}"):
        assert without_layout(line) in opened


def test_who_somebody_says_they_are_is_typed_text_too(entry: Entry_) -> None:
    for parts in (
        notices.alert(LIBRARY, a_concern("pupils", HOSTILE), NOW),
        notices.told_reporter(LIBRARY, a_concern("pupils", HOSTILE), NOW),
    ):
        assert entry.alive(parts, WORD) == []


# ---- who sees it


@pytest.mark.parametrize("shared", [False, True], ids=["in private", "in a shared place"])
async def test_an_answer_goes_to_the_asker_alone(running: Running, shared: bool) -> None:
    for words in ("its only banter", "she says she is going to kill herself tonight", "zxcvb qwfpg", "topics"):
        before = {seat: await running.posts(seat) for seat in SEATS}

        await running.says("teacher", words, shared=shared)

        assert len(await running.posts("teacher")) > len(before["teacher"])
        assert {seat: await running.posts(seat) for seat in SEATS[1:]} == {seat: before[seat] for seat in SEATS[1:]}


async def test_wherever_it_was_asked_the_core_answers_the_asker(running: Running) -> None:
    for place in ("private", "shared"):
        who = Person(running.person("teacher"), Words("Sam Carter"), staff=True)

        reply = await running.desk.hear(Message(f"e-{place}", who, words=Words("its only banter"), place=place), NOW)

        assert reply.parts
        assert reply.to == "asker"


async def test_a_form_and_what_was_typed_in_it_are_seen_by_nobody_else(running: Running) -> None:
    await running.says("teacher", "log a concern")
    await running.presses("teacher", WORDS.about_pupils)
    await running.fills("teacher", ACCOUNT)

    assert ACCOUNT["happened"] in " ".join((await running.seen("teacher")).split())
    for seat in SEATS[1:]:
        assert await running.seen(seat) == ""


@pytest.mark.parametrize("about", ABOUT)
async def test_an_alert_goes_to_whom_the_concern_is_told_to_and_to_no_other(running: Running, about: str) -> None:
    await log(running, about)
    told = ladder(LIBRARY.school, about)[0][0]

    assert "TA-" in await eventually_seen(running, told, "TA-")
    for seat in set(SEATS) - {"teacher", told}:
        assert await running.seen(seat) == ""


@pytest.mark.parametrize("about", ABOUT)
async def test_an_alert_holds_no_childs_name_and_no_narrative(running: Running, about: str) -> None:
    values = await log(running, about)

    alert = without_layout(await eventually_seen(running, ladder(LIBRARY.school, about)[0][0], "TA-"))

    assert without_layout("Sam Carter") in alert
    for key in set(values) - {"now", "images", "child-1-role"}:
        assert without_layout(values[key]) not in alert
        for word in values[key].split():
            if len(word) > 6:
                assert word.strip(",.“”") not in alert


async def test_a_person_who_is_not_staff_is_shown_one_kind_card_and_nothing_else(running: Running) -> None:
    for words in ("what is upskirting", "log a concern", "topics", "1"):
        await running.says("visitor", words)

    (kind,) = set(await running.posts("visitor"))
    assert without_layout(kind).startswith(without_layout(WORDS.outsider_title))
    assert without_layout("0800 1111") in without_layout(kind)


async def test_pressing_and_typing_reach_the_core_as_the_person_who_did_it(running: Running) -> None:
    await running.says("dsl", "log a concern")
    await running.presses("dsl", WORDS.about_pupils)
    await running.fills("dsl", ACCOUNT)
    await running.presses("dsl", WORDS.send_button)

    assert LIBRARY.school.people.dsl.name in await eventually_seen(running, "dsl", WORDS.alert_reporter)


# ---- delivery


def an_alert(running: Running, told: str, **changes: object) -> Alert:
    parts = notices.alert(LIBRARY, a_concern("pupils", "Sam Carter"), NOW)
    usual = {"key": "concern/1", "ref": "TA-2026-0042", "told": told, "via": running.channel.name, "tries": 1}
    rest = {"lease_until": NOW + timedelta(minutes=1), "receipt": None, "parts": parts}
    return Alert(**{**usual, **rest, **changes})


@pytest.mark.parametrize("told", ["dsl", "head", "chair", "person:teacher"])
async def test_an_alert_that_is_shown_is_delivered_and_has_an_id(running: Running, told: str) -> None:
    kind, _, seat = told.rpartition(":")
    receipt = await running.channel.deliver(an_alert(running, f"person:{running.person(seat)}" if kind else told))

    assert isinstance(receipt, Delivered)
    assert 0 < len(receipt.id) <= 255, "the ledger must be able to keep it"
    assert "TA-2026-0042" in await running.seen(told.rpartition(":")[2])


async def test_what_was_shown_to_nobody_is_never_called_delivered(running: Running) -> None:
    for told in (
        "nobody",
        "",
        "person:",
        "person:elsewhere:U0123",
        "dsl dsl",
        f"person:{running.channel.name}:stranger",
    ):
        receipt = await running.channel.deliver(an_alert(running, told))

        assert isinstance(receipt, Failed), f"told “{told}”"
        assert receipt.lasting, "trying again the same way is no use"
        for seat in SEATS:
            assert "TA-2026-0042" not in await running.seen(seat)


async def test_what_an_act_has_stopped_meanwhile_is_not_begun(running: Running) -> None:
    async def not_any_more() -> bool:
        return False

    with looked_at(not_any_more), pytest.raises(WithdrawnError):
        await running.channel.deliver(an_alert(running, "dsl"))
    assert "TA-2026-0042" not in await running.seen("dsl")
    assert isinstance(await running.channel.deliver(an_alert(running, "dsl")), Delivered)


async def test_delivering_never_raises_whatever_is_delivered(running: Running) -> None:
    for nth, drawing in enumerate(drawings(HOSTILE)):
        receipt = await running.channel.deliver(an_alert(running, "dsl", key=f"concern/{nth}", parts=drawing.parts))
        assert isinstance(receipt, Delivered | Failed)


async def test_delivering_to_a_chat_that_was_closed_never_raises(running: Running) -> None:
    await running.leave()

    receipt = await running.channel.deliver(an_alert(running, "dsl"))

    assert isinstance(receipt, Delivered | Failed)
    if isinstance(receipt, Failed):
        assert not receipt.lasting, "they will be back"
        assert receipt.reason


async def test_the_same_alert_again_has_the_same_id(running: Running) -> None:
    first = await running.channel.deliver(an_alert(running, "dsl"))
    second = await running.channel.deliver(an_alert(running, "dsl", tries=2))

    assert first == second


async def test_the_same_alert_again_is_redrawn_in_place(entry: Entry_, running: Running) -> None:
    first = await running.channel.deliver(an_alert(running, "dsl"))
    assert isinstance(first, Delivered)
    await running.channel.deliver(an_alert(running, "dsl", key="concern/2", parts=(Card("Another"),)))

    await running.channel.deliver(an_alert(running, "dsl", receipt=first.id, parts=(Card("It has moved on"),)))

    posts = await running.posts("dsl")
    assert len(posts) == (2 if entry.redraws else 3)
    assert "It has moved on" in posts[0 if entry.redraws else -1]


# ---- who is in a place


async def test_the_dsl_place_has_its_members_named_as_people_are(running: Running) -> None:
    members = await running.channel.members("dsl")

    assert members == {running.person("dsl")}


async def test_a_place_that_is_not_there_has_nobody_in_it(running: Running) -> None:
    for place in ("", "nowhere", "DSL", "dsl ", "person:dsl"):
        with suppress(RosterUnreadable):
            assert await running.channel.members(place) == frozenset()


async def test_only_members_may_open_what_the_place_was_told(running: Running) -> None:
    await log(running, "pupils")
    await eventually_seen(running, "dsl", "TA-")

    await running.presses("dsl", WORDS.open_button)

    assert without_layout(ACCOUNT["happened"]) in without_layout(await running.seen("dsl"))


# ---- helpers


async def log(running: Running, about: str) -> dict[str, str]:
    """Log a concern through the channel as a teacher does. Gives what was filled in."""
    values = {
        **(ACCOUNT if about == "pupils" else ABOUT_AN_ADULT),
        "where": "Behind the gymnasium",
        "said": "Leave me alone",
    }
    await running.says("teacher", "log a concern")
    await running.presses("teacher", getattr(WORDS, f"about_{about}"))
    await running.fills("teacher", values)
    await running.presses("teacher", WORDS.send_button)
    return values


async def eventually_seen(running: Running, seat: str, words: str) -> str:
    """All that this person sees, once these words are part of it."""
    async with asyncio.timeout(DEADLINE):
        while words not in (seen := await running.seen(seat)):
            await asyncio.sleep(0.005)
    return seen
