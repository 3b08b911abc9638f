"""Every way in which a content file can be wrong is named at the file and line that a person must mend.

Each row of the table plants one fault in a copy of a shipped file. `at` is a piece of the edited file that
stands there once; the fault must be on the line where that piece begins. Nothing here knows how it is found.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.shelf import read_guidance
from policy_content import ContentError, load

Edit = Callable[[str], str]
TOP, END = "the first line", "the line after the last"
HAZING, NUDES, DANGER = "topics/hazing.md", "triage/nudes.yaml", "triage/danger-or-concern.yaml"


def swap(old: str, new: str) -> Edit:
    def edit(text: str) -> str:
        assert text.count(old) == 1, f"“{old}” stands there {text.count(old)} times"
        return text.replace(old, new)

    return edit


def without(piece: str) -> Edit:
    return swap(piece, "")


def until(piece: str, then: str = "") -> Edit:
    return lambda text: text[: text.index(piece)] + then


def exactly(text: str) -> Edit:
    return lambda _: text


def ending(more: str) -> Edit:
    return lambda text: text + more


def why_and_who_swapped(text: str) -> str:
    start, rest = text.split("## Why\n")
    why, who = rest.split("## Who\n")
    return f"{start}## Who\n{who}\n## Why\n{why}"


def without_why(text: str) -> str:
    return text[: text.index("## Why\n")] + text[text.index("## Who\n") :]


@dataclass(frozen=True)
class Planted:
    """One fault: what is done to which file, where it must be named, and a piece of what must be said."""

    name: str
    file: str
    edit: Edit
    at: str
    says: str
    of: str = ""  # the shipped file that a new file is a copy of
    echoes: bool = False  # true where other pages still lead to this one, and must say so

    def line_in(self, text: str) -> int:
        if self.at == TOP:
            return 1
        if self.at == END:
            return text.count("\n") + 1
        assert text.count(self.at) == 1, f"“{self.at}” stands there {text.count(self.at)} times"
        return text[: text.index(self.at)].count("\n") + 1


IN_TOPICS = [
    Planted("broken YAML", HAZING, swap("owner: Des", "owner: the: Des"), at="owner: the:", says="not YAML"),
    Planted("a key twice", HAZING, swap("group: kinds", "group: kinds\ngroup: act"), at="group: act", says="“group”"),
    Planted("an unknown key", HAZING, swap("owner:", "ownr:"), at="ownr:", says="“ownr”"),
    Planted("a missing key", HAZING, without("edition: November 2021\n"), at="title:", says="“edition”"),
    Planted(
        "an empty value", HAZING, swap("owner: Designated Safeguarding Lead", "owner:"), at="owner:", says="“owner”"
    ),
    Planted("an unknown group", HAZING, swap("group: kinds", "group: knids"), at="group:", says="“knids”"),
    Planted("a bad date", HAZING, swap("2021-11-01", "2021-13-01"), at="reviewed:", says="“reviewed”"),
    Planted("a title too long", HAZING, swap("title: ", f"title: {'w' * 61} "), at="title:", says="“title”"),
    Planted("urgent, perhaps", HAZING, swap("urgent: no", "urgent: perhaps"), at="urgent:", says="“urgent”"),
    Planted(
        "an unknown related topic",
        HAZING,
        swap("[physical-abuse", "[nope"),
        at="related:",
        says="nope",
    ),
    Planted(
        "a topic related to itself",
        HAZING,
        swap("[physical-abuse", "[hazing"),
        at="related:",
        says="“hazing”",
    ),
    Planted("too many related", HAZING, swap("related: [", "related: [signs, "), at="related:", says="“related”"),
    Planted(
        "unknown braces in a passage",
        HAZING,
        swap("tell {dsl}", "tell {dls}"),
        at="4. Without delay",
        says="{dls}",
    ),
    Planted(
        "braces left open in a passage",
        HAZING,
        swap("tell {dsl}", "tell {dsl"),
        at="4. Without delay",
        says="{dsl",
    ),
    Planted(
        "unknown braces over two lines",
        HAZING,
        swap("tell {dsl}", "tell {d\nsl}"),
        at="4. Without delay",
        says="sl}",
    ),
    Planted("HTML in a passage", HAZING, swap("2. Stop it", "2. <b>Stop</b> it"), at="2. <b>", says="HTML"),
    Planted("no Who", HAZING, until("## Who"), at=END, says="“Who”"),
    Planted("no Why", HAZING, without_why, at="## Who", says="“Why”"),
    Planted("passages in wrong order", HAZING, why_and_who_swapped, at="## Who", says="order"),
    Planted("an empty passage", HAZING, until("## Who", "## Who\n\n"), at="## Who", says="“Who”"),
    Planted("an unknown heading", HAZING, swap("## Why", "## Reasons"), at="## Reasons", says="“Reasons”"),
    Planted(
        "words before the first heading",
        HAZING,
        swap("---\n## First", "---\nRead me.\n## First"),
        at="Read me.",
        says="words before",
    ),
    Planted(
        "words before the first heading, after a gap",
        HAZING,
        swap("---\n## First", "---\n\nRead me.\n## First"),
        at="Read me.",
        says="words before",
    ),
    Planted(
        "national guidance without its name",
        HAZING,
        ending("\n## National guidance\nDo not look.\n"),
        at="## National",
        says="needs its name",
    ),
    Planted("a Why with a name", HAZING, swap("## Why", "## Why: Ofsted"), at="## Why: Ofsted", says="name"),
    Planted(
        "two topics with one title",
        "topics/upskirting.md",
        swap("title: Pictures taken under someone's clothing", "title: A pupil IS being bullied"),
        at="title:",
        says="topics/bullying.md",
    ),
    Planted("a page too long for a phone", HAZING, ending("More. " * 150), at="title:", says="too long"),
    Planted(
        "an urgent page that does not open with who to ring",
        "topics/immediate-danger.md",
        swap("1. Ring {police} now", "1. Ring for help now"),
        at="1. Ring for help now",
        says="does not open with who to ring",
    ),
    Planted(
        "an urgent topic retired",
        "topics/sexual-violence.md",
        swap("urgent: yes", "urgent: yes\nretired: yes"),
        at="retired:",
        says="cannot be retired",
        echoes=True,
    ),
    Planted(
        "an urgent topic retired by calling it not urgent",
        "topics/sexual-violence.md",
        swap("urgent: yes", "urgent: no\nretired: yes"),
        at="retired:",
        says="cannot be retired",
        echoes=True,
    ),
    Planted(
        "the contacts retired",
        "topics/contacts.md",
        swap("urgent: no", "urgent: no\nretired: yes"),
        at="retired:",
        says="cannot be retired",
        echoes=True,
    ),
    Planted("a bad file name", "topics/Hazing_2.md", swap("title: ", "title: More on "), TOP, "name", of=HAZING),
    Planted("no front matter", HAZING, swap("---\ntitle", "title"), at=TOP, says="no front matter"),
    Planted("an empty page", HAZING, exactly(""), at=TOP, says="no front matter"),
    Planted("a page that is not UTF-8", HAZING, swap("2. Stop it", "2. Stop\udce9"), at="2. Stop", says="UTF-8"),
    Planted(
        "a control character", HAZING, swap("2. Stop it", "2. Stop \x07 it"), at="2. Stop", says="control character"
    ),
    Planted(
        "a control character that only YAML refuses",
        HAZING,
        swap("owner: ", "owner: \x7f"),
        at="owner: ",
        says="character",
    ),
]

IN_TRIAGES = [
    Planted(
        "an option that leads nowhere",
        NUDES,
        swap('not shared", then: seen', 'not shared", then: sean'),
        at="      not-shared:",
        says="“sean”",
    ),
    Planted("a start that is not there", NUDES, swap("start: danger", "start: dangr"), at="start:", says="“dangr”"),
    Planted(
        "a question without unsure",
        NUDES,
        without('      unsure: {label: "I\'m not sure", then: seen}\n'),
        at="  spread:\n",
        says="`unsure`",
    ),
    Planted(
        "an unsure that is less cautious",
        NUDES,
        swap('sure", then: ring-now', 'sure", then: adult'),
        at='      unsure: {label: "I\'m not sure", then: adult}',
        says="less cautious",
    ),
    Planted(
        "a circle",
        NUDES,
        swap('I saw it", then: told-by', 'I saw it", then: spread'),
        at="  spread:\n",
        says="“spread” leads back",
    ),
    Planted(
        "an unreached question",
        NUDES,
        swap(
            "outcomes:",
            "  lost:\n    ask: Who?\n    options:\n      a: {label: A, then: seen}\n"
            "      unsure: {label: U, then: seen}\n\noutcomes:",
        ),
        at="  lost:",
        says="“lost”",
    ),
    Planted(
        "an unreached outcome",
        NUDES,
        ending("\n  lost:\n    title: Lost\n    caution: now\n    first: a\n    why: b\n    who: c\n"),
        at="  lost:",
        says="“lost”",
    ),
    Planted(
        "an outcome with an unknown topic",
        NUDES,
        swap("[nudes-disclosure, nudes-incident, nudes-police, child", "[nope, child"),
        at="    topics: [nope",
        says="“nope”",
    ),
    Planted(
        "national guidance in an outcome without its name",
        DANGER,
        without("    national_source: Female Genital Mutilation Act 2003, section 5B\n"),
        at='    national: "FGM',
        says="without its name",
    ),
    Planted(
        "unknown braces in an outcome",
        NUDES,
        swap("Ring {police} now if", "Ring {polcie} now if"),
        at="      1. Ring {polcie} now if",
        says="{polcie}",
    ),
    Planted(
        "unknown braces in a question, which cannot then be asked",
        NUDES,
        swap("help: Do not go looking for it.", "help: Ask {dls}."),
        at="    help: Ask {dls}.",
        says="{dls}",
    ),
    Planted(
        "one option only",
        NUDES,
        without(
            """\
      agreed: {label: "Yes, as far as I know", then: spread}
      not-agreed: {label: "No, or only to part of it", then: spread}
      fake: {label: "It is said to be fake, or of someone else", then: spread}
"""
        ),
        at='    options:\n      unsure: {label: "I\'m not sure", then: spread}',
        says="“options”",
    ),
    Planted(
        "six options",
        NUDES,
        swap(
            '      pictured: {label: "The',
            "      a-sixth: {label: S, then: heard-of-it}\n      pictured: {label: The",
        ),
        at="    options:\n      a-sixth:",
        says="“options”",
    ),
    Planted(
        "an unknown caution",
        NUDES,
        swap("title: Ring now\n    caution: now", "title: Ring now\n    caution: soon"),
        at="    caution: soon",
        says="“soon”",
    ),
    Planted(
        "one name for a question and an outcome",
        NUDES,
        ending("\n  spread:\n    title: Lost\n    caution: now\n    first: a\n    why: b\n    who: c\n"),
        at="  spread:\n    title:",
        says="“spread”",
    ),
    Planted(
        "an outcome too long for a phone",
        NUDES,
        swap("why: This policy covers images", f"why: {'More. ' * 200}This policy covers images"),
        at="  adult-involved:\n",
        says="too long",
    ),
    Planted("a triage for an unknown group", NUDES, swap("[nudes]", "[nude]"), "groups:", "“nude”"),
    Planted("a triage with a bad file name", "triage/My nudes.yaml", ending("\n"), TOP, "name", of=NUDES),
]

IN_SCHOOL_AND_WORDING = [
    Planted("a bad short name", "school.yaml", swap("short: TA ", "short: Ta1 "), at="short:", says="“short”"),
    Planted("a bad phone", "school.yaml", swap("[DSL's phone]", "ask Jo"), at="  dsl:", says="“phone”"),
    Planted(
        "a missing person",
        "school.yaml",
        lambda text: re.sub(r"  chair: .*\n", "", text),
        at="people:",
        says="“chair”",
    ),
    Planted(
        "one chat for two people",
        "school.yaml",
        lambda text: re.sub(r"(phone: \"\[(?:DSL|head)'s phone\]\")", r"\1, chats: {slack: U1}", text),
        at="people:",
        says="“slack:U1”",
    ),
    Planted(
        "one address for two people",
        "school.yaml",
        lambda text: re.sub(r"(phone: \"\[(DSL|chair)'s phone\]\")", r"\1, email: Office@a.example", text),
        at="people:",
        says="“office@a.example”",
    ),
    Planted(
        "a bad confirmed date",
        "school.yaml",
        swap("3126\n    dated: 2021\n    confirmed:", "3126\n    dated: 2021\n    confirmed: today"),
        at="    confirmed: today",
        says="“confirmed”",
    ),
    Planted(
        "a time zone that does not exist",
        "school.yaml",
        swap("Europe/London", "Europe/Lndon"),
        at="timezone:",
        says="Europe/Lndon",
    ),
    Planted(
        "an unconfirmed number without its year",
        "school.yaml",
        swap("3126\n    dated: 2021\n", "3126\n"),
        at="  first-response:",
        says="“dated”",
    ),
    Planted("a limit out of bounds", "school.yaml", swap("idle: 30", "idle: 0"), at="  idle:", says="“idle”"),
    Planted(
        "a missing sentence",
        "wording.yaml",
        lambda text: re.sub(r"(?m)^clarify_title: .*\n", "", text),
        at="commands:",
        says="“clarify_title”",
    ),
    Planted(
        "a sentence without its braces",
        "wording.yaml",
        swap('"{reference} has been seen"', '"It has been seen"'),
        at="told_title:",
        says="{reference}",
    ),
    Planted(
        "a sentence with unknown braces",
        "wording.yaml",
        swap("stop_button: Stop", 'stop_button: "{sotp}"'),
        at="stop_button:",
        says="{sotp}",
    ),
    Planted(
        "a label too long",
        "wording.yaml",
        swap("stop_button: Stop", f"stop_button: {'stop ' * 16}"),
        at="stop_button:",
        says="“stop_button”",
    ),
    Planted(
        "a group without a name",
        "wording.yaml",
        without("  nudes: Nudes and semi-nudes\n"),
        at="groups:\n  act",
        says="“nudes”",
    ),
]

CRASHES = [
    Planted(
        "an urgent page without passages",
        "topics/immediate-danger.md",
        until("## First"),
        at=END,
        says="“First”",
    ),
    Planted(
        "an alias that holds itself",
        HAZING,
        swap("[physical-abuse,", "&loop [*loop,"),
        at="related:",
        says="",
    ),
    Planted(
        "brackets without end",
        HAZING,
        swap("related: [", f"related: {'[' * 3000}"),
        at="related:",
        says="",
    ),
]

PHRASES = "phrases/hazing.yaml"
OUR_PHRASES = 'phrases:\n  - "the pond test"\n  - "dropped in the pond"\n'
IN_PHRASES = [
    Planted("a topic without phrases", "topics/tuck.md", swap("title: ", "title: More on "), TOP, "“tuck”", of=HAZING),
    Planted(
        "phrases for no topic",
        "phrases/tuck.yaml",
        exactly('phrases:\n  - "tuck shop thefts among the juniors"\n'),
        TOP,
        "“tuck”",
        of=PHRASES,
    ),
    Planted(
        "a phrase said twice",
        PHRASES,
        exactly(OUR_PHRASES + '  - "Dropped in the pond!"\n'),
        at='  - "Dropped in the pond!"',
        says="“Dropped in the pond!” is said twice",
    ),
    Planted("an empty phrase", PHRASES, exactly(OUR_PHRASES + '  - "?!"\n'), at='  - "?!"', says="empty"),
    Planted(
        "an unknown key beside phrases", PHRASES, exactly(OUR_PHRASES + "phrase: x\n"), at="phrase:", says="“phrase”"
    ),
    Planted("phrases that are no list", PHRASES, exactly("# ours\nphrases: dares\n"), at="phrases:", says="list"),
]


def rows(*tables: list[Planted]) -> list:
    return [
        pytest.param(
            row,
            id=row.name.replace(" ", "-"),
        )
        for table in tables
        for row in table
    ]


def whole(fault) -> bool:
    """What, why and hint: each said, each on one line, no two the same."""
    parts = (fault.what, fault.why, fault.hint)
    return all(part.strip() and "\n" not in part for part in parts) and len(set(parts)) == 3


@pytest.mark.parametrize("planted", rows(IN_TOPICS, IN_TRIAGES, IN_SCHOOL_AND_WORDING, CRASHES, IN_PHRASES))
def test_a_planted_fault_is_named_at_its_line(planted, folder):
    line = planted.line_in(folder.change(planted.file, planted.edit, planted.of))
    with pytest.raises(ContentError) as caught:
        (read_guidance if planted in IN_PHRASES else load)(folder.path)
    faults = caught.value.faults
    told = [fault for fault in faults if fault.file == planted.file and planted.says in fault.what]
    assert told, f"nothing says “{planted.says}”:\n{caught.value}"
    assert all(whole(fault) for fault in faults)
    if not planted.echoes:
        assert {fault.file for fault in faults} == {planted.file}
    placed = line in [fault.line for fault in told]
    assert placed, f"it belongs at line {line}:\n{caught.value}"


@pytest.mark.parametrize("name", ["topics/tuck.md", "triage/tuck.yaml", "school.yaml", "wording.yaml"])
def test_an_empty_file_is_a_fault_of_that_file_alone(name, folder):
    folder.put(name, "")
    with pytest.raises(ContentError) as caught:
        load(folder.path)
    assert [(fault.file, fault.line) for fault in caught.value.faults] == [(name, 1)]


def test_a_content_folder_that_is_not_there_is_a_fault(tmp_path):
    with pytest.raises(ContentError) as caught:
        load(tmp_path / "nowhere")
    assert [fault.file for fault in caught.value.faults] == [str(tmp_path / "nowhere")]


def test_a_page_that_cannot_be_read_is_not_blamed_on_the_pages_that_lead_to_it(folder):
    folder.swap("topics/bullying.md", "owner: ", "owner: the: ")
    with pytest.raises(ContentError) as caught:
        load(folder.path)
    assert {fault.file for fault in caught.value.faults} == {"topics/bullying.md"}


# ---- the real command

FAULT_LINE = re.compile(r"(?P<file>[^:\s]+):(?P<line>[0-9]+): (?P<what>.+) — (?P<why>.+) — (?P<hint>.+)")


def signpost_check(cwd: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """The installed command, away from this machine's own settings."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("SIGNPOST_")}
    return subprocess.run(
        [Path(sys.executable).with_name("signpost"), "check", *args],
        check=False,
        capture_output=True,
        encoding="utf-8",
        cwd=cwd,
        env=env | {"PYTHONIOENCODING": "utf-8"},
    )


def told(ran: subprocess.CompletedProcess[str]) -> tuple[list[tuple[str, int]], list[str]]:
    """The places of the faults told, and the lines that tell of none."""
    lines = (ran.stdout + ran.stderr).splitlines()
    found = [FAULT_LINE.fullmatch(line) for line in lines]
    return (
        [(match["file"], int(match["line"])) for match in found if match],
        [line for line, match in zip(lines, found, strict=True) if not match],
    )


def plant(folder, planted: Planted) -> tuple[str, int]:
    return planted.file, planted.line_in(folder.change(planted.file, planted.edit, planted.of))


def by_name(*names: str) -> list[Planted]:
    every = {row.name: row for row in IN_TOPICS + IN_TRIAGES + IN_SCHOOL_AND_WORDING + IN_PHRASES}
    return [every[name] for name in names]


def test_the_command_names_every_fault_of_every_file_in_one_run(folder, tmp_path):
    at_once = by_name(
        "an empty value",
        "two topics with one title",
        "an option that leads nowhere",
        "a sentence without its braces",
        "a phrase said twice",
    )
    at_once.append(Planted("", "topics/relationship-abuse.md", ending("\udce9"), at="\udce9", says="UTF-8"))
    places = {plant(folder, planted) for planted in at_once}
    ran = signpost_check(tmp_path, str(folder.path))
    faults, rest = told(ran)
    assert ran.returncode == 1
    assert sorted(faults) == sorted(places)
    assert len(rest) == 1, "beside one line for each fault there is the count"
    assert str(len(places)) in rest[0]


def test_a_fault_in_school_yaml_hides_no_other(folder, tmp_path):
    at_once = by_name("a bad short name", "an option that leads nowhere", "two topics with one title")
    places = {plant(folder, planted) for planted in at_once}
    assert set(told(signpost_check(tmp_path, str(folder.path)))[0]) == places


def test_a_topic_without_phrases_is_named_beside_other_faults(folder, tmp_path):
    at_once = by_name("a topic without phrases", "an option that leads nowhere")
    places = {plant(folder, planted) for planted in at_once}
    assert set(told(signpost_check(tmp_path, str(folder.path)))[0]) == places


def test_the_command_finds_the_shipped_content_well(tmp_path):
    ran = signpost_check(tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert told(ran)[0] == []
    assert "52 topics" in ran.stdout


def test_the_command_says_what_a_school_has_yet_to_fill_in(folder, tmp_path):
    shipped = signpost_check(tmp_path).stdout
    folder.name_people()
    filled = signpost_check(tmp_path, str(folder.path)).stdout
    for role in ("dsl", "deputies", "head", "chair"):
        assert f"“{role}”" in shipped
        assert f"“{role}”" not in filled
    assert "“first-response”" in filled
