"""Slack's transport: from a signed request to its acknowledgement, against a real Web API on loopback."""

from __future__ import annotations

from tests.channels.school import ACCOUNT, WORDS
from tests.channels.slack.office import Office


async def test_a_question_by_direct_message_is_answered_there(office: Office) -> None:
    await office.says("teacher", "what is upskirting")

    assert "pskirting" in "".join(await office.posts("teacher"))


async def test_a_concern_from_the_first_word_to_its_acknowledgement(office: Office) -> None:
    await office.says("teacher", "log a concern")
    await office.presses("teacher", WORDS.about_pupils)
    await office.fills("teacher", ACCOUNT)
    await office.presses("teacher", WORDS.send_button)

    assert "TA-" in office.window("teacher")
    assert "TA-" in "".join(await office.posts("teacher")), "the receipt is to be found again when the window is closed"
    await office.eventually("dsl", "TA-")

    await office.presses("dsl", WORDS.open_button)
    assert ACCOUNT["happened"] in office.window("dsl")
    await office.presses("dsl", WORDS.acknowledge_button)

    await office.eventually("dsl", WORDS.alert_acknowledged_by)
    await office.eventually("teacher", "has been seen")
