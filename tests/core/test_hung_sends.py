"""However many sends hang, the next alert is sent when it is logged."""

from __future__ import annotations

import asyncio

import pytest

from adapters.practice import dress
from adapters.server import Signpost
from adapters.shelf import Shelf
from tests.channels.school import come_true
from tests.core.stores import BOTH

STORES = BOTH
HUNG = 24  # of this many alerts, each in a round of its own


@pytest.fixture
def web(new_channel, monkeypatch):
    """A chat in which what `hangs` says never gets an answer. Nor is it given up while the test lasts."""
    monkeypatch.setattr("bot.bell.DELIVERY_SECONDS", 3600)

    class Hangs(new_channel):
        refs = ()

        async def deliver(self, alert):
            if alert.ref in self.refs:
                self.tried.append(alert)
                await asyncio.Event().wait()
            return await super().deliver(alert)

    return Hangs("web")


@pytest.fixture
async def ringing(new_school, ledger, web, tmp_path, monkeypatch):
    """A school in which the bell rings as `serve` lets it ring."""
    monkeypatch.setattr("adapters.server._LAST_ROUND", 0.01)
    school = new_school(ledger, [web])
    signpost = Signpost.of(Shelf(None, tmp_path / "data", dress), ledger, {"web": web})
    task = asyncio.create_task(signpost.ring_for_ever(school.clock.now))
    yield school
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_an_alert_is_sent_though_the_sends_of_many_before_it_hang(ringing, web):
    web.refs = [f"TA-2026-{number:04d}" for number in range(1, HUNG + 1)]
    for number, ref in enumerate(web.refs):
        assert await ringing.log(who=ringing.person(f"t{number}")) == ref
        await come_true(lambda ref=ref: ref in {alert.ref for alert in web.tried}, f"the send of {ref}")
    last = await ringing.log(who=ringing.person("last"))
    await come_true(lambda: last in {alert.ref for alert in web.sent}, "the alert that can be sent")
    assert {alert.ref for alert in web.sent} == {last}
