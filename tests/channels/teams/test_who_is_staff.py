"""Pupils share the tenant. Who is staff is asked of Teams, and whoever cannot be known is told so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.server import utc_now
from adapters.shelf import Shelf
from adapters.teams import people
from adapters.teams.package import LOG_COMMAND
from policy_content.model import Library, Staff
from tests.channels.school import ACCOUNT, WORDS, come_true
from tests.channels.teams import cards
from tests.channels.teams.client import Someone, Teams
from tests.channels.teams.school import TeamsSchool, dress, running

QUESTION = "what is upskirting"


@pytest.fixture
async def school(teams: Teams, tmp_path: Path) -> AsyncIterator[TeamsSchool]:
    async with running(tmp_path, teams) as started:
        yield started


def newcomer(school: TeamsSchool, name: str, **kind: str) -> Someone:
    someone = school.teams.person(name, **kind)
    someone.account.installed = True
    return someone


def shown(someone: Someone) -> str:
    return "\n".join(cards.texts(someone.newest().cards()))


async def test_a_pupil_gets_one_kind_reply_and_the_dsl_hears_of_it_without_the_words(school: TeamsSchool) -> None:
    pupil = school["visitor"]
    for words in (QUESTION, "log a concern", "topics"):
        await pupil.types(words)
        assert shown(pupil).startswith(WORDS.outsider_title)

    told = await school.is_told("dsl", WORDS.outsider_wrote_title, school.team)
    assert "upskirting" not in told


async def test_a_pupil_who_was_given_the_app_and_has_written_nothing_rings_nobody(school: TeamsSchool) -> None:
    await school["visitor"].installs()

    assert shown(school["visitor"]).startswith(WORDS.outsider_title)
    assert await school.signpost.bell.ring_due(utc_now()) == 0
    assert WORDS.outsider_wrote_title not in school["dsl"].sees(school.team)


async def test_a_pupil_who_asks_in_a_channel_is_answered_in_private(school: TeamsSchool) -> None:
    await school["visitor"].types(QUESTION, school.staffroom)

    assert shown(school["visitor"]).startswith(WORDS.outsider_title)
    assert school.staffroom.by(school.teams.connector.bot) == []


@pytest.mark.parametrize("domain", ["pupils.school.example", "school.example.evil.example", "notschool.example"])
async def test_a_domain_counts_whole(school: TeamsSchool, domain: str) -> None:
    someone = newcomer(school, "Alex Other", domain=domain)

    await someone.types(QUESTION)

    assert shown(someone).startswith(WORDS.outsider_title)


@pytest.mark.parametrize("role", ["guest", "anonymous", "Guest"])
async def test_a_guest_is_no_staff_whatever_their_address(school: TeamsSchool, role: str) -> None:
    someone = newcomer(school, "Alex Guest", role=role)

    await someone.types(QUESTION)

    assert shown(someone).startswith(WORDS.outsider_title)


async def test_a_guest_in_the_dsl_team_opens_nothing(school: TeamsSchool) -> None:
    guest = newcomer(school, "Alex Guest", role="guest")
    school.team.people.append(guest.account)
    ref = await school.logs()
    await school.is_told("dsl", ref, school.team)

    await guest.presses(WORDS.open_button, school.team)

    assert guest.dialog
    assert ACCOUNT["happened"] not in guest.sees()
    assert WORDS.outsider_title in guest.sees()


async def test_somebody_of_another_tenant_is_not_heard_at_all(school: TeamsSchool) -> None:
    stranger = newcomer(school, "Alex Elsewhere", tenant="11111111-1111-1111-1111-111111111111")
    activity = school.teams.activity("message", stranger.account, stranger.chat, text=QUESTION, textFormat="plain")

    assert (await school.teams.posts(activity)).status == 403
    assert stranger.chat.by(school.teams.connector.bot) == []


async def test_a_roster_that_names_another_tenant_is_believed_over_the_activity(school: TeamsSchool) -> None:
    someone = newcomer(school, "Alex Federated")
    activity = school.teams.activity("message", someone.account, someone.chat, text=QUESTION, textFormat="plain")
    someone.account.tenant = "11111111-1111-1111-1111-111111111111"

    await school.teams.hears(activity)

    assert shown(someone).startswith(WORDS.outsider_title)


async def test_when_the_roster_cannot_be_asked_it_says_so_and_saves_nothing(school: TeamsSchool) -> None:
    sam = school["teacher"]
    school.teams.connector.trouble(500)

    await sam.types("log a concern: Robin was grabbed")

    assert shown(sam).startswith("✖ " + WORDS.who_unknown_title)
    assert await school.signpost.ledger.conversation("teams:teacher") is None
    assert WORDS.outsider_wrote_title not in school["dsl"].sees(school.team)
    await sam.types("log a concern")
    assert WORDS.about_pupils in sam.sees()


async def test_what_was_typed_in_a_form_is_shown_again_when_nobody_can_tell_who_typed_it(
    school: TeamsSchool, monkeypatch: pytest.MonkeyPatch
) -> None:
    sam = school["teacher"]
    await sam.begins("logConcern")
    await sam.presses(WORDS.about_pupils)
    monkeypatch.setattr(people, "_FRESH", -1.0)
    school.teams.connector.trouble(500)

    await sam.fills(ACCOUNT)

    assert WORDS.who_unknown_title in sam.sees()
    assert ACCOUNT["happened"] in sam.sees()


async def test_a_card_stays_when_nobody_can_tell_who_pressed_it(
    school: TeamsSchool, monkeypatch: pytest.MonkeyPatch
) -> None:
    sam = school["teacher"]
    await sam.types("log a concern")
    monkeypatch.setattr(people, "_FRESH", -1.0)
    school.teams.connector.trouble(500)

    await sam.presses(WORDS.about_pupils)

    assert WORDS.who_unknown_title in "\n".join(sam.told)
    monkeypatch.undo()
    await sam.presses(WORDS.about_pupils)
    assert cards.inputs(sam.card())


async def test_an_answer_of_the_roster_stands_for_five_minutes_and_no_longer(school: TeamsSchool) -> None:
    sam, now = school["teacher"], [0.0]
    school.channel._people._clock = lambda: now[0]
    await sam.types(QUESTION)
    sam.account.role = "guest"

    for at, staff in ((299.0, True), (301.0, False)):
        now[0] = at
        await sam.types(QUESTION)
        assert shown(sam).startswith(WORDS.outsider_title) is not staff


async def test_the_people_in_school_yaml_are_known_when_no_roster_answers(school: TeamsSchool) -> None:
    school.teams.connector.trouble(500)  # for whatever is asked first: here the post of the reply, which is then owed

    await school["head"].types(QUESTION)

    await come_true(lambda: school["head"].chat.by(school.teams.connector.bot), "the reply")
    assert not shown(school["head"]).startswith(WORDS.outsider_title)


# ---- a team of all staff instead of a domain


async def test_whoever_an_activity_does_not_name_is_named_by_the_roster(school: TeamsSchool) -> None:
    """Teams leaves the lasting id out of some activities: a deputy must be the deputy all the same."""
    deputy, bot = school["deputy-1"], school.teams.connector.bot
    added = school.teams.activity("conversationUpdate", deputy.account, deputy.chat, membersAdded=[{"id": bot}])
    del added["from"]["aadObjectId"]

    await school.teams.hears(added)

    assert shown(deputy).startswith(WORDS.welcome_title)
    assert deputy.chat.id in (await school.signpost.ledger.place("teams/person:deputy-1") or "")


@pytest.fixture
async def by_team(teams: Teams, tmp_path: Path) -> AsyncIterator[TeamsSchool]:
    everybody = teams.channel("All staff", teams.person("Sam Carter"), team="19:all-staff@thread.tacv2")

    def team_alone(library: Library) -> Library:
        dressed = dress(library)
        return dressed.model_copy(
            update={"school": dressed.school.model_copy(update={"staff": Staff(teams_team=everybody.id)})}
        )

    async with running(tmp_path, teams, shelf=Shelf(None, None, team_alone)) as started:
        yield started


async def test_members_of_the_staff_team_are_staff_and_nobody_else(by_team: TeamsSchool) -> None:
    colleague = newcomer(by_team, "Alex Notyet")
    for someone in (by_team["teacher"], colleague):
        await someone.types(QUESTION)

    assert not shown(by_team["teacher"]).startswith(WORDS.outsider_title)
    assert shown(colleague).startswith(WORDS.outsider_title)


async def test_a_staff_team_that_cannot_be_read_makes_nobody_an_outsider(by_team: TeamsSchool) -> None:
    team = next(each for each in by_team.teams.connector.conversations.values() if each.name == "All staff")
    team.installed = False

    await by_team["teacher"].types(QUESTION)

    assert WORDS.who_unknown_title in shown(by_team["teacher"])
    await come_true(lambda: by_team.signpost.rests, "a moment in which the bell rests")
    assert WORDS.outsider_wrote_title not in by_team["dsl"].sees(by_team.team)


async def test_in_a_chat_without_signpost_the_staff_team_says_who_is_staff(by_team: TeamsSchool) -> None:
    """The message extension is used there too, also by somebody who has no chat with Signpost."""
    sam, colleague = by_team["teacher"], by_team.teams.person("Alex Notyet")
    sam.account.installed = False
    elsewhere = by_team.teams.group(sam, colleague)
    elsewhere.installed = False

    for someone in (sam, colleague):
        await someone.begins(LOG_COMMAND, elsewhere)

    assert WORDS.about_pupils in "\n".join(cards.texts(sam.dialog.card))
    assert WORDS.about_pupils not in "\n".join(cards.texts(colleague.dialog.card))
