"""`signpost evaluate`: how well a file of labelled questions is understood, and why not. Needs no key and no database.

Each line is `{"text": …, "accept": [topic ids, the best first; none if out of scope], "urgent": true | false}`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from adapters.asking import BatchError
from bot import Guidance, Route
from intents import Doubt, Match, Matcher, doubts

_TOP = 3
_CONFUSIONS = 15
_WORDS_SHOWN = 6
_DOUBTS_SHOWN = 10  # of each kind


@dataclass(frozen=True, slots=True)
class Question:
    """A question, the topics that answer it (none: it is out of scope), and whether a reply must lead with who to ring."""

    text: str
    accept: tuple[str, ...]
    urgent: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares (0-1; None where there was nothing to count), and milliseconds.

    Of questions in scope: `top_1`, `top_3` (a right topic is first, is among the first three), `helped` (a right topic is shown), `answered`
    (one topic is shown, right or wrong), `misled` (one topic is shown and it is wrong), `asked_back_rightly` (of those asked back, the right topic is among the choices),
    `silent` (nothing is shown). Of those out of scope: `stray_answers` (one topic is shown) and `stray_choices` (some are offered).
    Of all: `urgent_found`, `false_alarms`, and `stray_alarms`, which are those on what is out of scope, look-alikes among them.
    """

    in_scope: int
    out_of_scope: int
    top_1: float | None
    top_3: float | None
    helped: float | None
    answered: float | None
    misled: float | None
    asked_back_rightly: float | None
    silent: float | None
    stray_answers: float | None
    stray_choices: float | None
    urgent_found: float | None
    false_alarms: float | None
    stray_alarms: float | None
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Miss:
    """A question that went wrong: in which ways, what was shown and what was right, and the phrases that won with the words they shared."""

    text: str
    wrong: tuple[str, ...]
    accept: tuple[str, ...]
    route: str
    shown: tuple[str, ...]
    best: tuple[tuple[str, float], ...]
    because: tuple[str, ...]
    urgent: str | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All there is to say of one file."""

    figures: Figures
    confusions: tuple[tuple[str, str, int], ...]
    misses: tuple[Miss, ...]


def read(lines: Iterable[str], topics: Iterable[str]) -> list[Question]:
    """The questions of a file. Raises `BatchError` at the first line that is not one, or that names a topic which is not there."""
    known, questions = set(topics), []
    for number, line in enumerate(lines, 1):
        if line.strip():
            questions.append(_question(line, number, known))
    if not questions:
        raise BatchError("it holds no question")
    return questions


def _question(line: str, number: int, known: set[str]) -> Question:
    try:
        asked = json.loads(line)
    except ValueError:
        raise BatchError(f"line {number} is not JSON") from None
    text, accept = (asked.get("text"), asked.get("accept", [])) if isinstance(asked, dict) else (None, [])
    if not isinstance(text, str) or not isinstance(accept, list) or not isinstance(asked.get("urgent", False), bool):
        raise BatchError(f'line {number} needs "text", a list "accept", and true or false for "urgent"')
    strange = [topic for topic in accept if topic not in known]
    if strange:
        raise BatchError(f"line {number} names “{strange[0]}”, which is no topic")
    return Question(text, tuple(accept), asked.get("urgent", False))


def evaluate(guidance: Guidance, questions: Sequence[Question]) -> Evaluation:
    """Ask every question, and count."""
    for question in questions[:20]:
        guidance.route(question.text)  # so that the first is not timed for all that is done once
    routes = [guidance.route(question.text) for question in questions]
    asked = list(zip(questions, routes, strict=True))
    confused = Counter(
        (question.accept[0], route.best[0].topic)
        for question, route in asked
        if question.accept and route.best and route.best[0].topic not in question.accept
    )
    worst = sorted(confused.items(), key=lambda pair: (-pair[1], pair[0]))[:_CONFUSIONS]
    misses = (_miss(question, route) for question, route in asked)
    return Evaluation(
        _figures(asked),
        tuple((right, taken, count) for (right, taken), count in worst),
        tuple(miss for miss in misses if miss is not None),
    )


def _figures(asked: Sequence[tuple[Question, Route]]) -> Figures:
    inside = [(question, route) for question, route in asked if question.accept]
    outside = [route for question, route in asked if not question.accept]
    calm = [route for question, route in asked if not question.accept and not question.urgent]
    ranks = [_rank(question, route) for question, route in inside]
    back = [(question, route) for question, route in inside if route.kind == "clarify"]
    micros = sorted(route.micros for _, route in asked)
    return Figures(
        in_scope=len(inside),
        out_of_scope=len(outside),
        top_1=_share(rank < 1 for rank in ranks),
        top_3=_share(rank < _TOP for rank in ranks),
        helped=_share(_helped(question, route) for question, route in inside),
        answered=_share(route.kind == "answer" for _, route in inside),
        misled=_share(_misled(question, route) for question, route in inside),
        asked_back_rightly=_share(_helped(question, route) for question, route in back),
        silent=_share(route.kind == "unknown" for _, route in inside),
        stray_answers=_share(route.kind == "answer" for route in outside),
        stray_choices=_share(route.kind == "clarify" for route in outside),
        urgent_found=_share(route.urgent is not None for question, route in asked if question.urgent),
        false_alarms=_share(route.urgent is not None for question, route in asked if not question.urgent),
        stray_alarms=_share(route.urgent is not None for route in calm),
        p50_ms=micros[len(micros) // 2] / 1000,
        p99_ms=micros[len(micros) * 99 // 100] / 1000,
    )


def _share(held: Iterable[bool]) -> float | None:
    counted = list(held)
    return round(sum(counted) / len(counted), 4) if counted else None


def _rank(question: Question, route: Route) -> int:
    places = [place for place, match in enumerate(route.best) if match.topic in question.accept]
    return places[0] if places else len(route.best) + _TOP


def _helped(question: Question, route: Route) -> bool:
    return any(topic in question.accept for topic in route.shown)


def _misled(question: Question, route: Route) -> bool:
    return route.kind == "answer" and not _helped(question, route)


def _miss(question: Question, route: Route) -> Miss | None:
    wrong = [
        *(["not first"] if question.accept and _rank(question, route) > 0 else []),
        *(["not shown"] if question.accept and not _helped(question, route) else []),
        *(["misled"] if question.accept and _misled(question, route) else []),
        *(["answered out of scope"] if not question.accept and route.kind == "answer" else []),
        *(["urgent missed"] if question.urgent and route.urgent is None else []),
        *(["false alarm"] if not question.urgent and route.urgent is not None else []),
    ]
    if not wrong:
        return None
    best = tuple((match.topic, round(match.score, 3)) for match in route.best[:_TOP])
    because = tuple(why(match) for match in route.best[:1])
    return Miss(question.text, tuple(wrong), question.accept, route.kind, route.shown, best, because, route.urgent)


def why(match: Match) -> str:
    """The nearest phrase of a match, and the words that brought it."""
    if not match.because:
        return "no phrase is near: single words won"
    nearest = match.because[0]
    shared = ", ".join(f"{word} {weight:.2f}" for word, weight in nearest.words[:_WORDS_SHOWN])
    return f"“{nearest.phrase}” {nearest.score:.2f}: {shared}"


def as_json(evaluation: Evaluation) -> str:
    """Everything, as one JSON object."""
    return json.dumps(asdict(evaluation), indent=1)


def as_text(evaluation: Evaluation) -> Iterable[str]:
    """Everything, for people."""
    yield from (f"{name.replace('_', ' '):20} {_shown(value)}" for name, value in asdict(evaluation.figures).items())
    if evaluation.confusions:
        yield "\nworst confusions (right < taken for it)"
        yield from (f"  {count:3} {right} < {taken}" for right, taken, count in evaluation.confusions)
    for miss in evaluation.misses:
        yield f"\n{', '.join(miss.wrong)}: {miss.text}"
        yield f"  right: {', '.join(miss.accept) or 'nothing'}   {miss.route}: {', '.join(miss.shown) or 'nothing'}   urgent: {miss.urgent or 'no'}"
        yield f"  best: {', '.join(f'{topic} {score:.2f}' for topic, score in miss.best)}"
        yield from (f"  because {reason}" for reason in miss.because)


def _shown(value: Any) -> str:
    return "-" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)


def warnings(matcher: Matcher) -> Iterable[str]:
    """Phrases to look at again, a few of each kind, and how many more there are. None of them is a fault."""
    kinds: dict[str, list[Doubt]] = {}
    for doubt in doubts(matcher):
        kinds.setdefault(doubt.kind, []).append(doubt)
    for kind, found in sorted(kinds.items()):
        yield from (_warning(doubt) for doubt in found[:_DOUBTS_SHOWN])
        if len(found) > _DOUBTS_SHOWN:
            yield f"warning: {len(found) - _DOUBTS_SHOWN} more phrases are {kind}"


def _warning(doubt: Doubt) -> str:
    what = f"warning: phrases/{doubt.topic}.yaml: “{doubt.phrase}”"
    if doubt.kind == "said twice":
        return f"{what} is said twice: “{doubt.other}” is in phrases/{doubt.other_topic}.yaml"
    if doubt.kind == "misread":
        return f"{what} is read as {doubt.other_topic}"
    return f"{what} is nearer to phrases/{doubt.other_topic}.yaml: “{doubt.other}”"
