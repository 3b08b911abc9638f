"""What leaves is whole, can be read by people and by other systems, and runs nothing in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest
import pyzipper
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

import adapters.export
from adapters.export import fonts
from adapters.export.files import files, write
from adapters.export.mapping import COLUMNS
from adapters.export.pdf import to_pdf
from adapters.export.table import harmless, to_csv
from bot import Words, decision
from bot.concern import Account, Concern, Entry, Line
from bot.export import as_data, record
from policy_content.case_wording import Review
from tests.core.casework import ANSWERS

AT = datetime(2026, 3, 2, 10, tzinfo=UTC)
BY = Words("Ms Priya Nair")
SCRIPTS = {
    "Polish": "Łukasz Żółć",
    "Greek": "Ωμέγα",
    "Russian": "Дмитрий",
    "Vietnamese": "Nguyễn",
    "Georgian": "საქართველო",
    "Thai": "ภาษา",
}
SCHEMA = json.loads((Path(adapters.export.__file__).parent / "concern.schema.json").read_text(encoding="utf-8"))


@pytest.fixture
def library(guidance):
    return guidance.library


@pytest.fixture
def made(library):
    """Makes the record of a concern in which this was typed, decided twice."""

    def make(happened="A bag was taken", child="Robin Ashdown", by=BY, more=(), learnt=None):
        lines = (
            Line("Child 1", Words(child), "child-1"),
            Line("Role of child 1", Words("harmed"), "child-1-role"),
            Line("What happened?", Words(happened), "happened"),
            *more,
        )
        account = Account(Words("Sam Carter"), lines)
        blank = Concern("c", "TA-2026-0001", "pupils", True, "decided", 1, "web:t", AT, account, (), frozenset())
        first = decision.decide(library, blank, ANSWERS).to_text()
        second = decision.decide(library, blank, {**ANSWERS, "level": "problematic"}).to_text()
        entries = (
            Entry(AT, Words("Sam Carter"), "logged"),
            Entry(AT + timedelta(hours=1), BY, "decided", Words(first)),
            Entry(AT + timedelta(hours=2), BY, "decided", Words(second)),
            *([Entry(AT + timedelta(hours=3), BY, "reviewed", Words(reviewed(library, learnt)))] if learnt else []),
            Entry(AT + timedelta(hours=3), BY, "exported", Words("PDF")),
        )
        concern = Concern("c", "TA-2026-0001", "pupils", True, "decided", 5, "web:t", AT, account, entries, frozenset())
        return record(library, concern, (), by, AT + timedelta(days=1))

    return make


def reviewed(library, learnt):
    """What is recorded of a closing: each question as asked, and its answer."""
    asked = library.wording.case.review
    return json.dumps({"review": {key: [getattr(asked, key).ask, said] for key, said in learnt.items()}})


def read(content):
    """The text of each page of a PDF."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]


def rows(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


# ---- on paper


def test_on_paper_every_page_says_which_of_how_many_and_who_printed_it_when(library, made):
    pages = read(to_pdf(library, made("A long story. " * 900)))
    assert len(pages) > 3
    for number, text in enumerate(pages, 1):
        assert f"TA-2026-0001 · page {number} of {len(pages)}" in text
        assert "Printed by Ms Priya Nair at 10:00 on 3 March 2026" in text


def test_on_paper_stands_all_that_was_said_and_which_decision_stands(library, made):
    text = " ".join("\n".join(read(to_pdf(library, made()))).split())
    for said in ("Robin Ashdown", "A bag was taken", "Sam Carter", *(a for a in ANSWERS.values() if " " in a)):
        if said != ANSWERS["changed"]:
            assert " ".join(said.split()) in text
    superseded = library.say(library.wording.decision.superseded, when="12:00 on 2 March 2026")
    assert text.index("Decision 1") < text.index(superseded) < text.index("Decision 2")
    assert text.index("Decision 2") < text.index(library.say(library.wording.decision.stands))
    assert text.index("Problematic") > text.index(superseded)


def test_on_paper_there_are_bookmarks_a_title_and_a_language(library, made):
    paper = PdfReader(io.BytesIO(to_pdf(library, made())))
    assert paper.metadata.title == "Concern TA-2026-0001"
    assert paper.trailer["/Root"]["/Lang"] == "en-GB"
    assert library.wording.open_chronology in [mark.title for mark in paper.outline]


@pytest.mark.parametrize("language", SCRIPTS)
def test_names_in_many_scripts_are_drawn_as_they_are_written(library, made, language):
    assert SCRIPTS[language] in read(to_pdf(library, made(child=SCRIPTS[language])))[0]


@pytest.mark.parametrize(("language", "letters"), [("Arabic", "محمد"), ("Hebrew", "שלום"), ("Hindi", "कमल")])
def test_so_are_those_that_run_or_join_otherwise(library, made, language, letters):
    text = read(to_pdf(library, made(child=letters)))[0]
    assert set(letters) <= set(text), language
    assert "[U+" not in text


def test_what_no_font_can_draw_is_seen_by_its_number_and_the_paper_says_so(library, made, monkeypatch):
    monkeypatch.setattr(fonts, "_FOLDERS", ())
    text = " ".join(read(to_pdf(library, made(child="ਗੁਰ 王")))[0].split())
    assert "[U+0A17][U+0A41][U+0A30] [U+738B]" in text
    assert library.wording.handing.print_missing.split(".")[0] in text


def test_a_font_of_the_machine_is_asked_for_what_ours_lack(library, made, monkeypatch, tmp_path):
    faces, _ = fonts.ours(tmp_path)
    monkeypatch.setattr(fonts, "_OURS", {"body": "spacemo"})  # Latin alone
    monkeypatch.setattr(fonts, "_FOLDERS", (str(tmp_path),))
    text = read(to_pdf(library, made(child=SCRIPTS["Georgian"])))[0]
    assert SCRIPTS["Georgian"] in text
    assert faces


def test_typed_text_is_only_text_on_paper(library, made):
    odd = "{nb} **bold** __under__ <b>x</b> [a](b) --- \\n"
    assert odd in " ".join(read(to_pdf(library, made(child=odd)))[0].split())


@given(st.text(max_size=30))
def test_whatever_is_typed_is_drawn_or_seen(text):
    drawn = {ord(c) for c in "abc "}
    shown = fonts.visible(Words(text).reveal(), drawn)
    assert fonts.missing(shown, drawn | {ord(c) for c in "[]U+0123456789ABCDEF"}) == set()
    assert all(f"U+{code:04X}" in shown or 0xFE00 <= code <= 0xFE0F for code in fonts.missing(text, drawn))


# ---- as a table


def test_a_table_begins_with_the_mark_and_ends_its_lines_as_the_standard_says(made):
    content = to_csv([made('two\nlines, and a "quote"')])
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.endswith(b"\r\n")
    (row,) = rows(content)
    assert row["What happened"] == 'two\nlines, and a "quote"'
    assert list(row) == [name for name, _ in COLUMNS]


def test_each_child_has_a_row_of_its_own_under_the_same_reference(made):
    second = (Line("Child 2", Words("Kit"), "child-2"), Line("Role", Words("alleged"), "child-2-role"))
    found = rows(to_csv([made(more=second), made()]))
    assert [(row["Child"], row["Child's part in it"]) for row in found] == [
        ("Robin Ashdown", "harmed"),
        ("Kit", "alleged"),
        ("Robin Ashdown", "harmed"),
    ]
    assert {row["Signpost reference"] for row in found} == {"TA-2026-0001"}


def test_the_decision_that_stands_is_in_the_table_and_the_one_before_in_its_chronology(made):
    (row,) = rows(to_csv([made()]))
    assert row["Level"] == "Problematic"
    assert "Inappropriate" in row["Chronology"]


def test_each_review_question_has_a_column_of_its_own_to_be_read_over_many_concerns(made):
    one = {key: f"learnt of {key}" for key in Review.model_fields}
    found = rows(to_csv([made(learnt=one), made(learnt={"training": "the bus"}), made()]))
    columns = [name for name, _ in COLUMNS if name.startswith("Learnt")]
    assert [found[0][name] for name in columns] == list(one.values())
    training = columns[list(one).index("training")]
    assert [row[training] for row in found] == ["learnt of training", "the bus", ""]
    assert {found[1][name] for name in columns} == {"the bus", ""}


@pytest.mark.parametrize("typed", ["=1+1", "@SUM(A1)", "\t=1"])
def test_no_review_question_is_a_formula(made, typed):
    (row,) = rows(to_csv([made(learnt=dict.fromkeys(Review.model_fields, typed))]))
    assert [said for name, said in row.items() if name.startswith("Learnt")] == [f"'{typed}"] * len(Review.model_fields)


def test_what_is_learnt_is_on_paper_and_in_the_data_question_by_question(library, made):
    one = made(learnt={"training": "how to listen", "earlier": "in the autumn"})
    asked = library.wording.case.review
    data = as_data(one)
    jsonschema.validate(data, SCHEMA)
    assert data["learnt"]["review"] == [
        {"key": "training", "asked": asked.training.ask, "said": "how to listen"},
        {"key": "earlier", "asked": asked.earlier.ask, "said": "in the autumn"},
    ]
    text = " ".join("\n".join(read(to_pdf(library, one))).split())
    assert f"{asked.training.ask} how to listen {asked.earlier.ask} in the autumn" in text


def test_the_schema_knows_every_review_question():
    keys = SCHEMA["properties"]["learnt"]["properties"]["review"]["items"]["properties"]["key"]["enum"]
    assert keys == list(Review.model_fields)


@pytest.mark.parametrize(
    "typed", ["=1+1", "+44 1632 960001", "-2", "@SUM(A1)", " =cmd|' /C calc'!A0", "\t=1", "＝1+1", "\n=1"]
)
def test_no_cell_is_a_formula(made, typed):
    (row,) = rows(to_csv([made(typed, child=typed)]))
    for name in ("Child", "What happened"):
        assert row[name].startswith("'")
        assert typed in row[name]


@given(st.text(max_size=20))
def test_whatever_is_typed_no_cell_begins_as_a_formula_does(text):
    assert harmless(text).lstrip(" \n\u00a0")[:1] not in set("=+-@\t\r＝＋－＠")
    assert text in harmless(text)


# ---- as data, and the archive


def test_the_data_is_as_its_schema_says_and_loses_nothing(made):
    data = as_data(made(child="王小明"))
    jsonschema.validate(data, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert data["children"] == [{"name": "王小明", "role": "harmed"}]
    assert [one["superseded_at"] for one in data["decisions"]] == ["2026-03-02T12:00:00+00:00", None]
    assert [one["what"] for one in data["chronology"]] == ["logged", "decided", "decided", "exported"]


def test_the_schema_takes_nothing_that_it_does_not_describe(made):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**as_data(made()), "more": 1}, SCHEMA)


def test_the_archive_opens_with_the_passphrase_alone_and_belongs_to_its_owner(library, made, tmp_path):
    held = list(files(library, [made()], ("json", "csv")))
    path = write(tmp_path, "out", held, "abcd-efgh")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"Robin" not in path.read_bytes()
    with pyzipper.AESZipFile(path) as archive:
        assert archive.namelist() == ["TA-2026-0001.json", "concerns.csv"]
        assert all(one.wz_aes_strength == 3 for one in archive.infolist())  # 3: 256 bits
        for wrong in (None, b"abcd-efgi"):
            with pytest.raises(RuntimeError):
                archive.read("concerns.csv", pwd=wrong)
        assert archive.read("concerns.csv", pwd=b"abcd-efgh") == held[1][1]


def test_no_file_is_written_over_and_no_half_of_one_is_left(tmp_path):
    path = write(tmp_path, "out", [("a", b"a")], "p")
    with pytest.raises(FileExistsError):
        write(tmp_path, "out", [("b", b"b")], "p")
    assert path.exists()
    with pytest.raises(TypeError):
        write(tmp_path, "half", [("a", b"a"), ("b", 7)], "p")
    assert not (tmp_path / "half.zip").exists()
