"""On every channel: every act by every kind of person, for a concern about pupils and one about staff, as it stands now.

Who may is written here by hand. To everybody else it is as if there were no such concern, however they come by its id: what
they send is read as the channel reads it, and what comes back is drawn as the channel draws it. The core's own table
(tests/core/test_who_may.py) has more situations; here is each way that a channel finds out who somebody is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bot import Bell, Choice, Field, Form, Message, Person, Words
from bot.casework import ACTS
from bot.concern import Concern
from bot.reporting import OWN
from tests.channels.by_hand import press_by_hand
from tests.channels.contract import Entry_, Running, without_layout
from tests.channels.entries import CHANNELS
from tests.channels.school import ABOUT_AN_ADULT, ACCOUNT, WORDS
from tests.channels.standing import COLLEAGUE, OTHER_DSL, Standing, standing
from tests.channels.test_contract import eventually_seen, log
from tests.core.who_may import attempts

REPORTER = "teacher"
PLACE = frozenset({"dsl", OTHER_DSL})
TEAM = PLACE | {"deputy-1", "head", "chair"}
SEATS = (REPORTER, COLLEAGUE, *sorted(TEAM), "visitor")
A_FEW = frozenset({"ack", "open", "note", "chronology", "add"})  # pressed in the chat itself, where not every act is


@dataclass
class Case:
    """One channel with one concern that has reached whom it goes to first."""

    entry: Entry_
    running: Running
    people: Standing
    concern: Concern
    secrets: tuple[str, ...]

    @property
    def ledger(self) -> Any:
        return self.running.desk._ledger

    def id(self, _reference: str) -> str:
        """As the core's table of acts asks for it."""
        return self.concern.id

    async def acts(self, name: str) -> list[tuple[str, dict[str, str] | None]]:
        return await attempts(self, name, self.concern.reference, self.concern.reference)

    async def sends(self, seat: str, id_: str, values: dict[str, str] | None = None) -> str:
        """Press it, or send the form, read as this channel reads it; what comes back, as drawn."""
        heard = _read(self.entry, id_, values)
        who = Person(self.running.person(seat), Words("Somebody"), staff=seat != "visitor")
        message = replace(heard, who=who, event=f"by-hand-{next(_numbers)}")
        reply = await self.running.desk.hear(message, datetime.now(UTC))
        return without_layout(self.entry.draw(reply.parts))

    async def seen_of_it(self, seat: str) -> Counter[str]:
        """How often each thing that is to be kept stands before this person."""
        shown = without_layout(await self.running.seen(seat))
        return Counter({secret: shown.count(secret) for secret in self.secrets})


_numbers = count(1)


def _read(entry: Entry_, id_: str, values: dict[str, str] | None) -> Message:
    if not values:
        return entry.pressed((Choice("Press", id_),), 0)
    return entry.sent(Form(id_, "By hand", "", tuple(Field(key, key, "text") for key in values), "Send"), values)


def refusal(seat: str) -> str:
    return without_layout(WORDS.outsider_title if seat == "visitor" else WORDS.not_yours_title)


# ---- the situations


@dataclass(frozen=True)
class Situation:
    """Whom a concern is about, what then happened to it, and who may act on it. Nobody else may."""

    name: str
    about: str
    may: frozenset[str]
    then: Callable[[Case], Awaitable[None]] | None = None
    whole: bool = False  # every act in every way that a hand can send it, and pressed in the chat itself too


async def nobody_acknowledged(case: Case) -> None:
    desk, channel = case.running.desk, case.running.channel
    bell = Bell(desk._guidance, case.ledger, {channel.name: channel})
    while await bell.ring_due(datetime.now(UTC) + timedelta(days=2)):
        pass


async def kept_to_the_deputy(case: Case) -> None:
    id_, _ = (await case.acts("restrict"))[-1]
    await case.sends("dsl", id_, {"who": "deputy-1", "text": "why"})


async def kept_to_one_of_the_place(case: Case) -> None:
    """Whom school.yaml does not name: offered by the name that the chat gives, and held by their id."""
    await case.people.joins(COLLEAGUE)
    id_, _ = (await case.acts("restrict"))[-1]
    chosen, called = case.running.person(OTHER_DSL), await case.running.channel.names("dsl")
    assert chosen in called
    assert without_layout(called[chosen].reveal()) in await case.sends("dsl", id_)
    await case.sends("dsl", id_, {"who": chosen, "text": "why"})


async def one_was_removed(case: Case) -> None:
    await press_by_hand(case.running, OTHER_DSL, f"open:{case.concern.id}")
    assert case.secrets[-1] in without_layout(await case.running.seen(OTHER_DSL)), "they had it before them"
    await case.people.leaves(OTHER_DSL)


SITUATIONS = (
    Situation("about pupils", "pupils", PLACE),
    Situation("one was removed", "pupils", frozenset({"dsl"}), one_was_removed, whole=True),
    Situation("nobody acknowledged", "pupils", PLACE | {"deputy-1", "head"}, nobody_acknowledged),
    Situation("kept to DSL and deputy", "pupils", frozenset({"dsl", "deputy-1"}), kept_to_the_deputy),
    Situation("kept to one of the place", "pupils", PLACE, kept_to_one_of_the_place),
    Situation("about an adult", "adult", frozenset({"head"})),
    Situation("about an adult, nobody acknowledged", "adult", frozenset({"head", "chair"}), nobody_acknowledged),
    Situation("about the head", "head", frozenset({"chair"}), whole=True),
    Situation("about the team", "safeguarding", frozenset({"head"})),
)


async def come_to(entry: Entry_, running: Running, situation: Situation, patch: pytest.MonkeyPatch) -> Case:
    """Log it as a teacher does, wait until it has reached its first, and bring the situation about."""
    people = await standing(running, patch)
    await people.joins(OTHER_DSL)
    for seat in SEATS:
        await running.says(seat, "topics")  # so that something stands before them that can be pressed
    await log(running, situation.about)
    first = {"pupils": "dsl", "head": "chair"}.get(situation.about, "head")
    await eventually_seen(running, first, "TA-")
    (concern,) = await running.desk._ledger.all_concerns()
    typed = ACCOUNT if situation.about == "pupils" else ABOUT_AN_ADULT
    names = without_layout(typed.get("child-1") or typed["adult"])
    case = Case(entry, running, people, concern, (concern.reference, names, without_layout(typed["happened"])))
    if situation.then:
        await situation.then(case)
    return replace(case, concern=await case.ledger.concern(concern.id))


@pytest.fixture(params=CHANNELS, ids=lambda entry: entry.name)
def entry(request: pytest.FixtureRequest) -> Entry_:
    return request.param


# ---- the claims


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.name)
async def test_every_act_is_for_whom_it_has_reached_and_is_not_there_for_anybody_else(
    entry: Entry_, situation: Situation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with entry.running(tmp_path) as running:
        case = await come_to(entry, running, situation, monkeypatch)
        for seat in SEATS:
            may = ACTS if seat in situation.may else OWN if seat == REPORTER else frozenset()
            before = await case.seen_of_it(seat)
            await _is_refused_what_is_sent(case, seat, (ACTS | OWN) - may, whole=situation.whole)
            await _is_refused_what_is_pressed(case, seat, (ACTS | OWN if situation.whole else A_FEW) - may)
            await _finds_it(case, seat, may=seat in situation.may)
            assert await case.seen_of_it(seat) <= before, seat
        assert await case.ledger.concern(case.concern.id) == case.concern
        assert (await case.ledger.decision_draft(case.concern.id)).version == 0
        for seat in sorted(situation.may):
            await _may_do_it(case, seat)
        await _may_do_what_is_the_reporters(case)


async def test_a_card_that_somebody_still_has_opens_nothing_once_they_are_removed(
    entry: Entry_, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The DSL by name in school.yaml, who has opened it by the same button a moment before."""
    async with entry.running(tmp_path) as running:
        case = await come_to(entry, running, SITUATIONS[0], monkeypatch)
        await case.people.presses_what_they_still_have("dsl")
        opened = await case.ledger.concern(case.concern.id)
        assert [one.what for one in opened.chronology] == ["logged", "opened"]
        before = await case.seen_of_it("dsl")
        assert before[case.secrets[-1]] > 0

        await case.people.leaves("dsl")
        await case.people.presses_what_they_still_have("dsl")

        assert refusal("dsl") in without_layout(await running.seen("dsl"))
        assert await case.seen_of_it("dsl") <= before
        assert await case.ledger.concern(case.concern.id) == opened


async def test_whoever_comes_into_the_place_may_from_that_moment(
    entry: Entry_, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with entry.running(tmp_path) as running:
        case = await come_to(entry, running, SITUATIONS[1], monkeypatch)
        open_ = f"open:{case.concern.id}"
        assert refusal(OTHER_DSL) in await case.sends(OTHER_DSL, open_)
        await case.people.joins(OTHER_DSL)
        assert case.secrets[-1] in await case.sends(OTHER_DSL, open_)


# ---- what they are made of


async def _is_refused_what_is_sent(case: Case, seat: str, acts: frozenset[str], *, whole: bool) -> None:
    """Every act, bare, as it would be now, and its form filled in (or that alone): one card, the same for all."""
    for act in sorted(acts):
        tries = await case.acts(act)
        for id_, values in tries if whole else tries[-1:]:
            shown = await case.sends(seat, id_, values)
            assert refusal(seat) in shown, (seat, id_)
            assert not [secret for secret in case.secrets if secret in shown], (seat, id_)


async def _is_refused_what_is_pressed(case: Case, seat: str, acts: frozenset[str]) -> None:
    """The same by the chat itself, which says who they are."""
    for act in sorted(acts):
        before = without_layout(await case.running.seen(seat)).count(refusal(seat))
        await press_by_hand(case.running, seat, f"{act}:{case.concern.id}")
        after = without_layout(await case.running.seen(seat)).count(refusal(seat))
        assert after > before, f"{seat} {act}: the press was not refused"


async def _finds_it(case: Case, seat: str, *, may: bool) -> None:
    """In the list and by a search; nobody else finds it there, or among what they sent, or is asked what to look for."""
    reference = case.concern.reference
    for id_, values in (("list", None), ("find", {"stage": case.concern.stage})):
        assert (reference in await case.sends(seat, id_, values)) == may, (seat, id_)
    assert (reference in await case.sends(seat, "mine")) == (seat == REPORTER), seat
    for id_ in ("find", "code"):
        assert (refusal(seat) in await case.sends(seat, id_)) == (seat not in await _team(case)), (seat, id_)


async def _team(case: Case) -> frozenset[str]:
    """Everybody whom any concern could reach at this moment."""
    inside = await case.running.channel.members("dsl")
    come_and_go = PLACE | {COLLEAGUE}
    return frozenset(
        seat for seat in TEAM | come_and_go if seat not in come_and_go or case.running.person(seat) in inside
    )


async def _may_do_it(case: Case, seat: str) -> None:
    """Or that the others are refused would prove nothing."""
    for act in sorted(ACTS):
        shown = await case.sends(seat, (await case.acts(act))[0][0])
        assert shown, (seat, act)
        assert refusal(seat) not in shown, (seat, act)
    noted = (await case.ledger.concern(case.concern.id)).chronology
    await case.sends(seat, f"note:{case.concern.id}", {"text": "typed"})
    assert [one.what for one in (await case.ledger.concern(case.concern.id)).chronology[len(noted) :]] == ["noted"]
    before = (await case.running.seen(seat)).count(WORDS.entry_opened)
    await press_by_hand(case.running, seat, f"chronology:{case.concern.id}")
    assert (await case.running.seen(seat)).count(WORDS.entry_opened) > before, seat


async def _may_do_what_is_the_reporters(case: Case) -> None:
    before = (await case.ledger.concern(case.concern.id)).chronology
    for act in sorted(OWN):
        for id_, values in await case.acts(act):
            assert refusal(REPORTER) not in await case.sends(REPORTER, id_, values), id_
    after = (await case.ledger.concern(case.concern.id)).chronology
    assert [one.what for one in after[len(before) :]] == ["added", "answered"]
