"""The concern form: what it asks, what is wrong with what was typed, and the lines that are kept."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot import Words, intake
from bot.triage import ABOUT

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
MARK = "zqmarkqz"
FREE = ("child-1", "happened", "said", "where", "known", "done", "told")
ANY_DRAFT = st.dictionaries(
    st.one_of(
        st.text(max_size=12), st.sampled_from([*FREE, "now", "date", "time", "images", "children", "child-2-role"])
    ),
    st.text(max_size=40),
)


@pytest.fixture(scope="session")
def library(guidance):
    return guidance.library


def whole(about):
    """A form with nothing wrong with it."""
    values = dict.fromkeys(FREE, f"{MARK} typed") | {
        "now": "no",
        "images": "unsure",
        "date": "2026-03-02",
        "time": "9:05",
    }
    named = {"member": "other"} if about == "safeguarding" else {}
    return values | ({"child-1-role": "unsure"} if about == "pupils" else {"adult": MARK}) | named


def faults(library, about, draft, now=NOW):
    return intake.faults(library, about, draft, now, LONDON)


def keys(library, about, draft):
    return [field.key for field in intake.fields(library, about, draft, {})]


# ---- what it asks


@pytest.mark.parametrize("about", ABOUT)
def test_danger_now_is_asked_first(library, about):
    assert keys(library, about, {})[0] == "now"


@pytest.mark.parametrize("about", ABOUT)
def test_a_concern_about_an_adult_asks_who_and_one_about_pupils_asks_their_part(library, about):
    asked = set(keys(library, about, {}))
    assert ("adult" in asked) == (about != "pupils")
    assert ("child-1-role" in asked) == (about == "pupils")


@pytest.mark.parametrize("about", ABOUT)
def test_the_form_shows_what_was_typed_and_what_is_wrong_with_it(library, about):
    draft = whole(about)
    fields = intake.fields(library, about, draft, {"happened": "too long"})
    assert {field.key: field.value.reveal() for field in fields} == draft
    assert {field.key: field.error for field in fields if field.error} == {"happened": "too long"}


@pytest.mark.parametrize("count", range(1, 11))
def test_each_child_named_has_a_block_from_one_to_ten(library, count):
    draft = {f"child-{count}": "typed"}
    assert [key for key in keys(library, "pupils", draft) if key.startswith("child")] == [
        key for n in range(1, count + 1) for key in (f"child-{n}", f"child-{n}-role")
    ]


def test_there_is_never_an_eleventh_child(library):
    draft = {f"child-{n}": "typed" for n in range(1, 30)} | {"children": "29"}
    assert intake.children(draft) == 10
    assert "child-11" not in keys(library, "pupils", draft)


@given(st.text())
@example("0")
@example("-1")
@example("²")
@example("٣")
@example("9" * 5000)
def test_any_number_of_children_asked_for_is_from_one_to_ten(asked):
    assert 1 <= intake.children({"children": asked}) <= 10


# ---- what is wrong


@pytest.mark.parametrize("about", ABOUT)
def test_a_whole_form_has_no_fault(library, about):
    assert faults(library, about, whole(about)) == {}


NEEDED = {
    "pupils": {"now", "child-1", "child-1-role", "happened", "images"},
    **{about: {"now", "adult", "happened"} for about in ABOUT[1:]},
}


@pytest.mark.parametrize("about", ABOUT)
@pytest.mark.parametrize("blank", [None, "", " \n\t "])
def test_what_is_required_is_named_and_only_that(library, about, blank):
    draft = {} if blank is None else dict.fromkeys(whole(about), blank)
    found = faults(library, about, draft)
    assert found.keys() == NEEDED[about]
    marked = {field.key for field in intake.fields(library, about, {}, {}) if field.required}
    assert marked == NEEDED[about]


@pytest.mark.parametrize("about", ABOUT)
def test_each_required_field_left_out_is_the_only_fault(library, about):
    for key in NEEDED[about]:
        draft = {other: value for other, value in whole(about).items() if other != key}
        assert faults(library, about, draft).keys() == {key}


def test_a_second_child_may_be_left_empty(library):
    assert faults(library, "pupils", whole("pupils") | {"children": "2"}) == {}


@pytest.mark.parametrize("typed", ["2026-03-02", "2026-03-01", "1999-12-31", " 2026-03-02 "])
def test_today_and_days_past_are_days(library, typed):
    assert faults(library, "pupils", whole("pupils") | {"date": typed}) == {}


@given(st.dates(min_value=date(2026, 3, 3)))
def test_a_day_that_has_not_come_is_named(library, day):
    found = faults(library, "pupils", whole("pupils") | {"date": day.isoformat()})
    assert found == {"date": library.wording.form_date_ahead}


def test_today_is_the_schools_day_not_the_servers(library):
    after_midnight = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)  # half past midnight on 1 July at the school
    assert faults(library, "pupils", whole("pupils") | {"date": "2026-07-01"}, after_midnight) == {}
    assert faults(library, "pupils", whole("pupils") | {"date": "2026-07-02"}, after_midnight).keys() == {"date"}
    assert faults(library, "pupils", whole("pupils") | {"date": "2026-07-01"}, after_midnight - timedelta(hours=1))


@pytest.mark.parametrize(
    "typed", ["yesterday", "02/03/2026", "2026-02-30", "2026-13-01", "2026", "0", "🙂", "2026-03-02T10:00"]
)
def test_what_is_no_day_is_named(library, typed):
    found = faults(library, "pupils", whole("pupils") | {"date": typed})
    assert found == {"date": library.wording.form_date_wrong}


@given(st.times())
def test_any_time_of_day_is_a_time(library, time):
    assert faults(library, "pupils", whole("pupils") | {"time": f"{time:%H:%M}"}) == {}


@pytest.mark.parametrize("typed", ["24:00", "12:60", "noon", "9", "9.15", "1:2:3", "-1:00", "13:45pm", "🕐", ":"])
def test_what_is_no_time_is_named(library, typed):
    found = faults(library, "pupils", whole("pupils") | {"time": typed})
    assert found == {"time": library.wording.form_time_wrong}


@pytest.mark.parametrize("about", ABOUT)
def test_one_character_too_many_is_named_in_each_field_and_nothing_is_cut(library, about):
    for key in [key for key, value in whole(about).items() if MARK in value]:
        draft = whole(about) | {key: "é" * 50_001}
        found = faults(library, about, draft)
        assert found == {key: library.say(library.wording.form_too_long, most="50,000", over="1")}
        shown = {field.key: field for field in intake.fields(library, about, draft, found)}
        assert len(shown[key].value.reveal()) == 50_001
        assert faults(library, about, whole(about) | {key: "é" * 50_000}) == {}


@pytest.mark.parametrize("key", ["now", "images", "child-1-role"])
@pytest.mark.parametrize("typed", ["Yes", "perhaps", "harmed now", "x" * 50_001, "<b>"])
def test_an_answer_that_is_not_offered_is_named(library, key, typed):
    assert faults(library, "pupils", whole("pupils") | {key: typed}).keys() == {key}


@given(ANY_DRAFT, st.sampled_from(ABOUT))
def test_whatever_is_typed_the_form_can_be_checked_drawn_and_kept(library, draft, about):
    found = faults(library, about, draft)
    drawn = intake.fields(library, about, draft, found)
    assert found.keys() <= {field.key for field in drawn}
    assert {line.label for line in intake.lines(library, about, draft)} <= {field.label for field in drawn}


def test_no_fault_quotes_what_was_typed(library):
    draft = dict.fromkeys(whole("pupils"), f"{MARK}\n" * 6000)
    assert MARK not in str(faults(library, "pupils", draft))
    assert len(faults(library, "pupils", draft)) == len(draft)


# ---- the lines that are kept


@pytest.mark.parametrize("about", ABOUT)
def test_every_field_typed_is_a_line_under_its_own_label_in_the_forms_order(library, about):
    draft = whole(about)
    w = library.wording
    said = {"now": w.form_no, "images": w.form_unsure, "child-1-role": w.form_unsure, "member": w.form_member_other}
    assert [(line.label, line.value) for line in intake.lines(library, about, draft)] == [
        (field.label, Words(said.get(field.key, draft[field.key])))
        for field in intake.fields(library, about, draft, {})
    ]


@given(ANY_DRAFT)
def test_unknown_keys_never_become_lines(library, extra):
    known = set(keys(library, "pupils", {f"child-{n}": "x" for n in range(1, 11)})) | {"children"}
    odd = {key: value for key, value in extra.items() if key not in known}
    assert intake.lines(library, "pupils", whole("pupils") | odd) == intake.lines(library, "pupils", whole("pupils"))


def test_fields_of_another_kind_of_concern_never_become_lines(library):
    draft = whole("pupils") | {"adult": MARK}
    assert intake.lines(library, "pupils", draft) == intake.lines(library, "pupils", whole("pupils"))


def test_a_field_left_empty_is_no_line(library):
    kept = intake.lines(library, "pupils", dict.fromkeys(whole("pupils"), "  ") | {"happened": "typed"})
    assert [line.value.reveal() for line in kept] == ["typed"]


def test_a_part_without_a_child_is_no_line(library):
    kept = intake.lines(
        library, "pupils", {"child-1": "A", "child-1-role": "harmed", "child-2-role": "alleged", "children": "2"}
    )
    assert [line.value.reveal() for line in kept] == ["A", library.wording.form_role_harmed]


def test_ten_children_are_ten_pairs_of_lines(library):
    draft = {f"child-{n}": f"child {n}" for n in range(1, 11)} | {f"child-{n}-role": "witness" for n in range(1, 11)}
    values = [line.value.reveal() for line in intake.lines(library, "pupils", draft)]
    assert values == [text for n in range(1, 11) for text in (f"child {n}", library.wording.form_role_witness)]


@pytest.mark.parametrize(
    ("now", "urgent"), [("yes", True), ("unsure", True), ("no", False), ("", False), (None, False)]
)
def test_yes_and_not_sure_are_urgent(now, urgent):
    assert intake.says_urgent({} if now is None else {"now": now}) is urgent
