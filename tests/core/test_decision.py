"""What a decision asks, what is wrong with one, and the record it becomes. No ledger, no desk."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import decision, questions
from bot.concern import Account, Concern, Entry, Line
from bot.decision import Decision
from bot.talk import Words
from policy_content import load
from tests.core.casework import ANSWERS, CONTACT, NUDES, POLICE

LIBRARY = load()
W = LIBRARY.wording.decision
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
CLOSED_WORDS = st.text(max_size=30)
KEYS = sorted({*ANSWERS, *CONTACT, *POLICE, *NUDES, "routes", "none_why", "c-agency", "unknown key"})
DRAFTS = st.dictionaries(
    st.sampled_from(KEYS),
    st.one_of(CLOSED_WORDS, st.sampled_from(["yes", "no", "unknown", "a", "d", "a,d", "none", "a,none", "violent"])),
    max_size=len(KEYS),
)


def concern(about="pupils", *entries, logged=NOW - timedelta(hours=1)):
    return Concern(
        *("c", "TA-2026-0001", about, False, "acknowledged", 2, "web:teacher", logged),
        Account(Words("teacher"), ()),
        tuple(entries),
        frozenset({"dsl"}),
    )


def wrong(page, draft, of=None):
    return decision.faults(LIBRARY, of or concern(), page, draft, NOW)


def all_wrong(draft, of=None):
    """The first page that is not complete, or None."""
    found = decision.incomplete(LIBRARY, of or concern(), draft, NOW)
    return found and (found[0], sorted(found[1]))


# ---- pages


def test_the_police_can_be_named_wherever_school_yaml_has_them():
    turned = dict(reversed(LIBRARY.school.agencies.items()))
    library = LIBRARY.model_copy(update={"school": LIBRARY.school.model_copy(update={"agencies": turned})})
    for page, key in (("contact", "contact_agency"), ("route_d", "d-agency")):
        (asked,) = [field for field in decision.fields(library, concern(), page, {}, {}) if field.key == key]
        assert "police" in {option.key for option in asked.options}


def test_a_decision_about_pupils_asks_for_safety_first_and_reasons_last():
    assert decision.pages("pupils", {}) == ("safety", "weighing", "level", "routes", "family", "support")


def test_each_route_that_is_chosen_has_a_page_of_its_own():
    asked = decision.pages("pupils", {"routes": "a,b,c,d"})
    assert [page for page in asked if page.startswith("route_")] == ["route_a", "route_b", "route_c", "route_d"]


@pytest.mark.parametrize("level", ["abusive", "violent"])
@pytest.mark.parametrize("route", ["a", "b", "c", "d", "none"])
def test_abusive_or_violent_asks_when_somebody_was_contacted_whatever_the_route(level, route):
    assert "contact" in decision.pages("pupils", {"level": level, "routes": route})


@pytest.mark.parametrize("level", ["", "appropriate", "inappropriate", "problematic"])
def test_other_levels_do_not(level):
    assert "contact" not in decision.pages("pupils", {"level": level, "routes": "d"})


def test_nudes_have_an_initial_review_before_the_routes():
    asked = decision.pages("pupils", {"images": "yes"})
    assert asked.index("nudes") < asked.index("routes")


@pytest.mark.parametrize("about", ["adult", "head", "safeguarding"])
def test_a_concern_about_staff_is_given_no_level(about):
    asked = decision.pages(about, ANSWERS)
    keys = {field.key for page in asked for field in decision.fields(LIBRARY, concern(about), page, ANSWERS, {})}
    assert not keys & {"level", "repeated", "images", "alleged_safe"}


@given(DRAFTS)
def test_every_page_fits_a_phone_and_no_key_stands_twice(draft):
    for about in ("pupils", "adult"):
        keys = [
            field.key
            for page in decision.pages(about, draft)
            for field in decision.fields(LIBRARY, concern(about), page, draft, {})
        ]
        assert len(keys) == len(set(keys))
        for page in decision.pages(about, draft):
            shown = decision.fields(LIBRARY, concern(about), page, draft, {})
            assert 1 <= len(shown) <= 12
            assert all(questions.known(page, field.key) for field in shown)


def test_no_level_is_ever_suggested():
    for page in decision.pages("pupils", {}):
        for field in decision.fields(LIBRARY, concern(), page, {}, {}):
            assert not field.value
    labels = [field for field in decision.fields(LIBRARY, concern(), "level", {}, {}) if field.key == "level"]
    assert [option.key for option in labels[0].options] == [
        "appropriate",
        "inappropriate",
        "problematic",
        "abusive",
        "violent",
    ]


# ---- faults


def test_a_whole_decision_has_nothing_wrong_with_it():
    assert all_wrong(ANSWERS) is None


@pytest.mark.parametrize("key", ["harmed_done", "alleged_done", "level", "level_why", "routes", "views", "reasons"])
def test_what_the_policy_asks_is_needed(key):
    assert all_wrong(ANSWERS | {key: "  "})[1][-1:] == [key]


def test_safety_of_the_alleged_is_asked_for_as_that_of_the_harmed():
    assert {"harmed_safe", "harmed_done", "alleged_safe", "alleged_done"} <= set(wrong("safety", {}))


def test_the_contact_is_needed_with_whom_and_when():
    draft = ANSWERS | {"level": "abusive", "a-local": "none free", "a-specialist": "a clinic"}
    assert all_wrong(draft) == ("contact", ["contact_agency", "contact_date", "contact_person", "contact_time"])
    assert all_wrong(draft | CONTACT) is None


def test_a_contact_that_has_not_been_made_is_no_contact():
    draft = ANSWERS | {"level": "abusive"} | CONTACT | {"contact_time": "10:01"}
    assert wrong("contact", draft) == {"contact_date": W.not_yet}
    draft = {**CONTACT, "contact_date": "2025-03-02"}  # a mistyped year must not look like in time
    assert wrong("contact", draft) == {"contact_date": W.long_before}


def test_a_contact_after_the_limit_says_why():
    late = concern(logged=NOW - timedelta(days=3))
    draft = ANSWERS | {"level": "abusive"} | CONTACT
    assert list(wrong("contact", draft, late)) == ["contact_late"]
    assert wrong("contact", draft | {"contact_late": "nobody saw it"}, late) == {}


def test_the_limit_is_shown():
    assert "09:00 on 3 March" in decision.intro(LIBRARY, concern(), "contact")


def test_route_a_for_abusive_behaviour_asks_for_the_missing_support_and_the_specialist():
    draft = ANSWERS | {"level": "violent"}
    assert sorted(wrong("route_a", draft)) == ["a-local", "a-specialist"]
    assert wrong("route_a", ANSWERS) == {}


def test_not_referring_has_its_own_reason_and_excludes_a_referral():
    draft = ANSWERS | {"routes": "none"}
    assert all_wrong(draft) == ("route_none", ["none_change", "none_consulted", "none_why"])
    for route in ("b", "c", "d"):
        assert wrong("routes", ANSWERS | {"routes": f"none,{route}"}) == {"routes": W.either_or}
    assert wrong("routes", ANSWERS | {"routes": "a,none"}) == {}


def test_another_agency_is_named():
    draft = ANSWERS | POLICE | {"routes": "d", "d-agency": "other"}
    assert wrong("route_d", draft) == {"d-other": W.other_needed}


@pytest.mark.parametrize("route", ["c", "d"])
def test_a_referral_that_has_not_been_made_is_not_recorded_as_made(route):
    draft = {f"{route}-{key[2:]}": value for key, value in POLICE.items()} | {f"{route}-date": "2026-03-03"}
    assert wrong(f"route_{route}", ANSWERS | draft) == {f"{route}-date": W.not_yet}


def test_consent_that_was_not_given_and_exclusion_say_why():
    assert wrong("family", ANSWERS | {"consent": "refused"}).keys() == {"consent_why"}
    assert wrong("support", ANSWERS | {"exclusion": "yes"}).keys() == {"exclusion_why"}


@pytest.mark.parametrize("key", ["nudes_adult", "nudes_coerced", "nudes_aggravated"])
def test_an_aggravated_incident_always_goes_to_the_police(key):
    draft = ANSWERS | NUDES | {key: "yes"}
    assert all_wrong(draft) == ("routes", ["routes"])
    assert wrong("routes", draft)["routes"] == LIBRARY.say(W.police_needed)
    assert all_wrong(draft | POLICE | {"routes": "a,d"}) is None


@pytest.mark.parametrize("level", ["abusive", "violent"])
def test_an_abusive_incident_with_images_goes_to_the_police_too(level):
    draft = ANSWERS | NUDES | CONTACT | {"level": level, "a-local": "none", "a-specialist": "one"}
    assert all_wrong(draft) == ("routes", ["routes"])


@pytest.mark.parametrize("agency", ["police", "mash", "first-response"])
def test_the_police_are_reached_through_the_hub_or_first_response_as_well(agency):
    draft = ANSWERS | NUDES | POLICE | {"nudes_aggravated": "yes", "routes": "d", "d-agency": agency}
    assert all_wrong(draft) is None


def test_no_other_agency_stands_for_the_police():
    draft = ANSWERS | NUDES | POLICE | {"nudes_aggravated": "yes", "routes": "d", "d-agency": "advice-service"}
    assert all_wrong(draft) == ("route_d", ["d-agency"])


def test_an_experimental_incident_need_not_go_to_the_police():
    assert all_wrong(ANSWERS | NUDES) is None


def test_a_child_at_risk_of_harm_is_referred():
    draft = ANSWERS | NUDES | {"nudes_risk": "yes"}
    assert wrong("routes", draft) == {"routes": LIBRARY.say(W.harm_needs_referral)}


def test_what_was_answered_about_images_before_saying_there_are_none_counts_no_more():
    assert all_wrong(ANSWERS | NUDES | {"nudes_aggravated": "yes", "images": "no"}) is None


def test_a_later_decision_says_what_has_changed():
    again = concern("pupils", Entry(NOW, Words("dsl"), "decided", Words("free text")))
    assert wrong("support", ANSWERS | {"changed": ""}, again).keys() == {"changed"}


@given(DRAFTS)
def test_any_draft_is_judged_and_an_aggravated_one_never_passes_without_the_police(draft):
    draft = ANSWERS | draft
    found = decision.incomplete(LIBRARY, concern(), draft, NOW)
    if found is None:
        record = decision.decide(LIBRARY, concern(), draft)
        assert record.level in {"appropriate", "inappropriate", "problematic", "abusive", "violent"}
        assert record.routes
        if decision.aggravated(draft):
            assert "d" in record.routes
        if record.level in questions.SEVERE:
            assert record.said("contact_date")
    else:
        page, faults = found
        keys = {field.key for field in decision.fields(LIBRARY, concern(), page, draft, faults)}
        assert faults
        assert set(faults) <= keys


# ---- images that the reporter told of


def told_of_images(said):
    return replace(concern(), account=Account(Words("teacher"), (Line("Images?", Words(said), "images"),)))


@pytest.mark.parametrize("said", [LIBRARY.wording.form_no, LIBRARY.wording.form_unsure, ""])
@pytest.mark.parametrize("answer", ["", "yes", "no"])
def test_nothing_more_is_asked_where_the_reporter_did_not_say_that_there_are_images(said, answer):
    shown = decision.fields(LIBRARY, told_of_images(said), "level", {"images": answer}, {})
    assert "images_why" not in {field.key for field in shown}


@pytest.mark.parametrize("answer", ["", "yes"])
def test_nor_before_it_is_answered_that_there_are_none(answer):
    shown = decision.fields(LIBRARY, told_of_images(LIBRARY.wording.form_yes), "level", {"images": answer}, {})
    assert "images_why" not in {field.key for field in shown}


def test_images_that_the_reporter_told_of_are_answered_away_only_with_a_reason():
    told = told_of_images(LIBRARY.wording.form_yes)
    assert all_wrong(ANSWERS, told) == ("level", ["images_why"])
    whole = ANSWERS | {"images_why": "it was a drawing"}
    assert all_wrong(whole, told) is None
    assert decision.decide(LIBRARY, told, whole).said("images_why").reveal() == "it was a drawing"
    assert all_wrong(ANSWERS | NUDES, told) is None


# ---- the record


@given(DRAFTS)
def test_a_record_reads_back_as_it_was_written(draft):
    record = decision.decide(LIBRARY, concern(), {key: Words(value).reveal() for key, value in draft.items()})
    assert Decision.from_text(record.to_text()) == record


def test_a_record_begins_the_next_one_without_its_level_and_why_it_differs():
    again = concern("pupils", Entry(NOW, Words("dsl"), "decided", Words("free")))
    record = decision.decide(LIBRARY, again, ANSWERS)
    kept = {key: value for key, value in ANSWERS.items() if value and key not in {"changed", "level"}}
    assert record.draft() == kept


def test_only_what_the_pages_ask_for_is_recorded():
    record = decision.decide(LIBRARY, concern(), ANSWERS | NUDES | {"images": "no", "d-person": "somebody"})
    assert not {given.key for given in record.given} & {"nudes_who", "d-person"}


@pytest.mark.parametrize("text", ["", "referred, because", "{", "[]", "7", '{"format": "other"}'])
def test_a_decision_in_free_text_is_none_of_these(text):
    assert Decision.from_text(text) is None


def test_what_is_chosen_is_kept_as_key_and_in_words():
    record = decision.decide(LIBRARY, concern(), ANSWERS | POLICE | {"routes": "d,a"})
    assert record.routes == ("a", "d")
    assert record.said("routes").reveal() == f"{W.routes.a}; {W.routes.d}"
