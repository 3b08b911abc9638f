"""A DSL can do in the terminal what they can do on the page: fill in the whole decision, several answers at once included."""

from __future__ import annotations

from pathlib import Path

from adapters.console import read
from bot import Field, Option, Words
from tests.channels.contract import Console
from tests.channels.school import WORDS
from tests.channels.test_contract import eventually_seen, log

ASKS = WORDS.decision.asks
# What is typed to each question that is not answered by its first option, or by a few words.
TYPED = {ASKS.level.ask: "2", ASKS.images.ask: "No", ASKS.routes.ask: "1, 5", ASKS.date.ask: "2026-03-02"}


def typed(prompt: str) -> str:
    label = prompt.split("\n", maxsplit=1)[0].removesuffix(" *")
    usual = "1" if "\n  1. " in prompt else "as agreed"
    return TYPED.get(label, "09:30" if label == ASKS.time.ask else usual)


async def test_a_whole_decision_is_recorded_in_the_terminal(tmp_path: Path) -> None:
    async with Console().running(tmp_path) as running:
        await log(running, "pupils")
        await eventually_seen(running, "dsl", "TA-")
        await running.presses("dsl", WORDS.acknowledge_button)
        await running.presses("dsl", WORDS.decide_button)
        while not running.terminal.prompt.startswith("dsl> "):
            await running.terminal.type(typed(running.terminal.prompt))

        checked = (await running.posts("dsl"))[-1]
        assert f"{WORDS.decision.routes.a}; {WORDS.decision.routes.none}" in " ".join(checked.split())
        await running.presses("dsl", WORDS.save_button)
        assert "the decision is recorded" in await running.seen("dsl")


def test_several_options_are_typed_by_number_or_name_in_any_order() -> None:
    options = (Option("a", "Route A"), Option("b", "Route B"), Option("c", "Route C"))
    field = Field("routes", "Routes", "many_of", options=options)
    for line, value in (("3, 1", "a,c"), ("route b", "b"), ("a,b,a", "a,b"), ("none", ""), ("1,9", "a,9"), ("", "")):
        assert read.value(field, line) == Words(value), line


def test_enter_keeps_what_was_chosen_before() -> None:
    field = Field("routes", "Routes", "many_of", options=(Option("a", "Route A"),), value=Words("a"))
    assert read.value(field, "") == Words("a")
