"""Where the DSL is told: learnt by a code that is typed there, or written in the settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.server import utc_now
from tests.channels.school import LIBRARY, WORDS, come_true
from tests.channels.teams import cards
from tests.channels.teams.client import APP, TENANT, Teams
from tests.channels.teams.connector import Connector, Conversation
from tests.channels.teams.school import TeamsSchool, running


@pytest.fixture
async def school(teams: Teams, tmp_path: Path) -> AsyncIterator[TeamsSchool]:
    async with running(tmp_path, teams, learnt=False) as started:
        yield started


def said(school: TeamsSchool, place: Conversation) -> list[str]:
    return ["\n".join(cards.texts(post.cards())) for post in place.by(school.teams.connector.bot)]


async def a_code(school: TeamsSchool) -> str:
    return await school.signpost.ledger.offer_code("place:teams", utc_now())


@pytest.mark.parametrize("kind", ["channel", "groupChat"])
async def test_a_code_typed_there_makes_it_the_dsl_place(school: TeamsSchool, kind: str) -> None:
    place = school.team if kind == "channel" else school.teams.group(school["dsl"], school["deputy-1"])

    await school["dsl"].types(await a_code(school), place)

    assert f"People in it: {len(place.people)}" in said(school, place)[0]
    ref = await school.logs()
    await school.is_told("dsl", ref, place)
    assert await school.channel.members("dsl") == {f"teams:{each.aad}" for each in place.people}


async def test_what_waited_for_a_place_comes_as_soon_as_there_is_one(school: TeamsSchool) -> None:
    ref = await school.logs()
    for minutes in range(0, 60, 5):  # it has failed for long, and would wait as long for its next try
        await school.signpost.bell.ring_due(utc_now() + timedelta(minutes=minutes))

    await school["dsl"].types(await a_code(school), school.team)

    await school.is_told("dsl", ref, school.team)


async def test_a_code_is_good_once(school: TeamsSchool) -> None:
    code = await a_code(school)
    await school["dsl"].types(code, school.team)
    elsewhere = school.teams.group(school["teacher"], school["head"])

    await school["teacher"].types(code, elsewhere)

    assert said(school, elsewhere)[0].startswith("✖ " + WORDS.place_refused_title)
    assert await school.channel.members("dsl") == {"teams:dsl"}


async def test_a_wrong_code_changes_nothing(school: TeamsSchool) -> None:
    await a_code(school)

    await school["dsl"].types("WXYZ-2345", school.team)

    assert WORDS.place_refused_title in said(school, school.team)[0]
    assert await school.signpost.ledger.place("teams/dsl") is None


async def test_a_personal_chat_is_no_dsl_place_and_spends_no_code(school: TeamsSchool) -> None:
    code = await a_code(school)

    await school["dsl"].types(code)

    assert WORDS.place_personal in said(school, school["dsl"].chat)[0]
    await school["dsl"].types(code, school.team)
    assert said(school, school.team)[0].endswith("keep it to the safeguarding team.")


@pytest.mark.parametrize("kind", [{"role": "guest"}, {"domain": "pupils.school.example"}])
async def test_a_place_with_somebody_who_is_not_staff_is_refused_and_spends_no_code(
    school: TeamsSchool, kind: dict[str, str]
) -> None:
    other = school.teams.person("Alex Other", **kind)
    school.team.people.append(other.account)
    code = await a_code(school)

    await school["dsl"].types(code, school.team)

    assert "1 of those" in said(school, school.team)[0]
    assert await school.signpost.ledger.place("teams/dsl") is None
    school.team.people.remove(other.account)
    await school["dsl"].types(code, school.team)
    assert await school.signpost.ledger.place("teams/dsl")


async def test_one_stranger_on_the_last_page_of_a_long_roster_is_found(school: TeamsSchool) -> None:
    school.teams.connector.page = 5
    school.team.people += [school.teams.person(f"Staff Number{n}").account for n in range(23)]
    school.team.people.append(school.teams.person("Alex Other", role="guest").account)

    await school["dsl"].types(await a_code(school), school.team)

    assert "1 of those" in said(school, school.team)[0]


async def test_an_unreadable_roster_is_refused(school: TeamsSchool) -> None:
    code = await a_code(school)
    await school["dsl"].types("help")
    await school["dsl"].types("help", school.team)
    school.teams.connector.trouble(500)

    await school["dsl"].types(code, school.team)

    assert WORDS.place_unreadable in said(school, school.team)[0]
    assert await school.signpost.ledger.place("teams/dsl") is None


async def test_a_pupil_who_has_the_code_moves_nothing(school: TeamsSchool) -> None:
    code = await a_code(school)

    await school["visitor"].types(code, school.staffroom)

    assert said(school, school.staffroom) == []
    assert await school.signpost.ledger.place("teams/dsl") is None


async def test_a_change_needs_a_new_code_and_is_announced_in_the_old_place(school: TeamsSchool) -> None:
    await school["dsl"].types(await a_code(school), school.team)
    new = school.teams.group(school["dsl"], school["deputy-1"])

    await school["deputy-1"].types(await a_code(school), new)

    assert WORDS.place_moved_title in said(school, school.team)[-1]
    ref = await school.logs()
    await school.is_told("deputy-1", ref, new)
    assert ref not in "\n".join(said(school, school.team))


async def test_the_same_activity_twice_spends_the_code_once_and_says_so_once(school: TeamsSchool) -> None:
    activity = school["dsl"]._message(await a_code(school), school.team)
    for _ in range(2):
        await school.teams.hears(activity)

    assert WORDS.place_learnt_title in said(school, school.team)[0]
    assert len([text for text in said(school, school.team) if WORDS.place_learnt_title in text]) == 1


async def test_the_place_of_the_settings_is_not_changed_by_a_code(teams: Teams, tmp_path: Path) -> None:
    place = teams.channel("Configured", teams.person("Ms Priya Nair"))
    async with running(tmp_path, teams, learnt=False, configured=place.id) as school:
        await school["dsl"].types("help")  # from here on the service address is known
        await school["dsl"].types(await a_code(school), school.team)

        assert WORDS.place_set in said(school, school.team)[0]
        ref = await school.logs()
        await school.is_told("dsl", ref, place)


async def test_a_place_whose_service_address_changes_is_followed(teams: Teams, tmp_path: Path) -> None:
    """Microsoft moves a tenant to another region: what is written or pressed in the place says where it is now."""
    moved = Connector(APP, TENANT, teams.authority.accepts)
    moved.accounts, moved.conversations = teams.connector.accounts, teams.connector.conversations
    async with running(tmp_path, teams, learnt=False) as school:
        await school["dsl"].types(await a_code(school), school.team)
        await moved.start()
        teams.connector.hang()
        teams.connector.url = moved.url
        joined = school.teams.activity("conversationUpdate", school["dsl"].account, school.team)
        await school.teams.hears(joined)

        assert await school.channel.members("dsl") == {"teams:dsl"}
        held = await school.signpost.ledger.place("teams/dsl")
    await moved.stop()
    assert moved.url in held


async def test_places_are_known_after_a_restart(teams: Teams, tmp_path: Path) -> None:
    async with running(tmp_path, teams, learnt=False) as school:
        await school["dsl"].types(await a_code(school), school.team)
        ref = await school.logs()
        await school.is_told("dsl", ref, school.team)
    async with running(tmp_path, teams, learnt=False) as school:
        await school["dsl"].presses(WORDS.acknowledge_button, school.team)
        await school.is_told("teacher", LIBRARY.say(WORDS.told_title, reference=ref))

        assert await school.channel.members("dsl") == {"teams:dsl"}


async def test_taken_out_of_the_dsl_team_readiness_says_so(teams: Teams, tmp_path: Path) -> None:
    async with running(tmp_path, teams) as school:
        await school.signpost.bell.prove_now(utc_now())
        assert not await school.signpost.readiness()
        school.team.installed = False
        gone = school.teams.activity(
            "conversationUpdate", school["dsl"].account, school.team, membersRemoved=[{"id": teams.connector.bot}]
        )

        await school.teams.hears(gone)

        assert "BotNotInConversationRoster" in (await school.signpost.readiness())["route teams"]
        ref = await school.logs()
        concern = await school.signpost.ledger.by_reference(ref)
        await school.signpost.bell.ring_due(utc_now())
        await come_true(lambda: school.signpost.rests, "that the bell has rung")
        found = [each.outcome for each in await school.signpost.ledger.deliveries(concern.id)]
        assert "BotNotInConversationRoster" in found[0]


async def test_those_who_are_there_are_named_as_teams_names_them_and_a_guest_is_not(school: TeamsSchool) -> None:
    await school["dsl"].types(await a_code(school), school.team)
    colleague, guest = school.teams.person("Ida Frost"), school.teams.person("Alex Other", role="guest")
    school.team.people += [colleague.account, guest.account]

    named = await school.channel.names("dsl")

    assert named[f"teams:{colleague.account.aad}"].reveal() == "Ida Frost"
    assert f"teams:{guest.account.aad}" in await school.channel.members("dsl")
    assert f"teams:{guest.account.aad}" not in named
    assert await school.channel.names("elsewhere") == {}
