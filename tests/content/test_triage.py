"""Every path of every triage, walked by replay as the bot walks it, against the file as a plain YAML reader sees it.

There are thousands of paths, so the transcripts kept beside this file are: the shortest path to each outcome,
the path of somebody who is never sure, and as few more as it takes to choose every option once.
"""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import yaml
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

import policy_content
from bot.triage import Answer, AtAbout, AtForm, AtOutcome, AtQuestion, Observation, Position, replay
from policy_content import load

FILES = sorted((Path(policy_content.__file__).parent / "triage").glob("*.yaml"))
RANK = {"note": 0, "today": 1, "now": 2}
LEVELS = re.compile(r"(?i)\b(?:(?:in)?appropriate|problematic|abusive|violent)(?:ly)?\b")
NO_JUDGEMENT = ("if appropriate", "Abusive or aggravating factors always go to the police")

each_triage = pytest.mark.parametrize("name", [file.stem for file in FILES])


@dataclass(frozen=True)
class Way:
    """One way through a triage: the positions passed, from the first question to the outcome."""

    positions: tuple[Position, ...]

    @property
    def answers(self) -> tuple[Answer, ...]:
        return self.positions[-1].answers[1:]

    @property
    def outcome(self) -> str:
        """The outcome's id."""
        step = self.positions[-1].step
        return next(name for name, outcome in step.triage.outcomes.items() if outcome is step.outcome)


@cache
def library():
    return load()


@cache
def as_written(name: str) -> dict:
    """The file as a plain reader of YAML sees it, every scalar as text."""
    text = next(file for file in FILES if file.stem == name).read_text(encoding="utf-8")
    return yaml.load(text, Loader=yaml.BaseLoader)


@cache
def paths(name: str) -> tuple[Way, ...]:
    return tuple(_walk((replay(library(), [Answer("start", name)]),)))


def _walk(passed: tuple[Position, ...]) -> Iterator[Way]:
    at = passed[-1]
    if not isinstance(at.step, AtQuestion):
        yield Way(passed)
        return
    assert at.step.id not in {before.step.id for before in passed[:-1]}, f"“{at.step.id}” is asked twice"
    for value in at.step.question.options:
        yield from _walk((*passed, replay(library(), [*at.answers, Answer(at.step.id, value)])))


@each_triage
def test_every_path_ends_in_an_outcome(name):
    for path in paths(name):
        assert isinstance(path.positions[-1].step, AtOutcome), path.answers


@each_triage
def test_every_question_option_and_outcome_is_on_a_path(name):
    written = as_written(name)
    options = {(key, value) for key, question in written["questions"].items() for value in question["options"]}
    assert {(answer.step, answer.value) for path in paths(name) for answer in path.answers} == options
    assert {path.outcome for path in paths(name)} == set(written["outcomes"])


@each_triage
def test_every_answer_leads_where_the_file_says(name):
    written = as_written(name)
    for path in paths(name):
        assert path.positions[0].step.id == written["start"]
        for answer, after in zip(path.answers, path.positions[1:], strict=True):
            then = written["questions"][answer.step]["options"][answer.value]["then"]
            assert then == (after.step.id if isinstance(after.step, AtQuestion) else path.outcome)


@each_triage
def test_back_at_every_step_returns_to_the_step_before(name):
    for path in paths(name):
        for before, after in zip(path.positions, path.positions[1:], strict=False):
            assert replay(library(), after.answers[:-1]) == before


@each_triage
def test_every_answer_given_is_handed_on_as_an_observation(name):
    written = as_written(name)["questions"]
    for path in paths(name):
        given = [
            Observation(
                written[answer.step].get("passes_on") or written[answer.step]["ask"],
                written[answer.step]["options"][answer.value]["label"],
            )
            for answer in path.answers
        ]
        assert list(path.positions[-1].observations) == given


@each_triage
def test_logging_a_concern_keeps_the_observations_and_the_urgency(name):
    for path in paths(name):
        end = path.positions[-1]
        logging = replay(library(), [*end.answers, Answer("log", "")])
        about = end.step.outcome.about
        assert logging.step == (AtForm(about) if about else AtAbout())
        assert (logging.observations, logging.urgent) == (end.observations, end.urgent)


@each_triage
def test_a_path_is_urgent_just_where_somebody_must_ring_now(name):
    written = as_written(name)["outcomes"]
    for path in paths(name):
        assert path.positions[-1].urgent == (written[path.outcome]["caution"] == "now"), path.answers


@each_triage
def test_not_being_sure_never_leads_somewhere_less_cautious(name):
    written = as_written(name)
    least: dict[tuple[str, str], int] = {}
    for path in paths(name):
        rank = RANK[written["outcomes"][path.outcome]["caution"]]
        for answer in path.answers:
            least[answer.step, answer.value] = min(rank, least.get((answer.step, answer.value), rank))
    for (question, value), caution in least.items():
        assert least[question, "unsure"] >= caution, f"{question}: {value} is more cautious than unsure"


@each_triage
def test_no_outcome_and_no_question_judges_the_behaviour(name):
    triage = library().triages[name]
    for outcome in triage.outcomes.values():
        text = f"{outcome.title} {outcome.first} {outcome.why} {outcome.who} {outcome.national}"
        for allowed in NO_JUDGEMENT:
            text = text.replace(allowed, "")
        assert not LEVELS.search(text), text
    for question in triage.questions.values():
        asked = (question.ask, question.help, question.passes_on, *(o.label for o in question.options.values()))
        assert not LEVELS.search(" ".join(asked)), asked


@each_triage
def test_every_outcome_says_whom_to_tell_and_when_to_ring_999(name):
    people = ("{dsl}", "{head}", "{chair}")
    for key, outcome in library().triages[name].outcomes.items():
        assert any(person in outcome.first for person in people), key
        assert "{police}" in outcome.first, key


@each_triage
def test_every_outcome_fits_a_phone_with_its_names_and_numbers(name):
    for key, outcome in library().triages[name].outcomes.items():
        text = library().say(f"{outcome.first}\n\n{outcome.why}\n\n{outcome.who}\n\n{outcome.national}")
        assert len(text) <= 1600, key


def test_answers_that_the_content_no_longer_offers_are_asked_again():
    for name in (file.stem for file in FILES):
        for path in paths(name)[::50]:
            for count, position in enumerate(path.positions[:-1]):
                gone = (*position.answers, Answer(position.step.id, "gone"), *path.answers[count + 1 :])
                assert replay(library(), gone) == position


# ---- transcripts


class Transcript(SingleFileSnapshotExtension):
    """A conversation kept as a text file that a person can read, and a diff can show."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@each_triage
def test_the_conversations_read_as_they_were_signed_off(name, snapshot):
    assert "\n".join(transcripts(name)) + "\n" == snapshot(extension_class=Transcript)


def transcripts(name: str) -> Iterator[str]:
    triage = library().triages[name]
    yield f"{triage.title}\nSource: {triage.source}\nEdition: {triage.edition}, reviewed {triage.reviewed}"
    yield f"Offered with: {', '.join(triage.groups) or 'everything else'}\nPaths: {len(paths(name))}"
    shown: set[str] = set()
    for why, path in chosen(name):
        yield f"\n\n{'=' * 100}\n{why}\n{'=' * 100}"
        yield from conversation(path, in_full=path.outcome not in shown)
        shown.add(path.outcome)


def chosen(name: str) -> Iterator[tuple[str, Way]]:
    """The paths kept, with why each is."""
    every = paths(name)
    kept: list[Way] = []
    for outcome in library().triages[name].outcomes:
        kept.append(min((path for path in every if path.outcome == outcome), key=lambda path: len(path.answers)))
        yield f"The shortest path to: {outcome}", kept[-1]
    unsure = next(path for path in every if {answer.value for answer in path.answers} == {"unsure"})
    if unsure not in kept:
        kept.append(unsure)
        yield "Never sure", unsure
    left = {answer for path in every for answer in path.answers} - {a for path in kept for a in path.answers}
    while left:
        best = max(every, key=lambda path: len(left.intersection(path.answers)))
        yield "Also chosen: " + ", ".join(f"{a.step}={a.value}" for a in best.answers if a in left), best
        left -= set(best.answers)


def conversation(path: Way, *, in_full: bool) -> Iterator[str]:
    for number, (position, answer) in enumerate(zip(path.positions, path.answers, strict=False), 1):
        question = position.step.question
        yield f"\n{number}. {library().say(question.ask)}"
        if question.help:
            yield f"   {library().say(question.help)}"
        for value, option in question.options.items():
            yield f"   {'(x)' if value == answer.value else '( )'} {option.label}"
    end = path.positions[-1]
    outcome = end.step.outcome
    yield f"\n=> {outcome.title}   [{path.outcome}; {outcome.caution}{'; urgent' if end.urgent else ''}]"
    if in_full:
        yield from page(outcome)
    yield "\n   Passed on if it is logged:"
    for seen in end.observations:
        yield f"   - {seen.asked}: {seen.answered}"


def page(outcome) -> Iterator[str]:
    parts = {
        "": outcome.first,
        "Why": outcome.why,
        "Who": outcome.who,
        f"National guidance: {outcome.national_source}": outcome.national,
    }
    for heading, text in parts.items():
        if text:
            yield ""
            yield from [f"   {heading}"] if heading else []
            yield textwrap.indent(library().say(text.strip()), "   ")
    about = {"": "asked first", "adult": "an adult", "head": "the head", "safeguarding": "the safeguarding team"}
    yield f"\n   Can be logged: {'yes, about: ' + about.get(outcome.about, outcome.about) if outcome.log else 'no'}"
    yield f"   Pages: {', '.join(outcome.topics)}"
