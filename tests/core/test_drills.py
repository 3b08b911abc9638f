"""A drill says that it is one, by every route and whatever is said of it; once it was heard it asks for nothing more."""

from __future__ import annotations

import pytest

from adapters.email.render import render
from adapters.keeping import _begin_drill
from bot import Alert, Card, Form, clocks, notices

REF = "TA-2026-0001"
OF_A_CONCERN = ("concern", "decide", "quiet", "assigned", "kept", "action", "added", "answered")
TO_THE_REPORTER = ("told", "waiting", "settled", "message")


@pytest.fixture
async def drill(school):
    """Its id."""
    await _begin_drill(school.ledger, school.library.school, "web", school.clock.now())
    await school.ring()
    return school.id(REF)


@pytest.fixture
def dsl(school):
    return school.person("dsl")


@pytest.fixture
def web(school):
    return school.channels["web"]


def parts_of(school, concern, kind):
    key = f"{kind}/{concern.id}/1.0/dsl"
    return notices.alert_parts(school.library, kind, concern, school.clock.now(), key=key, told="dsl")


def email_of(school, concern, kind):
    alert = Alert("key", REF, "dsl", "email", 1, school.clock.now(), None, parts_of(school, concern, kind), kind, None)
    return render(alert, "signpost@school.example", "dsl@school.example", "school.example", school.clock.now())


@pytest.mark.parametrize("acknowledged", [False, True])
@pytest.mark.parametrize("kind", OF_A_CONCERN + TO_THE_REPORTER)
async def test_an_alert_of_any_kind_says_drill_first_in_chat_and_by_email(school, drill, dsl, kind, acknowledged):
    if acknowledged:
        await school.press(f"ack:{drill}", dsl)
    concern = await school.ledger.concern(drill)
    first = parts_of(school, concern, kind)[0]
    assert first.title.startswith("DRILL")
    assert first.body.startswith("DRILL")
    mail = email_of(school, concern, kind)
    assert mail["Subject"].startswith("DRILL")
    assert mail.get_content().startswith("DRILL")


async def test_what_is_no_drill_does_not_say_that_it_is(school):
    concern = await school.ledger.by_reference(await school.log(now="yes"))
    for kind in OF_A_CONCERN:
        assert "DRILL" not in school.text(parts_of(school, concern, kind))
        assert "DRILL" not in email_of(school, concern, kind).as_string()


async def test_one_that_is_kept_to_others_says_so_too(school, drill, dsl):
    await school.fill(f"restrict:{drill}", {"who": "dsl", "text": "because"}, dsl)
    concern = await school.ledger.concern(drill)
    assert concern.kept_to
    assert parts_of(school, concern, "decide")[0].title.startswith("DRILL")


async def test_once_acknowledged_it_asks_for_nothing_more(school, drill, dsl, web):
    await school.press(f"ack:{drill}", dsl)
    await school.ring()
    before = len(web.sent)
    for _ in range(80):
        school.clock.forward(hours=1)
        await school.ring()
    assert web.sent[before:] == []
    assert clocks.late(await school.ledger.concern(drill), school.library.school, school.clock.now()) == frozenset()


async def test_until_then_it_rings_and_names_no_decision(school, drill, web):
    for _ in range(30):
        school.clock.forward(hours=1)
        await school.ring()
    assert {alert.kind for alert in web.sent} == {"concern"}
    assert {alert.told for alert in web.sent} == {"dsl", "deputy-1", "head"}
    drawn = school.text(web.sent[-1].parts)
    assert drawn.startswith("DRILL")
    assert school.wording.alert_decide not in drawn


async def test_nobody_is_asked_to_decide_it_and_it_can_be_closed(school, drill, dsl):
    replies = [await school.press(f"{act}:{drill}", dsl) for act in ("more", "ack", "open", "more")]
    offered = {choice.id.partition(":")[0] for reply in replies for choice in school.choices(reply)}
    assert "decide" not in offered
    assert "close" in offered
    assert "being told" not in school.text(replies[1])


@pytest.mark.parametrize("tail", ["", ":safety:0", ":check:0", ":save:0"])
async def test_an_old_button_to_decide_it_says_that_it_was_a_drill_and_asks_nothing(school, drill, dsl, tail):
    entries = school.entries(REF)
    for reply in (
        await school.press(f"decide:{drill}{tail}", dsl),
        await school.fill(f"decide:{drill}{tail}", {"others": "typed"}, dsl),
    ):
        assert reply.dialog
        assert school.wording.decision.drill in school.text(reply)
        assert not [part for part in reply.parts if not isinstance(part, Card)]
    assert "typed" in school.text(reply), "what was typed is shown back"
    assert school.count("decision_drafts") == 0
    assert school.entries(REF) == entries


@pytest.mark.parametrize("act", ["ack", "open", "more", "chronology", "close", "note", "assign", "decide", "handover"])
async def test_what_is_shown_of_it_to_whoever_opens_it_says_drill(school, drill, dsl, act):
    reply = await school.press(f"{act}:{drill}", dsl)
    shown = [part for part in reply.parts if isinstance(part, (Card, Form)) and REF in part.title]
    assert reply.parts[0].title.startswith("DRILL")
    assert all(part.title.startswith("DRILL") for part in shown)


async def test_in_the_list_it_is_marked(school, drill, dsl):
    listed = await school.say("open concerns", dsl)
    (title,) = (title for title in school.titles(listed) if REF in title)
    assert title.startswith("DRILL")
