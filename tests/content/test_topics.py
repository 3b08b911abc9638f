"""The pages carry what the policy says, lead to a person, and hold no number that the school cannot correct.

What each page must carry is in facts.yaml beside this file: a fact holds if all of `all` and one of `any`
stand in the page as staff read it, in lower case and plain quotes.
"""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

import policy_content
from bot.cards import topic_card
from policy_content import load

IDS = [
    "immediate-danger",
    "report-a-concern",
    "child-discloses",
    "who-can-refer",
    "contacts",
    "recording",
    "confidentiality",
    "what-happens-next",
    "within-24-hours",
    "borderline-advice",
    "route-internal",
    "route-early-help",
    "route-social-care",
    "route-police",
    "parents-and-consent",
    "alleged-perpetrator",
    "discipline-and-exclusion",
    "risk-and-support",
    "lessons-and-trends",
    "multi-agency",
    "what-is-peer-abuse",
    "signs",
    "who-is-vulnerable",
    "judging-behaviour",
    "behaviour-continuum",
    "banter",
    "no-reports",
    "group-patterns",
    "bullying",
    "relationship-abuse",
    "physical-abuse",
    "sexual-violence",
    "sexual-harassment",
    "online-sexual-harassment",
    "coerced-sexual-activity",
    "upskirting",
    "hazing",
    "nudes-incident",
    "nudes-disclosure",
    "nudes-law",
    "nudes-scope",
    "nudes-police",
    "nudes-motivation",
    "policy-scope",
    "related-policies",
    "policy-review",
    "prevention-and-education",
    "adult-allegation",
    "harm-at-home",
    "self-harm-or-suicide",
    "other-safeguarding",
    "about-the-bot",
]
URGENT = {"immediate-danger", "sexual-violence", "coerced-sexual-activity", "self-harm-or-suicide"}
OUTSIDE = {"adult-allegation", "harm-at-home", "self-harm-or-suicide", "other-safeguarding", "about-the-bot"}
NOT_COVERED = ("policy does not cover", "policy itself does not cover", "policy covers child-on-child abuse only")
APPENDIX_A = ("0800 131 3126", "0845 604 2886", "01785 895836", "01785 277151", "999", "101")
AGENCIES = ("first-response", "emergency-duty", "advice-service", "safeguarding-board")
PHONE_LIKE = re.compile(r"\+?\d(?:[ -]?\d){5,}|\b(?:999|101|111|112)\b")
DATE_OR_BRACES = re.compile(r"\b\d{4}-\d{2}-\d{2}\b|\{[^}]*\}")
BEFORE_REVIEW, AFTER_REVIEW = datetime(2022, 3, 1, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC)
FACTS = yaml.safe_load(Path(__file__).with_name("facts.yaml").read_text(encoding="utf-8"))
CONTENT = Path(policy_content.__file__).parent
FILES = [
    path.relative_to(CONTENT).as_posix() for path in sorted([*CONTENT.glob("t*/*.md"), *CONTENT.glob("t*/*.yaml")])
]


def page(library, topic_id):
    """The page as staff read it on a phone."""
    return topic_card(library, library.topics[topic_id], AFTER_REVIEW).body


def plain(text):
    straight = text.replace("**", "").translate(str.maketrans("“”‘’", "\"\"''"))
    return " ".join(straight.lower().split())


def carries(text, fact):
    wanted, choices = fact.get("all", []), fact.get("any", [])
    return all(piece in text for piece in wanted) and (not choices or any(piece in text for piece in choices))


def test_every_topic_of_the_policy_has_its_page(shipped):
    assert len(set(IDS)) == 52
    assert set(IDS) <= set(shipped.topics)


def test_every_topic_has_facts_to_carry():
    assert set(FACTS) == set(IDS)
    assert all(fact["fact"] and (fact.get("all") or fact.get("any")) for facts in FACTS.values() for fact in facts)


@pytest.mark.parametrize("topic", IDS)
def test_a_page_carries_the_facts_of_its_topic(topic, named):
    text = plain(page(named, topic))
    assert [fact["fact"] for fact in FACTS[topic] if not carries(text, fact)] == []


@pytest.mark.parametrize("topic", IDS)
def test_no_other_page_carries_all_the_facts_of_a_topic(topic, named):
    others = {other: plain(page(named, other)) for other in IDS if other != topic}
    assert [other for other, text in others.items() if all(carries(text, fact) for fact in FACTS[topic])] == []


@pytest.mark.parametrize("topic", IDS)
def test_a_page_names_the_way_to_a_person(topic, named):
    text = page(named, topic)
    if topic == "adult-allegation":
        assert "the head, Dr Head (01889 000004)" in text
        assert "the chair of governors, Mr Chair (01889 000005)" in text
        assert "Mrs Lead" not in text
    else:
        assert "the DSL, Mrs Lead (01889 000001)" in text


@pytest.mark.parametrize("topic", IDS)
def test_a_page_fits_a_phone_with_its_names_and_numbers(topic, shipped):
    assert len(page(shipped, topic)) <= 1600


@pytest.mark.parametrize("topic", IDS)
def test_a_page_has_no_brace_left(topic, shipped):
    assert not re.search(r"[{}]", page(shipped, topic))


@pytest.mark.parametrize("topic", IDS)
def test_a_page_shows_its_source_and_the_edition_of_the_policy(topic, shipped):
    fresh, overdue = (topic_card(shipped, shipped.topics[topic], now) for now in (BEFORE_REVIEW, AFTER_REVIEW))
    assert fresh.source
    assert "November 2021" in fresh.edition
    assert "November 2021" in overdue.edition
    assert "overdue" in overdue.edition
    assert "overdue" not in fresh.edition


def test_the_topics_that_cannot_wait_are_marked_urgent(shipped):
    assert {topic.id for topic in shipped.topics.values() if topic.urgent} >= URGENT


def test_an_urgent_page_names_999_in_its_first_line(shipped):
    urgent = [topic.id for topic in shipped.topics.values() if topic.urgent]
    assert [name for name in urgent if "999" not in page(shipped, name).splitlines()[0]] == []


@pytest.mark.parametrize("topic", sorted(URGENT))
def test_an_urgent_page_carries_the_numbers_of_social_care(topic, shipped):
    assert "0800 131 3126" in page(shipped, topic)
    assert "0845 604 2886" in page(shipped, topic)


@pytest.mark.parametrize("topic", IDS)
def test_a_page_says_that_the_policy_does_not_cover_it_just_where_it_does_not(topic, shipped):
    said = any(words in plain(page(shipped, topic)) for words in NOT_COVERED)
    assert said == (topic in OUTSIDE)
    assert (shipped.topics[topic].source == "outside") == (topic in OUTSIDE)


@pytest.mark.parametrize("topic", IDS)
def test_national_guidance_is_shown_with_its_name(topic, shipped):
    for passage in shipped.topics[topic].passages:
        if passage.heading == "National guidance":
            assert f"National guidance, for the DSL to confirm: {passage.guidance}" in page(shipped, topic)


# ---- numbers


@pytest.mark.parametrize("number", APPENDIX_A)
def test_every_number_of_appendix_a_is_on_the_contacts_page(number, shipped):
    assert re.search(rf"(?<!\d){number}(?!\d)", page(shipped, "contacts"))


@pytest.mark.parametrize("name", FILES)
def test_no_number_is_typed_into_a_page_or_a_triage(name):
    text = DATE_OR_BRACES.sub("", (CONTENT / name).read_text(encoding="utf-8"))
    assert PHONE_LIKE.findall(text) == []


@pytest.mark.parametrize("agency", AGENCIES)
def test_a_number_is_marked_until_somebody_has_rung_it(agency, folder, shipped):
    said = shipped.say(f"{{{agency}}}")
    number = shipped.school.agencies[agency].number
    assert said.endswith(f"{number} (number from 2021, not yet confirmed)")
    folder.swap("school.yaml", f"{number}\n    dated: 2021\n    confirmed:", f"{number}\n    confirmed: 2026-11-22")
    library = load(folder.path)
    assert library.say(f"{{{agency}}}").endswith(number)
    assert library.school.unconfirmed() == [name for name in AGENCIES if name != agency]


def test_999_and_101_are_never_marked(shipped):
    assert shipped.say("{police} {police-101}") == "999 101"
    assert not {"police", "police-101"} & set(shipped.school.unconfirmed())


def test_every_unconfirmed_number_on_a_page_is_marked(shipped):
    for number in APPENDIX_A[:4]:
        pages = [page(shipped, topic) for topic in IDS]
        marked = sum(text.count(f"{number} (number from 2021, not yet confirmed)") for text in pages)
        assert marked == sum(text.count(number) for text in pages) > 0


def test_people_nobody_has_named_are_reported(shipped):
    assert set(shipped.school.placeholders()) == {"dsl", "deputies", "head", "chair"}


def test_people_the_school_has_named_are_not_reported(named):
    assert named.school.placeholders() == []


@pytest.mark.parametrize(
    ("filled", "left"),
    [("Mrs Lead", "[DSL's phone]"), ("Ms Second", "[deputy's phone]"), ("Dr Head", "[name of the head]")],
)
def test_a_person_half_filled_in_is_still_reported(filled, left, folder):
    folder.name_people()
    person = re.search(rf"{{name: {filled}, phone: [0-9 ]+}}", folder.text("school.yaml"))[0]
    half = f'{{name: "{left}", phone: 01889 1}}' if "name" in left else f'{{name: {filled}, phone: "{left}"}}'
    folder.swap("school.yaml", person, half)
    roles = {"Mrs Lead": "dsl", "Ms Second": "deputies", "Dr Head": "head"}
    assert load(folder.path).school.placeholders() == [roles[filled]]
