"""Everything the product can draw, on every surface: inside Slack's limits, whole, and with nothing typed alive."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache

import pytest

from adapters.slack import render
from bot import Card, Choice, Fact, Field, Form, Option, Words, notices
from tests.channels.contract import NOW, Drawing, a_concern, everything_to_read, gallery, without_layout
from tests.channels.school import LIBRARY, WORDS, practice_shelf
from tests.channels.slack.client import Json, Window, buttons, shown
from tests.channels.slack.entry import acting, home, messages, windows
from tests.channels.slack.limits import faults

WORD = "Typed"
HOSTILE = "\n".join(
    f"{WORD} {line}"
    for line in (
        "<!channel> <!here> <!everyone> <@U0123> <#C0123|general> @everyone @channel",
        "<https://evil.example|here> https://evil.example mailto:a@evil.example",
        "*bold* _slanted_ ~gone~ `code` ```more``` :smile: :flag-gb:",
        "> quoted\n> Typed again",
        "&lt;!channel&gt; &amp;amp; <!date^1392734382^{date}|now>",
        "## Signpost says **this**",
        "\u202egnihtyna\u202c \u2066first\u2069 \u200e\u200f\u061c",
    )
)
LONGEST = (HOSTILE + "\n") * 130  # 49,140 characters


@cache
def on_every_surface(drawing: Drawing) -> list[tuple[str, Json]]:
    return [
        *(("message", body) for body in messages(drawing.parts)),
        *(("modal", view) for view in windows(drawing.parts)),
        ("home", home(drawing.parts)),
    ]


TYPED = {"short": "R", "hostile": HOSTILE, "longest": LONGEST}
LARGEST = {
    "form pupils, full",
    "check pupils",
    "opened pupils True, seen",
    "alert pupils True, seen",
    "told pupils True",
}


def drawn_with(length: str) -> list[Drawing]:
    found = gallery(practice_shelf().guidance(), TYPED[length])
    return [one for one in found if length != "longest" or one.name in LARGEST]


@pytest.fixture(scope="module", params=TYPED)
def drawings(request: pytest.FixtureRequest) -> list[Drawing]:
    return drawn_with(request.param)


@pytest.fixture(scope="module", params=["short", "hostile"])
def ordinary(request: pytest.FixtureRequest) -> list[Drawing]:
    return drawn_with(request.param)


def test_every_drawing_is_inside_the_limits_of_every_surface(drawings: list[Drawing]) -> None:
    for drawing in drawings:
        for surface, body in on_every_surface(drawing):
            assert faults(body, surface) == [], f"{drawing} as {surface}"


def test_nothing_that_was_typed_is_alive(drawings: list[Drawing]) -> None:
    for drawing in drawings:
        for surface, body in on_every_surface(drawing):
            assert list(acting(body, WORD)) == [], f"{drawing} as {surface}"


def test_the_notification_holds_nothing_that_was_typed(drawings: list[Drawing]) -> None:
    titles = {part.title for drawing in drawings for part in drawing.parts if not isinstance(part, Choice)}
    for drawing in drawings:
        for body in messages(drawing.parts):
            assert body["text"] in titles


def test_every_message_is_whole(ordinary: list[Drawing]) -> None:
    for drawing in ordinary:
        seen = without_layout("\n".join(shown(body["blocks"]) for body in messages(drawing.parts)))
        for part in drawing.parts:
            for text in everything_to_read(part) if not isinstance(part, Form) else (part.title, part.intro):
                assert without_layout(_unturned(text)) in seen, f"{drawing}: not drawn: {text[:80]}"


def test_every_window_is_whole(ordinary: list[Drawing]) -> None:
    for drawing in ordinary:
        seen = _unturned(without_layout("\n".join(shown(view["blocks"]) for view in windows(drawing.parts))))
        for part in drawing.parts:
            for text in everything_to_read(part):
                assert without_layout(_unturned(text)) in seen, f"{drawing}: not drawn: {text[:80]}"


def test_the_longest_account_is_whole_in_messages_and_in_windows() -> None:
    parts = notices.opened(LIBRARY, a_concern("pupils", LONGEST), NOW)
    values = [fact.value.reveal() for part in parts if isinstance(part, Card) for fact in part.facts]
    whole = without_layout(_unturned(LONGEST))

    for bodies in (messages(parts), windows(parts)):
        blocks = [block for body in bodies for block in body["blocks"] if not buttons([block], "page")]
        seen = "".join(shown([block]) for block in blocks if not shown([block]).startswith("Part "))
        assert without_layout(seen).count(whole) == sum(LONGEST.strip() in value for value in values) > 10


def test_buttons_in_a_row_are_few_enough_for_a_phone(drawings: list[Drawing]) -> None:
    for drawing in drawings:
        for _, body in on_every_surface(drawing):
            assert all(len(block["elements"]) <= 5 for block in body["blocks"] if block["type"] == "actions")


def _unturned(text: str) -> str:
    return "".join(
        c for c in text if c not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
    )


# ---- messages


def test_an_alert_carries_its_key_once_and_only_where_there_is_one() -> None:
    long = (Card("A title", facts=(Fact("Said", Words("word " * 8000)),)),)

    first, *rest = render.messages(long, wording=WORDS, key="concern/1")

    assert first["metadata"] == {"event_type": "signpost_alert", "event_payload": {"key": "concern/1"}}
    assert rest
    assert all("metadata" not in body for body in rest)
    assert "metadata" not in render.messages(long, wording=WORDS)[0]


def test_a_long_message_is_cut_well_below_what_slack_refuses() -> None:
    many = tuple(Card(f"Card {n}", "x" * (173 * n % 2500)) for n in range(120))

    for body in messages(many):
        assert len(json.dumps(body["blocks"], ensure_ascii=False, separators=(",", ":"))) <= 12_000


def test_ordinary_replies_are_one_message() -> None:
    for drawing in gallery(practice_shelf().guidance()):
        count = len(messages(drawing.parts))
        if drawing.name.startswith(("alert", "sent", "told", "question", "clarify", "unknown", "ring", "topic ")):
            assert count == 1, f"{drawing}: {count}"


def test_no_link_is_unfurled() -> None:
    (body,) = render.messages((Card("x"),), wording=WORDS)

    assert body["unfurl_links"] is False
    assert body["unfurl_media"] is False


def test_a_title_with_angle_brackets_is_only_a_title_in_the_notification() -> None:
    (body,) = render.messages((Card("Who is <!channel> & co"),), wording=WORDS)

    assert body["text"] == "Who is &lt;!channel&gt; &amp; co"


def test_no_parts_are_no_message() -> None:
    assert render.messages((), wording=WORDS) == []
    for surface, body in (("modal", render.modal((), wording=WORDS)), ("home", render.home((), wording=WORDS))):
        assert faults(body, surface) == []


def test_tones_are_told_apart_without_colour() -> None:
    heads = {render.messages((Card("x", tone=tone),), wording=WORDS)[0]["blocks"][0]["text"]["text"] for tone in
             ("plain", "urgent", "alert", "done", "failed")}  # fmt: skip

    assert len(heads) == 5


def test_a_title_is_not_left_behind_by_what_it_leads() -> None:
    cards = tuple(Card(f"Card {n}", "A line of text. " * 60) for n in range(40))

    for body in render.messages(cards, wording=WORDS):
        assert body["blocks"][-1]["type"] != "header"
        assert body["blocks"][0]["type"] == "header"


def test_buttons_are_never_alone_in_a_message() -> None:
    cards = tuple(part for n in range(40) for part in (Card(f"Card {n}", "x" * 200), Choice("Open", f"open:{n}")))

    bodies = render.messages(cards, wording=WORDS)

    assert len(bodies) > 1
    assert all(body["blocks"][0]["type"] == "header" for body in bodies)


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        ("one\ntwo\n\nthree", "one\ntwo\n\nthree"),
        ("1. a\n2. b\n\nthen\n\n3. c", "1. a\n2. b\n\nthen\n3. c"),
        ("1. a\nmore of a\n- p\n- q", "1. a\nmore of a\n- p\n- q"),
        ("## Head\ntext", "Head\ntext"),
        ("2026. a year", "2026. a year"),
        ("**bold** and not", "bold and not"),
        ("**not closed", "**not closed"),
    ],
)
def test_the_small_markup_is_drawn(body: str, seen: str) -> None:
    (drawn,) = render.messages((Card("T", body),), wording=WORDS)

    assert shown(drawn["blocks"]) == f"T\n{seen}"


def test_bold_is_bold() -> None:
    (drawn,) = render.messages((Card("T", "Ring **999** now"),), wording=WORDS)

    assert drawn["blocks"][1]["elements"][0]["elements"] == [
        {"type": "text", "text": "Ring "},
        {"type": "text", "text": "999", "style": {"bold": True}},
        {"type": "text", "text": " now"},
    ]


# ---- the Home tab


def test_a_home_tab_that_does_not_fit_says_that_there_is_more() -> None:
    many = tuple(part for n in range(60) for part in (Card(f"Concern {n}", "x"), Choice("Add", f"add:{n}")))

    body = home(many)

    assert faults(body, "home") == []
    assert shown(body["blocks"]).endswith(WORDS.home_more)
    assert WORDS.home_more not in shown(home(many[:40])["blocks"])


# ---- windows


def test_the_longest_account_is_in_the_window_to_its_last_word_over_pages() -> None:
    parts = notices.opened(LIBRARY, a_concern("pupils", LONGEST + "the end of it"), NOW)

    found = windows(parts)

    assert len(found) > 1
    assert "the end of it" in shown(found[-1]["blocks"]) or "the end of it" in shown(found[-2]["blocks"])
    for nth, view in enumerate(found, 1):
        to = {button["value"] for button in buttons(view["blocks"], "page")}
        assert to == {str(n) for n in (nth - 1, nth + 1) if 1 <= n <= len(found)}


def test_a_page_that_is_not_there_is_the_nearest() -> None:
    parts = notices.opened(LIBRARY, a_concern("pupils", LONGEST), NOW)
    last = render.pages(parts, wording=WORDS)

    assert render.modal(parts, wording=WORDS, page=99) == render.modal(parts, wording=WORDS, page=last)
    assert render.modal(parts, wording=WORDS, page=-1) == render.modal(parts, wording=WORDS)


def test_a_form_too_long_for_slack_keeps_back_its_longest_texts_and_no_other() -> None:
    (form,) = (
        part for one in gallery(practice_shelf().guidance(), LONGEST) if one.name == "form pupils, full"
        for part in one.parts if isinstance(part, Form)
    )  # fmt: skip

    (view,) = windows((form,))
    drawn = {block["block_id"].partition("#")[0] for block in view["blocks"] if block["type"] == "input"}
    kept = {field.key for field in form.fields} - drawn

    assert kept
    assert all(len(field.value.reveal()) > 3000 for field in form.fields if field.key in kept and field.value)
    assert WORDS.form_too_long_to_draw in shown(view["blocks"])
    assert {field.key for field in form.fields if field.kind in {"date", "time", "one_of"}} <= drawn


def test_a_form_beside_more_than_a_window_holds_is_a_button_in_it_and_nothing_is_lost() -> None:
    long = Card("A title", facts=(Fact("Said", Words("word " * 90_000)),))
    form = Form("f", "T", "I", (Field("a", "A", "line"),), "Send")

    found = windows((long, form))

    assert all(faults(view, "modal") == [] for view in found)
    assert "".join(shown(view["blocks"]) for view in found).count("word") == 90_000
    assert [button["value"] for view in found for button in buttons(view["blocks"], "form")] == ["f"]


def test_what_was_wrong_stands_above_its_field() -> None:
    wrong = Field("where", "Where?", "line", value=Words("x"), error="Say where.")
    form = Form("f", "T", "I", (Field("a", "A", "line"), wrong), "Send")

    (view,) = windows((form,))
    kinds = [(block["type"], shown([block])) for block in view["blocks"]]

    assert kinds[-2][0] == "rich_text"
    assert "Say where." in kinds[-2][1]
    assert kinds[-1][1].startswith("Where?")
    assert render.errors(form) == {"where": "Say where."}


def test_a_text_that_takes_another_number_of_inputs_is_drawn_in_inputs_of_other_names() -> None:
    """Slack keeps what stands in an input while its names stay: an old piece must not stand beside a new one."""
    seen: list[set[tuple[str, str]]] = []
    for length in (10, 3500, 6500):
        form = Form("f", "T", "I", (Field("a", "A", "text", value=Words("x" * length)),), "Send")
        (view,) = windows((form,))
        seen.append({(one["block_id"], one["element"]["action_id"]) for one in Window(view).inputs})

    assert [len(names) for names in seen] == [1, 2, 3]
    assert not seen[0] & seen[1]
    assert not seen[1] & seen[2]


def test_a_nearly_full_text_has_another_input_to_go_on_in() -> None:
    form = Form("f", "T", "I", (Field("a", "A", "text", value=Words("x" * 2900)),), "Send")

    (view,) = windows((form,))

    assert len(Window(view).inputs) == 2
    assert shown(view["blocks"]).endswith(f"A {WORDS.form_continued}\n")


def test_a_child_can_be_added_to_a_form_that_is_not_whole() -> None:
    form = Form("f", "T", "I", (Field("child-1", "Child", "line", required=True),), "Send", "Add another child")

    (view,) = windows((form,))
    (more,) = buttons(view["blocks"], "another-child")

    assert more["value"] == "f"
    assert more["text"]["text"] == "Add another child"


OPTIONS: dict[tuple[str, int], str] = {
    ("one_of", 10): "radio_buttons",
    ("one_of", 11): "static_select",
    ("one_of", 101): "static_select",
    ("many_of", 10): "checkboxes",
    ("many_of", 11): "multi_static_select",
    ("many_of", 250): "multi_static_select",
}


@pytest.mark.parametrize(("kind", "count"), OPTIONS)
def test_options_are_drawn_as_what_holds_them_and_come_back(kind: str, count: int) -> None:
    offered = tuple(Option(f"k{n}", f"Option {n}") for n in range(count))
    value = f"k{count - 1}" if kind == "one_of" else f"k0,k{count - 1}"
    form = Form("f", "T", "I", (Field("a", "A", kind, options=offered, value=Words(value)),), "Send")  # type: ignore[arg-type]

    (view,) = windows((form,))

    assert faults(view, "modal") == []
    assert view["blocks"][-1]["element"]["type"] == OPTIONS[kind, count]
    assert Window(view).inputs == view["blocks"][-1:]


def test_an_option_too_long_for_a_button_is_said_whole_beside_it() -> None:
    long = "An option that says a great deal more than Slack has room for, and whose end is what matters most of all"
    form = Form("f", "T", "I", (Field("a", "A", "one_of", options=(Option("k", long), Option("l", "No"))),), "Send")

    (view,) = windows((form,))

    assert faults(view, "modal") == []
    assert f"1. {long}" in shown(view["blocks"])
    assert view["blocks"][-1]["element"]["options"][0]["text"]["text"].startswith("1. An option")


@pytest.mark.parametrize(
    ("kind", "typed", "drawn"),
    [
        ("date", "2026-11-22", "datepicker"),
        ("date", "yesterday", "plain_text_input"),
        ("date", "2026-02-30", "plain_text_input"),
        ("date", "20261122", "plain_text_input"),
        ("time", "13:45", "timepicker"),
        ("time", "half past", "plain_text_input"),
        ("time", "1:45", "plain_text_input"),
    ],
)
def test_a_day_or_time_that_no_picker_can_show_is_kept_as_typed(kind: str, typed: str, drawn: str) -> None:
    form = Form("f", "T", "I", (Field("a", "A", kind, value=Words(typed)),), "Send")  # type: ignore[arg-type]

    (view,) = windows((form,))

    assert view["blocks"][-1]["element"]["type"] == drawn
    assert typed in shown(view["blocks"])


@pytest.mark.parametrize("draw", [render.modal, render.home])
def test_a_form_where_there_can_be_none_is_a_button(draw: Callable[..., Json]) -> None:
    other = Form("one", "One", "", (Field("a", "A", "line"),), "Send")
    form = Form("two", "Two", "Why", (Field("a", "A", "line", value=Words("what was typed"), error="No."),), "Send")

    body = draw((other, form), wording=WORDS)

    assert buttons(body["blocks"], "form")[-1]["value"] == "two"
    assert "A: what was typed" in shown(body["blocks"])
    assert "No." in shown(body["blocks"])


def test_a_pointer_is_only_text() -> None:
    assert render.pointer("See <here> & there") == {
        "response_type": "ephemeral",
        "text": "See &lt;here&gt; &amp; there",
    }
