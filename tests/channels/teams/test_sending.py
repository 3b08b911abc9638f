"""What is sent: to which addresses, with which token, tried again when Teams asks, and one error for everything else."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from adapters.teams import connector as ours
from adapters.teams import tokens
from adapters.teams.hosting import ConnectorError, Host
from tests.channels.teams.client import TENANT, Teams
from tests.channels.teams.connector import CARD, Conversation

TEXT = {"type": "message", "text": "hello"}


def card(text: str) -> dict[str, Any]:
    """A message with one card that says this."""
    body = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": text}]}
    return {"type": "message", "attachments": [{"contentType": CARD, "content": body}]}


@pytest.fixture
def chat(teams: Teams, host: Host) -> Conversation:
    """Sam's personal chat, at an address that is trusted."""
    host.connector.trust(teams.connector.url)
    sam = teams.person("Sam Carter")
    sam.account.installed = True
    return sam.chat


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ours, "_FIRST_WAIT", 0.01)


# ---- what is sent stands there


async def test_what_is_sent_is_redrawn_and_taken_away(teams: Teams, host: Host, chat: Conversation) -> None:
    url = teams.connector.url
    first = await host.connector.send(url, chat.id, card("new"))
    await host.connector.update(url, chat.id, first, card("seen"))
    assert [(post.id, post.redrawn) for post in chat.posts.values()] == [(first, 1)]
    assert "seen" in teams.person("Sam Carter").sees()
    await host.connector.delete(url, chat.id, first)
    assert chat.posts == {}


async def test_a_reply_goes_into_its_thread(teams: Teams, host: Host, chat: Conversation) -> None:
    channel = teams.channel("General", teams.person("Sam Carter"))
    await host.connector.send(teams.connector.url, f"{channel.id};messageid=1700", TEXT)
    await host.connector.send(teams.connector.url, channel.id, TEXT, reply_to="1800")
    assert [post.thread for post in channel.posts.values()] == ["1700", "1800"]


async def test_a_personal_chat_is_the_same_each_time(teams: Teams, host: Host, chat: Conversation) -> None:
    sam = teams.person("Sam Carter").account
    made = [await host.connector.create_personal(teams.connector.url, TENANT, who) for who in (sam.id, sam.aad)]
    assert made == [chat.id, chat.id]


async def test_without_the_app_there_is_no_personal_chat(teams: Teams, host: Host, chat: Conversation) -> None:
    kim = teams.person("Kim Hale").account
    with pytest.raises(ConnectorError) as caught:
        await host.connector.create_personal(teams.connector.url, TENANT, kim.id)
    assert (caught.value.status, caught.value.lasting) == (403, True)


@pytest.mark.parametrize("size", [0, 1, 3, 7])
async def test_a_roster_is_read_to_its_end(size: int, teams: Teams, host: Host, chat: Conversation) -> None:
    teams.connector.page = 3
    people = [teams.person(f"Person {number}") for number in range(size)]
    group = teams.group(*people)
    found = await host.connector.members(teams.connector.url, group.id)
    assert [each["aadObjectId"] for each in found] == [each.account.aad for each in people]


async def test_a_roster_that_breaks_off_is_no_roster(teams: Teams, host: Host, chat: Conversation) -> None:
    teams.connector.page = 1
    group = teams.group(*(teams.person(f"Person {number}") for number in range(3)))
    teams.connector.trouble(500, after=2)
    with pytest.raises(ConnectorError):
        await host.connector.members(teams.connector.url, group.id)
    assert len(teams.connector.asked) == 3


async def test_a_roster_without_end_is_given_up(
    teams: Teams, host: Host, chat: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ours, "_PAGES", 2)
    teams.connector.page = 1
    group = teams.group(*(teams.person(f"Person {number}") for number in range(3)))
    with pytest.raises(ConnectorError, match="RosterWithoutEnd"):
        await host.connector.members(teams.connector.url, group.id)


async def test_one_member_is_found_by_either_id_or_is_none(teams: Teams, host: Host, chat: Conversation) -> None:
    sam, kim = teams.person("Sam Carter").account, teams.person("Kim Hale").account
    for who in (sam.id, sam.aad):
        found = await host.connector.member(teams.connector.url, chat.id, who)
        assert found is not None
        assert found["userPrincipalName"] == "sam.carter@school.example"
    assert await host.connector.member(teams.connector.url, chat.id, kim.id) is None


async def test_a_404_that_names_nobody_is_settled_by_the_whole_roster(
    teams: Teams, host: Host, chat: Conversation
) -> None:
    """Not every service says MemberNotFoundInConversation: a pupil must not become somebody whom nobody can know."""
    sam, kim = teams.person("Sam Carter").account, teams.person("Kim Hale").account
    for who, found in ((sam, sam.listed()), (kim, None)):
        teams.connector.trouble(404)
        assert await host.connector.member(teams.connector.url, chat.id, who.id) == found


async def test_a_conversation_that_is_not_there_is_not_an_absent_member(
    teams: Teams, host: Host, chat: Conversation
) -> None:
    with pytest.raises(ConnectorError, match="ConversationNotFound"):
        await host.connector.member(teams.connector.url, "19:gone@thread.v2", teams.person("Sam Carter").account.id)


# ---- what is refused


async def test_what_teams_refuses_is_lasting_and_keeps_its_code(teams: Teams, host: Host, chat: Conversation) -> None:
    url, send = teams.connector.url, host.connector.send
    chat.blocked = True
    group = teams.group(teams.person("Sam Carter"))
    group.installed = False
    mine = teams.group(teams.person("Sam Carter"))
    attempts = {
        "MessageWritesBlocked": send(url, chat.id, TEXT),
        "BotNotInConversationRoster": send(url, group.id, TEXT),
        "ConversationNotFound": send(url, "19:gone@thread.v2", TEXT),
        "MessageSizeTooBig": send(url, mine.id, card("x" * 29 * 1024)),
        "BadSyntax": send(url, mine.id, {"type": "message"}),
        "ActivityNotFoundInConversation": host.connector.update(url, mine.id, "1", TEXT),
    }
    for code, attempt in attempts.items():
        with pytest.raises(ConnectorError) as caught:
            await attempt
        assert (caught.value.code, caught.value.lasting) == (code, True)
    assert len(teams.connector.asked) == len(attempts), "what is lasting is not tried again"


async def test_an_address_that_nobody_signed_is_not_called(teams: Teams, host: Host) -> None:
    with pytest.raises(ConnectorError) as caught:
        await host.connector.send(teams.connector.url, "a:1", TEXT)
    assert (caught.value.code, caught.value.lasting) == ("UnknownServiceUrl", True)
    assert (teams.connector.asked, teams.authority.issued) == ([], 0)


async def test_an_address_that_was_signed_is_called(teams: Teams, host: Host) -> None:
    sam = teams.person("Sam Carter")
    await sam.types("hello")
    await host.connector.send(teams.connector.url, sam.chat.id, TEXT)
    assert host.connector.trusts(teams.connector.url.rstrip("/"))


@pytest.mark.parametrize(
    "url",
    [
        "http://smba.example/emea/",
        "https://",
        "https://me@smba.example/",
        "https://smba.example/?x=1",
        "file:///etc",
        "",
    ],
)
def test_an_address_that_is_not_safe_is_not_trusted(url: str, teams: Teams) -> None:
    host = Host(**teams.settings())
    with pytest.raises(ValueError, match="https"):
        host.connector.trust(url)


async def test_an_id_cannot_leave_its_place_in_the_path(teams: Teams, host: Host, chat: Conversation) -> None:
    with pytest.raises(ConnectorError, match="ConversationNotFound"):
        await host.connector.send(teams.connector.url, f"x/../{chat.id}?a=", TEXT)
    assert chat.posts == {}


# ---- what is tried again


@pytest.mark.parametrize("status", [412, 429, 502, 504])
async def test_passing_faults_are_tried_again(status: int, teams: Teams, host: Host, chat: Conversation) -> None:
    teams.connector.trouble(status, times=2)
    await host.connector.send(teams.connector.url, chat.id, TEXT)
    assert (len(teams.connector.asked), len(chat.posts)) == (3, 1)


async def test_retry_after_is_honoured(teams: Teams, host: Host, chat: Conversation) -> None:
    teams.connector.trouble(429, retry_after="0.3")
    began = time.monotonic()
    await host.connector.send(teams.connector.url, chat.id, TEXT)
    assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize("header", ["60", "Wed, 21 Oct 2065 07:28:00 GMT"])
async def test_a_long_retry_after_is_left_to_the_bell(
    header: str, teams: Teams, host: Host, chat: Conversation
) -> None:
    teams.connector.trouble(429, retry_after=header)
    with pytest.raises(ConnectorError) as caught:
        await host.connector.send(teams.connector.url, chat.id, TEXT)
    assert caught.value.retry_after is not None
    assert caught.value.retry_after >= 60
    assert (caught.value.lasting, len(teams.connector.asked)) == (False, 1)


async def test_it_is_not_tried_for_ever(
    teams: Teams, host: Host, chat: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ours, "_TOTAL", 0.3)
    teams.connector.trouble(502, times=1000)
    with pytest.raises(ConnectorError) as caught:
        await host.connector.send(teams.connector.url, chat.id, TEXT)
    assert (caught.value.status, caught.value.lasting) == (502, False)
    assert 1 < len(teams.connector.asked) < 20


async def test_a_hang_is_ended(teams: Teams, host: Host, chat: Conversation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ours, "_TOTAL", 0.1)
    teams.connector.hang()
    with pytest.raises(ConnectorError, match="Timeout") as caught:
        await host.connector.send(teams.connector.url, chat.id, TEXT)
    assert not caught.value.lasting


async def test_what_is_cut_off_is_not_sent_twice_in_one_go(teams: Teams, host: Host, chat: Conversation) -> None:
    teams.connector.drop()
    with pytest.raises(ConnectorError, match="Unreachable") as caught:
        await host.connector.send(teams.connector.url, chat.id, TEXT)
    assert (caught.value.lasting, len(teams.connector.asked)) == (False, 1)


async def test_a_service_that_is_gone_is_unreachable(teams: Teams, host: Host, chat: Conversation) -> None:
    await teams.connector.stop()
    with pytest.raises(ConnectorError, match="Unreachable"):
        await host.connector.send(teams.connector.url, chat.id, TEXT)


# ---- our own token


async def test_many_at_once_fetch_one_token(teams: Teams, host: Host, chat: Conversation) -> None:
    await asyncio.gather(*(host.connector.send(teams.connector.url, chat.id, TEXT) for _ in range(20)))
    assert (len(chat.posts), teams.authority.issued) == (20, 1)


async def test_a_token_is_renewed_before_it_ends(teams: Teams, host: Host, chat: Conversation) -> None:
    teams.authority.lifetime = int(tokens._EARLY) - 1
    for _ in range(2):
        await host.connector.send(teams.connector.url, chat.id, TEXT)
    assert teams.authority.issued == 2


async def test_a_token_that_is_still_good_serves_while_the_login_is_down(
    teams: Teams, host: Host, chat: Conversation
) -> None:
    teams.authority.lifetime = int(tokens._EARLY) - 1
    await host.connector.send(teams.connector.url, chat.id, TEXT)
    await teams.authority.stop()
    await host.connector.send(teams.connector.url, chat.id, TEXT)
    assert len(chat.posts) == 2


async def test_a_token_that_was_withdrawn_is_fetched_anew_once(teams: Teams, host: Host, chat: Conversation) -> None:
    await host.connector.send(teams.connector.url, chat.id, TEXT)
    teams.authority.revoke()
    await host.connector.send(teams.connector.url, chat.id, TEXT)
    assert len(chat.posts) == 2


async def test_a_token_that_is_refused_again_is_a_lasting_failure(teams: Teams, host: Host, chat: Conversation) -> None:
    teams.authority.lifetime = -1
    with pytest.raises(ConnectorError) as caught:
        await host.connector.send(teams.connector.url, chat.id, TEXT)
    assert (caught.value.status, caught.value.lasting, len(teams.connector.asked)) == (401, True, 2)


@pytest.mark.parametrize("wrong", [{"app_password": "old"}, {"tenant_id": "another"}])
async def test_a_wrong_secret_or_tenant_is_lasting(wrong: dict[str, str], teams: Teams, hosted: Any) -> None:
    async with hosted(**wrong) as host:
        host.connector.trust(teams.connector.url)
        with pytest.raises(ConnectorError) as caught:
            await host.connector.send(teams.connector.url, "a:1", TEXT)
    assert caught.value.lasting
    assert caught.value.code in {"invalid_client", "invalid_request"}
    assert "secret" not in str(caught.value)


async def test_a_login_that_hangs_is_ended(
    teams: Teams, host: Host, chat: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "_TIMEOUT", 0.1)
    teams.authority.hang()
    with pytest.raises(ConnectorError, match="LoginTimeout") as caught:
        await host.connector.send(teams.connector.url, chat.id, TEXT)
    assert not caught.value.lasting


async def test_the_playground_sends_without_a_token(teams: Teams) -> None:
    teams.connector._accepts = lambda header: header == ""
    host = Host("", "", "", playground=True)
    host.connector.trust(teams.connector.url)
    chat = teams.person("Sam Carter").chat
    await host.connector.send(teams.connector.url, chat.id, TEXT)
    await host.close()
    assert (len(chat.posts), teams.authority.issued) == (1, 0)
