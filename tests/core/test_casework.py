"""Working a case: notes, messages, hand-over, links, the whole chronology. Each on the record."""

from __future__ import annotations

import pytest

from bot import Choice, Form, case
from tests.core.casework import CLOSED, act, decide, told
from tests.core.stores import BOTH

STORES = BOTH
NEWS = "newsnews"
ACTS = ["note", "message", "assign", "action", "link", "restrict", "escalate", "close", "reopen"]


@pytest.fixture
async def ref(school):
    """A concern that was logged, told and acknowledged."""
    ref = await school.log()
    await school.ring()
    await school.press(f"ack:{school.id(ref)}", school.person("dsl"))
    await school.ring()
    return ref


async def opened(school, ref, who="dsl"):
    return await school.press(f"open:{school.id(ref)}", school.person(who))


# ---- who may, and how it looks


@pytest.mark.parametrize("name", [*ACTS, "more", "chronology", "decision", "done"])
async def test_no_act_is_for_those_whom_it_has_not_reached(school, ref, name):
    before = school.everything()
    for who in ("somebody", "teacher", "head", "deputy-1"):
        for reply in (
            await school.press(f"{name}:{school.id(ref)}", school.person(who)),
            await school.fill(f"{name}:{school.id(ref)}", {"text": NEWS, "who": "dsl"}, school.person(who)),
        ):
            assert school.titles(reply) == [school.wording.not_yours_title]
    assert school.everything() == before


@pytest.mark.parametrize("name", ACTS)
async def test_whoever_was_taken_off_the_team_a_second_ago_may_no_more(school, ref, name):
    school.channels["web"].places["dsl"].clear()
    reply = await school.fill(f"{name}:{school.id(ref)}", {"text": NEWS, "who": "dsl"}, school.person("dsl"))
    assert school.titles(reply) == [school.wording.not_yours_title]
    assert school.entries(ref) == ["logged", "acknowledged"]


async def test_the_alert_has_two_buttons_and_open_has_the_rest(school, ref):
    alert = next(alert for alert in school.channels["web"].screen.values() if alert.told == "dsl")
    assert len([part for part in alert.parts if isinstance(part, Choice)]) == 2
    inside = [choice.id.partition(":")[0] for choice in school.choices(await opened(school, ref))]
    assert inside == ["decide", "note", "message", "chronology", "more"]
    more = await school.press(f"more:{school.id(ref)}", school.person("dsl"))
    assert more.dialog
    assert [c.id.partition(":")[0] for c in school.choices(more)] == [
        "assign",
        "action",
        "link",
        "restrict",
        "escalate",
        "close",
        "similar",
        "handover",
    ]


@pytest.mark.parametrize("name", [name for name in ACTS if name != "reopen"])
async def test_every_act_answers_in_the_dialog(school, ref, name):
    shown = await school.press(f"{name}:{school.id(ref)}", school.person("dsl"))
    assert shown.dialog
    form = school.form(shown)
    assert (
        len(form.fields) <= 14
    )  # closing asks the most: why undecided, its reason, nine questions of the policy, three figures
    empty = await school.fill(form.id, {}, school.person("dsl"))
    assert empty.dialog
    assert any(field.error for field in school.form(empty).fields)
    assert school.entries(ref) == ["logged", "acknowledged"]


async def test_everything_that_is_done_is_in_the_chronology_with_who_did_it(school, ref):
    await act(school, "note", ref, text=NEWS)
    await act(school, "assign", ref, who="deputy-1")
    await act(school, "action", ref, text="ring home", due="2026-03-04")
    concern = await school.ledger.by_reference(ref)
    assert [e.what for e in concern.chronology[2:]] == ["noted", "assigned", "action"]
    assert {e.who for e in concern.chronology[2:]} == {school.person("dsl").name}
    shown = school.text(await opened(school, ref))
    for said in (NEWS, "ring home", school.library.school.people.deputies[0].name):
        assert said in shown
    assert (await school.ledger.audit()).breaks == ()


async def test_an_act_delivered_twice_is_done_once(school, ref):
    form = f"note:{school.id(ref)}"
    for _ in range(2):
        await school.fill(form, {"text": NEWS}, school.person("dsl"), event="same")
    assert school.entries(ref).count("noted") == 1


@pytest.mark.parametrize(("name", "values"), [("escalate", {}), ("close", CLOSED), ("assign", {"who": "deputy-1"})])
async def test_a_late_form_is_told_what_has_happened_since_and_changes_nothing(school, ref, name, values):
    form = school.form(await school.press(f"{name}:{school.id(ref)}", school.person("dsl")))
    await act(school, "note", ref, text="somebody else was first")
    reply = await school.fill(form.id, {"text": NEWS, **values}, school.person("dsl"))
    assert school.titles(reply)[0] == school.library.say(school.wording.case.since_title, reference=ref)
    assert school.wording.entry_noted in school.text(reply)
    assert school.entries(ref)[-1] == "noted"
    again = await school.fill(school.form(reply).id, {"text": NEWS, **values}, school.person("dsl"))
    assert not any(isinstance(part, Form) for part in again.parts)


async def test_that_somebody_looked_makes_no_form_late(school, ref):
    form = school.form(await school.press(f"close:{school.id(ref)}", school.person("dsl")))
    await opened(school, ref)
    await school.fill(form.id, CLOSED | {"text": NEWS}, school.person("dsl"))
    assert school.entries(ref)[-1] == "closed"


async def test_acknowledged_inside_the_dialog_it_is_answered_there_and_on_the_alert_in_the_chat(school):
    ref = await school.log()
    inside = next(c for c in school.choices(await opened(school, ref)) if c.id.startswith("ack:"))
    assert (await school.press(inside.id, school.person("dsl"))).dialog
    other = await school.log(who=school.person("other"))
    assert not (await school.press(f"ack:{school.id(other)}", school.person("dsl"))).dialog
    assert [school.entries(one)[-1] for one in (ref, other)] == ["acknowledged", "acknowledged"]


# ---- messages with the reporter


async def test_the_reporter_is_told_of_a_message_without_words_and_reads_it_alone(school, ref):
    await act(school, "message", ref, text=NEWS)
    await school.ring()
    alert = next(alert for alert in school.channels["web"].sent if alert.kind == "message")
    assert alert.told == "person:web:teacher"
    assert NEWS not in school.text(alert.parts)
    button = next(part for part in alert.parts if isinstance(part, Choice))
    reply = await school.press(button.id)
    assert reply.dialog
    assert NEWS in school.text(reply)
    assert school.entries(ref)[-2:] == ["messaged", "read"]


async def test_the_reporter_answers_and_those_who_have_it_are_told_without_words(school, ref):
    await act(school, "message", ref, text="come and see me")
    form = school.form(await school.press(f"read:{school.id(ref)}"))
    reply = await school.fill(form.id, {"text": NEWS})
    assert ref in school.titles(reply)[0]
    await school.ring()
    assert told(school, "answered") == ["dsl"]
    assert NEWS not in "".join(school.text(alert.parts) for alert in school.channels["web"].sent)
    assert NEWS in school.text(await opened(school, ref))
    assert NEWS in school.text(await school.press(f"read:{school.id(ref)}"))


async def test_urgent_words_in_an_answer_bring_up_whom_to_ring(school, ref):
    await act(school, "message", ref, text="come and see me")
    reply = await school.fill(f"reply:{school.id(ref)}", {"text": "he has a knife and is going to stab her now"})
    assert reply.parts[0] == school.ring_now("dsl")


@pytest.mark.parametrize("who", ["dsl", "head", "somebody"])
async def test_nobody_else_reads_or_answers_as_the_reporter(school, ref, who):
    await act(school, "message", ref, text=NEWS)
    for reply in (
        await school.press(f"read:{school.id(ref)}", school.person(who)),
        await school.fill(f"reply:{school.id(ref)}", {"text": "x"}, school.person(who)),
    ):
        assert school.titles(reply) == [school.wording.not_yours_title]
    assert school.entries(ref)[-1] == "messaged"


async def test_a_note_is_never_shown_to_the_reporter(school, ref):
    await act(school, "note", ref, text=NEWS)
    await act(school, "message", ref, text="hello")
    await school.ring()
    shown = [school.text(await school.press(f"read:{school.id(ref)}")), school.text(await school.say("my concerns"))]
    shown += [school.text(alert.parts) for alert in school.channels["web"].sent]
    assert NEWS not in "".join(shown)


async def test_my_concerns_leads_to_the_messages_when_there_are_any(school, ref):
    assert not [c for c in school.choices(await school.say("my concerns")) if c.id.startswith("read:")]
    await act(school, "message", ref, text=NEWS)
    assert [c for c in school.choices(await school.say("my concerns")) if c.id.startswith("read:")]


async def test_there_is_nothing_to_read_before_there_is_a_message(school, ref):
    before = school.everything()
    reply = await school.press(f"read:{school.id(ref)}")
    assert school.wording.case.read_none in school.text(reply)
    assert school.everything() == before


# ---- handing over


async def test_whoever_it_is_handed_to_is_told_and_may_open_it(school, ref):
    assert school.titles(await opened(school, ref, "deputy-1")) == [school.wording.not_yours_title]
    await act(school, "assign", ref, who="deputy-1")
    await school.ring()
    assert told(school, "assigned") == ["deputy-1"]
    assert school.account()["happened"] in school.text(await opened(school, ref, "deputy-1"))
    assert ref in school.text(await school.press("list", school.person("deputy-1")))


async def test_the_dsl_is_handed_it_in_their_own_chat(school, ref):
    await act(school, "assign", ref, who="dsl")
    await school.ring()
    assert (told(school, "assigned"), told(school, "assigned", "console")) == (
        ["person:web:dsl"],
        ["person:console:dsl"],
    )


async def test_the_last_hand_over_stands(school, ref):
    await act(school, "assign", ref, who="deputy-1")
    await act(school, "assign", ref, who="head")
    leads = case.assigned(await school.ledger.by_reference(ref))
    assert leads.name.reveal() == school.library.school.people.head.name


# ---- links


async def test_a_link_stands_in_both_chronologies(school, ref):
    other = await school.log(who=school.person("other"))
    await act(school, "link", ref, reference=other.lower(), text="same child")
    assert other in school.text(await opened(school, ref))
    assert ref in school.text(await opened(school, other))
    assert [school.entries(one).count("linked") for one in (ref, other)] == [1, 1]
    again = await act(school, "link", ref, reference=other, text="same child")
    assert school.wording.case.link_already in school.text(again)


@pytest.mark.parametrize("wrong", ["TA-2026-0099", "nonsense", "itself", "about the head"])
async def test_what_is_not_there_or_not_open_to_them_cannot_be_linked_nor_told_apart(school, ref, wrong):
    hidden = await school.log("head", school.person("other"))
    reference = {"itself": ref, "about the head": hidden}.get(wrong, wrong)
    reply = await act(school, "link", ref, reference=reference, text="same child")
    assert school.form(reply).fields[0].error == school.wording.case.link_wrong
    assert "linked" not in school.entries(ref)


async def test_a_linked_concern_that_is_not_open_to_them_is_not_named(school, ref):
    other = await school.log(who=school.person("other"))
    school.channels["web"].places["dsl"].add("web:second")
    await act(school, "link", ref, reference=other, text="same child")
    await act(school, "restrict", other, text="why", who="")
    assert other in school.text(await opened(school, ref))
    for choice in ("open", "chronology"):
        shown = school.text(await school.press(f"{choice}:{school.id(ref)}", school.person("second")))
        assert other not in shown
        assert "same child" not in shown


async def test_no_number_in_what_leaves_says_that_there_is_a_link_they_may_not_see(school, ref):
    other = await school.log(who=school.person("other"))
    school.channels["web"].places["dsl"].add("web:second")
    await act(school, "link", ref, reference=other, text="same child")
    await act(school, "note", ref, text=NEWS)
    await act(school, "restrict", other, text="why", who="")
    who, now = school.person("second"), school.clock.now()
    (taken,) = await school.desk.handing.take(school.guide, who, [ref], "PDF", now)
    assert "linked" not in [one.what for one in taken.chronology]
    assert [one.number for one in taken.chronology] == list(range(1, len(taken.chronology) + 1))


# ---- the whole chronology


async def test_the_whole_chronology_holds_every_entry_and_every_decision_with_its_year(school, ref):
    await act(school, "note", ref, text=NEWS)
    await decide(school, ref, reasons="first reasons")
    await decide(school, ref, reasons="second reasons")
    reply = await school.press(f"chronology:{school.id(ref)}", school.person("dsl"))
    shown = school.text(reply)
    assert reply.dialog
    assert not school.choices(reply)
    for said in (NEWS, "first reasons", "second reasons", "2 March 2026"):
        assert said in shown
    assert school.entries(ref)[-1] == "opened"


async def test_a_later_decision_is_offered_where_one_was_recorded(school, ref):
    await decide(school, ref)
    more = await school.press(f"more:{school.id(ref)}", school.person("dsl"))
    (later,) = [choice for choice in school.choices(more) if choice.id.startswith("decide:")]
    assert later.label == school.wording.decide_again_button
    assert school.form(await school.press(later.id, school.person("dsl"))).fields
