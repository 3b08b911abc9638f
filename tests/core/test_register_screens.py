"""What the registers look like to whoever sits at the terminal: 80 columns, the school's own time, and never nothing at all."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import termios
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from adapters import needs, registers
from adapters.server import utc_now
from bot import Vault, open_ledger
from tests.core.terminal import KEY


@pytest.fixture
async def ledger(terminal):
    opened = await open_ledger(terminal.store.url, Vault.from_text(KEY), "TA")
    yield opened
    await opened.close()


@pytest.fixture
def school(ledger, terminal, new_school):
    class Now:
        def now(self):
            return utc_now()

    return new_school(ledger, file=terminal.store, clock=Now())


def too_long(shown):
    return [line for line in shown.splitlines() if len(line) > 80]


async def test_where_nothing_was_logged_it_says_so(terminal, ledger):
    assert terminal.run("concerns") == (0, "No concern has been logged.\n")
    assert terminal.run("concerns", "others") == (0, "No alert of this kind has been sent.\n")


async def test_the_list_and_the_deliveries_fit_eighty_columns(terminal, school):
    day = f"{utc_now() - timedelta(days=1):%Y-%m-%d}"
    ref = await school.log(now="yes", date=day)
    assert "No alert of it has been sent yet" in terminal.run("concerns", ref.lower())[1]
    await school.ring()
    for arguments in ((), (ref,)):
        status, shown = terminal.run("concerns", *arguments)
        assert status == 0
        assert too_long(shown) == []
        assert re.search(rf"^{ref} +logged +\d\d \w{{3}} \d\d:\d\d .* urgent$", shown, re.MULTILINE)
        assert "Times are those of Europe/London." in shown


@pytest.mark.parametrize("marks", ["urgent LATE", "urgent DRILL"])
def test_the_longest_line_of_the_list_fits_too(marks):
    assert len(registers._columns("ABCD-2026-0042", "acknowledged", *["30 Sep 23:59"] * 3, marks)) <= 80


async def test_times_are_the_schools_own(school, capsys):
    ref = await school.log()
    (concern,) = await school.ledger.all_concerns()
    assert concern.reference == ref
    summer = datetime(2026, 7, 1, 8, 30, tzinfo=UTC)
    moved = replace(concern, logged_at=summer)
    registers._table([moved], school.library.school)
    assert summer.astimezone(ZoneInfo("Europe/London")).hour == 9
    assert "01 Jul 09:30" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [("--help",), ("show", "--help"), ("export", "--help"), ("retention", "--help")])
def test_the_help_fits_eighty_columns(terminal, arguments):
    status, shown = terminal.run("concerns", *arguments, COLUMNS="80")
    assert status == 0
    assert too_long(shown) == []


async def test_a_code_that_is_piped_in_is_taken_without_a_warning(terminal, ledger):
    terminal.connect("web:dsl")
    done = terminal.pipe("ABCD-EFGH\n", "concerns", "show", "TA-2026-0001")
    assert "no DSL's code" in done
    assert "Warning" not in done


async def test_on_a_screen_an_error_is_broken_between_words_and_a_code_is_not_shown(terminal, ledger):
    terminal.connect("web:dsl")
    shown = on_a_screen(terminal, "ABCD-EFGH\n", "concerns", "show", "TA-2026-0001")
    assert "ABCD-EFGH" not in shown
    assert "no DSL's code" in shown
    lines = shown.splitlines()
    assert max(map(len, lines)) <= 80
    why = next(nth for nth, line in enumerate(lines) if line.startswith("  why: "))
    assert lines[why + 1].startswith("    ")


def on_a_screen(terminal, typed, *arguments):
    """What stands on a terminal of 80 columns on which this was typed."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    running = subprocess.Popen(
        [sys.executable, "-m", "tests.core.file_chat", *arguments],
        cwd=Path(__file__).parents[2],
        env=terminal.environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown = b""
    while b"code: " not in shown:
        shown += os.read(ours, 1024)
    os.write(ours, typed.encode())
    try:
        while more := os.read(ours, 1024):
            shown += more
    except OSError:  # Linux says so where nobody writes to it any more
        pass
    os.close(ours)
    running.wait(60)
    return shown.decode()


def test_a_line_is_broken_between_words_and_goes_on_further_in():
    assert needs.fitted("nothing\n  why: one two three\n  - /a/long/path", 14) == (
        "nothing\n  why: one two\n    three\n  -\n    /a/long/path"
    )
