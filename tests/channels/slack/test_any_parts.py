"""Whatever the core draws and whoever types what: inside Slack's limits, nothing alive, and what is sent comes back as typed."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from adapters.slack import read, render
from bot import Card, Choice, Fact, Field, Form, Option, Part, Words
from tests.channels.school import WORDS
from tests.channels.slack.client import Window, over_the_wire, shown
from tests.channels.slack.entry import acting, home, messages, windows
from tests.channels.slack.limits import faults

# Texts at Slack's limits are long, and Hypothesis warns of what it would take to print them.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")

MARK = "Zz9"  # in every typed text, and in no text of ours
NASTY = st.sampled_from(
    [("<!channel>", 1), ("<@U1>", 1), ("<https://x.example|y>", 1), ("*b* `c` :smile:", 1), ("&amp;", 1), ("&<>", 700),
     ("😀", 900), ("\u202e", 1), ("\n", 1), (" ", 1), ("> q", 1), ("a", 3000), ("e\u0301", 1500), ('"\\', 1600), ("x ", 4000)]
).map(lambda some: some[0] * some[1])  # fmt: skip
TYPED = st.lists(NASTY | st.text(max_size=40), max_size=3).map(lambda some: Words(MARK + "".join(some)))
OURS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)
TITLE = OURS.map(lambda said: f"T{said}".replace(MARK, "")) | st.just("A title & more " * 30)
BODY = st.lists(
    st.sampled_from(["## Why", "1. First", "2. Then", "- A point", "", "**bold** ends"]) | OURS
    | st.sampled_from([("words ", 900), ("**a** b ", 300)]).map(lambda some: some[0] * some[1]),
    max_size=12,
).map("\n".join)  # fmt: skip
ID = st.text("abc-", min_size=1, max_size=30)
LABEL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=75).map(
    lambda said: f"L{said}"[:75]
)
LONG_LABEL = LABEL | st.just(150).map(lambda times: "A very long label " * times)

CARDS = st.builds(
    Card,
    TITLE,
    BODY,
    st.lists(st.builds(Fact, LONG_LABEL, TYPED), max_size=6).map(tuple),
    st.sampled_from(["", "outside", "Part 3"]) | OURS,
    OURS,
    st.sampled_from(["plain", "urgent", "alert", "done", "failed"]),
)
CHOICES = st.builds(Choice, LABEL, ID, st.booleans())


@st.composite
def fields(draw: st.DrawFn) -> Field:
    key = draw(st.sampled_from(["", "child-1-", "child-2-"])) + draw(ID)
    kind = draw(st.sampled_from(["line", "text", "date", "time", "one_of", "many_of"]))
    offered = tuple(
        Option(f"{n}", draw(LABEL) if n % 3 else f"{n} " + "An option with a long name " * (n % 7))
        for n in range(draw(st.integers(1, 14) | st.just(101)) if kind.endswith("_of") else 0)
    )
    keys = st.lists(st.sampled_from([option.key for option in offered] or ["x"]), unique=True)
    values = {
        "one_of": st.sampled_from([option.key for option in offered] or ["x"]).map(Words),
        "many_of": keys.map(lambda some: Words(",".join(sorted(some, key=int)))),
        "date": st.dates().map(lambda day: Words(day.isoformat())),
        "time": st.times().map(lambda hour: Words(f"{hour:%H:%M}")),
    }
    value = draw(st.none() | values.get(kind, TYPED) | TYPED)
    hint, error = draw(OURS | st.just(300).map(lambda times: "A hint. " * times)), draw(st.just("") | OURS)
    return Field(key, draw(LONG_LABEL), kind, hint, draw(st.booleans()), offered, value, error)  # type: ignore[arg-type]


FORMS = st.builds(
    Form,
    ID,
    TITLE,
    BODY,
    st.lists(fields(), min_size=1, max_size=8, unique_by=lambda field: field.key).map(tuple),
    st.sampled_from(["Send", "Check everything that I wrote before it goes"]),
    st.sampled_from(["", "Add another child"]),
)
PARTS = st.lists(CARDS | CHOICES | FORMS, max_size=8)
QUICKLY = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


@QUICKLY
@given(PARTS)
def test_any_parts_are_inside_the_limits_of_every_surface(parts: list[Part]) -> None:
    for body in messages(parts):
        assert faults(body, "message") == []
    for view in windows(parts):
        assert faults(view, "modal") == []
    assert faults(home(parts), "home") == []


@QUICKLY
@given(PARTS)
def test_nothing_that_anybody_typed_is_alive_or_in_a_notification(parts: list[Part]) -> None:
    drawn = [*messages(parts), *windows(parts), home(parts)]

    assert [line for body in drawn for line in acting(body, MARK) if MARK in line] == []
    assert all(MARK not in body["text"] for body in messages(parts))


@QUICKLY
@given(FORMS)
def test_a_form_sent_untouched_says_what_it_held(form: Form) -> None:
    (view,) = windows((form,))
    assume(view["callback_id"] == "form")  # hundreds of options in letters of four bytes are a button

    sent = read.submission(Window(view).submission()).sent

    assert sent.form == form.id
    for field in form.fields:
        held = field.value or Words("")
        if field.key not in sent.values:
            assert len(held.reveal()) > 1000, "kept as it is, because the form has no room for it"
        elif not field.options:
            assert sent.values[field.key] == held
        elif field.kind == "one_of":
            assert sent.values[field.key].reveal() in {held.reveal(), ""}
        else:
            chosen = set(held.reveal().split(","))
            assert sent.values[field.key].reveal() == ",".join(o.key for o in field.options if o.key in chosen)


@QUICKLY
@given(FORMS, st.data())
def test_what_a_person_types_in_a_form_comes_back_as_typed(form: Form, data: st.DataObject) -> None:
    (view,) = windows((form,))
    assume(view["callback_id"] == "form")  # hundreds of options in letters of four bytes are a button
    window, typed = Window(view), {}
    drawn = {block["block_id"].partition("#")[0] for block in window.inputs}
    for field in (field for field in form.fields if field.key in drawn):
        if field.options:
            keys = [option.key for option in field.options]
            some = data.draw(st.lists(st.sampled_from(keys), unique=True, max_size=1 if field.kind == "one_of" else 9))
            typed[field.key] = ",".join(key for key in keys if key in some)
        else:
            room = 3000 * len([b for b in window.inputs if b["block_id"].partition("#")[0] == field.key])
            typed[field.key] = data.draw(TYPED).reveal()[:room]
        window.types(field.key, typed[field.key])

    sent = read.submission(window.submission()).sent

    assert {key: words.reveal() for key, words in sent.values.items()} == {
        key: Words(value).reveal() for key, value in typed.items()
    }


@QUICKLY
@given(FORMS)
def test_a_redrawn_form_never_mixes_old_pieces_with_new(form: Form) -> None:
    """Slack keeps what stands in an input while its block_id and action_id stay: so all pieces of a text stay, or none."""
    (before,), longer = windows((form,)), []
    for field in form.fields:
        value = (field.value or Words("")).reveal()
        longer.append(field if field.options else _with(field, Words(value + "more & more " * 250)))
    (after,) = windows((Form(form.id, form.title, form.intro, tuple(longer), form.submit),))

    def names(view: dict[str, object], key: str) -> set[str]:
        return {json.dumps([b["block_id"], b["element"]["action_id"]]) for b in Window(view).inputs if b["block_id"].partition("#")[0] == key}  # fmt: skip

    for field in form.fields:
        old, new = names(before, field.key), names(after, field.key)
        assert old == new or not old & new


def _with(field: Field, value: Words) -> Field:
    return Field(field.key, field.label, field.kind, field.hint, field.required, field.options, value, field.error)


@QUICKLY
@given(TYPED)
def test_a_text_of_any_length_is_cut_and_joined_again(typed: Words) -> None:
    form = Form("f", "T", "I", (Field("a", "A", "text", value=typed),), "Send")

    (view,) = windows((form,))

    assert faults(view, "modal") == []
    assert read.submission(Window(view).submission()).sent.values == {"a": typed}


@QUICKLY
@given(st.text(), st.text(max_size=200))
def test_a_pointer_is_never_alive(said: str, more: str) -> None:
    text = over_the_wire(render.pointer(said + "<!channel>" + more))["text"]

    assert "<" not in text
    assert read.readable(text) == said + "<!channel>" + more


def test_the_words_of_ours_that_stand_around_are_short_enough() -> None:
    for text in (WORDS.window_title, WORDS.window_close):
        assert len(text) <= 24


@pytest.mark.parametrize("letter", ["ش", "安", "😀"])
def test_letters_that_are_not_latin_weigh_more_and_still_fit_a_window(letter: str) -> None:
    long = Words(letter * 100_000)
    form = Form("f", "T", "I", (Field("a", "A", "text", value=long), Field("b", "B", "line")), "Send")
    card = Card("A title", facts=(Fact("Said", long),))

    read_in = windows((card,))

    for view in (*windows((form,)), *read_in):
        assert faults(view, "modal") == []
    assert faults(home((card,)), "home") == []
    assert sum(shown(view["blocks"]).count(letter) for view in read_in) == 100_000
