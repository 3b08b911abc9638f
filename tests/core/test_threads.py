"""What follows an alert knows which message it follows."""

from __future__ import annotations

import pytest


@pytest.fixture
def web(school):
    return school.channels["web"]


async def later(school, web, **time):
    """The alerts first sent within this time."""
    before = len(web.sent)
    school.clock.forward(**time)
    await school.ring()
    return [alert for alert in web.sent[before:] if alert.receipt is None]


async def test_a_reminder_names_the_alert_that_was_told_to_the_same(school, web):
    await school.log()
    await school.ring()
    first = next(alert for alert in web.sent if alert.told == "dsl")
    await school.press(f"ack:{school.id('TA-2026-0001')}", school.person("dsl"))

    reminders = await later(school, web, hours=23)

    told = [alert.thread for alert in reminders if alert.told == "dsl"]
    assert told
    assert set(told) == {f"web-{first.key}"}


async def test_an_alert_of_its_own_follows_nothing(school, web):
    await school.log()
    await school.ring()
    rung = await later(school, web, days=3)

    assert [alert.told for alert in rung if alert.kind == "concern"]
    assert {alert.thread for alert in [*web.sent, *rung] if alert.kind == "concern"} == {None}


async def test_what_is_told_to_somebody_else_follows_nothing_of_the_dsl(school, web):
    await school.log()
    await school.ring()

    rung = await later(school, web, days=3)

    assert {alert.thread for alert in rung if alert.told.startswith("person:")} <= {None}
