"""Who may do what with whose concern: every act, every kind of person, every kind of concern, before and after it went on.

Who may is written here by hand, once for each situation. To everybody else it is as if there were no such concern, and
nothing they send changes a row.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from bot import NotYoursError, Sent, Words
from bot.casework import ACTS
from bot.reporting import OWN
from tests.core.casework import act, decide
from tests.core.handed import hand, take
from tests.core.stores import BOTH
from tests.core.who_may import TYPED, attempts, left_out, send

STORES = BOTH
REPORTER = "teacher"
TEAM = ("dsl", "second", "deputy-1", "head", "chair")  # in the DSL place (dsl, second), or named in school.yaml
NOBODY = ("somebody", "gone")  # other staff; and whoever was taken out of the DSL place a second ago
STAFF = (REPORTER, *NOBODY, *TEAM)
PLACE = {"dsl", "second"}


@dataclass(frozen=True)
class Situation:
    """A concern, how it came to be so, and who may act on it. Nobody else may."""

    name: str
    about: str
    may: set[str]
    then: Callable[..., Awaitable[None]] | None = None
    member: str = ""
    listed: bool = True


async def escalated(school, ref):
    school.clock.forward(days=2)
    await school.ring()


async def kept_to_the_deputy(school, ref):
    await act(school, "restrict", ref, text="why", who="deputy-1")
    await school.ring()


async def kept_to_one_beside_a_deputy(school, ref):
    await act(school, "restrict", ref, "second", text="why", who="deputy-1")
    await escalated(school, ref)


async def kept_to_one_who_went(school, ref):
    await act(school, "restrict", ref, "gone", text="why", who="deputy-1")


async def kept_by_the_head(school, ref):
    await act(school, "restrict", ref, "head", text="why", who="")


async def handed_to_the_head(school, ref):
    await act(school, "assign", ref, who="head")
    await school.ring()


async def handed_to_the_deputy(school, ref):
    await act(school, "assign", ref, "head", who="deputy-1")
    await school.ring()


async def told_to_the_place(school, ref):
    school.alter("update alerts set told = 'dsl' where told = 'head'")  # by whatever fault


async def needs_escalate(school, ref):
    await act(school, "escalate", ref, text="worse")
    await school.ring()


async def closed_and_handed_over(school, ref):
    await act(school, "close", ref, text="settled")
    await hand(school, ref)


SITUATIONS = (
    Situation("about pupils", "pupils", PLACE),
    Situation("about pupils, nobody acknowledged", "pupils", PLACE | {"deputy-1", "head"}, escalated),
    Situation("about pupils, needs escalated", "pupils", PLACE, needs_escalate),
    Situation("about pupils, the head leads", "pupils", PLACE | {"head"}, handed_to_the_head),
    Situation("about pupils, closed and handed over", "pupils", PLACE, closed_and_handed_over, listed=False),
    Situation("kept to the DSL and a deputy", "pupils", {"dsl", "deputy-1"}, kept_to_the_deputy),
    Situation(
        "kept to one and a deputy, nobody acknowledged", "pupils", {"second", "deputy-1"}, kept_to_one_beside_a_deputy
    ),
    Situation("kept to a deputy by somebody who went", "pupils", {"deputy-1"}, kept_to_one_who_went),
    Situation("about an adult", "adult", {"head"}),
    Situation("about an adult, nobody acknowledged", "adult", {"head", "chair"}, escalated),
    Situation("about an adult, kept by the head", "adult", {"head"}, kept_by_the_head),
    Situation("about the head", "head", {"chair"}),
    Situation("about the head, nobody acknowledged", "head", {"chair"}, escalated),
    Situation("about the team", "safeguarding", {"head"}),
    Situation("about the team, nobody acknowledged", "safeguarding", {"head", "chair"}, escalated),
    Situation("about the DSL, a deputy leads", "safeguarding", {"head", "deputy-1"}, handed_to_the_deputy, "dsl"),
    Situation("about the DSL, but their place was told", "safeguarding", {"second"}, told_to_the_place, "dsl"),
    Situation("about a deputy, nobody acknowledged", "safeguarding", {"head", "chair"}, escalated, "deputy-1"),
)


async def come_to(school, situation):
    """Bring it about; the reference. `gone` had it open while they were in the place, and is not in it now."""
    place = school.channels["web"].places["dsl"]
    place |= {"web:second", "web:gone"}
    more = {"member": situation.member} if situation.member else {}
    ref = await school.log(situation.about, **more)
    await school.ring()
    await school.press(f"open:{school.id(ref)}", school.person("gone"))
    if situation.then:
        await situation.then(school, ref)
    place.discard("web:gone")
    return ref


@pytest.fixture(params=SITUATIONS, ids=lambda situation: situation.name)
def situation(request):
    return request.param


async def every(school, names, ref, *, filled):
    """Every act of these on the concern, in every way that a hand could send it; or only its form, filled in."""
    found = [await attempts(school, name, ref, ref) for name in sorted(names)]
    return [one for tries in found for one in (tries[-1:] if filled else tries)]


def test_no_act_is_left_out():
    assert left_out() == set()


async def test_whom_it_has_not_reached_is_told_that_there_is_none_and_changes_nothing(school, situation):
    ref = await come_to(school, situation)
    tries = await every(school, ACTS, ref, filled=situation != SITUATIONS[0])
    before = school.everything()
    for who in set(STAFF) - situation.may:
        for one in tries:
            reply = await send(school, one, school.person(who))
            assert school.titles(reply) == [school.wording.not_yours_title], (who, one)
            assert len(reply.parts) == 1
        with pytest.raises(NotYoursError):
            await take(school, ref, who=who)
        assert school.everything() == before, who


async def test_whom_it_has_reached_may_do_every_act(school, situation):
    ref = await come_to(school, situation)
    for who in sorted(situation.may):
        for name in sorted(ACTS):
            one = (await attempts(school, name, ref))[0]
            reply = await send(school, one, school.person(who))
            assert reply.parts, (who, one)
            assert school.wording.not_yours_title not in school.titles(reply), (who, one)
        assert (await take(school, ref, who=who))[0].reference == ref


async def test_list_and_search_show_and_count_it_to_whom_it_has_reached_alone(school, situation):
    ref = await come_to(school, situation)
    concern = await school.ledger.concern(school.id(ref))
    asked = [{"text": ref}, {"stage": concern.stage}]
    asked += [{"text": f"child-1 {school.MARK}"}] if situation.about == "pupils" else []
    before = school.everything()
    for who in STAFF:
        person, may = school.person(who), who in situation.may
        listed = school.text(await school.press("list", person))
        assert (ref in listed) == (may and situation.listed), who
        typed = school.text(await school.say("open concerns", person))
        assert (ref in typed) == (may and situation.listed), who
        for values in asked:
            reply = await school.fill("find", values, person)
            none = school.wording.not_yours_title if who not in TEAM else school.wording.handing.found_title
            assert (ref in school.text(reply)) == may, (who, values)
            assert school.titles(reply)[0] == none
    assert school.everything() == before


@pytest.mark.parametrize("name", ["find", "code"])
async def test_what_names_no_concern_is_for_the_team_alone(school, name):
    await come_to(school, SITUATIONS[0])
    before = school.everything()
    for who in STAFF:
        if who not in TEAM:
            for one in ((name, None), (name, {"text": "TA-2026-0001", "stage": "any", "clock": "any"})):
                shown = school.text(await send(school, one, school.person(who)))
                assert "TA-" not in shown
            assert school.titles(await school.press(name, school.person(who))) == [school.wording.not_yours_title]
    assert school.everything() == before
    for who in TEAM:
        assert school.wording.not_yours_title not in school.titles(await school.press(name, school.person(who)))


async def test_what_is_the_reporters_is_theirs_whoever_else_has_it(school, situation):
    ref = await come_to(school, situation)
    tries = await every(school, OWN, ref, filled=False)
    before = school.everything()
    for who in set(STAFF) - {REPORTER}:
        for one in tries:
            reply = await send(school, one, school.person(who))
            assert school.titles(reply) == [school.wording.not_yours_title], (who, one)
        assert ref not in school.text(await school.press("mine", school.person(who)))
    assert school.everything() == before
    assert ref in school.text(await school.press("mine"))
    for one in tries:
        assert school.wording.not_yours_title not in school.titles(await send(school, one, school.person()))


async def test_whoever_is_not_staff_meets_the_same_card_whatever_they_send(school):
    ref = await come_to(school, SITUATIONS[0])
    tries = await every(school, ACTS | OWN, ref, filled=False)
    before = {table: school.rows(f"select * from {table}") for table in ("concerns", "chronology", "restrictions")}
    for who in ("pupil", "dsl", REPORTER):  # even by an id that somebody on the team has
        for one in (*tries, ("list", None), ("mine", None), ("find", {"text": ref}), ("code", None)):
            reply = await send(school, one, school.person(who, staff=False))
            assert school.titles(reply) == [school.wording.outsider_title], one
    assert {table: school.rows(f"select * from {table}") for table in before} == before
    assert school.count("codes") == 0


async def test_a_draft_is_its_writers_alone(school):
    checked = await school.check()
    steps = [choice.id for choice in school.choices(checked) if choice.id.startswith("step:")]
    form = f"form:{steps[0].split(':')[1]}:{steps[0].split(':')[2]}:pupils"
    before = school.everything()
    for who in set(STAFF) - {REPORTER}:
        for step in steps:
            assert school.MARK not in school.text(await school.press(step, school.person(who)))
        sent = Sent(form, {"happened": Words("other")}, "check")
        assert school.MARK not in school.text(await school.hear(school.person(who), form=sent))
    assert school.everything() == before


async def test_a_decision_begun_and_made_is_closed_to_whom_the_concern_has_not_reached(school):
    ref = await come_to(school, SITUATIONS[0])
    first = await attempts(school, "decide", ref)
    await send(school, first[-1], school.person("dsl"))
    for step in ("begun", "made"):
        tries = await every(school, ("decide", "decision"), ref, filled=False)
        before = school.everything()
        for who in set(STAFF) - PLACE:
            for one in tries:
                reply = await send(school, one, school.person(who))
                assert school.titles(reply) == [school.wording.not_yours_title], (step, who, one)
        assert school.everything() == before
        if step == "begun":
            await school.press(f"ack:{school.id(ref)}", school.person("dsl"))
            await decide(school, ref)
    assert school.entries(ref).count("decided") == 1


async def test_what_the_others_tried_does_change_the_record_when_the_dsl_does_it(school):
    """Or nothing would be claimed above: a form that is refused for another reason changes nothing either."""
    ref, other = await school.log(), await school.log()
    await school.ring()
    ends = ("close", "reopen", "close", "handed", "forget")
    for name in (
        "ack",
        "open",
        "chronology",
        "decision",
        "handover",
        *(one for one in TYPED if one not in ends),
        *ends,
    ):
        if name == "done":
            await act(school, "action", ref, text="to do", due="2030-01-01")
        id_, values = (await attempts(school, name, ref, other))[-1]
        before = school.everything()
        await send(school, (id_, values if name in TYPED else None), school.person("dsl"))
        assert school.everything() != before, name
