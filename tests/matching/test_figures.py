"""How well questions are matched: `python tests/matching/test_figures.py` prints the figures that these claims are floors of.

dev.jsonl tunes the matcher, and some hundred phrases were written after reading what it missed, so its figures flatter.
Before those, top 1 was 0.82 and top 3 0.94: expect that, or less, of questions nobody here has seen.
"""

import json
import sys
import time
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from intents import Intents, Match, Matcher, load_intents, weigh

HERE = Path(__file__).parent
TOPICS = 52


class Figures(NamedTuple):
    """Shares (0-1) over a file of questions: the first six of those in scope, the next two of those out of scope, the last two of urgent and not."""

    top_1: float
    top_3: float
    answered: float
    helped: float
    misled: float
    silent: float
    stray_answers: float
    stray_choices: float
    urgent_found: float
    false_alarms: float


@cache
def shipped() -> Intents:
    return load_intents(None)


@cache
def matcher() -> Matcher:
    return shipped().matcher()


@cache
def questions() -> tuple[dict[str, Any], ...]:
    return tuple(
        json.loads(line) for line in (HERE / "questions" / "dev.jsonl").read_text(encoding="utf-8").splitlines()
    )


@cache
def figures() -> Figures:
    counts: Counter[str] = Counter()
    for question in questions():
        accept, ranked = question["accept"], matcher().rank(question["text"])
        route, shown = weigh(ranked)
        scope = "in" if accept else "out"
        right = [match.topic in accept for match in ranked[:3]]
        counts += Counter(
            {
                scope: 1,
                f"{scope} {route}": 1,
                "top 1": int(any(right[:1])),
                "top 3": int(any(right)),
                "helped": int(any(topic in accept for topic in shown)),
                "misled": int(bool(accept) and route == "answer" and shown[0] not in accept),
            },
        )
        urgent, heard = question["urgent"], shipped().urgency.hears(question["text"]) is not None
        counts += Counter({f"urgent {urgent}": 1, f"urgent {urgent} heard {heard}": 1})
    inside, outside = counts["in"], counts["out"]
    return Figures(
        top_1=counts["top 1"] / inside,
        top_3=counts["top 3"] / inside,
        answered=counts["in answer"] / inside,
        helped=counts["helped"] / inside,
        misled=counts["misled"] / inside,
        silent=counts["in unknown"] / inside,
        stray_answers=counts["out answer"] / outside,
        stray_choices=counts["out clarify"] / outside,
        urgent_found=counts["urgent True heard True"] / counts["urgent True"],
        false_alarms=counts["urgent False heard True"] / counts["urgent False"],
    )


def test_the_right_topic_is_first_more_often_than_six_times_in_seven() -> None:
    assert figures().top_1 >= FLOOR_TOP_1


def test_the_right_topic_is_among_the_first_three() -> None:
    assert figures().top_3 >= FLOOR_TOP_3


def test_staff_are_helped_and_seldom_misled() -> None:
    assert figures().helped >= FLOOR_HELPED
    assert figures().misled <= CEILING_MISLED


def test_questions_out_of_scope_are_seldom_answered() -> None:
    assert figures().stray_answers <= CEILING_STRAY


def test_urgent_questions_are_heard_and_others_are_not() -> None:
    assert figures().urgent_found >= FLOOR_URGENT
    assert figures().false_alarms <= CEILING_FALSE_ALARMS


def test_every_topic_s_own_phrases_mostly_rank_it_first() -> None:
    for topic, phrases in shipped().phrases.items():
        first = [matcher().rank(phrase)[0].topic == topic for phrase in phrases]
        assert sum(first) >= 0.9 * len(first), topic


def test_a_match_names_the_phrase_and_the_words_that_matched() -> None:
    best = matcher().rank("a pupil has sent a nude of another pupil round the class")[0]
    assert isinstance(best, Match)
    assert best.because[0].phrase in shipped().phrases[best.topic]
    assert best.because[0].words
    assert abs(sum(part for _, part in best.because[0].words) - best.because[0].score) < 0.01


FLOOR_TOP_1, FLOOR_TOP_3, FLOOR_HELPED = 0.87, 0.96, 0.94
CEILING_MISLED, CEILING_STRAY = 0.03, 0.02
FLOOR_URGENT, CEILING_FALSE_ALARMS = 0.97, 0.02


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    began = time.perf_counter()
    loaded = load_intents(None)
    read = time.perf_counter()
    fitted = loaded.matcher()
    ready = time.perf_counter()
    say(f"phrases {sum(map(len, loaded.phrases.values()))}, out of scope {len(loaded.out_of_scope)}")
    say(f"read {read - began:.2f} s, fit {ready - read:.2f} s")
    routes: Counter[str] = Counter()
    spent = []
    for asked in questions():
        start = time.perf_counter()
        routes[weigh(fitted.rank(asked["text"]))[0]] += 1
        loaded.urgency.hears(asked["text"])
        spent.append((time.perf_counter() - start) * 1000)
    spent.sort()
    for name, value in figures()._asdict().items():
        say(f"{name:14} {value:.3f}")
    say(
        f"routes {dict(routes)}; rank and urgent p50 {spent[len(spent) // 2]:.2f} ms, p99 {spent[len(spent) * 99 // 100]:.2f} ms"
    )
