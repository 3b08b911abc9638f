"""A school's own phrases and rules: laid over ours, and every fault told at once with its file and line."""

from pathlib import Path

import pytest

from intents import IntentsError, load_intents

RULES = "groups:\n  fire: [fire]\nrules:\n  - {name: fire, all: [fire]}\n"


def school(folder: Path, **files: str) -> Path:
    (folder / "phrases").mkdir(exist_ok=True)
    for name, text in files.items():
        path = folder / "urgent.yaml" if name == "urgent" else folder / "phrases" / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
    return folder


def faults(folder: Path) -> list[tuple[str, int, str]]:
    with pytest.raises(IntentsError) as raised:
        load_intents(folder)
    assert all(fault.why and fault.hint for fault in raised.value.faults)
    return [(fault.file, fault.line, fault.what) for fault in raised.value.faults]


def test_a_file_of_the_same_name_replaces_ours_whole_and_a_new_one_adds(tmp_path: Path) -> None:
    laid = load_intents(
        school(tmp_path, banter='phrases:\n  - "only a laugh"\n', ponds='phrases:\n  - "the pond is frozen"\n')
    )
    assert laid.phrases["banter"] == ("only a laugh",)
    assert laid.phrases["ponds"] == ("the pond is frozen",)
    assert laid.phrases["signs"] == load_intents(None).phrases["signs"]
    assert (laid.places["ponds"].file, laid.places["ponds"].line) == ("phrases/ponds.yaml", 1)


def test_a_school_s_own_urgent_rules_replace_ours(tmp_path: Path) -> None:
    laid = load_intents(school(tmp_path, urgent=RULES))
    assert laid.urgency.hears("fire") is not None
    assert laid.urgency.hears("he has a knife and is going to stab her") is None


def test_the_digest_follows_the_words(tmp_path: Path) -> None:
    ours = load_intents(None).digest
    assert load_intents(None).digest == ours
    assert load_intents(school(tmp_path, ponds='phrases:\n  - "the pond is frozen"\n')).digest != ours


def test_words_that_look_like_something_else_are_text(tmp_path: Path) -> None:
    assert load_intents(school(tmp_path, ponds="phrases: [no, 999, 12:30]\n")).phrases["ponds"] == (
        "no",
        "999",
        "12:30",
    )


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    folder = school(
        tmp_path,
        broken="phrases: [\n",
        twice="phrases:\n  - ponds\nphrases:\n  - lakes\n",
        shapeless="just words\n",
        listless="phrases: words\n",
        nested="phrases:\n  - {a: b}\n",
        strange='phrases:\n  - "rivers"\nowner: me\n',
        empty='phrases:\n  - "seas"\n  - ""\n  - "!"\n',
        again='phrases:\n  - "puddles"\n  - "Puddles?"\n',
        urgent="groups:\n  fire: [fire]\nrules:\n  - {name: fire, all: [water]}\n",
    )
    told = {(file, line) for file, line, _ in faults(folder)}
    assert {
        ("phrases/broken.yaml", 2),
        ("phrases/twice.yaml", 3),
        ("phrases/shapeless.yaml", 1),
        ("phrases/listless.yaml", 1),
        ("phrases/nested.yaml", 2),
        ("phrases/strange.yaml", 3),
        ("phrases/empty.yaml", 3),
        ("phrases/empty.yaml", 4),
        ("phrases/again.yaml", 3),
    } <= told
    assert any(file == "urgent.yaml" for file, _ in told)


def test_a_phrase_of_two_topics_is_told_with_both_places(tmp_path: Path) -> None:
    theirs = load_intents(None).phrases["signs"][0]
    where = faults(school(tmp_path, ponds=f'phrases:\n  - "{theirs}"\n'))
    assert len(where) == 1
    assert "said twice" in where[0][2]
