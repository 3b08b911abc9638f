"""Every card Signpost can draw in Teams: official schema, under the limit, whole, and typed text only ever text."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from adapters.teams import render
from bot import Card, Choice, Fact, Field, Form, Option, Words, notices
from tests.channels import test_contract as contract
from tests.channels.contract import NOW, Drawing, a_concern, without_layout
from tests.channels.school import LIBRARY
from tests.channels.teams.entry import Teams, actions, fill, heard, living, over_the_wire, press, to_read
from tests.channels.teams.schema import LIMIT, faults, inside

ASTRAL = "😀{{DATE(2026-11-22T10:00:00Z, SHORT)}} \u202e" * 400  # the most bytes a character can take
LINES = "a\n\nb\n" * 60
DRAWING_HALF = (
    contract.test_every_card_choice_and_form_is_drawn_whole,
    contract.test_parts_are_drawn_in_the_order_they_were_given,
    contract.test_the_longest_account_is_drawn_to_its_last_word,
    contract.test_a_card_of_one_letter_and_a_reply_of_nothing_are_drawn,
    contract.test_a_button_says_all_of_its_label,
    contract.test_choices_travel_as_ids,
    contract.test_two_buttons_that_say_the_same_are_told_apart,
    contract.test_a_button_whose_label_is_a_command_is_still_a_button,
    contract.test_a_form_comes_back_by_its_keys_with_what_was_typed,
    contract.test_typed_text_is_never_alive,
    contract.test_typed_text_is_shown_as_it_was_typed,
    contract.test_who_somebody_says_they_are_is_typed_text_too,
)


@pytest.mark.parametrize("claim", DRAWING_HALF, ids=lambda claim: claim.__name__)
def test_the_contracts_drawing_half(claim: Callable[[Teams], None]) -> None:
    claim(Teams())


@pytest.fixture(
    params=["", contract.HOSTILE, contract.LONGEST, ASTRAL, LINES], ids=["usual", "hostile", "long", "wide", "lines"]
)
def drawings(request: pytest.FixtureRequest) -> list[Drawing]:
    kinds = {}
    for drawing in contract.drawings(request.param):
        # Of the largest, one of each kind will do: they differ in whom they tell.
        if not request.param or drawing.name.startswith(("form", "check pupils", "opened pupils True", "alert pupils")):
            kinds[drawing.name] = drawing
    return list(kinds.values())


def test_every_card_is_one_that_teams_takes(drawings: list[Drawing]) -> None:
    for drawing in drawings:
        for card in over_the_wire(drawing.parts):
            assert faults(card) == [], drawing


def test_a_reply_is_one_card_unless_somebody_wrote_at_length() -> None:
    for drawing in contract.drawings():
        # The whole of what was ever done or decided, child by child: in a dialog, page by page.
        if not drawing.name.startswith(("chronology", "decision", "decide each child, check")):
            assert len(render.card(drawing.parts)) == 1, drawing


def test_nothing_typed_is_more_than_text(drawings: list[Drawing]) -> None:
    for drawing in drawings:
        for card in over_the_wire(drawing.parts):
            assert not list(living(card, contract.WORD)), drawing


def test_a_function_typed_by_somebody_is_never_left_whole_in_one_run() -> None:
    typed = Words("{{DATE(2026-11-22T10:00:00Z, SHORT)}} {{ time(x)}} {{{DATE(y)}}} {braces} {{other}}")

    (card,) = over_the_wire([Card("x", facts=(Fact("label", typed),))])

    runs = [thing["text"] for thing in inside(card) if thing.get("type") == "TextRun"]
    assert typed.reveal() in "".join(runs)
    assert "{" in runs
    assert not list(living(card, "not typed here"))


def test_a_notification_shows_a_title_and_no_typed_word() -> None:
    for drawing in contract.drawings(contract.HOSTILE):
        for body in render.activities(drawing.parts):
            assert body["type"] == "message"
            assert body["summary"]
            assert contract.WORD not in body["summary"]
            assert "text" not in body


# ---- forms


def a_form(*fields: Field, another: str = "Add another child") -> Form:
    return Form("form:c0:3:pupils", "Log a concern", "Not sent yet.", fields, "Check what I wrote", another)


def inputs(form: Form) -> dict[str, dict[str, object]]:
    return {t["id"]: t for c in over_the_wire([form]) for t in inside(c) if t.get("type", "").startswith("Input.")}


def test_each_kind_of_field_is_the_input_for_it() -> None:
    few, many = (tuple(Option(f"o{n}", f"Option {n}") for n in range(count)) for count in (6, 7))
    drawn = inputs(
        a_form(
            Field("line", "A line", "line"),
            Field("text", "A text", "text"),
            Field("date", "A day", "date", value=Words("2026-11-22")),
            Field("time", "A time", "time", value=Words("13:45")),
            Field("few", "One of few", "one_of", options=few, value=Words("o3")),
            Field("many", "Some of many", "many_of", options=many, value=Words("o1,o5")),
        )
    )

    kinds = {
        key: (one["type"], one.get("isMultiline") or one.get("isMultiSelect"), one.get("style"))
        for key, one in drawn.items()
    }
    assert kinds == {
        "line": ("Input.Text", None, None),
        "text": ("Input.Text", True, None),
        "date": ("Input.Date", None, None),
        "time": ("Input.Time", None, None),
        "few": ("Input.ChoiceSet", None, "expanded"),
        "many": ("Input.ChoiceSet", True, "compact"),
    }
    assert [one.get("value") for one in drawn.values()] == [None, None, "2026-11-22", "13:45", "o3", "o1,o5"]


@pytest.mark.parametrize(("kind", "typed"), [("time", "half past"), ("date", "2026-02-30"), ("date", "soon")])
def test_what_is_no_day_or_time_is_shown_as_it_was_typed_with_what_is_wrong(kind: str, typed: str) -> None:
    form = a_form(Field("when", "When?", kind, value=Words(typed), error="Write it as 13:45."))

    assert inputs(form)["when"]["value"] == typed
    assert "⚠ Write it as 13:45." in list(to_read(over_the_wire([form])[0]))


def test_a_half_filled_form_can_be_sent_by_every_button() -> None:
    form = a_form(Field("now", "Now?", "line", required=True), Field("said", "Said", "text", value=Words("was")))
    cards = over_the_wire([form])
    assert not any("isRequired" in thing or "regex" in thing for card in cards for thing in inside(card))

    for label, pressed in ((form.submit, "check"), (form.another_child, "another-child")):
        for old in (False, True):
            sent = heard(fill(cards, {"said": ""}, label=label, old=old)).form
            assert sent
            assert (sent.press, sent.form) == (pressed, form.id)
            assert {key: words.reveal() for key, words in sent.values.items()} == {"now": "", "said": ""}, (
                "emptied is sent as empty"
            )


@pytest.mark.parametrize("typed", [contract.LONGEST, ASTRAL * 3, LINES * 80], ids=["long", "wide", "lines"])
def test_what_is_too_long_for_an_input_is_shown_in_full_and_kept_or_replaced(typed: str) -> None:
    form = a_form(
        Field("child-1", "Child", "line", value=Words("Robin")),
        Field("happened", "What happened?", "text", value=Words(typed)),
    )
    cards = over_the_wire([form])

    shown = without_layout("".join(text for card in cards for text in to_read(card)))
    assert without_layout(typed.replace("\u202e", "")) in shown
    for fresh in ("", "It was like this."):
        sent = heard(fill(cards, {"happened": fresh})).form
        assert sent
        assert sent.values.get("happened") == (Words(fresh) if fresh else None), (
            "left empty, the core keeps what it has"
        )
        assert sent.values["child-1"] == Words("Robin")


def test_a_field_may_be_called_what_a_press_carries() -> None:
    keys = ("form", "press", "fields", "kept", "choice", "page", "msteams", "=form")
    form = a_form(*(Field(key, key, "line", value=Words(f"typed {key}")) for key in keys))

    sent = heard(fill(over_the_wire([form]), {})).form

    assert sent
    assert {key: words.reveal() for key, words in sent.values.items()} == {key: f"typed {key}" for key in keys}


# ---- buttons, dialogs and answers


def test_open_is_fetched_into_a_dialog_and_nothing_else_is() -> None:
    parts = notices.alert(LIBRARY, a_concern("pupils", "Sam Carter"), NOW)

    buttons = {b["data"]["choice"].partition(":")[0]: b for card in over_the_wire(parts) for b in actions(card)}

    assert buttons["open"]["type"] == "Action.Submit"
    assert buttons["open"]["data"]["msteams"] == {"type": "task/fetch"}
    assert buttons["ack"]["type"] == "Action.Execute"
    assert "msteams" not in buttons["ack"]["data"]
    assert buttons["ack"]["fallback"]["data"] == buttons["ack"]["data"]
    assert heard(press(buttons["ack"]["fallback"])).carried is False


def test_buttons_that_a_phone_would_cut_off_are_written_out_and_stand_alone() -> None:
    long, short = "An adult who works, helps or visits here", "Yes"
    (card,) = over_the_wire([Choice(f"{long}, or has", "a"), Choice(short, "b"), Choice("No", "c")])

    rows = [[a["title"] for a in t["actions"]] for t in inside(card) if t.get("type") == "ActionSet"]
    assert rows == [[f"{long}, or has"], ["Yes", "No"]]
    assert [t["text"] for t in inside(card) if t.get("type") == "TextRun"] == [f"{long}, or has"]


def test_a_dialog_knows_no_action_but_submit() -> None:
    for drawing in contract.drawings():
        value = render.task_module(drawing.parts, "Concern", again="home")["task"]["value"]
        card = json.loads(json.dumps(value["card"]["content"]))
        assert faults(card) == [], drawing
        kinds = {thing["type"] for thing in inside(card) if thing.get("type", "").startswith("Action.")}
        assert kinds <= {"Action.Submit"}
        assert not any("msteams" in action["data"] for action in actions(card))


def test_a_dialog_too_long_for_one_card_is_paged_and_loses_nothing() -> None:
    parts = notices.opened(LIBRARY, a_concern("pupils", f"{contract.LONGEST} the end of it"), NOW)
    pages, page = [], 0

    while True:
        card = render.task_module(parts, "Concern", again="open:0123", page=page)["task"]["value"]["card"]["content"]
        assert faults(card) == []
        more = [action for action in actions(card) if "page" in action["data"]]
        pages.append("".join(text for text in to_read(card) if text != render.MORE))
        if not more:
            break
        assert more[0]["data"] == {"choice": "open:0123", "page": page + 1}
        page += 1

    whole = "".join(text for card in render.card(parts) for text in to_read(card))
    assert len(pages) > 1
    assert without_layout("".join(pages)) == without_layout(whole)
    last = render.task_module(parts, "Concern", again="open:0123", page=99)
    assert last == render.task_module(parts, "Concern", again="open:0123", page=page), "a page that is gone is the last"


def test_an_answer_to_a_press_holds_one_card_and_the_rest_is_posted() -> None:
    parts = notices.opened(LIBRARY, a_concern("pupils", contract.LONGEST), NOW)

    answer, rest = render.invoke_card(parts), render.activities(parts)[1:]

    assert answer["statusCode"] == 200
    assert answer["type"] == "application/vnd.microsoft.card.adaptive"
    assert [answer["value"], *(body["attachments"][0]["content"] for body in rest)] == render.card(parts)
    assert all(len(json.dumps(body)) < LIMIT + 1_000 for body in rest)


def test_nothing_is_never_put_in_the_place_of_something() -> None:
    with pytest.raises(ValueError, match="invoke_message"):
        render.invoke_card(())
    with pytest.raises(ValueError, match="task_message"):
        render.task_module((), "Concern")


def test_a_dialog_whose_next_page_nobody_could_reach_is_not_drawn() -> None:
    parts = notices.opened(LIBRARY, a_concern("pupils", contract.LONGEST), NOW)

    with pytest.raises(ValueError, match="which choice"):
        render.task_module(parts, "Concern")
