"""What leaves is a locked file at the terminal: a DSL's code makes it, once and soon; the passphrase they alone saw opens it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pyzipper

from bot import Card, Message, Person, Words
from tests.channels.school import ACCOUNT, LIBRARY, WORDS, Page, School, Seat
from tests.stories.deciding import decides, sends
from tests.stories.machine import Machine
from tests.stories.taking import code_in, words_of
from tests.stories.team import corrects, does, entries, fact, is_alerted

NAME = LIBRARY.school.people.dsl.name
SEVEN = ("teacher", "visitor", "dsl", "deputy-1", "head", "chair")


@pytest.fixture
def machine(school: School, tmp_path: Path) -> Machine:
    return Machine.of(school, tmp_path, days=30)


def export(reference: str, code: str, to: Path) -> tuple[str, ...]:
    return ("concerns", "export", reference, "--pdf", "--to", str(to), "--code", code)


async def test_the_file_is_made_by_the_code_and_opens_with_what_the_dsl_alone_was_shown(
    page: Page, dsl: Seat, machine: Machine, tmp_path: Path, reference: str
) -> None:
    shown = await dsl.chooses(f"handover:{await is_alerted(dsl, reference)}")
    code, passphrase = code_in(shown), fact(shown, WORDS.handing.passphrase)

    status, said = await machine.types(*export(reference, code, tmp_path))

    assert status == 0, said
    assert passphrase not in said
    (path,) = tmp_path.glob("*.zip")
    assert ACCOUNT["child-1"].encode() not in path.read_bytes()
    with pyzipper.AESZipFile(path) as archive:
        with pytest.raises(RuntimeError, match="password"):
            archive.read(f"{reference}.pdf", pwd=passphrase[::-1].encode())
        assert ACCOUNT["child-1"] in words_of(archive.read(f"{reference}.pdf", pwd=passphrase.encode()))
    opened = await dsl.chooses(f"open:{await is_alerted(dsl, reference)}")
    assert (WORDS.entry_exported, f"{NAME}: PDF") in entries(opened)


async def test_code_passphrase_and_file_are_in_nobodys_chat(
    page: Page, dsl: Seat, machine: Machine, tmp_path: Path, reference: str
) -> None:
    shown = await dsl.chooses(f"handover:{await is_alerted(dsl, reference)}")
    await machine.types(*export(reference, code_in(shown), tmp_path))
    await page.seat("teacher").logs_a_concern()  # whatever was due has been shown by now

    (path,) = tmp_path.glob("*.zip")
    for name in SEVEN:
        for secret in (code_in(shown), fact(shown, WORDS.handing.passphrase), path.name, ".zip"):
            assert secret not in page.seat(name).sees, name
    assert {seat for seat, dialog in page.dialogs if WORDS.handing.code_title in dialog.titles} == {"dsl"}
    again = await dsl.chooses(f"handover:{await is_alerted(dsl, reference)}")
    assert fact(again, WORDS.handing.passphrase) != fact(shown, WORDS.handing.passphrase), "each is for one file"


@pytest.mark.parametrize("which", ["wrong", "used", "late"])
async def test_a_wrong_used_or_late_code_opens_nothing(
    dsl: Seat, school: School, machine: Machine, tmp_path: Path, reference: str, which: str
) -> None:
    concern = await is_alerted(dsl, reference)
    code = code_in(await dsl.chooses("code"))
    if which == "wrong":
        code = code[::-1]
    if which == "used":
        await machine.types("concerns", "show", reference, "--code", code)
    if which == "late":
        code = await code_of_eleven_minutes_ago(school)
    before = entries(await dsl.chooses(f"open:{concern}"))

    status, said = await machine.types(*export(reference, code, tmp_path))

    assert status == 2
    assert "that is no DSL's code, or it has been used, or ten minutes have passed" in said
    assert ACCOUNT["child-1"] not in said
    assert list(tmp_path.glob("*.zip")) == []
    assert entries(await dsl.chooses(f"open:{concern}"))[:-1] == before


async def test_the_paper_holds_all_that_was_said_and_done(
    teacher: Seat, dsl: Seat, machine: Machine, tmp_path: Path, reference: str
) -> None:
    concern = await is_alerted(dsl, reference)
    other = await teacher.logs_a_concern()
    await is_alerted(dsl, other)
    await dsl.chooses(f"ack:{concern}")
    await corrects(teacher, reference, "It was the phone")
    await does(dsl, "note", concern, text="Her tutor knew")
    await does(dsl, "message", concern, text="Which corridor was it")
    await sends(teacher, await teacher.chooses(f"read:{concern}"), {"text": "The one by the gym"})
    await does(dsl, "assign", concern, who="head")
    todo = await does(dsl, "action", concern, text="Ring home", due=f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}")
    await sends(dsl, await dsl.chooses(todo.choice("Done: 1")), {"text": "She will come in"})
    await does(dsl, "link", concern, reference=other, text="The same girl")
    await decides(dsl, concern, reasons="It was said once")
    await does(dsl, "escalate", concern, text="It was filmed")
    await decides(dsl, concern, reasons="It has begun again", changed="A film went round")
    await does(dsl, "close", concern, text="Settled with home", training="A talk on phones")

    shown = await dsl.chooses(f"handover:{concern}")
    await machine.types(*export(reference, code_in(shown), tmp_path))

    (path,) = tmp_path.glob("*.zip")
    with pyzipper.AESZipFile(path) as archive:
        paper = words_of(archive.read(f"{reference}.pdf", pwd=fact(shown, WORDS.handing.passphrase).encode()))
    typed = (
        *(ACCOUNT["child-1"], ACCOUNT["happened"], "It was the phone", "Her tutor knew", "Which corridor was it"),
        *("The one by the gym", "Ring home", "She will come in", f"{other}: The same girl", "It was said once"),
        *("It was filmed", "It has begun again", "A film went round", "Settled with home", "A talk on phones"),
    )
    assert [words for words in typed if words not in paper] == []
    done = entries(await dsl.chooses(f"open:{concern}"))
    assert [what for what, _ in done if f". {what}, " not in paper and what != WORDS.entry_opened] == []
    assert len(done) > 18


async def code_of_eleven_minutes_ago(school: School) -> str:
    """The code that a DSL got in chat and left lying."""
    who, now = Person("web:dsl", Words(NAME), staff=True), datetime.now(UTC)
    reply = await school.signpost.desk.hear(Message("left-lying", who, choice="code"), now - timedelta(minutes=11))
    (card,) = [part for part in reply.parts if isinstance(part, Card)]
    return next(held.value.reveal() for held in card.facts if held.label == WORDS.handing.code)
