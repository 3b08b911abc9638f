"""A library that has only begun: ten phrases a topic, no lexicon, and nothing said to be out of scope. The floors stand below what was measured."""

import importlib.util
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from intents import Matcher, load_intents, weigh
from intents.aligning import Aligner
from intents.doubts import doubts
from intents.match import Match
from intents.words import words

HERE = Path(__file__).parent
SLIPS = importlib.util.spec_from_file_location("slips", HERE / "slips.py")
assert SLIPS is not None
slips = importlib.util.module_from_spec(SLIPS)
assert SLIPS.loader is not None
SLIPS.loader.exec_module(slips)

ASKED = [json.loads(line) for line in (HERE / "questions" / "dev.jsonl").read_text(encoding="utf-8").splitlines()]
OURS = [question for question in ASKED if question["accept"]]
STRANGE = [question["text"] for question in ASKED if not question["accept"]]


@cache
def ten_a_topic() -> Matcher:
    """From the first hand, which seldom changes: other phrases make other figures."""
    return Matcher.fit({topic: shelf[:80:8] for topic, shelf in load_intents(None).phrases.items()})


@cache
def ranked(text: str) -> list[Match]:
    return ten_a_topic().rank(text)


def surest(text: str) -> float:
    return ranked(text)[0].score if ranked(text) else 0.0


def first_right(texts: list[str]) -> float:
    best = [ranked(text)[:1] for text in texts]
    right = [bool(match) and match[0].topic in asked["accept"] for match, asked in zip(best, OURS, strict=True)]
    return sum(right) / len(right)


def test_ten_phrases_a_topic_are_made_the_most_of() -> None:
    """TF-IDF and logistic regression finds .35 of these."""
    assert first_right([question["text"] for question in OURS]) >= 0.395


def test_what_is_strange_is_less_sure_though_nobody_said_what_is_strange() -> None:
    """The share of pairs, one question in scope and one out of it, in which the one in scope scores higher."""
    ours, strange = [surest(question["text"]) for question in OURS], [surest(text) for text in STRANGE]
    higher = sum((mine > other) + (mine == other) / 2 for mine in ours for other in strange)
    assert higher / (len(ours) * len(strange)) >= 0.75


def test_who_knows_little_asks_back_or_is_silent_rather_than_mislead() -> None:
    routes = [(weigh(ranked(question["text"])), question["accept"]) for question in OURS]
    assert sum(route == "answer" and shown[0] not in accept for (route, shown), accept in routes) <= 0.02 * len(OURS)
    assert sum(weigh(ranked(text))[0] == "answer" for text in STRANGE) <= 0.02 * len(STRANGE)
    assert sum(route == "unknown" for (route, _), _ in routes) <= 0.12 * len(OURS)


def test_a_library_of_three_topics_is_not_silent() -> None:
    shipped = load_intents(None).phrases
    learnt = {topic: shipped[topic][:10] for topic in sorted(shipped)[::20]}
    matcher = Matcher.fit(learnt)
    asked = [phrase for topic in learnt for phrase in shipped[topic][10:60]]
    assert sum(weigh(matcher.rank(phrase))[0] == "unknown" for phrase in asked) <= 0.05 * len(asked)


def test_the_name_of_a_topic_counts_though_nobody_asked_like_that() -> None:
    said = {"lost-key": ["I cannot get in", "locked out"], "lost-purse": ["my money is gone", "where is it"]}
    by_name = Matcher.fit(said)
    assert by_name.rank("the key please")[0].topic == "lost-key"
    assert by_name.rank("a purse please")[0].topic == "lost-purse"
    assert "lost key" not in [reason.phrase for match in by_name.rank("the key") for reason in match.because]
    assert dict(by_name.shelves) == said
    assert list(doubts(by_name)) == []


def test_an_id_that_is_but_a_number_names_nothing() -> None:
    numbered = Matcher.fit({"faq_1": ["locked out", "no key"], "faq_2": ["no money"], "faq_3f2a": ["bus is late"]})
    assert [numbered.rank(asked) for asked in ("2", "faq", "3f2a")] == [[], [], []]


def test_what_is_said_of_two_topics_alike_speaks_for_neither() -> None:
    """However long the strides of what is learnt: too long, and they would swing from one to the other."""
    matcher = Matcher.fit({"one": ["cat"] * 100 + ["dog"] * 100, "other": ["dog"] * 101 + ["cat"] * 100})
    for asked in ("cat", "dog"):
        first, second = matcher.rank(asked)
        assert abs(first.score - second.score) <= 0.05 * first.score


def test_a_word_of_the_same_root_is_known_and_not_a_slip_of_another() -> None:
    read = {token.word for token in Aligner({"pillows": 1, "billow": 3}).read(["pillow"])}
    assert read == {"pillow", "pillows"}


@pytest.mark.parametrize(("typed", "meant"), [("ccod", "cod"), ("lates", "late"), ("mattrss", "mattress")])
def test_a_slip_is_read_as_what_it_was_meant_for(typed: str, meant: str) -> None:
    assert meant in [token.word for token in Aligner({"cod": 2, "late": 1, "mattress": 1}).read([typed])]


def test_a_star_hides_a_letter_but_parts_two_numbers() -> None:
    assert words("what the f*ck, a 6*4 bed") == ["what", "the", "f*ck", "a", "6", "4", "bed"]


def test_few_phrases_too_give_the_same_scores_whatever_the_hash_seed() -> None:
    program = (
        "from intents import Matcher, load_intents as l; p = l(None).phrases; m = Matcher.fit({t: p[t][:10] for t in p});"
        "print([(x.topic, x.score) for x in m.rank('a yr 9 sez hes been touchd by his uncel')])"
    )
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
