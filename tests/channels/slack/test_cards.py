"""The most important cards as Slack is given them, kept beside this file so that a change in them is seen."""

from __future__ import annotations

import json

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from tests.channels.contract import Drawing, gallery
from tests.channels.school import practice_shelf
from tests.channels.slack.entry import home, messages, windows

MESSAGES = (
    "alert pupils True, new",
    "alert pupils False, seen",
    "sent, dsl True",
    "not sent, dsl",
    "question danger-or-concern danger",
    "topic child-discloses",
    "outsider",
)
WINDOWS = ("opened pupils True, seen", "form pupils, blank", "form adult, wrong")


@pytest.fixture
def kept(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(JSONSnapshotExtension)


@pytest.fixture(scope="module")
def drawings() -> dict[str, Drawing]:
    return {one.name: one for one in gallery(practice_shelf().guidance())}


@pytest.mark.parametrize("name", MESSAGES)
def test_the_message_is_as_it_was(name: str, drawings: dict[str, Drawing], kept: SnapshotAssertion) -> None:
    assert messages(drawings[name].parts) == kept


@pytest.mark.parametrize("name", WINDOWS)
def test_the_window_is_as_it_was(name: str, drawings: dict[str, Drawing], kept: SnapshotAssertion) -> None:
    assert windows(drawings[name].parts) == kept


def test_the_home_tab_is_as_it_was(drawings: dict[str, Drawing], kept: SnapshotAssertion) -> None:
    assert home(drawings["welcome"].parts) == kept


def test_an_alert_holds_nothing_but_reference_urgency_reporter_and_clocks(drawings: dict[str, Drawing]) -> None:
    typed = "Robin said"  # in every field of the gallery's concerns; a concern's reporter is typed too
    (body,) = messages(drawings["alert pupils True, new"].parts)

    assert json.dumps(body).count(typed) == 1
