"""Words are before the people they are for, and nowhere else: no log of ours or of any library, however talkative."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.channels.school import ACCOUNT, WORDS
from tests.channels.teams import cards
from tests.channels.teams.client import PASSWORD, Teams
from tests.channels.teams.school import TeamsSchool, running
from tests.channels.test_logs import MARK, holds_mark

TYPED = f"{MARK} said it to Sir"


async def one_of_everything(school: TeamsSchool) -> str:
    """The marker wherever a person can write, and in what nobody should send."""
    sam, teams = school["teacher"], school.teams
    await sam.types(TYPED)
    await sam.types(TYPED, school.staffroom)
    await sam.attaches(TYPED)
    await school["visitor"].types(TYPED)
    await sam.begins("logConcern", school.staffroom, {"id": "1", "linkToMessage": f"https://teams.example/{MARK}"})
    await sam.presses(WORDS.about_pupils)
    await sam.fills({**ACCOUNT, "child-1": MARK, "happened": ""})
    await sam.fills({"happened": TYPED, "said": TYPED})
    await sam.presses(WORDS.send_button)
    ref = next(word for word in sam.sees().split() if word.startswith("TA-"))
    sam.closes()
    await school.is_told("dsl", ref, school.team)
    await school["dsl"].presses(WORDS.open_button, school.team)
    assert holds_mark(str(school["dsl"].dialog.card).encode()), "the marker did get where it should"
    await school["dsl"].presses(WORDS.acknowledge_button)
    for status in (500, 429, 403):
        teams.connector.trouble(status)
        await sam.types(TYPED)
    broken = teams.activity("invoke", sam.account, sam.chat, name="adaptiveCard/action", value={MARK: TYPED})
    for body in (broken, {**broken, "conversation": MARK}, TYPED, f'{{"{MARK}'):
        assert (await teams.posts(body)).status == 400
    assert (await teams.posts(sam._message(TYPED, sam.chat), header=f"Bearer {MARK}")).status == 401
    return ref


async def test_words_and_secrets_are_in_no_log_and_in_nobody_elses_chat(
    teams: Teams, tmp_path: Path, talkative: Callable[[], str]
) -> None:
    async with running(tmp_path, teams) as school:
        await one_of_everything(school)

    assert "delivered" in talkative()
    assert not holds_mark(talkative().encode())
    assert PASSWORD not in talkative()
    for conversation in teams.connector.conversations.values():
        if conversation is not school["teacher"].chat:
            ours = [post.activity for post in conversation.by(teams.connector.bot)]
            assert not holds_mark(str(ours).encode())
    for post in school["teacher"].chat.by(teams.connector.bot):
        assert not holds_mark(str(post.activity.get("summary")).encode()), "a notification shows it on a locked phone"
        assert list(cards.texts(post.cards()))
