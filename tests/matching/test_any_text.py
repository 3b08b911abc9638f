"""Any text at all is safe, and the same text always gets the same answer."""

import os
import subprocess
import sys
from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from intents import Matcher, Thresholds, Urgency, load_intents, weigh
from intents.match import Match

ODD = [
    "",
    " ",
    "x" * 40_000,
    "help " * 8_000,
    "\ud800 lone \udfff",
    "\u202eright to left\u202c",
    "\x00\x01\x1b[31m",
    "🙈🙉🙊",
    "<script>alert(1)</script>",
    "<" * 10_000,
    "'" * 10_000,
    "ﷺ" * 40_000,
    "a*" * 20_000,
]
ASKED = "y10 girl sayz her ex is outsde wiht a knfie, do i ring polcie"


@cache
def both() -> tuple[Matcher, Urgency]:
    intents = load_intents(None)
    matcher = intents.matcher()
    return matcher, intents.hearing(matcher)


def check(text: str) -> None:
    matcher, urgency = both()
    ranked = matcher.rank(text)
    assert all(0 <= match.score <= 1 for match in ranked)
    assert [match.score for match in ranked] == sorted((match.score for match in ranked), reverse=True)
    assert len({match.topic for match in ranked}) == len(ranked)
    route, shown = weigh(ranked)
    assert len(shown) in {"answer": (1,), "clarify": (2, 3), "unknown": (0,)}[route]
    urgency.hears(text)


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_odd_text_is_ranked_and_heard(text: str) -> None:
    check(text)


@settings(deadline=None, max_examples=150)
@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=400))
@example("İ'd")
def test_any_text_is_ranked_and_heard(text: str) -> None:
    check(text)


def test_nothing_said_is_nothing_near() -> None:
    assert both()[0].rank("") == []
    assert weigh([]) == ("unknown", [])


def test_answers_do_not_depend_on_the_hash_seed() -> None:
    program = f"from intents import load_intents as l; i = l(None); print(i.digest, (m := i.matcher()).rank({ASKED!r}), i.hearing(m).hears({ASKED!r}))"
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1


def test_a_clear_winner_answers_a_close_race_asks_back_and_nothing_near_says_so() -> None:
    thresholds = Thresholds(clear_score=0.6, clear_margin=0.2, near_score=0.1)
    assert weigh([Match("a", 0.7), Match("b", 0.2)], thresholds) == ("answer", ["a"])
    assert weigh([Match("a", 0.5), Match("b", 0.4), Match("c", 0.05), Match("d", 0.01)], thresholds) == (
        "clarify",
        ["a", "b", "c"],
    )
    assert weigh([Match("a", 0.05), Match("b", 0.04)], thresholds) == ("unknown", [])


def test_a_fitted_matcher_knows_only_its_phrases() -> None:
    matcher = Matcher.fit(
        {"pay": ["when is pay day", "my payslip is wrong"], "food": ["what is for lunch", "is there soup"]},
        None,
        ["fire drill"],
    )
    assert matcher.rank("payslip looks rong")[0].topic == "pay"
    assert matcher.rank("lnuch today")[0].topic == "food"
    assert matcher.rank("pay slip")[0].topic == "pay"


def test_a_lexicon_lets_two_names_of_one_thing_meet() -> None:
    phrases = {"law": ["are the police told"], "food": ["is the soup hot", "are the chips told apart"]}
    assert Matcher.fit(phrases, {"police": ["police", "plod", "boys in blue"]}).rank("boys in blue")[0].topic == "law"


def test_out_of_scope_phrases_lower_every_score() -> None:
    ours = load_intents(None)
    without = Matcher.fit(ours.phrases)
    for text in ("signs for the wet floor", "the printer is killing me", "referral for extra reading"):
        assert both()[0].rank(text)[0].score < without.rank(text)[0].score
