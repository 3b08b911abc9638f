"""A person who is not sure can always say so, and is never sent somewhere less careful for it."""

from __future__ import annotations

import pytest

from tests.channels.school import LIBRARY, WORDS, Seat

NOT_SURE = WORDS.form_unsure


@pytest.mark.parametrize("name", sorted(LIBRARY.triages))
async def test_every_question_can_be_answered_with_not_sure(teacher: Seat, name: str) -> None:
    triage = LIBRARY.triages[name]
    reply = await teacher.chooses(f"triage:{name}")

    for _ in triage.questions:
        if reply.titles[0] in {outcome.title for outcome in triage.outcomes.values()}:
            break
        assert NOT_SURE in reply.labels, f"no “{NOT_SURE}” at: {reply.text}"
        sure = [label for label in reply.labels if label.startswith("No,")]
        reply = await teacher.presses(sure[0] if sure else NOT_SURE)
    assert reply.titles[0] in {outcome.title for outcome in triage.outcomes.values()}


async def test_not_sure_whether_there_is_danger_means_ring_now(teacher: Seat) -> None:
    await teacher.presses(WORDS.triage_button)

    reply = await teacher.presses(NOT_SURE)

    assert reply.titles == ["Ring now"]
    assert "999" in reply.text


async def test_dont_know_may_be_typed_too(teacher: Seat) -> None:
    await teacher.presses(WORDS.triage_button)

    assert (await teacher.says("dunno")).titles == ["Ring now"]


async def test_nobody_is_made_to_be_certain(teacher: Seat, dsl: Seat) -> None:
    vague = {
        "now": "unsure",
        "child-1": "A boy with a green bag, perhaps year 8",
        "child-1-role": "unsure",
        "happened": "I do not know. He looked frightened.",
        "images": "unsure",
    }

    await teacher.logs_a_concern(vague)

    alert = await dsl.is_told("TA-")
    assert alert.titles[0].startswith("URGENT"), "not sure counts as urgent"
