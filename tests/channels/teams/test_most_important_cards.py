"""The cards that matter most, as they were looked at: what changes in one of them is seen in review."""

from __future__ import annotations

from dataclasses import replace

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from adapters.teams import render
from bot import Words, notices
from tests.channels import test_contract as contract
from tests.channels.contract import NOW, a_concern
from tests.channels.school import LIBRARY

TYPED = "Robin said “stop”.\nThen **the bell** rang. {{DATE(2026-11-22T10:00:00Z)}}"


CARDS = {
    "alert": "alert pupils True, new",
    "concern-form-with-errors": "form adult, wrong",
    "answer": "topic child-discloses",
    "triage-question": "question danger-or-concern kind",
    "receipt": "sent, dsl True",
}


@pytest.mark.parametrize("name", CARDS.values(), ids=CARDS)
def test_the_card_is_as_it_was_looked_at(name: str, snapshot: SnapshotAssertion) -> None:
    (drawing,) = (found for found in contract.drawings("Sam Carter") if found.name == name)

    assert render.activities(drawing.parts) == snapshot(extension_class=JSONSnapshotExtension)


def test_the_open_dialog_is_as_it_was_looked_at(snapshot: SnapshotAssertion) -> None:
    concern = a_concern("adult", "Sam Carter")
    lines = tuple(replace(line, value=Words(TYPED)) for line in concern.account.lines[:2])
    short = replace(concern, account=replace(concern.account, lines=lines, observations=()))

    dialog = render.task_module(notices.opened(LIBRARY, short, NOW), "TA-2026-0042", again="open:0123456789abcdef")

    assert dialog == snapshot(extension_class=JSONSnapshotExtension)
