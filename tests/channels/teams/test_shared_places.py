"""What others can read: nothing of an answer, ever; only where to go."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.channels.school import LIBRARY, WORDS
from tests.channels.teams import cards
from tests.channels.teams.client import Teams
from tests.channels.teams.connector import Conversation
from tests.channels.teams.school import TeamsSchool, running

QUESTION = "a girl says a boy keeps grabbing her in the corridor"


@pytest.fixture
async def school(teams: Teams, tmp_path: Path) -> AsyncIterator[TeamsSchool]:
    async with running(tmp_path, teams) as started:
        yield started


@pytest.fixture(params=["channel", "groupChat"])
def place(request: pytest.FixtureRequest, school: TeamsSchool) -> Conversation:
    if request.param == "channel":
        return school.staffroom
    return school.teams.group(school["teacher"], school["head"])


def said(school: TeamsSchool, place: Conversation) -> list[str]:
    return ["\n".join(cards.texts(post.cards())) for post in place.by(school.teams.connector.bot)]


async def test_a_mention_is_answered_in_the_askers_own_chat(school: TeamsSchool, place: Conversation) -> None:
    await school["teacher"].types(QUESTION, place)

    assert said(school, place) == []
    answer = said(school, school["teacher"].chat)
    assert len(answer) == 1
    assert WORDS.shared_title in answer[0]


async def test_without_the_app_a_neutral_reply_says_how_to_get_it_and_nothing_is_kept(
    school: TeamsSchool, place: Conversation
) -> None:
    sam = school["teacher"]
    sam.account.installed = False

    await sam.types("log a concern: Robin was grabbed in the corridor", place)

    (neutral,) = said(school, place)
    assert neutral.startswith(WORDS.not_installed_title)
    assert LIBRARY.school.people.dsl.name not in neutral
    assert said(school, sam.chat) == []
    assert await school.signpost.ledger.conversation("teams:teacher") is None


async def test_the_neutral_reply_is_the_same_for_everybody_and_everything(school: TeamsSchool) -> None:
    for who in ("teacher", "visitor"):
        school[who].account.installed = False
        for words in (QUESTION, "she says she is going to kill herself tonight", "topics", "log a concern"):
            await school[who].types(words, school.staffroom)

    assert len(set(said(school, school.staffroom))) == 1
    assert len(said(school, school.staffroom)) == 8


@pytest.mark.parametrize("answer", [(400, "BadArgument"), (403, "BotNotInConversationRoster"), (404, "NotFound")])
async def test_however_teams_says_that_they_do_not_have_the_app_they_are_told_so(
    school: TeamsSchool, answer: tuple[int, str]
) -> None:
    school.teams.connector.says_not_installed = answer
    school["teacher"].account.installed = False

    await school["teacher"].types(QUESTION, school.staffroom)

    (neutral,) = said(school, school.staffroom)
    assert neutral.startswith(WORDS.not_installed_title)


async def test_refused_only_when_the_answer_is_sent_it_is_the_same_neutral_reply(
    school: TeamsSchool, place: Conversation
) -> None:
    """Teams may open the chat with somebody who does not have the app, and refuse what is posted in it."""
    sam = school["teacher"]
    sam.chat.installed = False

    await sam.types(QUESTION, place)

    (neutral,) = said(school, place)
    assert neutral.startswith(WORDS.not_installed_title)
    assert said(school, sam.chat) == []


async def test_the_neutral_reply_stands_under_the_message(school: TeamsSchool) -> None:
    school["teacher"].account.installed = False

    asked = await school["teacher"].types(QUESTION, school.staffroom)

    assert school.staffroom.by(school.teams.connector.bot)[0].thread == asked


async def test_it_reads_only_what_is_addressed_to_it(school: TeamsSchool, place: Conversation) -> None:
    sam = school["teacher"]
    activity = school.teams.activity("message", sam.account, place, text=QUESTION, textFormat="plain")

    await school.teams.hears(activity)

    assert said(school, place) == []
    assert said(school, sam.chat) == []


async def test_added_to_a_team_it_says_hello_once_and_no_content(school: TeamsSchool) -> None:
    sam, bot = school["teacher"], school.teams.connector.bot
    added = school.teams.activity("conversationUpdate", sam.account, school.staffroom, membersAdded=[{"id": bot}])
    installed = school.teams.activity("installationUpdate", sam.account, school.staffroom, action="add")

    for activity in (added, installed):
        await school.teams.hears(activity)

    (hello,) = said(school, school.staffroom)
    assert hello.startswith(WORDS.hello_title)
    assert LIBRARY.school.people.dsl.name not in hello


async def test_installed_for_oneself_it_welcomes_once(school: TeamsSchool) -> None:
    await school["teacher"].installs()

    (welcome,) = said(school, school["teacher"].chat)
    assert welcome.startswith(WORDS.welcome_title)

    await school["teacher"].removes()
    await school["teacher"].installs()
    assert len(said(school, school["teacher"].chat)) == 2


async def test_a_welcome_that_could_not_be_said_is_said_when_teams_tells_of_it_again(school: TeamsSchool) -> None:
    sam, bot = school["teacher"], school.teams.connector.bot
    added = school.teams.activity("conversationUpdate", sam.account, school.staffroom, membersAdded=[{"id": bot}])
    school.teams.connector.trouble(500)

    assert (await school.teams.posts(added)).status == 503
    assert (await school.teams.posts(added)).status == 200

    assert len(said(school, school.staffroom)) == 1


async def test_a_new_version_of_the_app_is_no_installation(school: TeamsSchool) -> None:
    sam = school["teacher"]
    for action in ("remove-upgrade", "add-upgrade"):
        await school.teams.hears(school.teams.activity("installationUpdate", sam.account, sam.chat, action=action))

    assert said(school, sam.chat) == []


async def test_members_who_join_are_not_greeted(school: TeamsSchool) -> None:
    joined = school.teams.activity(
        "conversationUpdate", school["head"].account, school.staffroom, membersAdded=[{"id": school["head"].account.id}]
    )

    await school.teams.hears(joined)

    assert said(school, school.staffroom) == []
