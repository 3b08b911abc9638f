"""Who may write to the bot: tokens proved offline, against keys of our own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from adapters.teams import keys
from adapters.teams.hosting import Host, KeysUnreachableError
from tests.channels.school import come_true
from tests.channels.teams.authority import private_key
from tests.channels.teams.client import Teams
from tests.channels.teams.conftest import Ears


def said(teams: Teams, words: str = "hello") -> dict[str, Any]:
    """A message of a member of staff, as Teams writes it."""
    sam = teams.person("Sam Carter")
    return sam._message(words, sam.chat)


def claims(teams: Teams, **other: Any) -> dict[str, Any]:
    return teams.authority.claims(teams.connector.url, **other)


def soon(seconds: float) -> int:
    return int(time.time() + seconds)


async def test_what_teams_signed_is_heard_whole(teams: Teams, host: Host, ears: Ears) -> None:
    activity = said(teams) | {"of": {"the": "future"}}
    assert (await teams.posts(activity)).status == 200
    assert ears.heard == [activity]


async def test_the_service_address_may_be_claimed_by_either_spelling_but_not_by_two(
    teams: Teams, host: Host, ears: Ears
) -> None:
    other = {key: value for key, value in claims(teams).items() if key != "serviceurl"}
    other["serviceUrl"] = teams.connector.url

    assert (await teams.posts(said(teams), header=teams.authority.sign(other))).status == 200
    other["serviceurl"] = "https://smba.example/"
    assert (await teams.posts(said(teams), header=teams.authority.sign(other))).status == 401
    assert len(ears.heard) == 1


async def test_clocks_may_differ_by_less_than_five_minutes(teams: Teams, host: Host, ears: Ears) -> None:
    for off in ({"exp": soon(-4 * 60)}, {"nbf": soon(4 * 60)}):
        assert (await teams.posts(said(teams), header=teams.authority.sign(claims(teams, **off)))).status == 200
    assert len(ears.heard) == 2


FORGED: dict[str, Callable[[Teams], str]] = {
    "expired": lambda t: t.authority.sign(claims(t, exp=soon(-6 * 60))),
    "not yet valid": lambda t: t.authority.sign(claims(t, nbf=soon(6 * 60))),
    "without an end": lambda t: t.authority.sign({k: v for k, v in claims(t).items() if k != "exp"}),
    "for another app": lambda t: t.authority.sign(claims(t, aud="00000000-0000-0000-0000-000000000001")),
    "for two apps": lambda t: t.authority.sign(claims(t, aud=[t.authority.app_id, "another"])),
    "of another issuer": lambda t: t.authority.sign(claims(t, iss="https://sts.windows.net/whoever/")),
    "of the emulator": lambda t: t.authority.sign(
        claims(
            t,
            iss="https://login.microsoftonline.com/d6d49420-f39b-4df7-a1dc-d59a935871db/v2.0",
            ver="2.0",
            azp=t.authority.app_id,
        )
    ),
    "by another key": lambda t: t.authority.sign(claims(t), key=private_key(99)),
    "by an unknown key": lambda t: t.authority.sign(claims(t), kid="nobody", key=private_key(99)),
    "by no key named": lambda t: t.authority.sign(claims(t), kid="", key=private_key(0)),
    "HS256": lambda t: t.authority.sign(claims(t), key="a shared secret of thirty-two bytes!", algorithm="HS256"),
    "RS512": lambda t: t.authority.sign(claims(t), algorithm="RS512"),
    "alg none": lambda t: t.authority.forge_with_nothing(claims(t)),
    "garbage": lambda _: "Bearer !!!.???.***",
    "one word": lambda _: "Bearer",
    "empty": lambda _: "Bearer ",
    "basic": lambda _: "Basic dXNlcjpwYXNzd29yZA==",
    "no header": lambda _: "",
    "three words": lambda t: t.authority.sign(claims(t)) + " more",
    "for another chat": lambda t: t.authority.sign(claims(t), kid=t.authority.add_key(["webchat"])),
    "for another service": lambda t: t.authority.sign(claims(t, serviceurl="https://smba.example/")),
    "for no service": lambda t: t.authority.sign({k: v for k, v in claims(t).items() if k != "serviceurl"}),
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
async def test_a_token_that_is_not_right_is_401(
    forge: Callable[[Teams], str], teams: Teams, hosted: Any, ears: Ears
) -> None:
    header = forge(teams)
    async with hosted():
        answer = await teams.posts(said(teams), header=header)
    assert (answer.status, answer.body, ears.heard) == (401, None, [])


async def test_another_address_in_the_activity_than_in_the_token_is_401(teams: Teams, host: Host, ears: Ears) -> None:
    answer = await teams.posts(said(teams) | {"serviceUrl": "https://elsewhere.example/"})
    assert (answer.status, ears.heard) == (401, [])
    assert not host.connector.trusts("https://elsewhere.example/")


async def test_a_signed_address_that_is_not_https_is_401(teams: Teams, host: Host, ears: Ears) -> None:
    plain = "http://smba.example/emea/"
    header = teams.authority.sign(teams.authority.claims(plain))
    answer = await teams.posts(said(teams) | {"serviceUrl": plain}, header=header)
    assert (answer.status, ears.heard) == (401, [])
    assert not host.connector.trusts(plain)


async def test_after_a_rotation_one_refresh_is_enough(teams: Teams, host: Host) -> None:
    teams.authority.rotate()
    fetched = teams.authority.fetched
    statuses = [(await teams.posts(said(teams))).status for _ in range(3)]
    assert (statuses, teams.authority.fetched - fetched) == ([200] * 3, 1)


async def test_a_key_that_is_withdrawn_is_refused_after_the_next_refresh(teams: Teams, host: Host) -> None:
    old = teams.authority.kid
    teams.authority.rotate()
    await teams.hears(said(teams))
    header = teams.authority.sign(claims(teams), kid=old, key=private_key(0))
    assert (await teams.posts(said(teams), header=header)).status == 401


async def test_many_who_wait_for_a_new_key_fetch_it_once(teams: Teams, host: Host) -> None:
    teams.authority.rotate()
    fetched = teams.authority.fetched
    answers = await asyncio.gather(*(teams.posts(said(teams)) for _ in range(20)))
    assert ({answer.status for answer in answers}, teams.authority.fetched - fetched) == ({200}, 1)


async def test_a_forger_cannot_make_us_fetch_keys_for_ever(teams: Teams, host: Host) -> None:
    fetched = teams.authority.fetched
    for number in range(20):
        header = teams.authority.sign(claims(teams), kid=f"made-up-{number}", key=private_key(99))
        assert (await teams.posts(said(teams), header=header)).status == 401
    assert teams.authority.fetched - fetched == 1


async def test_keys_are_fetched_again_when_they_are_half_a_day_old(
    teams: Teams, hosted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hosted() as host:
        fetched = teams.authority.fetched
        host._keys._fetched -= keys._FRESH + 1
        await teams.hears(said(teams))
        assert teams.authority.fetched == fetched + 1


async def test_keys_that_cannot_be_fetched_again_serve_for_a_day(teams: Teams, host: Host, no_rest: None) -> None:
    await teams.authority.stop()
    host._keys._fetched -= keys._FRESH + 1
    await teams.hears(said(teams))
    host._keys._fetched -= keys._OLD
    assert (await teams.posts(said(teams))).status == 503


# ---- the OpenID server is down, hangs, or speaks nonsense


async def test_down_at_the_start_is_said_and_heals(teams: Teams, hosted: Any, no_rest: None) -> None:
    await teams.authority.stop()
    async with hosted(warm=False) as host:
        with pytest.raises(KeysUnreachableError, match="OpenID server"):
            await host.warm()
        assert (await teams.posts(said(teams))).status == 503
        await teams.authority.start()
        assert (await teams.posts(said(teams))).status == 200


async def test_nonsense_at_the_start_is_said_and_heals(teams: Teams, hosted: Any, no_rest: None) -> None:
    teams.authority.speak_nonsense()
    async with hosted(warm=False) as host:
        with pytest.raises(KeysUnreachableError, match="OpenID server"):
            await host.warm()
        teams.authority.answer()
        assert (await teams.posts(said(teams))).status == 200


async def test_a_hang_is_ended_and_nobody_else_waits_for_it(
    teams: Teams, hosted: Any, ears: Ears, no_rest: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "_TIMEOUT", 0.3)
    async with hosted():
        old = said(teams), teams.authority.sign(claims(teams))
        teams.authority.rotate()
        teams.authority.hang()
        new = asyncio.create_task(teams.posts(said(teams)))
        # While the new key is waited for, what the known key signed is heard.
        assert (await teams.posts(old[0], header=old[1])).status == 200
        assert not new.done()
        assert (await new).status == 503
        teams.authority.answer()
        await teams.hears(said(teams))
    assert len(ears.heard) == 2


async def test_a_hang_at_the_start_is_ended(
    teams: Teams, hosted: Any, no_rest: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "_TIMEOUT", 0.1)
    teams.authority.hang()
    async with hosted(warm=False) as host:
        with pytest.raises(KeysUnreachableError):
            await host.warm()
        teams.authority.answer()
        await teams.hears(said(teams))


async def test_a_new_key_while_the_server_is_down_is_not_called_a_forgery(
    teams: Teams, host: Host, no_rest: None
) -> None:
    teams.authority.rotate()
    await teams.authority.stop()
    assert (await teams.posts(said(teams))).status == 503
    await teams.authority.start()
    assert (await teams.posts(said(teams))).status == 200


async def test_while_the_server_is_down_it_is_left_to_rest(
    teams: Teams, hosted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    teams.authority.speak_nonsense()
    monkeypatch.setattr(keys, "_REST", 0.2)
    async with hosted(warm=False):
        asked = [(await teams.posts(said(teams))).status for _ in range(5)]
        assert set(asked) == {503}
        teams.authority.answer()
        statuses: list[int] = []

        async def again() -> None:
            while 200 not in statuses:
                statuses.append((await teams.posts(said(teams))).status)

        trying = asyncio.create_task(again())
        await come_true(trying.done, "that the keys are fetched again")
        await trying
