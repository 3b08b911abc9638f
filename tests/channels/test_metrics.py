"""Over real HTTP: what Prometheus reads follows what happens, and only whoever may look sees it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from prometheus_client import REGISTRY, parser
from prometheus_client.openmetrics import parser as openmetrics_parser

from adapters.doorkeeper import from_here
from adapters.server import utc_now
from tests.channels.school import DEADLINE, LIBRARY, WORDS, Page, School, serving

OPEN_METRICS = "application/openmetrics-text; version=1.0.0"
TOKEN = "a token of the school's monitor"


async def get(url: str, **headers: str) -> tuple[int, str, str]:
    """Its status, its text, its content type."""
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        return answer.status, await answer.text(), answer.headers["Content-Type"]


async def scraped(school: School) -> dict[str, float]:
    """Every figure, by name and label, as Prometheus reads it."""
    status, text, kind = await get(f"{school.url}metrics")
    assert status == 200
    assert kind.startswith("text/plain; version=")
    samples = [one for family in parser.text_string_to_metric_families(text) for one in family.samples]
    found = {" ".join([one.name, *(v for _, v in sorted(one.labels.items()))]): one.value for one in samples}
    assert len(found) == len(samples), "no figure comes twice"
    return found


async def comes_to(school: School, **figures: float) -> dict[str, float]:
    """All figures, once these are among them."""
    give_up = time.monotonic() + DEADLINE
    while not figures.items() <= (found := await scraped(school)).items():
        assert time.monotonic() < give_up, f"never came: {figures} in {found}"
        await asyncio.sleep(0.01)
    return found


# ---- what it says


async def test_a_whole_concern_is_followed_figure_by_figure(school: School) -> None:
    before = await scraped(school)
    assert before["signpost_ready"] == 1
    assert {before[f"signpost_concerns_open {stage}"] for stage in ("logged", "acknowledged", "decided")} == {0}

    async with Page.open(school.url) as page:
        await page.seat("teacher").says("its only banter")
        await page.seat("teacher").says("zxcvb qwfpg")
        await page.seat("teacher").logs_a_concern()
        await page.seat("dsl").is_told(WORDS.acknowledge_button)
        logged = await comes_to(school, signpost_alerts_waiting=0, signpost_concerns_unacknowledged=1)
        await page.seat("dsl").presses(WORDS.acknowledge_button)
        seen = await scraped(school)

    assert logged["signpost_questions_total answered"] == 1
    assert logged["signpost_questions_total not_answered"] == 1
    assert logged["signpost_questions_total asked_back"] == 0
    assert logged["signpost_concerns_open logged"] == 1
    assert (seen["signpost_concerns_open logged"], seen["signpost_concerns_open acknowledged"]) == (0, 1)
    assert seen["signpost_concerns_unacknowledged"] == 0


async def test_an_alert_that_nobody_is_shown_waits_and_grows_older(school: School) -> None:
    async with Page.open(school.url) as page:
        await page.seat("teacher").writes_a_concern()
        school.channel._page.sockets.clear()  # from now on no page shows anything
        await page.seat("teacher").presses(WORDS.send_button)
        age = "signpost_alerts_waiting_oldest_seconds"
        first = (await comes_to(school, signpost_alerts_waiting=1))[age]
        give_up = time.monotonic() + DEADLINE
        while (
            not (second := (await scraped(school))[age]) > first
        ):  # its first try may just have failed: it counts anew
            assert time.monotonic() < give_up, f"it stays {first} seconds old"
    assert 0 <= first < second < 2 * DEADLINE


async def test_each_route_says_when_it_was_proved_and_whether_it_failed(school: School) -> None:
    ledger, now = school.signpost.ledger, utc_now()
    claimed = await ledger.claim_proof("web", now, now)
    assert "signpost_route_last_proved_timestamp_seconds web" not in await scraped(school), "it never was"
    await ledger.record_proof(type(claimed)("web", now, now, "standing", None))
    await ledger.route_failed("elsewhere", "not connected any more", now)
    whole = await scraped(school)
    assert whole["signpost_route_last_proved_timestamp_seconds web"] == pytest.approx(now.timestamp())
    assert whole["signpost_route_failed web"] == 0
    assert not [name for name in whole if "elsewhere" in name]
    await ledger.route_failed("web", "the place is archived", now)
    broken = await scraped(school)
    assert (broken["signpost_route_failed web"], broken["signpost_ready"]) == (1, 0)


async def test_what_runs_is_named_by_version_and_content(school: School) -> None:
    _, text, _ = await get(f"{school.url}metrics")
    families = {family.name: family for family in parser.text_string_to_metric_families(text)}
    (build,) = families["signpost_build_info"].samples
    assert build.labels["content"] == LIBRARY.digest[:12]
    assert build.labels["version"]
    assert families["signpost_content_refused"].samples[0].value == 0
    assert all(family.documentation for family in families.values())


async def test_the_newer_format_is_spoken_to_who_asks_for_it(school: School) -> None:
    _, text, kind = await get(f"{school.url}metrics", Accept=OPEN_METRICS)
    assert kind.startswith("application/openmetrics-text")
    names = {family.name for family in openmetrics_parser.text_string_to_metric_families(text)}
    assert {"signpost_ready", "signpost_questions", "signpost_build"} <= names


async def test_where_the_ledger_is_down_it_says_so_and_nothing_that_it_cannot_know(school: School) -> None:
    whole = await scraped(school)
    school.database.unlink()
    down = await scraped(school)
    assert down["signpost_ready"] == 0
    assert set(down) < set(whole)
    assert {name.split()[0] for name in down} == {"signpost_ready", "signpost_build_info", "signpost_content_refused"}


async def test_nothing_is_left_in_the_global_registry(school: School) -> None:
    await scraped(school)
    assert [family.name for family in REGISTRY.collect() if family.name.startswith("signpost")] == []


# ---- who may look


async def guarded(school: School, token: str, path: str, **headers: str) -> tuple[int, str]:
    """What this Signpost answers there if it is served with this token."""
    site = web.Application()
    site.add_routes(school.signpost.routes(token))
    runner = web.AppRunner(site, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        status, text, _ = await get(f"http://127.0.0.1:{runner.addresses[0][1]}/{path}", **headers)
        return status, text
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("header", ["Forwarded", "X-Forwarded-For", "X-Real-IP"])
async def test_without_a_token_only_this_computer_sees_figures_and_reasons(school: School, header: str) -> None:
    elsewhere: dict[str, Any] = {header: "203.0.113.7"}
    assert (await guarded(school, "", "metrics"))[0] == 200
    status, text = await guarded(school, "", "metrics", **elsewhere)
    assert (status, "SIGNPOST_MONITOR_TOKEN" in text, "signpost_" in text) == (401, True, False)
    assert "proved" in (await guarded(school, "", "readyz"))[1]
    assert await guarded(school, "", "readyz", **elsewhere) == (200, '{"ready": true}')


@pytest.mark.parametrize("given", ["", "Bearer ", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", TOKEN, "Bearer other"])
async def test_with_a_token_whoever_has_not_got_it_sees_none(school: School, given: str) -> None:
    headers = {"Authorization": given} if given else {}
    assert (await guarded(school, TOKEN, "metrics", **headers))[0] == 401
    assert await guarded(school, TOKEN, "readyz", **headers) == (200, '{"ready": true}')


async def test_with_the_token_they_are_seen_from_anywhere(school: School) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "X-Forwarded-For": "203.0.113.7"}
    status, text = await guarded(school, TOKEN, "metrics", **headers)
    assert (status, "signpost_ready 1.0" in text) == (200, True)
    assert "proved" in (await guarded(school, TOKEN, "readyz", **headers))[1]


async def test_whoever_may_not_look_is_told_whether_it_is_ready_and_not_why(tmp_path: Path) -> None:
    async with serving(tmp_path) as school:
        await school.signpost.ledger.route_failed("web", "the place is archived", utc_now())
        assert await guarded(school, TOKEN, "readyz") == (503, '{"ready": false}')


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("127.0.0.1", True),
        ("127.8.0.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.8", False),
        ("0.0.0.0", False),
        ("fe80::1", False),
        ("::ffff:10.0.0.8", False),
        ("localhost", False),
        ("", False),
        (None, False),
    ],
)
def test_this_computer_is_loopback_and_nothing_else(address: str | None, here: bool) -> None:
    assert from_here(address) is here
