"""The registers in the terminal, as processes: without a DSL's code no name and no word; with it, what is theirs."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
import pyzipper
from pypdf import PdfReader

from adapters.server import utc_now
from bot import Vault, open_ledger
from tests.core.file_chat import PLACE
from tests.core.handed import closed_and_handed, code_and_passphrase
from tests.core.terminal import KEY, terminal

REF = "TA-2026-0001"
NAME = "Zoë Brown"


class Now:
    """The real clock, until it is moved: the commands have no other."""

    by = timedelta()

    def now(self):
        return utc_now() + self.by

    def forward(self, **by):
        self.by += timedelta(**by)
        return self.now()


@pytest.fixture
def known(tmp_path):
    """The school.yaml says by which id the DSL is known, and the chat that they are in the DSL place."""
    here = terminal(tmp_path)
    file = next(here.data.parent.glob("content/school.yaml"))
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"(dsl: \{name: [^}]*)\}", r"\1, chats: {web: dsl}}", text), encoding="utf-8")
    here.connect("web:dsl")
    return here


@pytest.fixture
async def desk(known, new_school):
    """A school that shares the terminal's record, with one concern that has reached the DSL."""
    ledger = await open_ledger(known.store.url, Vault.from_text(KEY), "TA")
    school = new_school(ledger, file=known.store, clock=Now())
    day = f"{school.clock.now() - timedelta(days=1):%Y-%m-%d}"
    await school.log(**{"child-1": NAME, "date": day})
    await school.ring()
    yield school
    await ledger.close()


def kept(desk):
    """Every row, but for the one that each start writes to, to see that it can."""
    return {table: rows for table, rows in desk.everything().items() if table != "pulse"}


def without_a_code(known, *arguments):
    status, shown = known.run("concerns", *arguments, "--code", "AAAA-AAAA")
    assert status == 2
    assert "no DSL's code" in shown
    return shown


async def test_the_list_and_the_deliveries_need_no_code_and_show_no_name(known, desk):
    for arguments in ((), (REF,)):
        status, shown = known.run("concerns", *arguments)
        assert status == 0
        assert REF in shown
        assert "Brown" not in shown
        assert desk.MARK not in shown


async def test_the_deliveries_say_who_was_told_by_role_and_the_reporter_as_the_reporter(known, desk):
    id_, dsl, member = desk.id(REF), desk.person("dsl"), desk.person("colleague")
    desk.channels["web"].places["dsl"].add("web:colleague")
    await desk.press(f"ack:{id_}", dsl)
    await desk.fill(f"assign:{id_}", {"who": "dsl"}, dsl)
    await desk.ring()
    await desk.fill(f"restrict:{id_}", {"who": "dsl", "text": "because"}, member)
    await desk.ring()
    await desk.fill(f"escalate:{id_}", {"text": "because"}, member)  # to those to whom it is now kept
    await desk.ring()
    status, shown = known.run("concerns", REF)
    assert status == 0
    assert set(re.findall(r":\d\d  (\w+) \d+ +to (.+?) +by", shown)) == {
        ("concern", "dsl"),
        ("told", "reporter"),
        ("assigned", "dsl"),
        ("kept", "dsl"),
        ("assigned", "a named person"),  # the DSL in the other chat, of which the terminal's school.yaml says nothing
        ("kept", "a named person"),
        ("concern", "a named person"),
    }
    assert "colleague" not in shown


async def test_a_dsl_who_logged_it_is_the_reporter_only_where_they_were_told_as_such(known, desk):
    dsl = desk.person("dsl")
    day = f"{desk.clock.now() - timedelta(days=1):%Y-%m-%d}"
    ref = await desk.log(who=dsl, date=day)
    id_ = desk.id(ref)
    await desk.press(f"ack:{id_}", dsl)
    await desk.fill(f"assign:{id_}", {"who": "dsl"}, dsl)
    await desk.ring()
    _, shown = known.run("concerns", ref)
    told = re.findall(r":\d\d  (\w+) \d+ +to (.+?) +by", shown)
    assert ("told", "reporter") in told
    assert ("assigned", "dsl") in told


async def test_without_the_code_nothing_is_shown_written_or_forgotten(known, desk, tmp_path):
    before = kept(desk)
    shown = without_a_code(known, "show", REF)
    shown += without_a_code(known, "export", REF, "--pdf", "--to", str(tmp_path))
    shown += without_a_code(known, "retention", "--do")
    assert "Brown" not in shown
    assert not list(tmp_path.glob("*.zip"))
    assert kept(desk) == before


async def test_with_it_the_concern_is_shown_and_that_is_in_its_chronology(known, desk):
    code, _ = await code_and_passphrase(desk)
    status, shown = known.run("concerns", "show", REF, "--code", code)
    assert status == 0
    assert NAME in shown
    assert desk.entries(REF)[-1] == "opened"


async def test_with_it_the_files_open_with_the_passphrase_of_the_dsl(known, desk, tmp_path):
    code, passphrase = await code_and_passphrase(desk, REF)
    status, shown = known.run(
        "concerns", "export", REF.lower(), "--pdf", "--json", "--csv", "--to", str(tmp_path), "--code", code
    )
    assert status == 0, shown
    assert passphrase not in shown
    assert desk.entries(REF)[-1] == "exported"
    (path,) = tmp_path.glob("*.zip")
    with pyzipper.AESZipFile(path) as archive:
        assert archive.namelist() == [f"{REF}.pdf", f"{REF}.json", "concerns.csv"]
        paper = PdfReader(io.BytesIO(archive.read(f"{REF}.pdf", pwd=passphrase.encode())))
        assert NAME in paper.pages[0].extract_text()


async def test_a_shell_without_a_chat_asks_nobody_so_it_opens_nothing_and_spends_no_code(known, desk):
    code, _ = await code_and_passphrase(desk)
    before = kept(desk)
    for settings, why in (
        ({PLACE: ""}, "no chat is connected in this shell"),
        ({"SIGNPOST_SLACK_BOT_TOKEN": "xoxb-1"}, "SIGNPOST_SLACK_DSL_CHANNEL"),
    ):
        status, shown = known.run("concerns", "show", REF, "--code", code, **settings)
        assert status == 2
        assert why in shown
        assert "code is still good" in shown
        assert kept(desk) == before
    assert known.run("concerns", "show", REF, "--code", code)[0] == 0


async def test_where_no_file_can_be_written_it_says_so_and_that_the_chronology_has_it(known, desk, tmp_path):
    code, _ = await code_and_passphrase(desk)
    folder = tmp_path
    while len(str(folder)) < 3800:
        folder /= "x" * 200
        folder.mkdir()
    folder /= "x" * (4080 - len(str(folder)) - 1)  # a path that is as long as paths may be, without the file's name
    folder.mkdir()
    status, shown = known.run("concerns", "export", REF, "--json", "--to", str(folder), "--code", code)
    assert status == 2
    assert "no file was written" in shown
    assert "chronology says already that it was exported" in shown
    assert not list(folder.iterdir())
    assert desk.entries(REF)[-1] == "exported"


async def test_what_cannot_be_entered_as_opened_is_not_shown(known, desk):
    code, _ = await code_and_passphrase(desk)
    known.store.refuse("chronology")
    status, shown = known.run("concerns", "show", REF, "--code", code)
    known.store.allow("chronology")
    assert status == 2
    assert "could not be entered in its chronology" in shown
    assert "Brown" not in shown
    assert desk.MARK not in shown


async def test_a_reference_that_is_not_theirs_gives_no_file(known, desk, tmp_path):
    await desk.log("head")
    code, _ = await code_and_passphrase(desk)
    status, shown = known.run("concerns", "export", REF, "TA-2026-0002", "--csv", "--to", str(tmp_path), "--code", code)
    assert status == 2
    assert "not open to the DSL" in shown
    assert not list(tmp_path.glob("*.zip"))
    assert "exported" not in desk.entries(REF)


async def test_no_format_is_no_export(known, desk, tmp_path):
    status, shown = known.run("concerns", "export", REF, "--to", str(tmp_path), "--code", "x")
    assert status == 2
    assert "no format" in shown


async def test_retention_first_only_says_what_would_be_and_then_does_that(known, desk):
    desk.clock.forward(days=-40)
    ref = await desk.log()
    await desk.ring()
    await closed_and_handed(desk, ref)
    desk.clock.by = timedelta()
    status, shown = known.run("concerns", "retention")
    assert status == 0
    lines = {line.split()[0]: line for line in shown.splitlines()}
    assert "WOULD BE FORGOTTEN" in lines[ref]
    assert "kept: it is open" in lines[REF]
    assert await desk.ledger.by_reference(ref)

    code, _ = await code_and_passphrase(desk)
    status, shown = known.run("concerns", "retention", "--do", "--code", code)
    assert status == 0, shown
    assert f"{ref}  forgotten" in shown
    assert await desk.ledger.by_reference(ref) is None
    assert await desk.ledger.by_reference(REF)


async def test_a_report_needs_no_code_and_holds_no_name_and_no_reference(known, desk, tmp_path):
    out = tmp_path / "report.html"
    today = utc_now().date()
    status, shown = known.run("report", "--from", f"{today.year - 1}-01-01", "--to", f"{today}", "--out", str(out))
    assert status == 0, shown
    text = out.read_text(encoding="utf-8")
    for secret in (REF, "Brown", desk.MARK):
        assert secret not in text
    status, shown = known.run("report", "--from", f"{today}", "--to", "2020-01-01", "--out", str(out))
    assert status == 2


async def test_what_was_told_of_no_concern_can_be_read_too(known, desk):
    await desk.check(who=desk.person("teacher"))
    desk.clock.forward(minutes=11)
    await desk.ring()
    status, shown = known.run("concerns", "others")
    assert status == 0
    assert re.search(r"draft 1 +to a named person +by web +delivered", shown)
    assert desk.MARK not in shown
    assert desk.person("teacher").name.reveal() not in shown
