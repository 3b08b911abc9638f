"""A DSL's code from a real chat, typed at the terminal of Signpost's machine: the command asks the chat who is on the team."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pyzipper
from pypdf import PdfReader

from bot import Bell
from tests.channels.at_the_machine import Machine, Shown, down, holding, machine, outgoing
from tests.channels.contract import Entry_
from tests.channels.school import ACCOUNT
from tests.channels.slack.entry import Slack
from tests.channels.standing import OTHER_DSL, Standing, standing
from tests.channels.teams.entry import Teams
from tests.channels.test_contract import eventually_seen, log

NAME, SAID = "Robin Ashdown", "taken the bag"
CHATS: tuple[Entry_, ...] = (Slack(), Teams())


@pytest.fixture(params=CHATS, ids=lambda entry: entry.name)
async def at(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Machine]:
    """The machine, beside a chat in which a concern about pupils has reached the DSL place."""
    async with request.param.running(tmp_path) as running:
        await log(running, "pupils")
        await eventually_seen(running, "dsl", "TA-")
        yield machine(running, tmp_path)


@pytest.fixture
async def people(at: Machine, monkeypatch: pytest.MonkeyPatch) -> Standing:
    """Another DSL is in the place too, whom school.yaml does not name."""
    come = await standing(at.running, monkeypatch)
    await come.joins(OTHER_DSL)
    await at.running.says(OTHER_DSL, "topics")
    return come


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where files are to be written."""
    made = tmp_path / "out"
    made.mkdir()
    return made


def is_refused(shown: Shown, *because: str) -> None:
    """In words that say what, why and what to do next, and without a word of the concern."""
    assert shown.status == 2, shown
    assert shown.out == ""
    for words in ("opened", "\n  why: ", "\n  what to do: ", *because):
        assert words in shown.err, shown.err
    assert not any(word in shown.err for word in (NAME, SAID, *ACCOUNT["child-1"].split()))
    assert not any(line.startswith("{") for line in shown.err.splitlines()), "a log is not for the person at the screen"


async def nobody_acknowledges(at: Machine) -> None:
    """For two days, by the clocks."""
    bell = Bell(at.running.desk._guidance, at.ledger, {at.chat: at.running.channel})
    while await bell.ring_due(datetime.now(UTC) + timedelta(days=2)):
        pass


# ---- the DSL


async def test_the_dsl_is_shown_it_by_a_code_of_the_chat_once(at: Machine) -> None:
    concern = await at.concern()
    code, _ = await at.code()

    shown = await at.types("show", concern.reference.lower(), "--code", code.lower())

    assert shown.status == 0, shown.err
    assert NAME in shown.out
    assert SAID in shown.out
    who = (await at.entries())[-1]
    assert who[0] == "opened"
    assert f"Shown to {who[1]}" in " ".join(shown.out.split())
    at_ = (await at.concern()).chronology[-1].at
    assert abs(datetime.now(UTC) - at_) < timedelta(minutes=5)
    is_refused(await at.types("show", concern.reference, "--code", code), "it has been used")
    assert len(await at.entries()) == len(concern.chronology) + 1


async def test_the_file_opens_with_the_passphrase_that_only_the_dsl_was_shown(at: Machine, folder: Path) -> None:
    concern = await at.concern()
    code, passphrase = await at.code(handing_over=True)

    shown = await at.types("export", concern.reference, "--pdf", "--json", "--csv", "--to", folder, typed=f"{code}\n")

    assert shown.status == 0, shown.err
    assert shown.err == ""
    assert passphrase not in shown.text
    assert NAME not in shown.text
    what, who = (await at.entries())[-1]
    assert what == "exported"
    assert f"exported by {who}" in " ".join(shown.out.split())
    (path,) = folder.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert NAME.encode() not in path.read_bytes()
    with pyzipper.AESZipFile(path) as archive:
        paper = PdfReader(io.BytesIO(archive.read(f"{concern.reference}.pdf", pwd=passphrase.encode())))
        assert NAME in "".join(page.extract_text() for page in paper.pages)
        with pytest.raises(RuntimeError):
            archive.read("concerns.csv", pwd=code.encode())


async def test_the_chat_is_sent_no_word_of_it_and_the_passphrase_stands_in_the_dsls_window_alone(
    at: Machine, folder: Path
) -> None:
    reference = (await at.concern()).reference
    codes = [await at.code(handing_over=True), await at.code()]
    asked = len(outgoing(at.running))
    await at.types("export", reference, "--json", "--to", folder, "--code", codes[-1][0])
    (path,) = folder.iterdir()
    codes.append(await at.code())
    shown = await at.types("show", reference, "--code", codes[-1][0])
    assert NAME in shown.out

    sent = outgoing(at.running)
    assert sent[asked:], "the terminal asked nothing of the chat"
    secrets = {f"{nth}.{of}": one for nth, pair in enumerate(codes) for of, one in enumerate(pair)}
    assert [one for one in holding(sent, **secrets) if not one.startswith("views.")] == []
    assert holding(sent[asked:], name="Ashdown", said=SAID, file=path.name) == []
    assert not [one for one in sent if "files." in one.partition(" ")[0]]
    for seat in ("teacher", "deputy-1", "head", "chair"):
        seen = await at.running.seen(seat)
        assert not [secret for secret in secrets.values() if secret in seen], seat


# ---- who may not


@pytest.mark.parametrize(("seat", "command"), [("dsl", "show"), (OTHER_DSL, "export")])
async def test_whoever_left_the_place_between_the_code_and_its_use_opens_nothing(
    at: Machine, people: Standing, seat: str, command: str, folder: Path
) -> None:
    """Whether school.yaml names them or not; and the code is spent by it."""
    concern = await at.concern()
    code, _ = await at.code(seat)
    await people.leaves(seat)

    to = ("--pdf", "--to", folder) if command == "export" else ()
    shown = await at.types(command, concern.reference, *to, "--code", code)

    is_refused(shown, "not in the DSL place", "was asked just now")
    assert at.codes() == 0
    assert list(folder.iterdir()) == []
    assert await at.concern() == concern


async def test_a_deputy_takes_out_what_has_reached_them_and_nothing_before(at: Machine, folder: Path) -> None:
    concern = await at.concern()
    code, _ = await at.code("deputy-1")
    is_refused(await at.types("show", concern.reference, "--code", code), "not open to the DSL whose code")
    assert await at.concern() == concern

    await nobody_acknowledges(at)
    code, passphrase = await at.code("deputy-1")
    shown = await at.types("export", concern.reference, "--json", "--to", folder, "--code", code)

    assert shown.status == 0, shown.err
    assert (await at.entries())[-1] == ("exported", at.name("deputy-1"))
    (path,) = folder.iterdir()
    with pyzipper.AESZipFile(path) as archive:
        assert NAME.encode() in archive.read(f"{concern.reference}.json", pwd=passphrase.encode())


async def test_what_is_kept_from_a_dsl_is_not_there_for_their_code(at: Machine, people: Standing, folder: Path) -> None:
    """Kept to others, or about one of the team; with one that is theirs beside it, none of them leaves."""
    await log(at.running, "safeguarding")
    walled, kept = (await at.ledger.all_concerns(None))[:2]
    if walled.about == "pupils":
        walled, kept = kept, walled
    await log(at.running, "pupils")
    theirs = next(one for one in await at.ledger.all_concerns(None) if one.id not in {walled.id, kept.id})
    await eventually_seen(at.running, "dsl", theirs.reference)
    await at.restricts("dsl", kept)
    before = await at.ledger.all_concerns(None)

    code, _ = await at.code("dsl")
    is_refused(await at.types("show", walled.reference, "--code", code), "not open to the DSL whose code")
    code, _ = await at.code(OTHER_DSL)
    asked = (theirs.reference, kept.reference)
    is_refused(await at.types("export", *asked, "--csv", "--to", folder, "--code", code), kept.reference)
    assert list(folder.iterdir()) == []
    assert await at.ledger.all_concerns(None) == before
    code, _ = await at.code("dsl")
    assert (await at.types("export", *asked, "--csv", "--to", folder, "--code", code)).status == 0


async def test_a_wrong_code_opens_nothing_and_a_late_one_neither(at: Machine) -> None:
    concern = await at.concern()
    code, _ = await at.code()
    wrong = code[:-1] + ("A" if code[-1] != "A" else "B")
    is_refused(await at.types("show", concern.reference, "--code", wrong), "no DSL's code")
    at.spends_ten_minutes()
    is_refused(await at.types("show", concern.reference, "--code", code), "ten minutes have passed")
    assert await at.concern() == concern


# ---- when the chat cannot be asked


async def test_where_the_chat_does_not_say_who_is_in_the_place_a_code_opens_nothing(at: Machine) -> None:
    """Not even to the DSL whom school.yaml names: nobody but the chat can say that they are still on the team."""
    concern = await at.concern()
    code, _ = await at.code()
    down(at).roster()

    shown = await at.types("show", concern.reference, "--code", code)

    is_refused(shown, f"{at.chat.capitalize()} did not say who is in the DSL place", "The code is spent")
    assert at.codes() == 0
    assert await at.concern() == concern


async def test_where_nothing_of_the_chat_answers_nothing_leaves(at: Machine, people: Standing, folder: Path) -> None:
    del people
    concern = await at.concern()
    code, _ = await at.code(OTHER_DSL)
    down(at).all()

    shown = await at.types("export", concern.reference, "--pdf", "--to", folder, "--code", code)

    is_refused(shown, f"{at.chat.capitalize()} did not say who is in the DSL place", "signpost doctor")
    assert list(folder.iterdir()) == []
    assert await at.concern() == concern
