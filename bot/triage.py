"""Where do these answers lead? Pure replay: only the answers are stored, where you are is computed.

A conversation is a list of answers. The first says how it began; the rest answer triage questions,
or lead through the concern form. Going back is one answer less; a restart loses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from policy_content.model import Library, Outcome, Question, Triage

ABOUT = ("pupils", "adult", "head", "safeguarding")


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: `step` is a question's id, or start, log, about, form, check."""

    step: str
    value: str


@dataclass(frozen=True, slots=True)
class Observation:
    """A triage question as asked and the answer as chosen, passed on to the DSL and never ranked."""

    asked: str
    answered: str


@dataclass(frozen=True, slots=True)
class AtQuestion:
    """A triage question is open."""

    triage: Triage
    id: str
    question: Question


@dataclass(frozen=True, slots=True)
class AtOutcome:
    """A triage has ended."""

    triage: Triage
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class AtAbout:
    """The first question of a concern: who is it about?"""


@dataclass(frozen=True, slots=True)
class AtForm:
    """The concern form is open. `about` is one of `ABOUT`."""

    about: str


@dataclass(frozen=True, slots=True)
class AtCheck:
    """Check your answers: nothing is sent yet."""

    about: str


Step = AtQuestion | AtOutcome | AtAbout | AtForm | AtCheck


@dataclass(frozen=True, slots=True)
class Position:
    """Where the answers lead: the open step, the answers that still count, and what triage learnt.

    `urgent` is true when the triage ended where somebody rings now.
    """

    step: Step
    answers: tuple[Answer, ...]
    observations: tuple[Observation, ...] = ()
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """One person's open conversation. `draft` holds what was typed in the form, by field key;
    going back never drops it. `version` counts changes, so that two at once are noticed.
    """

    id: str
    person: str
    answers: tuple[Answer, ...]
    draft: Mapping[str, str] = field(default_factory=dict, repr=False)  # never in a log or a traceback
    version: int = 0


FORM_COMPLETE = Answer("form", "complete")


class UnknownStartError(LookupError):
    """The conversation began in a triage that is no longer there."""


def replay(library: Library, answers: Sequence[Answer]) -> Position:
    """The position to which `answers` lead.

    An answer that the content no longer offers ends the replay there: that step is asked again.
    Raises `UnknownStartError` if the triage it began in is gone.
    """
    start = answers[0]
    if start.value == "concern":
        return _through_concern(answers, 1, (), urgent=False)
    triage = library.triages.get(start.value)
    if triage is None:
        raise UnknownStartError(start.value)
    return _through_triage(triage, answers)


def _through_triage(triage: Triage, answers: Sequence[Answer]) -> Position:
    node = triage.start
    seen: list[Observation] = []
    for count, answer in enumerate(answers[1:], 1):
        if answer.step == "log":
            outcome = triage.outcomes.get(node)
            if outcome is None:
                return _through_concern(answers, count + 1, tuple(seen), urgent=False)
            urgent = outcome.caution == "now"
            return _through_concern(answers, count + 1, tuple(seen), urgent=urgent, about=outcome.about)
        question = triage.questions.get(node)
        option = question.options.get(answer.value) if question and answer.step == node else None
        if question is None or option is None:
            return _in_triage(triage, node, answers[:count], seen)
        seen.append(Observation(question.passes_on or question.ask, option.label))
        node = option.then
    return _in_triage(triage, node, answers, seen)


def _in_triage(triage: Triage, node: str, answers: Sequence[Answer], seen: list[Observation]) -> Position:
    question = triage.questions.get(node)
    if question is not None:
        return Position(AtQuestion(triage, node, question), tuple(answers), tuple(seen))
    outcome = triage.outcomes[node]
    return Position(AtOutcome(triage, outcome), tuple(answers), tuple(seen), outcome.caution == "now")


def _through_concern(
    answers: Sequence[Answer], at: int, seen: tuple[Observation, ...], *, urgent: bool, about: str = ""
) -> Position:
    """The concern's own steps: about, form, check. A triage may have settled who it is about."""
    if not about:
        about = answers[at].value if len(answers) > at and answers[at].step == "about" else ""
        at += 1
    if about not in ABOUT:
        return Position(AtAbout(), tuple(answers[: at - 1]), seen, urgent)
    if len(answers) > at and answers[at] == FORM_COMPLETE:
        return Position(AtCheck(about), tuple(answers[: at + 1]), seen, urgent)
    return Position(AtForm(about), tuple(answers[:at]), seen, urgent)
