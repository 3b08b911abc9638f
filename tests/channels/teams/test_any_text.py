"""Whatever is drawn and whoever typed it: a card that Teams takes, nothing alive in it, and what was typed comes back."""

from __future__ import annotations

import unicodedata
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.teams import read, render
from adapters.teams.blocks import clean
from bot import Card, Choice, Fact, Field, Form, Option, Part, Words
from tests.channels.teams.entry import actions, fill, heard, living, over_the_wire, payload, press, to_read
from tests.channels.teams.schema import faults, inside

TEXTS = st.one_of(
    st.text(max_size=80),
    st.text(alphabet="{}DATETIME()<>*_[]`#-1. \n\u202e\u2066", max_size=60),
    st.builds(lambda text, times: text * times, st.text(min_size=1, max_size=20), st.integers(1, 1_500)),
)
LABELS = st.text(alphabet=st.characters(categories=("L", "N", "P", "Zs")), min_size=1, max_size=75)
IDS = st.text(alphabet="abcdefghij0123456789:-=", min_size=1, max_size=60)
CARDS = st.builds(
    Card,
    LABELS,
    TEXTS,
    st.lists(st.builds(Fact, LABELS, TEXTS.map(Words)), max_size=3).map(tuple),
    st.sampled_from(["", "outside", "Part 5"]),
    st.sampled_from(["", "2021"]),
    st.sampled_from(["plain", "urgent", "alert", "done", "failed"]),
)
CHOICES = st.builds(Choice, LABELS, IDS, st.booleans())
OPTIONS = st.lists(st.builds(Option, IDS, LABELS), min_size=1, max_size=9, unique_by=lambda o: o.key).map(tuple)
OPEN = st.builds(
    Field,
    IDS,
    LABELS,
    st.sampled_from(["line", "text", "date", "time"]),
    LABELS | st.just(""),
    st.booleans(),
    value=st.none() | TEXTS.map(Words) | st.sampled_from(["2026-11-22", "13:45"]).map(Words),
    error=LABELS | st.just(""),
)
CLOSED = st.builds(
    Field,
    IDS,
    LABELS,
    st.sampled_from(["one_of", "many_of"]),
    options=OPTIONS,
    value=st.none() | st.text(max_size=9).map(Words),
)
FORMS = st.builds(
    Form,
    IDS,
    LABELS,
    TEXTS,
    st.lists(OPEN | CLOSED, min_size=1, max_size=6, unique_by=lambda f: f.key).map(tuple),
    LABELS,
    LABELS | st.just(""),
)


@settings(max_examples=80, deadline=None)
@given(st.lists(CARDS | CHOICES, max_size=9), st.none() | FORMS)
def test_any_parts_are_cards_that_teams_takes(parts: list[Part], form: Form | None) -> None:
    parts = [*parts, *([form] if form else [])]

    for card in over_the_wire(parts):
        assert faults(card) == []
        assert not list(living(card, "\0"))


@settings(max_examples=80, deadline=None)
@given(TEXTS)
def test_any_typed_text_is_shown_whole_and_as_nothing_but_text(typed: str) -> None:
    words = Words(typed)
    cards = over_the_wire([Card("x", facts=(Fact("label", words),))])

    runs = [t["text"] for card in cards for t in inside(card) if t.get("type") == "TextRun"][1:]
    assert "".join("".join(runs).split()) == "".join(clean(words.reveal()).split())
    assert not any(unicodedata.category(c) == "Cc" for run in runs for c in run.replace("\t", ""))
    titles = [t["text"] for card in cards for t in inside(card) if t.get("type") == "TextBlock"]
    assert titles == ["x"], "a TextBlock reads markdown: none but the title's"


@settings(max_examples=80, deadline=None)
@given(FORMS)
def test_any_form_comes_back_with_what_stood_in_it(form: Form) -> None:
    cards = over_the_wire([form])
    shown = "".join("".join(text for card in cards for text in to_read(card)).split())

    sent = heard(fill(cards, {})).form

    assert sent
    assert sent.form == Words(form.id).reveal()
    for field in form.fields:
        typed = field.value.reveal() if field.value is not None else ""
        if field.options:
            back = sent.values[field.key].reveal().split(",")
            assert set(back) - {""} <= {option.key for option in field.options}
        elif field.key in sent.values:
            assert sent.values[field.key] == Words(clean(typed)), "what stands in an input is what was typed"
        else:
            assert "".join(clean(typed).split()) in shown, "what is kept is shown"


@settings(max_examples=60, deadline=None)
@given(st.lists(CHOICES, min_size=1, max_size=12))
def test_any_choice_comes_back_by_its_id(choices: list[Choice]) -> None:
    buttons = [button for card in over_the_wire(choices) for button in actions(card)]

    assert [heard(press(button)).choice for button in buttons] == [choice.id for choice in choices]
    assert [button["title"] for button in buttons] == [choice.label for choice in choices]


@settings(max_examples=80, deadline=None)
@given(TEXTS)
def test_any_words_are_read_and_stay_words(typed: str) -> None:
    found = read.read(payload("message-personal", text=typed))

    assert isinstance(found, read.Typed)
    assert typed not in repr(found) or len(typed) < 9


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_any_json_is_read_or_refused(body: object) -> None:
    for name in ("card-form", "message-form", "dialog-more"):
        for raw in (body, payload(name, value=body), payload(name, conversation=body)):
            with suppress(read.NotReadableError):
                read.read(raw)


def test_render_and_read_know_no_sdk() -> None:
    for module in (render, read):
        assert module.__file__
        with open(module.__file__, encoding="utf-8") as source:
            assert "botbuilder" not in source.read()
