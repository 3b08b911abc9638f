"""Whatever a person types, presses or sends, wherever they are: they get a reply, and Signpost goes on."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot import Sent, Words
from tests.core.stores import BOTH

STORES = BOTH

STEPS = {
    "nothing open": (),
    "a question": ("triage:danger-or-concern",),
    "a later question": ("triage:nudes", "no-danger", "no-adult"),
    "an outcome": ("triage:nudes", "unsure"),
    "who it is about": ("log",),
    "the form": ("log", "pupils"),
    "the form, about the head": ("log", "head"),
    "the check": ("log", "pupils", "form"),
    "sent": ("log", "pupils", "form", ".send"),
}
NASTY = [
    "", " ", "\n", "\0", "\x1b[2J\x07", "word " * 8000, "a" * 40_000, "🙂" * 500, "👩‍👧‍👦", "\ud800 half \udfff",
    "מה לעשות אם ילד מספר לי", "ماذا أفعل", "\u202eevil\u202c", "\u200b\u200d\ufeff", "Ａｂｃ ①②", "İstanbul ß ﬁ",
    "<script>alert(1)</script><img src=x onerror=x>", "'; drop table concerns; --", "{dsl} {nothing} {{}} {0} %s %(x)s",
    "**bold** [link](http://x) `code` ## head", "<!channel> <@U123> @everyone", "\\ \\n \\x00", "-1", "00010", "0",
    "1" * 5000, "0001" + "0" * 5000, "\r\n\r\n", "log a concern:", "log a concern -", "stop.", "Send", "yes", "999",
]  # fmt: skip
ANY = st.one_of(st.text(), st.text(st.characters(exclude_categories=())), st.sampled_from(NASTY))
quickly = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
people = itertools.count()


@pytest.fixture
def reach(school):
    """Brings somebody new to a step: who they are."""

    async def walk(at):
        who = school.person(f"t{next(people)}")
        reply = None
        for press in STEPS[at]:
            if press == "form":
                reply = await school.fill(school.form(reply).id, school.account(), who)
            else:
                reply = await school.press(press if reply is None else school.id_of(reply, press), who)
        return who

    return walk


@pytest.fixture
def answered(school):
    """Claims that this gets a reply, and that the person is still heard after it."""

    async def claim(who, **what):
        reply = await school.hear(who, **what)
        assert reply.parts
        assert not reply.repeated
        assert all(len(choice.label) <= 75 for choice in school.choices(reply))
        assert (await school.press("emergency", who)).parts[0].tone == "urgent"

    return claim


@pytest.mark.parametrize("text", NASTY)
async def test_nasty_text_gets_a_reply_at_every_step(reach, answered, text):
    for at in STEPS:
        await answered(await reach(at), words=Words(text))


@given(st.sampled_from([*STEPS]), ANY)
@example("a question", "00010")
@quickly
async def test_any_text_from_any_step_gets_a_reply(reach, answered, at, text):
    await answered(await reach(at), words=Words(text))


@given(st.sampled_from([*STEPS]), st.lists(ANY, min_size=2, max_size=4))
@settings(quickly, max_examples=30)
async def test_any_texts_one_after_another_get_replies(reach, answered, at, texts):
    who = await reach(at)
    for text in texts:
        await answered(who, words=Words(text))


PRESSES = st.one_of(
    ANY,
    st.builds(
        lambda kind, rest: f"{kind}:{rest}",
        st.sampled_from(
            ["step", "ack", "open", "topic", "group", "triage", "form", "log", "none", "home", "emergency"]
        ),
        ANY,
    ),
)


@given(st.sampled_from([*STEPS]), PRESSES)
@example("nothing open", "ack:\ud800")
@quickly
async def test_any_choice_id_from_any_step_gets_a_reply(reach, answered, at, choice):
    await answered(await reach(at), choice=choice)


@given(st.sampled_from([*STEPS]), ANY, st.dictionaries(ANY, ANY, max_size=3))
@example("the form", "form:\ud800:1:pupils", {})
@quickly
async def test_any_form_from_any_step_gets_a_reply(reach, answered, at, form, values):
    sent = Sent(form, {key: Words(value) for key, value in values.items()})
    await answered(await reach(at), form=sent)


KEYS = [
    "now",
    "child-1",
    "child-1-role",
    "child-2-role",
    "happened",
    "date",
    "time",
    "where",
    "images",
    "children",
    "adult",
]


@given(
    st.sampled_from(["pupils", "adult", "head", "safeguarding"]),
    st.sampled_from(["check", "another-child"]),
    st.dictionaries(st.one_of(st.sampled_from(KEYS), st.text(max_size=60)), ANY, max_size=5),
)
@example("pupils", "check", {"children": "9" * 5000})
@quickly
async def test_any_values_in_the_open_form_are_kept_and_shown_again(school, answered, about, press, values):
    who = school.person(f"t{next(people)}")
    form = school.form(await school.begin(about, who))
    sent = Sent(form.id, {key: Words(value) for key, value in values.items()}, press)
    await answered(who, form=sent)
    draft = await school.draft(who)
    for key, value in sent.values.items():
        if key in {field.key for field in form.fields}:
            assert draft[key] == value.reveal()


@given(ANY, ANY)
@settings(quickly, max_examples=40)
async def test_what_was_typed_is_read_by_the_dsl_exactly_as_it_was_typed(school, happened, name):
    who = school.person(f"t{next(people)}")
    happened, name = (Words(f"x{text}y").reveal() for text in (happened, name))
    ref = await school.log(who=who, happened=happened, **{"child-1": name})
    opened = await school.press(f"open:{school.id(ref)}", school.person("dsl"))
    values = [fact.value.reveal() for card in school.cards(opened) for fact in card.facts]
    assert happened in values
    assert name in values
