"""A school's own folder: whole files replace, new files add, `retired` removes, and a bad edit changes nothing."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import policy_content
from adapters.shelf import Shelf, read_guidance
from policy_content import ContentError, load

HAZING, NUDES = "topics/hazing.md", "triage/nudes.yaml"
TUCK = """\
---
title: The tuck shop till is short
group: kinds
owner: Designated Safeguarding Lead
source: outside
edition: March 2026
reviewed: 2026-03-01
---
## First
1. Tell {dsl}.

## Why
Somebody may be made to take it.

## Who
The DSL looks into it.
"""
TUCK_PHRASES = """\
phrases:
  - "money gone from the tuck shop till"
  - "tuck shop takings do not add up"
"""


# ---- replacing, adding, retiring


def test_a_file_of_the_school_replaces_the_whole_shipped_file(folder, shipped):
    folder.put(HAZING, TUCK)
    library = load(folder.path)
    page = library.topics["hazing"]
    assert page.title == "The tuck shop till is short"
    assert page.edition == "March 2026"
    assert page.related == ()
    assert [passage.heading for passage in page.passages] == ["First", "Why", "Who"]
    assert shipped.topics["hazing"].related, "nothing of the shipped page is left"


def test_every_other_page_stays_as_shipped(folder, shipped):
    folder.put(HAZING, TUCK)
    library = load(folder.path)
    assert {**library.topics, "hazing": None} == {**shipped.topics, "hazing": None}
    assert (library.triages, library.wording, library.school) == (shipped.triages, shipped.wording, shipped.school)


def test_a_schools_own_triage_replaces_the_whole_shipped_one(folder):
    folder.put(
        NUDES,
        """\
title: Ours
source: Appendix B
edition: March 2026
reviewed: 2026-03-01
groups: [nudes]
start: one
questions:
  one:
    ask: Is it ours?
    options:
      sure: {label: "Yes", then: tell}
      unsure: {label: "I'm not sure", then: tell}
outcomes:
  tell: {title: Tell the DSL, caution: today, first: "1. Tell {dsl}.", why: It matters., who: The DSL.}
""",
    )
    triage = load(folder.path).triages["nudes"]
    assert list(triage.questions) == ["one"]
    assert list(triage.outcomes) == ["tell"]


def test_a_key_left_out_of_a_replaced_file_is_not_taken_from_ours(folder):
    folder.swap("wording.yaml", "stop_button: Stop\n", "")
    with pytest.raises(ContentError, match="“stop_button” is missing"):
        load(folder.path)


def test_the_digest_changes_with_any_word(folder, shipped):
    assert load().digest == shipped.digest
    folder.swap(HAZING, "Stop it.", "Stop it!")
    assert load(folder.path).digest != shipped.digest


def test_a_new_topic_with_phrases_is_added_and_reached(folder):
    folder.put("topics/tuck.md", TUCK)
    folder.put("phrases/tuck.yaml", TUCK_PHRASES)
    guidance = read_guidance(folder.path)
    assert len(guidance.library.topics) == 53
    route = guidance.route("there is money gone from the tuck shop till")
    assert "tuck" in route.shown, "two phrases against two hundred: it is at least among those offered"


def test_phrases_of_the_school_replace_all_of_the_shipped_ones(folder):
    said = ("the vole ceremony in the boathouse", "new rowers and the vole ceremony", "what is the vole ceremony")
    folder.put("phrases/hazing.yaml", "phrases:\n" + "".join(f'  - "{phrase}"\n' for phrase in said))
    ours, theirs = read_guidance(folder.path), read_guidance(None)
    assert ours.route(said[0]).shown == ("hazing",)
    assert theirs.route(said[0]).shown != ("hazing",)
    assert theirs.route("what is hazing").shown == ("hazing",)
    assert ours.route("what is hazing").shown != ("hazing",)


def test_a_retired_topic_is_gone_and_its_shipped_phrases_lead_nowhere(folder):
    folder.swap(HAZING, "urgent: no", "urgent: no\nretired: yes")
    guidance = read_guidance(folder.path)
    assert "hazing" not in guidance.library.topics
    assert guidance.library.retired == {"hazing"}
    asked = "what is hazing"
    assert read_guidance(None).route(asked).shown[0] == "hazing"
    route = guidance.route(asked)
    assert "hazing" not in route.shown
    assert "hazing" not in [match.topic for match in route.best]


def test_a_topic_that_other_pages_lead_to_can_be_retired(folder):
    folder.swap("topics/banter.md", "urgent: no", "urgent: no\nretired: yes")
    assert "banter" not in load(folder.path).topics


def test_files_that_are_no_content_are_left_alone(folder, shipped):
    folder.put("topics/notes.txt", "ours")
    folder.put("README", "ours")
    assert load(folder.path) == shipped


# ---- yesterday's words


def shelf(folder, tmp_path) -> Shelf:
    return Shelf(folder.path, tmp_path / "data")


def title(shelf: Shelf) -> str:
    return shelf.guidance().library.topics["hazing"].title


def test_yesterdays_words_stay_after_a_bad_edit_until_it_is_mended(folder, tmp_path):
    folder.swap(HAZING, "title: ", "title: Ours, ")
    ours = shelf(folder, tmp_path)
    yesterday = ours.guidance()
    assert ours.trouble == ""
    assert ours.refresh() is False, "nothing was edited"

    folder.swap(HAZING, "urgent: no", "urgent: now and then")
    assert ours.refresh() is False
    assert ours.guidance() is yesterday
    assert f"{HAZING}:8: " in ours.trouble

    folder.swap(HAZING, "urgent: now and then", "urgent: no")
    folder.swap(HAZING, "title: Ours, ", "title: Mended, ")
    assert ours.refresh() is True
    assert ours.trouble == ""
    assert title(ours).startswith("Mended, ")
    assert ours.refresh() is False


def test_a_bad_edit_of_phrases_keeps_yesterdays_words_too(folder, tmp_path):
    ours = shelf(folder, tmp_path)
    yesterday = ours.guidance()
    folder.put("phrases/hazing.yaml", "phrases: none\n")
    assert ours.refresh() is False
    assert ours.guidance() is yesterday
    assert "phrases/hazing.yaml:1: " in ours.trouble


def test_a_folder_that_vanishes_keeps_yesterdays_words(folder, tmp_path):
    folder.swap(HAZING, "title: ", "title: Ours, ")
    ours = shelf(folder, tmp_path)
    folder.path.rename(tmp_path / "elsewhere")
    assert ours.refresh() is False
    assert title(ours).startswith("Ours, ")
    assert str(folder.path) in ours.trouble


def test_the_kept_copy_is_used_at_the_next_start_when_the_folder_is_broken(folder, tmp_path):
    folder.swap(HAZING, "title: ", "title: Ours, ")
    shelf(folder, tmp_path)
    folder.swap(HAZING, "urgent: no", "urgent: now and then")

    restarted = shelf(folder, tmp_path)
    assert title(restarted).startswith("Ours, ")
    assert f"{HAZING}:8: " in restarted.trouble

    folder.swap(HAZING, "urgent: now and then", "urgent: no")
    assert restarted.refresh() is True
    assert restarted.trouble == ""


def test_the_kept_copy_is_the_last_good_one(folder, tmp_path):
    folder.swap(HAZING, "title: ", "title: First, ")
    ours = shelf(folder, tmp_path)
    folder.swap(HAZING, "title: First, ", "title: Second, ")
    assert ours.refresh() is True
    folder.swap(HAZING, "urgent: no", "urgent: now and then")
    assert ours.refresh() is False
    assert title(shelf(folder, tmp_path)).startswith("Second, ")


def test_a_broken_folder_at_the_very_first_start_is_refused(folder, tmp_path):
    folder.put(HAZING, "")
    with pytest.raises(ContentError, match=HAZING):
        shelf(folder, tmp_path)


# ---- any text at all


TOKENS = ("---", "\n---\n", "## ", "{", "}", "[", "]", ": ", "- ", "? ", "| ", "> ", "!!int ", "%", "\t", '"', "'", "#")
piece = st.one_of(st.text(max_size=20), st.sampled_from(TOKENS), st.binary(max_size=3))
cuts = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 60), piece), min_size=1, max_size=3)
either = settings(max_examples=25, deadline=None, derandomize=True)


def shipped_bytes(name: str) -> bytes:
    return (Path(policy_content.__file__).parent / name).read_bytes()


def mutated(name: str, cuts) -> bytes:
    """The shipped file with a few stretches of it replaced."""
    content = shipped_bytes(name)
    for where, length, new in cuts:
        start = int(where * len(content))
        content = content[:start] + (new if isinstance(new, bytes) else new.encode()) + content[start + length :]
    return content


@pytest.fixture(scope="module")
def anything(tmp_path_factory):
    """Loads content in which one file holds these bytes; it must load, or say what is wrong."""

    def loads_or_is_refused(name: str, content: bytes) -> None:
        home = tmp_path_factory.getbasetemp() / "anything" / name.replace("/", "-")
        file = home / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        try:
            load(home)
        except ContentError as error:
            faults = error.faults
        else:
            return
        lines = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n") + 1
        assert faults
        assert all(1 <= fault.line <= lines for fault in faults if fault.file == name), faults

    return loads_or_is_refused


@either
@given(st.text())
@example("---\n---\n")
@example("---\ntitle: x\n---")
@example("\ufeff")
def test_any_text_as_a_topic_is_taken_or_refused(anything, text):
    anything(HAZING, text.encode())


@either
@given(st.text())
@example("- a\n- b\n")
@example("? [a, b]\n: c\n")
@example("a: &x 1\nb: *y\n")
@example("--- a\n--- b\n")
def test_any_text_as_a_triage_is_taken_or_refused(anything, text):
    anything(NUDES, text.encode())


@either
@given(cuts)
def test_a_topic_edited_anyhow_is_taken_or_refused(anything, cuts):
    anything(HAZING, mutated(HAZING, cuts))


@either
@given(cuts)
def test_a_triage_edited_anyhow_is_taken_or_refused(anything, cuts):
    anything(NUDES, mutated(NUDES, cuts))
