"""What `signpost doctor` says of Teams, in four parts, and the app package's command."""

from __future__ import annotations

import re
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.port import Finding
from adapters.server import utc_now
from adapters.shelf import Shelf
from policy_content.model import Library, Staff
from tests.channels.school import WORDS, signpost
from tests.channels.teams import cards
from tests.channels.teams.client import APP, Teams
from tests.channels.teams.school import TeamsSchool, dress, running


@pytest.fixture
async def school(teams: Teams, tmp_path: Path) -> AsyncIterator[TeamsSchool]:
    async with running(tmp_path, teams) as started:
        yield started


async def examined(school: TeamsSchool) -> list[Finding]:
    found = list(await school.channel.examine(utc_now()))
    assert all(each.what and each.where and each.why and each.hint for each in found)
    return found


def said(school: TeamsSchool) -> list[str]:
    return ["\n".join(cards.texts(post.cards())) for post in school.team.by(school.teams.connector.bot)]


async def test_when_all_is_well_it_finds_nothing_and_one_test_card_stands_there(school: TeamsSchool) -> None:
    for _ in range(3):
        assert await examined(school) == []

    assert len(said(school)) == 1
    assert said(school)[0].startswith(WORDS.test_card_title)
    assert school.team.by(school.teams.connector.bot)[0].redrawn == 2


async def test_a_wrong_secret_stops(teams: Teams, tmp_path: Path) -> None:
    async with running(tmp_path, teams, app_password="another") as school:
        (found,) = await examined(school)

    assert found.stops
    assert "SIGNPOST_TEAMS_APP_PASSWORD" in found.where
    assert "another" not in str(found)


async def test_another_tenants_login_stops(teams: Teams, tmp_path: Path) -> None:
    async with running(tmp_path, teams, tenant_id="99999999-9999-9999-9999-999999999999") as school:
        (found,) = await examined(school)

    assert found.stops
    assert "SIGNPOST_TEAMS_TENANT_ID" in found.where


async def test_a_login_and_keys_that_cannot_be_reached_are_said_and_stop_nothing(school: TeamsSchool) -> None:
    await school.teams.authority.stop()

    found = await examined(school)

    assert [each.where for each in found] == ["SIGNPOST_TEAMS_OPENID_URL", "SIGNPOST_TEAMS_LOGIN_URL"]
    assert not any(each.stops for each in found)
    await school.teams.authority.start()


async def test_nobody_named_as_staff_stops(teams: Teams, tmp_path: Path) -> None:
    def nobody(library: Library) -> Library:
        dressed = dress(library)
        return dressed.model_copy(update={"school": dressed.school.model_copy(update={"staff": Staff()})})

    async with running(tmp_path, teams, shelf=Shelf(None, None, nobody)) as school:
        found = await examined(school)

    assert found[0].where == "school.yaml, staff:"
    assert found[0].stops


async def test_without_a_dsl_place_it_gives_a_code_that_is_good_there(teams: Teams, tmp_path: Path) -> None:
    async with running(tmp_path, teams, learnt=False) as school:
        (found,) = await examined(school)
        assert not found.stops, "the code is heard while Signpost serves"
        code = re.search(r"@Signpost (\S+)", found.hint)[1]

        await school["dsl"].types(code, school.team)

        assert await examined(school) == []


async def test_a_configured_place_without_a_service_address_says_what_to_do(teams: Teams, tmp_path: Path) -> None:
    place = teams.channel("Configured", teams.person("Ms Priya Nair"))
    async with running(tmp_path, teams, learnt=False, configured=place.id) as school:
        (found,) = await examined(school)
        assert "write “help”" in found.hint

        await school["dsl"].types("help")

        assert await examined(school) == []


async def test_a_place_that_cannot_be_read_is_said(school: TeamsSchool) -> None:
    school.team.installed = False

    (found,) = await examined(school)

    assert "BotNotInConversationRoster" in found.why
    assert "@Signpost" in found.hint


@pytest.mark.parametrize("kind", [{"role": "guest"}, {"domain": "pupils.school.example"}])
async def test_somebody_in_the_dsl_place_who_is_not_staff_stops(school: TeamsSchool, kind: dict[str, str]) -> None:
    school.team.people.append(school.teams.person("Alex Other", **kind).account)

    (found,) = await examined(school)

    assert found.stops
    assert "1 of the 2 people" in found.why
    assert "Alex" not in str(found)


async def test_an_empty_place_is_said(school: TeamsSchool) -> None:
    school.team.people.clear()

    (found,) = await examined(school)

    assert "nobody is in it" in found.why


async def test_a_place_where_nothing_may_be_posted_is_said(school: TeamsSchool) -> None:
    school.team.blocked = True

    (found,) = await examined(school)

    assert "MessageWritesBlocked" in found.why


# ---- the commands


def test_the_package_is_written_where_it_was_asked_for(tmp_path: Path) -> None:
    out = tmp_path / "app.zip"

    done = signpost("teams", "package", "--website", "https://school.example/privacy", "--out", out, teams_app_id=APP)

    assert done.returncode == 0, done.stderr
    assert set(zipfile.ZipFile(out).namelist()) == {"manifest.json", "color.png", "outline.png"}


def test_without_an_app_id_it_says_which_setting_is_missing(tmp_path: Path) -> None:
    done = signpost("teams", "package", "--website", "https://school.example/privacy", "--out", tmp_path / "app.zip")

    assert done.returncode == 2
    assert "SIGNPOST_TEAMS_APP_ID" in done.stderr
    assert not (tmp_path / "app.zip").exists()
