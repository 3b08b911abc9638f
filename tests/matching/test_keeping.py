"""What was learnt is kept on disk, and nothing on that disk can spoil an answer."""

from pathlib import Path

import pytest

from intents import Matcher, keeping

PHRASES = {
    "pay": ["when is pay day", "my payslip is wrong", "pay rise"],
    "food": ["what is for lunch", "is there soup", "lunch menu"],
}
ASKED = "is my payslip in the soup"


def fitted(cache: Path | None) -> Matcher:
    keeping.forget()
    return Matcher.fit(PHRASES, {"money": ["pay", "wages"]}, ["fire drill", "bus times"], cache=cache)


def kept(folder: Path) -> list[Path]:
    return sorted(folder.glob("matcher-*.npz"))


def test_a_kept_matcher_answers_as_the_one_that_was_learnt(tmp_path: Path) -> None:
    learnt = fitted(tmp_path / "new" / "folder").rank(ASKED)
    assert len(kept(tmp_path / "new" / "folder")) == 1
    assert fitted(tmp_path / "new" / "folder").rank(ASKED) == learnt == fitted(None).rank(ASKED)


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 not a model", None], ids=["empty", "rubbish", "one byte changed"])
def test_a_damaged_file_is_learnt_again(tmp_path: Path, damage: bytes | None) -> None:
    learnt = fitted(tmp_path).rank(ASKED)
    (path,) = kept(tmp_path)
    whole = path.read_bytes()
    spoilt = whole[: len(whole) // 2] + bytes([whole[len(whole) // 2] ^ 0xFF]) + whole[len(whole) // 2 + 1 :]
    path.write_bytes(spoilt if damage is None else damage)
    assert fitted(tmp_path).rank(ASKED) == learnt
    assert fitted(tmp_path).rank(ASKED) == learnt


def test_a_folder_that_cannot_be_written_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert fitted(tmp_path / "file" / "folder").rank(ASKED)


def test_other_phrases_are_learnt_afresh_and_old_ones_forgotten(tmp_path: Path) -> None:
    for number in range(6):
        Matcher.fit({"a": [f"word {number}"], "b": ["other thing"]}, cache=tmp_path)
    assert len(kept(tmp_path)) == 3


def test_no_phrases_and_one_topic_are_no_trouble() -> None:
    assert Matcher.fit({}).rank("anything") == []
    assert Matcher.fit({"a": []}, None, ["b"]).rank("anything") == []
    (only,) = Matcher.fit({"a": ["one thing"]}).rank("one thing")
    assert only.topic == "a"
    assert 0 <= only.score <= 1
