"""Everything that goes out is read for what was planted where people type: it stands where the tables here say it may, and
nowhere else. A new kind of alert, or of entry, is in no table and fails.
"""

from __future__ import annotations

import asyncio
import io
import logging
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import structlog

from adapters import logs
from adapters.email.render import render as email_of
from adapters.export.files import FORMATS, files, write
from adapters.metrics import exposition
from adapters.reports import page, read_years
from adapters.server import Signpost
from adapters.slack import render as slack
from adapters.teams import render as teams
from bot import Guidance, Vault, open_ledger
from tests.channels.life import Life, provable
from tests.channels.planted import PLANTED, found_in
from tests.channels.school import practice_shelf
from tests.conftest import FakeChannel, FastForward
from tests.core.terminal import KEY, Terminal, terminal

NAMES, NOTHING = frozenset({"name"}), frozenset[str]()
# What an alert of each kind may show of what was typed, and before whom it is put: those who are told in a place that
# others see into (shared), or one person in their own chat (own). "name" is that of whoever logged, or acknowledged.
ALERTS = {
    "concern": ("shared", NAMES),
    "unsent": ("shared", NAMES),  # that somebody began, never what
    "quiet": ("shared", NAMES),
    "added": ("shared", NOTHING),
    "answered": ("shared", NOTHING),
    "decide": ("shared", NOTHING),
    "action": ("shared", NOTHING),
    "assigned": ("shared", NOTHING),
    "kept": ("shared", NOTHING),
    "proof": ("shared", NOTHING),
    "outsider": ("shared", NOTHING),
    "told": ("own", NAMES),
    "draft": ("own", NOTHING),
    "waiting": ("own", NOTHING),
    "settled": ("own", NOTHING),
    "message": ("own", NOTHING),
    "reply": ("own", frozenset({"name", "question"})),  # to the one who asked
}
# What may be drawn in a dialog or a reply of their own for each person here.
OWN_WORDS = {"name", "child", "words", "added", "message", "answer", "question", "triage", "linked child"}
REPLIES = {
    "dsl": set(PLANTED) - {"walled adult", "walled words", "question", "triage", "outsider", "draft"},
    "teacher": OWN_WORDS - {"linked child"},
    "fourth": {"name", "linked child", "words"},
    "fifth": {"name", "child", "words"},
    "sixth": NAMES,
    "seventh": {"name", "child", "words"},
    "third": {"name", "kept child", "kept words", "walled adult", "walled words"},
    "other": {"name", "draft"},
    "head": {"name", "walled adult", "walled words"},  # the one about the deputy went to the head
    "second": NAMES,  # of the DSL place, but not of those to whom it is kept
    "deputy-1": NOTHING,  # here it is the one it is about
    "visitor": NOTHING,
}
SAID_BY_A_CHAT = "it says that it knows no Wrenthamly"  # why a route broke, whatever words the chat chose
SEALED = frozenset({"code", "passphrase"})  # shown once, to the DSL who asked
# What each kind of entry seals of what was typed. All of it is before whoever may open the concern, and nobody else.
ENTRIES = {
    "logged", "opened", "acknowledged", "added", "decided", "closed", "reviewed", "noted", "messaged", "read", "answered",
    "assigned", "linked", "action", "done", "restricted", "escalated", "reopened", "exported", "handed_over",
}  # fmt: skip


@dataclass(frozen=True)
class Lived:
    """What is left of it when it is over."""

    life: Life
    entries: set[str]
    taken: str  # the JSON of what was exported
    files: dict[str, bytes]  # as they were before forgetting
    tombs: dict[str, bytes]  # and after
    years: str
    page: str
    listed: str
    metrics: str  # in both formats
    logged: str


@contextmanager
def listening() -> Iterator[Callable[[], str]]:
    """Everything logged, every library made to say all it can."""
    root, logged = logging.getLogger(), io.StringIO()
    before, level = root.handlers[:], root.level
    logs.set_up("DEBUG")
    for handler in root.handlers:
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(logged)
        handler.addFilter(lambda record: not str(record.msg).startswith("operation %s"))  # aiosqlite, a second time
    for name in logs._QUIET:
        logging.getLogger(name).setLevel("DEBUG")
    logging.getLogger("sqlalchemy.pool").setLevel("INFO")  # it says at length which connection it lends
    try:
        yield logged.getvalue
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        for name in logs._QUIET:
            logging.getLogger(name).setLevel("NOTSET")
        logging.getLogger("sqlalchemy.pool").setLevel("NOTSET")
        structlog.reset_defaults()


def on_disk(folder: Path) -> dict[str, bytes]:
    """Every file there. Read from a copy that another process makes: to close a file of SQLite's is to lose its locks."""
    with tempfile.TemporaryDirectory() as copy:
        subprocess.run(["cp", "-r", str(folder), copy], check=True)
        return {path.name: path.read_bytes() for path in Path(copy).rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def lived(guidance: Guidance, tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """All of it once: it is only read here."""
    shell = terminal(tmp_path_factory.mktemp("lived"))
    with listening() as logged:
        return replace(asyncio.run(live(guidance, shell)), logged=logged())


async def live(guidance: Guidance, shell: Terminal) -> Lived:
    ledger = await open_ledger(shell.store.url, Vault.from_text(KEY), "TA")
    try:
        return await told(Life(guidance, FastForward(), ledger, provable(FakeChannel), shell.store), shell)
    finally:
        await ledger.close()


async def told(life: Life, shell: Terminal) -> Lived:
    await life.live()
    entries = {what for (what,) in life.rows("select distinct what from chronology")}
    taken = dict(files(life.library, life.taken, FORMATS))
    await life.ledger.backup(shell.data / "backup")
    write(shell.data, "export", list(taken.items()), life.secrets["passphrase"])
    before = on_disk(shell.data)
    years = await read_years(
        life.ledger, life.library, date(2025, 9, 1), date(2026, 3, 31), datetime(2026, 4, 2, tzinfo=UTC)
    )
    drawn = page(life.library, years, datetime(2026, 4, 2, tzinfo=UTC), "edition")
    commands = (("concerns",), ("concerns", life.refs["kept"]))
    running = (asyncio.to_thread(shell.run, *command, SIGNPOST_LOG_LEVEL="DEBUG") for command in commands)
    listed = await asyncio.gather(*running)
    assert [status for status, _ in listed] == [0, 0], listed
    await life.in_trouble()
    metrics = await scraped(life)
    await life.forgets()
    shown = "".join(text for _, text in listed)
    exported = taken[f"{life.refs['one']}.json"].decode()
    return Lived(life, entries, exported, before, on_disk(shell.data), str(years), drawn, shown, metrics, "")


async def scraped(life: Life) -> str:
    """What `GET /metrics` says, while a route is broken and alerts wait."""
    await life.ledger.route_failed("web", SAID_BY_A_CHAT, life.clock.now())
    figures = await Signpost.of(practice_shelf(), life.ledger, life.channels).figures(life.clock.now())
    formats = (
        exposition(figures, accept)[0].decode() for accept in ("", "application/openmetrics-text; version=1.0.0")
    )
    return "\n".join(formats)


# ---- the tables


def test_the_tables_are_about_every_kind_there_is(lived: Lived) -> None:
    assert {alert.kind for alert in lived.life.alerts} == set(ALERTS), "each is rung here, and each is in the table"
    wording = {
        field.removeprefix("entry_") for field in type(lived.life.wording).model_fields if field.startswith("entry_")
    }
    assert lived.entries == wording == ENTRIES, "each is entered here, and each is in the table"
    assert {who for who, _ in lived.life.replies} == set(REPLIES)


def test_every_planted_word_got_as_far_as_it_may(lived: Lived) -> None:
    """Or else that it is nowhere else would prove nothing. What is typed and never drawn again is not among them."""
    life = lived.life
    drawn = {who: set().union(*(life.shows(reply) for of, reply in life.replies if of == who)) for who in REPLIES}
    everything = set().union(*drawn.values(), found_in(lived.taken))
    assert everything | {"outsider", "search", "stays", "triage", "question"} >= set(PLANTED)
    assert drawn["dsl"] >= SEALED


# ---- messages


def test_an_alert_shows_what_the_table_says_and_no_more(lived: Lived) -> None:
    life = lived.life
    for alert in life.alerts:
        before, may = ALERTS[alert.kind]
        assert life.shows(alert.parts) <= may, alert.key
        assert found_in((alert.key, alert.ref, alert.told, alert.receipt), life.planted) == set(), alert.key
        assert alert.told.startswith("person:") or before == "shared", alert.key


def test_of_what_is_kept_from_people_the_place_is_shown_a_reference_alone(lived: Lived) -> None:
    life = lived.life
    kept, walled = life.refs["kept"], life.refs["walled"]
    stands = {(alert.told, alert.ref): alert for alert in life.alerts}  # the last that was drawn of each
    assert life.shows(stands["dsl", kept].parts) == set()
    assert [part for part in stands["dsl", kept].parts if not hasattr(part, "tone")] == []
    assert ("head", walled) in stands
    assert not {("dsl", walled), ("deputy-1", walled)} & set(stands), "they are not told that it is there"
    for who, reply in life.replies:
        if who in {"deputy-1", "second"}:
            assert walled not in life.text(reply).replace("find", ""), who


def test_a_reply_shows_each_person_what_is_theirs(lived: Lived) -> None:
    life = lived.life
    for who, reply in life.replies:
        may = set(REPLIES[who]) | (SEALED if who == "dsl" else NOTHING)
        assert life.shows(reply) <= may, (who, life.titles(reply))


def test_a_notification_and_a_fallback_show_nothing_that_was_typed(lived: Lived) -> None:
    life = lived.life
    for alert in life.alerts:
        for body in slack.messages(alert.parts, wording=life.wording, key=alert.key):
            assert found_in({key: held for key, held in body.items() if key != "blocks"}, life.planted) == set(), (
                alert.key
            )
            assert found_in(body["blocks"], life.planted) <= ALERTS[alert.kind][1], alert.key
        for activity in teams.activities(alert.parts):
            cards = [attachment["content"] for attachment in activity["attachments"]]
            outside = {key: held for key, held in activity.items() if key != "attachments"}
            beside = [{key: held for key, held in card.items() if key not in {"body", "actions"}} for card in cards]
            assert found_in((outside, beside), life.planted) == set(), alert.key
            assert found_in(cards, life.planted) <= ALERTS[alert.kind][1], alert.key


def test_an_email_shows_nothing_that_was_typed(lived: Lived) -> None:
    for alert in lived.life.alerts:
        if not alert.told.startswith("person:"):
            email = email_of(
                alert, "signpost@school.example", "dsl@school.example", "school.example", lived.life.clock.now()
            )
            assert found_in(email.as_bytes(), lived.life.planted) == set(), alert.key


def test_the_standing_proof_shows_nothing_that_was_typed(lived: Lived) -> None:
    proved = [parts for channel in lived.life.channels.values() for parts in channel.proved]
    assert proved
    assert [parts for parts in proved if lived.life.shows(parts)] == []


# ---- logs, files, pages


def test_logs_and_tracebacks_show_nothing_that_was_typed(lived: Lived) -> None:
    for proof in (
        "INSERT INTO chronology",
        "the channel broke: RuntimeError",
        '"signpost.bell"',
        "returning exception",
    ):
        assert proof in lived.logged, f"it was listened to: {proof}"
    stays = [line for line in lived.logged.splitlines() if "INSERT INTO tombstones" in line]
    assert stays, "which its form says stays, and a talkative driver says too"
    rest = [line for line in lived.logged.splitlines() if "INSERT INTO tombstones" not in line]
    assert found_in("\n".join(rest), lived.life.planted) == set()


def test_database_backup_and_export_hold_nothing_that_can_be_read(lived: Lived) -> None:
    for name in ("signpost.db", "backup", "export.zip"):
        assert len(lived.files[name]) > 1000, "it was looked at"
    assert {name for name, held in lived.files.items() if found_in(held, lived.life.planted)} == set()


def test_a_tombstone_says_why_and_holds_nothing_else_that_was_typed(lived: Lived) -> None:
    ((reference, who, why),) = lived.life.rows("select reference, who, why from tombstones")
    assert (reference, who, why) == (lived.life.refs["one"], "web:dsl", PLANTED["stays"])
    for name, held in lived.tombs.items():
        assert found_in(held, lived.life.planted) <= {"stays"}, name


def test_the_governors_page_and_its_figures_hold_nothing_that_was_typed(lived: Lived) -> None:
    assert "<svg" in lived.page or "<dd>" in lived.page, "there is something on it"
    assert found_in((lived.page, lived.years), lived.life.planted) == set()
    assert re.search(r"TA-\d{4}-\d{4}", lived.page) is None


def test_metrics_hold_nothing_that_was_typed_and_nobody(lived: Lived) -> None:
    figures = dict(re.findall(r"^(signpost_\w+(?:{stage=\S+})?) (\S+)$", lived.metrics, re.MULTILINE))
    assert sum(float(value) for name, value in figures.items() if "concerns_open" in name) >= 1, "it was looked at"
    assert found_in(lived.metrics, lived.life.planted | {"chat": SAID_BY_A_CHAT}) == set()
    assert re.search(r"TA-\d{4}|person:|web:|[0-9a-f]{32}", lived.metrics) is None
    labels = set(re.findall(r'(\w+)="', lived.metrics))
    assert labels <= {"stage", "outcome", "route", "version", "content"}


def test_the_register_in_the_terminal_shows_nothing_that_was_typed(lived: Lived) -> None:
    for reference in lived.life.refs.values():
        assert reference in lived.listed
    assert "kept" in lived.listed, "how the alerts of one were delivered"
    assert found_in(lived.listed, lived.life.planted) == set()
