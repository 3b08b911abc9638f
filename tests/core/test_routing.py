"""Who is told of a concern, who may open or acknowledge it, and who never learns that there is one."""

from __future__ import annotations

import asyncio

import pytest

from bot import Card, Choice
from bot.triage import ABOUT, Answer

TOLD = {"pupils": "dsl", "adult": "head", "head": "chair", "safeguarding": "head"}
EVERYONE = ("dsl", "deputy", "head", "chair", "teacher", "other")
MAY = {"pupils": {"dsl", "deputy"}, "adult": {"head"}, "head": {"chair"}, "safeguarding": {"head"}}
each_kind = pytest.mark.parametrize("about", ABOUT)
each_act = pytest.mark.parametrize("act", ["open", "ack"])


@pytest.fixture(autouse=True)
def deputy_is_in_the_place(school):
    """Beside the DSL, somebody whom school.yaml does not name is in the DSL place."""
    school.channels["web"].places["dsl"].add("web:deputy")


def not_yours(school):
    return (Card(school.wording.not_yours_title, school.library.say(school.wording.not_yours)),)


# ---- who is told


@each_kind
async def test_a_concern_is_told_to_those_it_goes_to_and_to_nobody_else(school, about):
    await school.log(about)
    await school.ring()
    assert [(alert.told, alert.via) for alert in school.channels["web"].sent] == [(TOLD[about], "web")]
    assert school.channels["console"].sent == []


@pytest.mark.parametrize("about", ["adult", "head", "safeguarding"])
async def test_a_concern_about_staff_is_never_told_to_the_dsl_place_whatever_happens_to_it(school, about):
    ref = await school.log(about)
    told = TOLD[about]
    for channel in school.channels.values():
        channel.fail(lasting=True)
    for _ in range(12):
        await school.ring()
        school.clock.forward(hours=1)
    for channel in school.channels.values():
        channel.work()
    await school.ring()
    await school.press(f"open:{school.id(ref)}", school.person(told))
    await school.press(f"ack:{school.id(ref)}", school.person(told))
    await school.ring()
    tried = {alert.told for channel in school.channels.values() for alert in channel.tried}
    assert tried - {"chair"} <= {told, "person:web:teacher"}
    assert "dsl" not in tried
    assert not [one for one in tried if one.startswith("deputy")]


async def test_a_triage_that_settled_whom_it_is_about_decides_who_is_told(school):
    for option, told in (("staff", "head"), ("safeguarding-team", "head"), ("head", "chair")):
        who = school.person(option)
        answers = ("danger-or-concern", "no-danger", "adult", option)
        steps = zip(("start", "danger", "about", "which-adult"), answers, strict=True)
        reply = await school.walk([*(Answer(*step) for step in steps), Answer("log", "")], who)
        checked = await school.fill(school.form(reply).id, school.account("adult"), who)
        ref = school.reference(await school.press(school.id_of(checked, ".send"), who))
        assert school.rows("select told from alerts where concern = ?", school.id(ref)) == [(told,)]


# ---- who may act


@each_kind
@each_act
async def test_only_those_a_concern_reached_may_act_on_it(school, about, act):
    id_ = school.id(await school.log(about))
    for name in EVERYONE:
        before = school.everything()
        reply = await school.press(f"{act}:{id_}", school.person(name))
        if name in MAY[about]:
            assert reply.parts != not_yours(school)
        else:
            assert reply.parts == not_yours(school)
            assert not reply.dialog
            assert school.everything() == before


@each_kind
@each_act
async def test_those_left_out_are_told_what_they_would_be_if_there_were_no_concern(school, about, act):
    id_ = school.id(await school.log(about))
    for name in set(EVERYONE) - MAY[about]:
        who = school.person(name)
        assert await school.press(f"{act}:{id_}", who) == await school.press(f"{act}:{'0' * 32}", who)


@each_act
async def test_a_reporter_may_not_act_on_their_own_concern(school, act):
    id_ = school.id(await school.log())
    assert (await school.press(f"{act}:{id_}")).parts == not_yours(school)


@each_kind
@each_act
async def test_the_same_name_in_another_chat_is_another_person(school, about, act):
    id_ = school.id(await school.log(about))
    for name in MAY[about]:
        stranger = school.person(name, channel="teams")
        assert (await school.press(f"{act}:{id_}", stranger)).parts == not_yours(school)


@each_act
async def test_the_dsl_place_of_every_connected_chat_counts(school, act):
    school.channels["console"].places["dsl"] = {"console:someone"}
    id_ = school.id(await school.log())
    assert (await school.press(f"{act}:{id_}", school.person("someone", channel="console"))).parts != not_yours(school)


@each_act
async def test_who_was_taken_out_of_the_place_a_second_ago_is_refused(school, act):
    id_ = school.id(await school.log())
    await school.ring()
    assert (await school.press(f"open:{id_}", school.person("deputy"))).dialog
    before = school.everything()
    school.channels["web"].places["dsl"].remove("web:deputy")
    school.clock.forward(seconds=1)
    assert (await school.press(f"{act}:{id_}", school.person("deputy"))).parts == not_yours(school)
    assert school.everything() == before


@each_act
async def test_who_is_no_longer_staff_is_refused_though_they_are_still_in_the_place(school, act):
    id_ = school.id(await school.log())
    before = school.rows("select * from concerns"), school.rows("select * from chronology")
    reply = await school.press(f"{act}:{id_}", school.person("deputy", staff=False))
    assert school.titles(reply) == [school.wording.outsider_title]
    assert (school.rows("select * from concerns"), school.rows("select * from chronology")) == before


# ---- when nobody can say who is in the place


@each_act
async def test_while_the_roster_is_unreadable_those_in_the_place_are_asked_to_try_again(school, act):
    id_ = school.id(await school.log())
    school.channels["web"].readable = False
    before = school.everything()
    reply = await school.press(f"{act}:{id_}", school.person("deputy"))
    assert school.titles(reply) == [school.wording.no_roster_title]
    assert school.MARK not in school.text(reply)
    assert school.everything() == before


@each_act
async def test_while_the_roster_is_unreadable_the_people_named_may_still_act(school, act):
    school.channels["web"].readable = False
    for about in ABOUT:
        who = school.person(f"teacher-{about}")
        id_ = school.id(await school.log(about, who))
        reply = await school.press(f"{act}:{id_}", school.person(TOLD[about]))
        assert reply.parts != not_yours(school)
        assert school.titles(reply) != [school.wording.no_roster_title]


@pytest.mark.parametrize("about", ["adult", "head", "safeguarding"])
@each_act
async def test_an_unreadable_roster_tells_those_left_out_nothing(school, about, act):
    id_ = school.id(await school.log(about))
    school.channels["web"].readable = False
    for name in set(EVERYONE) - MAY[about]:
        assert (await school.press(f"{act}:{id_}", school.person(name))).parts == not_yours(school)


# ---- opening


@each_kind
async def test_opening_shows_everything_typed_in_a_private_dialog(school, about):
    id_ = school.id(await school.log(about))
    reply = await school.press(f"open:{id_}", school.person(TOLD[about]))
    assert reply.dialog
    assert reply.to == "asker"
    values = {fact.value.reveal() for card in school.cards(reply) for fact in card.facts}
    assert {typed for typed in school.account(about).values() if school.MARK in typed} <= values
    assert school.person().name.reveal() in values


async def test_every_opening_is_in_the_chronology_it_shows(school):
    id_ = school.id(await school.log())
    for count in range(1, 4):
        school.clock.forward(minutes=1)
        reply = await school.press(f"open:{id_}", school.person("dsl"))
        assert school.entries("TA-2026-0001") == ["logged"] + ["opened"] * count
        history = school.cards(reply)[-1].facts
        assert [fact.value for fact in history[1:]] == [school.person("dsl").name] * count
        assert history[-1].label == f"{school.wording.entry_opened}, 10:0{count}"


@pytest.mark.parametrize("table", ["chronology", "concerns"])
async def test_what_cannot_be_entered_in_the_chronology_is_not_shown(school, table):
    id_ = school.id(await school.log())
    when = "insert" if table == "chronology" else "update"
    school.alter(f"create trigger no before {when} on {table} begin select raise(abort, 'no'); end")
    reply = await school.press(f"open:{id_}", school.person("dsl"))
    assert not reply.dialog
    assert school.MARK not in school.text(reply)
    assert school.entries("TA-2026-0001") == ["logged"]


async def test_an_opening_delivered_twice_is_entered_once(school):
    id_ = school.id(await school.log())
    for _ in range(2):
        await school.press(f"open:{id_}", school.person("dsl"), event="same")
    assert school.entries("TA-2026-0001") == ["logged", "opened"]


async def test_four_who_open_at_once_are_all_in_the_chronology(school, another_ledger, new_school):
    id_ = school.id(await school.log())
    other = new_school(await another_ledger(), list(school.channels.values()))
    replies = await asyncio.gather(
        *(
            school.press(f"open:{id_}", school.person(name), event=f"open-{n}", desk=one.desk)
            for n, (name, one) in enumerate([("dsl", school), ("deputy", other)] * 2)
        )
    )
    assert [reply.dialog for reply in replies] == [True] * 4
    assert school.entries("TA-2026-0001") == ["logged"] + ["opened"] * 4


# ---- acknowledging


async def test_acknowledging_twice_changes_nothing_and_says_when_and_by_whom(school):
    id_ = school.id(await school.log())
    await school.press(f"ack:{id_}", school.person("deputy"))
    before = school.everything()
    school.clock.forward(minutes=5)
    for name in ("deputy", "dsl"):
        reply = await school.press(f"ack:{id_}", school.person(name))
        assert "10:00" in school.text(reply)
        assert school.person("deputy").name.reveal() in school.text(reply)
        assert "TA-2026-0001" in school.titles(reply)[0]
    assert school.everything() == before


async def test_two_dsls_at_once_are_one_acknowledgement_and_the_second_is_told_of_the_first(
    school, another_ledger, new_school
):
    id_ = school.id(await school.log())
    other = new_school(await another_ledger(), list(school.channels.values()))
    names = ("dsl", "deputy")
    replies = await asyncio.gather(
        *(
            school.press(f"ack:{id_}", school.person(name), event=f"ack-{name}", desk=one.desk)
            for name, one in zip(names, (school, other), strict=True)
        )
    )
    done = [any(card.tone == "done" for card in school.cards(reply)) for reply in replies]
    assert sorted(done) == [False, True]
    winner = school.person(names[done.index(True)]).name.reveal()
    second = school.text(replies[done.index(False)])
    assert winner in second
    assert "10:00" in second
    assert school.entries("TA-2026-0001") == ["logged", "acknowledged"]


async def test_opening_and_acknowledging_at_once_are_both_recorded(school, another_ledger, new_school):
    id_ = school.id(await school.log())
    other = new_school(await another_ledger(), list(school.channels.values()))
    opened, acknowledged = await asyncio.gather(
        school.press(f"open:{id_}", school.person("dsl"), event="o"),
        school.press(f"ack:{id_}", school.person("deputy"), event="a", desk=other.desk),
    )
    assert opened.dialog
    assert school.titles(acknowledged) == ["You have acknowledged TA-2026-0001"]
    assert sorted(school.entries("TA-2026-0001")) == ["acknowledged", "logged", "opened"]


async def test_an_acknowledgement_delivered_twice_is_one(school):
    id_ = school.id(await school.log())
    for _ in range(2):
        await school.press(f"ack:{id_}", school.person("dsl"), event="same")
    assert school.entries("TA-2026-0001") == ["logged", "acknowledged"]
    assert school.rows("select count(*) from alerts where kind = 'told'") == [(1,)]


@each_kind
async def test_the_reporter_is_told_once_who_has_seen_it(school, about):
    id_ = school.id(await school.log(about))
    await school.ring()
    for _ in range(2):
        for act in ("open", "ack", "open"):
            await school.press(f"{act}:{id_}", school.person(TOLD[about]))
            await school.ring()
    told = [alert for alert in school.channels["web"].sent if alert.told == "person:web:teacher"]
    assert len(told) == 1
    shown = school.text(told[0].parts)
    assert "TA-2026-0001" in shown
    assert school.person(TOLD[about]).name.reveal() in shown
    assert "10:00" in shown


async def test_a_reporter_is_told_in_the_chat_they_wrote_from(school):
    reporter = school.person("teacher", channel="console")
    id_ = school.id(await school.log(who=reporter))
    await school.ring()
    await school.press(f"ack:{id_}", school.person("dsl"))
    await school.ring()
    assert [alert.told for alert in school.channels["console"].sent] == ["person:console:teacher"]


async def test_nobody_is_told_that_it_was_seen_before_it_was(school):
    id_ = school.id(await school.log())
    await school.ring()
    await school.press(f"open:{id_}", school.person("dsl"))
    await school.ring()
    assert {alert.told for alert in school.channels["web"].sent} == {"dsl"}


async def test_an_acknowledged_card_offers_open_and_no_second_acknowledgement(school):
    id_ = school.id(await school.log())
    await school.ring()
    reply = await school.press(f"ack:{id_}", school.person("dsl"))
    await school.ring()
    card = next(alert for alert in school.channels["web"].screen.values() if alert.told == "dsl")
    for parts in (reply.parts, card.parts):
        assert [part.id for part in parts if isinstance(part, Choice)] == [f"open:{id_}", f"decide:{id_}"]
