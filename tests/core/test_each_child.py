"""Where a concern names several children in a role, a decision asks about each of them by name, and is not complete before."""

from __future__ import annotations

import csv
import io
import json

import jsonschema
import pytest

from adapters.export.pdf import to_pdf
from adapters.export.table import to_csv
from bot import Words, decision, questions
from bot.concern import Account, Concern, Line
from bot.decision import Decision
from bot.export import as_data, record
from bot.involved import children
from tests.core.casework import ANSWERS, decide, fill_pages, page_of, save_of
from tests.core.test_decision import LIBRARY, NOW, W, all_wrong, wrong
from tests.core.test_decision import concern as plain
from tests.core.test_export import SCHEMA, read

HARMED, ALLEGED = LIBRARY.wording.form_role_harmed, LIBRARY.wording.form_role_alleged
SAW, UNSURE = LIBRARY.wording.form_role_witness, LIBRARY.wording.form_unsure
AMY, BEN, CAL, DEE = "Amy Ash, 8B", "Ben Birch, 8C", "Cal Cole, 9A", "Dee Dale, 9D"


def concern(*named: tuple[str, str], about: str = "pupils") -> Concern:
    """One that names these children with these roles."""
    lines = []
    for number, (name, role) in enumerate(named, 1):
        lines += [Line("Child", Words(name), f"child-{number}"), Line("Part", Words(role), f"child-{number}-role")]
    return Concern(
        *("c", "TA-2026-0001", about, False, "acknowledged", 2, "web:teacher", NOW),
        Account(Words("teacher"), tuple(lines)),
        (),
        frozenset({"dsl"}),
    )


TWO = concern((AMY, HARMED), (BEN, HARMED))
FOUR = concern((AMY, HARMED), (BEN, ALLEGED), (CAL, HARMED), (DEE, ALLEGED))


def keys(page, of):
    return [field.key for field in decision.fields(LIBRARY, of, page, {}, {})]


def each(*numbers, role="harmed", safe="yes"):
    """Answers about each of these children."""
    return {
        key: said
        for number in numbers
        for key, said in (
            (f"{role}_safe-{number}", safe),
            (f"{role}_done-{number}", f"done for {number}"),
            (f"{role}_support-{number}", f"support for {number}"),
        )
    }


def without(answers, *left_out):
    return {key: value for key, value in answers.items() if key not in left_out}


# ---- what is asked


@pytest.mark.parametrize(
    "of",
    [
        plain(),
        concern((AMY, HARMED)),
        concern((AMY, HARMED), (BEN, ALLEGED)),
        concern((AMY, UNSURE)),
    ],
)
def test_one_child_in_a_role_or_none_is_asked_about_as_ever(of):
    assert keys("safety", of) == ["harmed_safe", "harmed_done", "alleged_safe", "alleged_done", "others"]
    assert keys("support", of)[:2] == ["harmed_support", "alleged_support"]
    assert not any(field.of for field in decision.fields(LIBRARY, of, "safety", {}, {}))
    assert all_wrong(ANSWERS, of) is None


def test_each_of_several_is_asked_about_by_name_and_the_other_role_as_ever():
    shown = decision.fields(LIBRARY, TWO, "safety", {}, {})
    assert [field.key for field in shown] == [
        *("harmed_safe-1", "harmed_done-1", "harmed_safe-2", "harmed_done-2"),
        *("alleged_safe", "alleged_done", "others"),
    ]
    assert [field.of.reveal() for field in shown] == [AMY, AMY, BEN, BEN, "", "", ""]
    assert shown[2].asked.startswith(BEN)


def test_those_alleged_to_have_harmed_are_asked_about_no_less():
    assert keys("safety", FOUR)[4:8] == ["alleged_safe-2", "alleged_done-2", "alleged_safe-4", "alleged_done-4"]
    assert keys("support", FOUR)[:4] == [
        "harmed_support-1",
        "harmed_support-3",
        "alleged_support-2",
        "alleged_support-4",
    ]


def test_nobody_is_known_is_no_answer_about_a_child_who_is_named():
    options = {
        field.key: {option.key for option in field.options}
        for field in decision.fields(LIBRARY, FOUR, "safety", {}, {})
    }
    assert options["alleged_safe-2"] == options["harmed_safe-1"] == {"yes", "no", "unknown"}


def test_nor_is_it_about_the_only_one_who_is_named():
    of = concern((AMY, HARMED), (BEN, ALLEGED))
    (asked,) = [field for field in decision.fields(LIBRARY, of, "safety", {}, {}) if field.key == "alleged_safe"]
    assert {option.key for option in asked.options} == {"yes", "no", "unknown"}
    assert "alleged_safe" in wrong("safety", {"alleged_safe": "nobody"}, of)


def test_one_who_saw_it_and_is_named_does_not_go_unasked():
    of = concern((AMY, HARMED), (BEN, SAW), (CAL, SAW))
    assert all_wrong(ANSWERS, of) == ("safety", all_wrong(ANSWERS, of)[1])
    assert list(all_wrong(ANSWERS, of)[1]) == ["others"]
    assert all_wrong(ANSWERS | {"others": "both went home"}, of) is None


@pytest.mark.parametrize("part", [UNSURE, "", "as it was called last year"])
def test_a_child_whose_part_nobody_knew_does_not_go_unasked(part):
    of = concern((AMY, HARMED), (BEN, part))
    assert [child.number for child in children(LIBRARY, of, "harmed")] == [1, 2]
    assert "harmed_safe-2" in wrong("safety", {}, of)


def test_children_of_a_concern_about_staff_are_asked_about_each_as_well():
    of = concern((AMY, ""), (BEN, ""), about="adult")
    assert keys("safety", of)[:4] == ["harmed_safe-1", "harmed_done-1", "harmed_safe-2", "harmed_done-2"]
    assert {"harmed_support-1", "harmed_support-2"} <= set(keys("staff", of))


def test_no_key_holds_a_name_and_no_question_shows_one_to_a_log():
    for page in decision.pages("pupils", {}):
        for field in decision.fields(LIBRARY, FOUR, page, {}, {}):
            assert questions.known(page, field.key)
            assert not any(name in f"{field!r}{field.key}{field.label}{field.hint}" for name in (AMY, BEN, CAL, DEE))


def test_two_of_the_same_name_are_told_apart_and_a_long_name_is_cut():
    of = concern((AMY, HARMED), (AMY, HARMED), ("x" * 500, HARMED))
    first, second, third = (child.name.reveal() for child in children(LIBRARY, of, "harmed"))
    assert first != second
    assert len(third) <= 60


@pytest.mark.parametrize(
    "key", ["harmed_safe-0", "harmed_safe-11", "harmed_safe-x", "others-1", "level-1", "harmed_safe-"]
)
def test_no_other_number_is_taken_from_a_form(key):
    assert not questions.known("safety", key)


# ---- what is missing


WHOLE = ANSWERS | each(1, 2)


def test_a_decision_that_answers_for_each_is_complete():
    assert all_wrong(WHOLE, TWO) is None


@pytest.mark.parametrize("key", ["harmed_safe-2", "harmed_done-2", "harmed_safe-1", "harmed_done-1"])
def test_a_decision_that_leaves_out_a_child_is_not(key):
    assert all_wrong(without(WHOLE, key), TWO) == ("safety", [key])


def test_nor_is_one_that_leaves_out_the_support_of_a_child():
    assert all_wrong(without(WHOLE, "harmed_support-2"), TWO) == ("support", ["harmed_support-2"])


def test_an_answer_for_all_of_them_together_answers_for_none():
    assert sorted(wrong("safety", ANSWERS, TWO)) == [f"harmed_{part}-{n}" for part in ("done", "safe") for n in (1, 2)]


def test_any_mixture_of_answers_is_complete_only_when_each_child_has_one():
    whole = ANSWERS | each(1, 3) | each(2, 4, role="alleged")
    assert all_wrong(whole, FOUR) is None
    for key in (*each(1, 3), *each(2, 4, role="alleged")):
        assert all_wrong(without(whole, key), FOUR)[1] == [key]


# ---- what is recorded


RECORD = decision.decide(LIBRARY, TWO, WHOLE | {"harmed_safe-2": "no"})


def test_each_answer_is_recorded_beside_the_name_of_the_child():
    held = {given.key: given for given in RECORD.given}
    assert held["harmed_safe-1"].shown().reveal() == f"{AMY}: {W.answers.yes}"
    assert held["harmed_safe-2"].shown().reveal() == f"{BEN}: {W.answers.no}"
    assert held["harmed_support-2"].shown().reveal() == f"{BEN}: support for 2"
    assert held["harmed_safe-2"].chosen == ("no",)


def test_it_reads_back_as_it_was_written():
    assert Decision.from_text(RECORD.to_text()) == RECORD


def test_a_decision_that_was_recorded_before_children_were_asked_about_each_is_still_read():
    old = json.dumps(
        {"format": "decision-1", "titles": {"safety": "Safe?"}, "given": [["safety", "others", "?", "x", []]]}
    )
    assert not Decision.from_text(old).given[0].of


def test_a_later_decision_begins_with_each_childs_answers():
    assert {key: RECORD.draft()[key] for key in each(1, 2)} == each(1, 2) | {"harmed_safe-2": "no"}


# ---- as the DSL fills it in and reads it


ACCOUNT = {"child-1": AMY, "child-1-role": "harmed", "child-2": BEN, "child-2-role": "harmed"}


@pytest.fixture
async def ref(school):
    return await school.log(**ACCOUNT)


async def test_the_page_is_not_left_while_one_child_has_no_answer(school, ref):
    stuck = await fill_pages(school, ref, **without(each(1, 2), "harmed_safe-2"))
    assert page_of(school, stuck) == "safety"
    assert [field.key for field in school.form(stuck).fields if field.error] == ["harmed_safe-2"]
    assert "decided" not in school.entries(ref)


async def test_whoever_sees_the_childrens_names_to_decide_has_opened_it(school, ref):
    first = await school.press(f"decide:{school.id(ref)}", school.person("dsl"))
    assert school.form(first).fields[0].of.reveal() == AMY
    assert school.entries(ref) == ["logged", "opened"]
    late = await school.press(f"decide:{school.id(ref)}:safety:7", school.person("dsl"))
    assert school.form(late).fields[0].of.reveal() == AMY
    assert school.entries(ref) == ["logged", "opened", "opened"]


async def test_where_no_child_is_named_to_decide_is_not_to_open(school):
    ref = await school.log()
    await school.press(f"decide:{school.id(ref)}", school.person("dsl"))
    assert school.entries(ref) == ["logged"]


async def test_the_check_the_decision_and_the_printed_chronology_name_each_child(school, ref):
    checked = await fill_pages(school, ref, **each(1, 2))
    await school.press(save_of(school, checked), school.person("dsl"))
    for shown in (
        checked,
        await school.press(f"decision:{school.id(ref)}:3", school.person("dsl")),
        await school.press(f"chronology:{school.id(ref)}", school.person("dsl")),
    ):
        for said in (f"{AMY}: done for 1", f"{BEN}: done for 2", f"{BEN}: support for 2"):
            assert said in school.text(shown)


async def test_a_page_sent_late_is_shown_back_with_each_childs_name(school, ref):
    school.channels["web"].places["dsl"].add("web:second")
    late = school.form(await school.press(f"decide:{school.id(ref)}", school.person("second")))
    await fill_pages(school, ref, **each(1, 2))
    reply = await school.fill(late.id, {"harmed_done-2": "typed late"}, school.person("second"))
    assert f"{BEN}: typed late" in school.text(reply)


async def test_a_page_that_cannot_be_saved_is_shown_back_child_by_child(school, ref):
    form = school.form(await school.press(f"decide:{school.id(ref)}", school.person("dsl")))
    school.store.refuse("decision_drafts")
    reply = await school.fill(form.id, {"harmed_done-1": "for one", "harmed_done-2": "for two"}, school.person("dsl"))
    shown = school.text(reply)
    assert "1. for one" in shown
    assert "2. for two" in shown
    assert W.asks.each_harmed_done.ask in shown


async def test_what_was_typed_of_each_child_is_sealed_and_their_names_are_in_no_id(school, ref):
    reply = await fill_pages(school, ref, **each(1, 2))
    assert "done for 2" not in str(school.everything())
    ids = [choice.id for choice in school.choices(reply)]
    assert not any(name in id_ for id_ in ids for name in (AMY, BEN))


# ---- as it leaves


@pytest.fixture
async def leaving(school, ref):
    """The record of a decided concern, for an export."""
    await decide(school, ref, **each(1, 2))
    found = await school.ledger.by_reference(ref)
    return record(school.library, found, (), school.person("dsl").name, school.clock.now())


def test_each_answer_leaves_with_its_child_as_json(leaving):
    data = as_data(leaving)
    jsonschema.validate(data, SCHEMA, format_checker=jsonschema.FormatChecker())
    answers = [answer for page in data["decisions"][0]["pages"] for answer in page["answers"]]
    safe = {answer["child"]: answer["said"] for answer in answers if answer["asked"] == W.asks.each_harmed_safe.ask}
    assert safe == {AMY: W.answers.yes, BEN: W.answers.yes}
    assert {answer["child"] for answer in answers} == {AMY, BEN, ""}


def test_each_answer_leaves_with_its_child_on_paper_and_in_columns(school, leaving):
    paper = " ".join("\n".join(read(to_pdf(school.library, leaving))).split())
    (first, *_) = csv.DictReader(io.StringIO(to_csv([leaving]).decode("utf-8-sig"), newline=""))
    for said in (f"{AMY}: done for 1", f"{BEN}: done for 2", f"{BEN}: support for 2"):
        assert said in paper
        assert said in first["Decision"]
