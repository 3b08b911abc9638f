"""Where people are to be found in a chat is learnt by a one-time code, kept sealed, and not unlearnt by guessing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot import Vault, new_master_key
from bot.ledger import AlreadyHeardError, looks_like_code
from tests.core.stores import BOTH

STORES = BOTH
CONVERSATION = '{"conversation": {"id": "19:zqmarkqz@thread.tacv2"}}'


async def test_a_place_is_learnt_by_its_code_and_remembered_after_a_restart(ledger, another_ledger, clock):
    code = await ledger.offer_code("place:teams", clock.now())

    before = await ledger.learn_place("e1", "teams/dsl", CONVERSATION, ("place:teams", code.lower()), clock.now())

    assert before == ""
    assert await (await another_ledger()).place("teams/dsl") == CONVERSATION


async def test_a_later_place_gives_back_the_one_before(ledger, clock):
    for number, place in enumerate(("first", "second")):
        code = await ledger.offer_code("place:teams", clock.now())
        before = await ledger.learn_place(f"e{number}", "teams/dsl", place, ("place:teams", code), clock.now())
    assert (before, await ledger.place("teams/dsl")) == ("first", "second")


@pytest.mark.parametrize("wrong", ["other", "late", "twice", "guessed", "another purpose"])
async def test_a_code_is_good_once_for_its_purpose_and_for_ten_minutes(ledger, clock, wrong):
    code = await ledger.offer_code("place:teams", clock.now())
    purpose, now = "place:teams", clock.now()
    match wrong:
        case "other":
            await ledger.offer_code("place:teams", now)
        case "late":
            now = clock.forward(minutes=10)
        case "twice":
            assert await ledger.use_code(purpose, code, now)
        case "guessed":
            for _ in range(5):
                assert not await ledger.use_code(purpose, "AAAA-AAAA", now)
        case _:
            purpose = "place:slack"
    assert await ledger.learn_place("e1", "teams/dsl", CONVERSATION, (purpose, code), now) is None
    assert await ledger.place("teams/dsl") is None


async def test_an_event_heard_twice_learns_nothing_twice(ledger, clock):
    code = await ledger.offer_code("place:teams", clock.now())
    await ledger.learn_place("e1", "teams/dsl", "first", ("place:teams", code), clock.now())
    code = await ledger.offer_code("place:teams", clock.now())
    with pytest.raises(AlreadyHeardError):
        await ledger.learn_place("e1", "teams/dsl", "second", ("place:teams", code), clock.now())
    assert await ledger.place("teams/dsl") == "first"


async def test_a_place_is_sealed_and_its_key_is_rotated_with_the_others(another_ledger, store, clock):
    old, fresh = new_master_key("old"), new_master_key("newer")
    first = await another_ledger(keys=Vault.from_text(old))
    await first.keep_place("teams/dsl", CONVERSATION, clock.now())
    assert "zqmarkqz" not in str(store.rows("select * from places"))

    await (await another_ledger(keys=Vault.from_text(f"{fresh},{old}"))).rotate()

    assert await (await another_ledger(keys=Vault.from_text(fresh))).place("teams/dsl") == CONVERSATION


def test_a_code_looks_like_no_ordinary_word():
    assert looks_like_code("K7QD-9XZM")
    assert looks_like_code(" k7qd-9xzm ")
    for text in ("", "what do I do", "K7QD9XZM", "self-harm", "K7QD-9XZ", "AAAA-AAAO"):
        assert not looks_like_code(text), text


async def test_codes_end_when_they_say(ledger, clock):
    code = await ledger.offer_code("desk:web:dsl", clock.now())
    assert await ledger.use_code("desk:web:dsl", code, clock.now() + timedelta(minutes=9, seconds=59))
