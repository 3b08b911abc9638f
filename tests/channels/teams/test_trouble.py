"""Teams throttles, blocks and breaks off; the ledger goes away. Nothing is done twice and nothing is swallowed."""

from __future__ import annotations

import email
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from email.message import Message as Mail
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from adapters.email.channel import EmailChannel
from adapters.server import utc_now
from bot import Alert, Bell, Delivered, Failed, Ledger, LedgerDownError
from bot.channel import Receipt
from tests.channels.school import ACCOUNT, WORDS, come_true
from tests.channels.teams import cards
from tests.channels.teams.client import Teams
from tests.channels.teams.school import TeamsSchool, running, teams_shelf
from tests.core.test_email import free_port


@pytest.fixture
async def school(teams: Teams, tmp_path: Path) -> AsyncIterator[TeamsSchool]:
    async with running(tmp_path, teams) as started:
        yield started


class Letterbox:
    """Keeps what an SMTP server is given."""

    def __init__(self) -> None:
        self.letters: list[Mail] = []

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:  # noqa: N802 (aiosmtpd's name)
        self.letters.append(email.message_from_bytes(envelope.content))
        return "250 OK"


@pytest.fixture
def letterbox() -> Iterator[Letterbox]:
    box = Letterbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    box.url = f"smtp://127.0.0.1:{controller.port}?from=signpost@school.example"
    yield box
    controller.stop()


def said(school: TeamsSchool, who: str = "teacher") -> list[str]:
    chat = school[who].chat
    return ["\n".join(cards.texts(post.cards())) for post in chat.by(school.teams.connector.bot)]


@pytest.mark.parametrize("status", [412, 429, 502, 504])
async def test_a_passing_fault_of_teams_delays_an_alert_and_no_more(school: TeamsSchool, status: int) -> None:
    await school["teacher"].types("log a concern")
    await school["teacher"].presses(WORDS.about_pupils)
    await school["teacher"].fills(ACCOUNT)
    school.teams.connector.trouble(status, times=2)

    await school["teacher"].presses(WORDS.send_button)

    ref = next(word for word in school["teacher"].sees().split() if word.startswith("TA-"))
    await school.is_told("dsl", ref, school.team)
    assert len([1 for post in school.team.by(school.teams.connector.bot) if ref in str(post.activity)]) == 1


async def test_a_blocked_dsl_place_sends_the_alert_by_email_at_once(
    teams: Teams, tmp_path: Path, letterbox: Letterbox
) -> None:
    by_email = EmailChannel(letterbox.url, teams_shelf().guidance, utc_now)
    async with running(tmp_path, teams, beside={"email": by_email}) as school:
        school.team.blocked = True
        ref = await school.logs()

        await come_true(lambda: any(ref in each.as_string() for each in letterbox.letters), "the letter")

        assert all("Robin" not in each.as_string() for each in letterbox.letters)
        assert ref not in school["dsl"].sees(school.team)


@pytest.mark.parametrize("fault", ["blocked", "gone", "not in it"])
async def test_a_way_that_is_shut_is_a_lasting_failure(school: TeamsSchool, fault: str) -> None:
    if fault == "gone":
        del school.teams.connector.conversations[school.team.id]
    school.team.blocked, school.team.installed = fault == "blocked", fault != "not in it"

    receipt = await deliver(school, "dsl")

    code = {
        "blocked": "MessageWritesBlocked",
        "gone": "ConversationNotFound",
        "not in it": "BotNotInConversationRoster",
    }
    assert isinstance(receipt, Failed)
    assert receipt.lasting
    assert receipt.route, "no alert at all gets through"
    assert code[fault] in receipt.reason


async def test_a_refused_login_is_the_whole_route(teams: Teams, tmp_path: Path) -> None:
    async with running(tmp_path, teams, app_password="ended") as school:
        for told in ("dsl", "deputy-1", "person:teams:teacher"):
            receipt = await deliver(school, told)

            assert isinstance(receipt, Failed)
            assert receipt.route


async def test_without_a_dsl_place_readiness_says_so(teams: Teams, tmp_path: Path) -> None:
    async with running(tmp_path, teams, learnt=False) as school:
        await school.logs()
        await school.signpost.bell.ring_due(utc_now())
        await come_true(lambda: school.signpost.rests, "that the bell has rung")

        assert "signpost doctor" in (await school.signpost.readiness())["route teams"]


async def test_a_deputy_who_took_the_app_away_is_a_lasting_failure(school: TeamsSchool) -> None:
    await school["deputy-1"].removes()

    receipt = await deliver(school, "deputy-1")

    assert isinstance(receipt, Failed)
    assert receipt.lasting
    assert not receipt.route, "it is their own chat alone"


async def test_teams_says_when_to_come_back(school: TeamsSchool) -> None:
    school.teams.connector.trouble(429, times=20, retry_after="60")

    receipt = await deliver(school, "dsl")

    assert isinstance(receipt, Failed)
    assert (receipt.lasting, receipt.retry_after) == (False, 60.0)


async def test_an_alert_that_was_taken_away_is_posted_again(school: TeamsSchool) -> None:
    first = await deliver(school, "dsl")
    assert isinstance(first, Delivered)
    school.team.posts.clear()

    again = await deliver(school, "dsl", receipt=first.id)

    assert isinstance(again, Delivered)
    assert again.id != first.id
    assert len(school.team.posts) == 1


async def deliver(school: TeamsSchool, told: str, receipt: str | None = None) -> Receipt:
    until = utc_now() + timedelta(minutes=1)
    from bot import Card

    return await school.channel.deliver(Alert("k", "TA-1", told, "teams", 1, until, receipt, (Card("A concern"),)))


# ---- crashes


class CrashError(Exception):
    """As far as this process got."""


async def test_a_crash_between_commit_and_response_swallows_no_reference(
    teams: Teams, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(*_: object) -> bool:
        raise CrashError

    async with running(tmp_path, teams) as school:
        sam = school["teacher"]
        await sam.types("log a concern")
        await sam.presses(WORDS.about_pupils)
        await sam.fills(ACCOUNT)
        with monkeypatch.context() as patched:
            patched.setattr(Bell, "answer", crash)
            with pytest.raises(AssertionError, match="answered 500"):
                await sam.presses(WORDS.send_button)
        assert "TA-" not in sam.sees()
    async with running(tmp_path, teams) as school:
        await school.signpost.bell.ring_due(utc_now() + timedelta(seconds=20))

        assert "TA-2026-0001" in school["teacher"].sees()


async def test_a_crash_before_a_message_is_answered_is_made_good(
    teams: Teams, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(*_: object) -> bool:
        raise CrashError

    async with running(tmp_path, teams) as school:
        with monkeypatch.context() as patched:
            patched.setattr(Bell, "answer", crash)
            with pytest.raises(AssertionError, match="answered 500"):
                await school["teacher"].types("its only banter")
    async with running(tmp_path, teams) as school:
        await school.signpost.bell.ring_due(utc_now() + timedelta(seconds=20))

        assert WORDS.interrupted_title in said(school)[-1]


async def test_a_reply_that_could_not_be_posted_is_posted_when_teams_is_back(school: TeamsSchool) -> None:
    await school["teacher"].types("help")
    school.teams.connector.trouble(500, times=2)

    await school["teacher"].types("its only banter")

    assert len(said(school)) == 1
    await come_true(lambda: len(said(school)) == 2, "the reply")
    assert "banter" in said(school)[1].lower()


async def test_a_reply_that_teams_took_without_naming_it_is_not_said_again(school: TeamsSchool) -> None:
    school.teams.connector.names_posts = False

    await school["teacher"].types("help")

    assert await school.signpost.bell.ring_due(utc_now() + timedelta(minutes=1)) == 0, "nothing is owed any more"
    assert len(said(school)) == 1


async def test_with_neither_teams_nor_ledger_the_message_is_not_taken(
    school: TeamsSchool, monkeypatch: pytest.MonkeyPatch
) -> None:
    sam = school["teacher"]
    await sam.types("help")

    async def down(*_: object, **__: object) -> None:
        raise LedgerDownError("it is down")

    school.teams.connector.trouble(500, times=9)
    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "owe", down)
        answer = await school.teams.posts(sam._message("its only banter", sam.chat))
    school.teams.connector.work()

    assert answer.status == 503


async def test_without_the_ledger_a_concern_is_said_not_to_be_sent(
    school: TeamsSchool, monkeypatch: pytest.MonkeyPatch
) -> None:
    sam = school["teacher"]
    await sam.types("log a concern")
    await sam.presses(WORDS.about_pupils)
    await sam.fills(ACCOUNT)

    async def down(*_: object, **__: object) -> None:
        raise LedgerDownError("it is down")

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "log_concern", down)
        await sam.presses(WORDS.send_button)

    assert WORDS.not_sent_title in sam.sees()
    assert "TA-" not in sam.sees()


async def test_a_persons_chat_is_known_after_a_restart_without_asking(teams: Teams, tmp_path: Path) -> None:
    async with running(tmp_path, teams) as school:
        await school["teacher"].types("help")
    teams.connector.asked.clear()
    async with running(tmp_path, teams) as school:
        receipt = await deliver(school, "person:teams:teacher")

    assert isinstance(receipt, Delivered)
    assert "POST /emea/v3/conversations" not in teams.connector.asked


async def test_a_stored_chat_that_teams_no_longer_knows_is_asked_for_again(school: TeamsSchool) -> None:
    sam = school["teacher"]
    await sam.types("help")
    del school.teams.connector.conversations[sam.chat.id]

    receipt = await deliver(school, "person:teams:teacher")

    assert isinstance(receipt, Delivered)
    assert "A concern" in said(school)[-1]
