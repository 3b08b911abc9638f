"""The demo server as anybody could reach it: over HTTP and its WebSocket, politely and not."""

from __future__ import annotations

import asyncio
import json
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot import Alert, Card
from tests.channels.contract import NOW
from tests.channels.school import (
    ACCOUNT,
    COMMAND,
    LIBRARY,
    WORDS,
    Demo,
    Page,
    School,
    environment,
    reference_in,
    serving,
    signpost,
)

FILES = {"": "text/html", "page/style.css": "text/css", "page/app.js": "javascript"}
BANTER = LIBRARY.topics["banter"].title


async def get(url: str, **headers: str) -> tuple[int, dict[str, str], str]:
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        return response.status, dict(response.headers), await response.text()


# ---- what is served, and to whom


@pytest.mark.parametrize("path", ["", "healthz", "talk", "page/app.js"])
async def test_another_name_for_this_computer_is_refused(school: School, path: str) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "192.0.2.1", "[", ""):
        status, _, text = await get(school.url + path, Host=host)

        assert status == 421, host
        assert "Signpost" not in text


async def test_the_names_of_this_computer_are_served(school: School) -> None:
    for host in ("127.0.0.1", "localhost", "LOCALHOST:3978", "[::1]:3978"):
        assert (await get(school.url, Host=host))[0] == 200, host


async def test_a_page_from_elsewhere_may_not_talk(school: School) -> None:
    port = school.url.rpartition(":")[2].strip("/")
    async with aiohttp.ClientSession() as session:
        for origin in ("http://evil.example", "null", f"https://127.0.0.1:{port}", "http://127.0.0.1:1", "file://"):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await session.ws_connect(f"{school.url}talk", origin=origin)
            assert refused.value.status == 403, origin


async def test_the_page_itself_may_talk(school: School) -> None:
    async with Page.open(school.url, origin=school.url.rstrip("/")) as page:
        assert (await page.seat("teacher").says("its only banter")).titles == [BANTER]


async def test_every_seat_is_told_that_this_is_practice(page: Page) -> None:
    assert page.hello["practice"] == "Practice: nobody is told"
    assert {seat["id"] for seat in page.hello["seats"]} == {"teacher", "visitor", "dsl", "deputy-1", "head", "chair"}


# ---- frames that are not frames

SAY = {"type": "say", "seat": "teacher", "event": "e", "words": "hello"}
SEND = {"type": "send", "seat": "teacher", "event": "e", "form": "form:x:1:pupils", "values": {}}
NOT_FRAMES = {
    "not JSON": "hello",
    "nothing": "",
    "half of it": '{"type": "say", "seat": "teach',
    "a list": "[]",
    "a number": "1e999",
    "null": "null",
    "text": '"say"',
    "an empty object": "{}",
    "an unknown type": json.dumps({**SAY, "type": "shout"}),
    "no type": json.dumps({key: SAY[key] for key in SAY if key != "type"}),
    "no seat": json.dumps({key: SAY[key] for key in SAY if key != "seat"}),
    "no event": json.dumps({key: SAY[key] for key in SAY if key != "event"}),
    "no words": json.dumps({key: SAY[key] for key in SAY if key != "words"}),
    "an unknown seat": json.dumps({**SAY, "seat": "caretaker"}),
    "somebody else's id": json.dumps({**SAY, "seat": "web:dsl"}),
    "an empty event": json.dumps({**SAY, "event": ""}),
    "a very long event": json.dumps({**SAY, "event": "e" * 40_000}),
    "a key too many": json.dumps({**SAY, "place": "shared"}),
    "words that are a list": json.dumps({**SAY, "words": ["hello"]}),
    "words that are a number": json.dumps({**SAY, "words": 1}),
    "half a character": '{"type": "say", "seat": "teacher", "event": "e", "words": "\\ud83d"}',
    "half a character as seat": '{"type": "say", "seat": "\\udc00", "event": "e", "words": "x"}',
    "a choice that is an object": json.dumps({"type": "choose", "seat": "teacher", "event": "e", "choice": {}}),
    "values that are a list": json.dumps({**SEND, "values": ["x"]}),
    "a value that is a number": json.dumps({**SEND, "values": {"now": 1}}),
    "too many values": json.dumps({**SEND, "values": {str(n): "x" for n in range(101)}}),
    "an unknown press": json.dumps({**SEND, "press": "send"}),
    "a nest of lists": "[" * 100_000,
    "a nest of objects": '{"words":' * 100_000,
    "40,000 characters of nothing": " " * 40_000,
}


async def test_what_is_not_a_frame_is_passed_over_and_the_next_one_heard(page: Page) -> None:
    teacher = page.seat("teacher")
    for name, frame in NOT_FRAMES.items():
        before = len(teacher.pane)
        await page.socket.send_str(frame)

        assert (await teacher.says("its only banter")).titles == [BANTER], name
        assert [drawn.by for drawn in teacher.pane[before:]] == ["you", "signpost"], f"something else was drawn: {name}"


async def test_bytes_are_passed_over_too(page: Page) -> None:
    await page.socket.send_bytes(json.dumps(SAY).encode())
    await page.socket.ping()

    assert (await page.seat("teacher").says("its only banter")).titles == [BANTER]


STRANGE_CHOICES = (
    "x",
    ":",
    "step:",
    "step:::",
    "step:x:1:.send:pupils",
    "group:",
    "topic:__class__",
    "ack:",
    "open:x\0y",
    "e" * 200,
)
STRANGE_WORDS = (
    "x" * 40_000,
    "word " * 8_000,
    "\0",
    "\x1b[2J",
    "\u202e",
    "😀" * 5_000,
    "{dsl} {nobody} %s",
    "' OR 1=1 --",
)


async def test_a_button_nobody_drew_changes_nothing(page: Page) -> None:
    teacher = page.seat("teacher")
    step = await teacher.says("log a concern")
    for choice in STRANGE_CHOICES:
        reply = await teacher.chooses(choice)
        assert reply.titles[0] in {WORDS.old_button_title, WORDS.not_yours_title}, choice

    assert (await teacher.chooses(step.choice(WORDS.about_pupils))).titles == [WORDS.form_title]


async def test_any_words_are_heard_and_answered(page: Page) -> None:
    for words in STRANGE_WORDS:
        assert (await page.seat("teacher").says(words)).titles, words[:20]

    assert (await page.seat("teacher").says("its only banter")).titles == [BANTER]


STRANGE_VALUES: dict[str, dict[str, str]] = {
    "none at all": {},
    "keys that are no fields": {"happened": "x", "__class__": "x", "k" * 200: "x", "{dsl}": "x"},
    "more children than there are": {"children": "99999999"},
    "fewer children than none": {"children": "-1"},
    "a number of children with 5,000 digits": {"children": "9" * 5_000},
    "an option that is not one": {"now": "perhaps", "child-1-role": "'", "images": "\0"},
    "days that are not days": {"date": "0000-00-00", "time": "25:61"},
    "the first and the last day": {"date": "9999-12-31", "time": "٢٣:٥٩"},
    "too much": {"happened": "x" * 50_001},
    "control characters": {"happened": "\0\x1b\x08", "child-1": "\u202e"},
}


@pytest.mark.parametrize("values", STRANGE_VALUES.values(), ids=STRANGE_VALUES)
@pytest.mark.parametrize("press", ["check", "another-child"])
async def test_any_form_is_answered_and_keeps_what_was_typed(page: Page, values: dict[str, str], press: str) -> None:
    teacher = page.seat("teacher")
    await teacher.says("log a concern")
    await teacher.presses(WORDS.about_pupils)

    reply = await teacher.fills({"where": "The gymnasium", **values}, press)

    assert reply.values()["where"] == "The gymnasium"
    put_right = {**ACCOUNT, "date": "", "time": ""}
    assert (await teacher.fills(put_right)).titles == [WORDS.check_title]


# ---- the same event twice


async def test_an_event_heard_twice_has_one_effect(page: Page) -> None:
    teacher, dsl = page.seat("teacher"), page.seat("dsl")
    await teacher.says("log a concern", event="e1")
    await teacher.says("log a concern", event="e1")
    await teacher.presses(WORDS.about_pupils)
    await teacher.fills(ACCOUNT)
    send = teacher.pane[-1].choice(WORDS.send_button)
    await teacher.chooses(send, event="e2")

    await teacher.chooses(send, event="e2")

    await dsl.is_told(reference_in(teacher.pane[-1]))
    assert len(dsl.pane) == 1


async def test_an_event_heard_twice_does_not_unsay_what_was_said_the_first_time(page: Page) -> None:
    teacher = page.seat("teacher")
    await teacher.says("log a concern")
    choice = teacher.pane[-1].choice(WORDS.about_pupils)
    form = await teacher.chooses(choice, event="e1")
    assert await teacher.chooses(choice, event="e1") == form
    await teacher.fills(ACCOUNT)
    send = teacher.pane[-1].choice(WORDS.send_button)
    sent = await teacher.chooses(send, event="e2")

    assert await teacher.chooses(send, event="e2") == sent


async def test_an_event_that_comes_by_two_sockets_has_one_effect(school: School, page: Page) -> None:
    await page.seat("teacher").writes_a_concern()
    send = page.seat("teacher").pane[-1].choice(WORDS.send_button)
    async with Page.open(school.url) as other:
        await page.send({"type": "choose", "seat": "teacher", "event": "the same", "choice": send})
        await other.send({"type": "choose", "seat": "teacher", "event": "the same", "choice": send})
        for one in (page, other):
            await one.until(lambda one=one: "the same" in one.heard, "that it was heard")
            await one.seat("dsl").is_told("TA-")
            assert len(one.seat("dsl").pane) == 1


async def test_two_presses_of_send_at_once_log_one_concern(school: School, page: Page) -> None:
    await page.seat("teacher").writes_a_concern()
    send = page.seat("teacher").pane[-1].choice(WORDS.send_button)
    async with Page.open(school.url) as other:
        replies = await asyncio.gather(*(one.seat("teacher").chooses(send) for one in (page, other)))

        assert sorted(reply.titles[0][:4] for reply in replies) == ["Sent", "This"]
        assert len({reference_in(reply) for reply in replies}) == 1
        await page.seat("dsl").is_told("TA-")
        assert len(page.seat("dsl").pane) == 1


async def test_an_answer_lost_with_its_socket_is_there_when_the_page_comes_back(school: School) -> None:
    async with Page.open(school.url) as page:
        await page.seat("teacher").writes_a_concern()
        send = page.seat("teacher").pane[-1].choice(WORDS.send_button)
        await page.send({"type": "choose", "seat": "teacher", "event": "cut off", "choice": send})
    async with Page.open(school.url) as page:
        await page.send({"type": "choose", "seat": "teacher", "event": "cut off", "choice": send})

        assert (await page.seat("teacher").is_told("Sent.")).titles
        assert len([drawn for drawn in page.seat("dsl").pane if "TA-" in drawn.text]) <= 1


async def test_a_page_that_opens_while_others_talk_misses_nothing(school: School, page: Page) -> None:
    # More than a socket holds, so that the second page is still being told what there is when something new comes.
    for nth in range(24):
        large = Card("Much to show", "x" * 1_000_000)
        await school.channel.deliver(Alert(f"a/{nth}", "", "chair", "web", 1, NOW, None, (large,)))
        await page.until(lambda nth=nth: f"a/{nth}" in page.posts.get("chair", {}), "the alert")

    async with aiohttp.ClientSession() as session, session.ws_connect(f"{school.url}talk") as socket:
        late = Page(socket)
        await late.until(lambda: late.hello, "the greeting")
        await page.seat("chair").says("its only banter", event="meanwhile")
        await late.until(lambda: len(late.posts.get("chair", {})) >= 24, "what was there before")
        await late.until(lambda: "re-meanwhile" in late.posts["chair"], "what came meanwhile")


# ---- is it up, and can it keep its promises?


async def test_a_server_that_is_well_says_so(school: School) -> None:
    assert json.loads((await get(f"{school.url}healthz"))[2]) == {"ok": True}
    status, _, text = await get(f"{school.url}readyz")
    assert (status, json.loads(text)) == (200, {"ready": True, "wrong": {}, "proved": {}})


async def not_ready(school: School) -> dict[str, Any]:
    status, _, text = await get(f"{school.url}readyz")
    assert status == 503
    assert (await get(f"{school.url}healthz"))[0] == 200, "the process is up all the same"
    return json.loads(text)


async def test_a_server_without_its_database_is_not_ready(school: School) -> None:
    school.database.unlink()

    assert "database" in (await not_ready(school))["wrong"]


async def test_a_server_whose_database_was_replaced_is_not_ready(school: School) -> None:
    school.database.rename(school.database.with_suffix(".old"))
    school.database.write_bytes(b"")

    assert "database" in (await not_ready(school))["wrong"]


async def test_a_server_whose_database_is_held_by_another_is_not_ready_until_it_is_let_go(school: School) -> None:
    other = sqlite3.connect(school.database, isolation_level=None, check_same_thread=False)
    await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
    assert "database" in (await not_ready(school))["wrong"]

    other.close()

    assert (await get(f"{school.url}readyz"))[0] == 200


# ---- `signpost demo`


async def test_the_demo_says_where_it_is_and_is_there(tmp_path: Path) -> None:
    with Demo(tmp_path / "data") as demo:
        assert demo.url.startswith("http://127.0.0.1:")
        assert "Practice: nobody is told" in demo.out.read_text()
        assert (await get(demo.url))[0] == 200

        port = int(demo.url.rpartition(":")[2].strip("/"))
        with socket.socket() as elsewhere:  # bound to every address it would answer here as well
            assert elsewhere.connect_ex(("127.0.0.2", port)) != 0

        with Demo(tmp_path / "second", port=port) as second:
            assert second.url != demo.url, "the usual port is taken: any free one will do"
        chosen = signpost("demo", "--port", str(port), data=tmp_path / "third")
        assert chosen.returncode == 2, "but one that was asked for is not swapped for another"
        assert "in use" in chosen.stderr

        assert demo.interrupt() == 0
        assert demo.out.read_text().endswith("Ended.\n")


async def test_a_fresh_demo_begins_with_nothing_logged(tmp_path: Path) -> None:
    async with serving(tmp_path / "data") as school, Page.open(school.url) as page:
        await page.seat("teacher").logs_a_concern()
    with Demo(tmp_path / "data", arguments=("--fresh",)) as demo:
        async with Page.open(demo.url) as page:
            assert (await page.seat("teacher").logs_a_concern()).endswith("-0001")
            await page.seat("dsl").is_told("TA-")
            assert len(page.seat("dsl").pane) == 1


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("demo", ["SIGNPOST_KEYS"]),
        ("chat", ["SIGNPOST_KEYS_FILE"]),
        (
            "demo",
            [
                "SIGNPOST_KEYS",
                "SIGNPOST_DATABASE_URL",
                "SIGNPOST_SLACK_BOT_TOKEN",
                "SIGNPOST_TEAMS_APP_PASSWORD",
                "SIGNPOST_SMTP_URL",
            ],
        ),
    ],
    ids=["a key", "a key in a file", "everything"],
)
def test_practice_refuses_to_start_beside_real_settings(tmp_path: Path, command: str, names: list[str]) -> None:
    keys = tmp_path / "hush-hush"
    keys.write_text("hush-hush")
    real = {name: str(keys) if name.endswith("_FILE") else f"1:hush-hush-{nth}" for nth, name in enumerate(names)}

    said = refused(tmp_path, command, real)

    assert all(name in said for name in names)


def test_practice_refuses_them_however_they_are_spelt(tmp_path: Path) -> None:
    assert "signpost_keys" in refused(tmp_path, "demo", {"signpost_keys": "1:hush-hush-0"})


def refused(tmp_path: Path, command: str, settings: dict[str, str]) -> str:
    done = subprocess.run(
        [COMMAND, command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=15,
        check=False,
        env={**environment(data=tmp_path / "data", port=0), **settings},
    )
    said = done.stdout + done.stderr
    assert done.returncode == 2, said
    assert "hush" not in said, "a secret is never shown"
    assert not (tmp_path / "data").exists()
    return said


_LEAVE = """
import asyncio, sys
from pathlib import Path
from aiohttp import web
from adapters import practice
from adapters.server import Signpost, served
from adapters.shelf import Shelf
from adapters.web.channel import WebChannel
from bot import open_ledger

async def leave(moment):
    channel = WebChannel(shelf.guidance)
    ledger = await open_ledger(f"sqlite+aiosqlite:///{home / 'practice.db'}", practice.vault(home), "TA")
    parts = Signpost.of(shelf, ledger, {"web": channel})
    async with served(web.Application(), parts, "127.0.0.1", 0):
        while not parts.rests:
            await asyncio.sleep(0)
        parts.wake()
        for _ in range(moment):
            await asyncio.sleep(0)

home = practice.folder(Path(sys.argv[1]))
shelf = Shelf(None, None, practice.dress)
for moment in range(25):
    asyncio.run(leave(moment))
print("left")
"""


def test_the_server_can_be_stopped_at_any_moment_of_its_ringing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _LEAVE, str(tmp_path)]
    with subprocess.Popen(
        command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as leaving:
        try:
            out, err = leaving.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            leaving.kill()
            out, err = "", "it hung: Ctrl-C would have to be pressed again, and again"
    assert out == "left\n", err
