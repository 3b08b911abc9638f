"""What a content file cannot know by itself: that names lead somewhere and every path of a triage ends well.

A part that could not be read is `None` or absent, and is blamed once, where it is broken: never on what leads to it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import get_args

from policy_content.model import BUTTON, PHONE_PAGE, Group, Outcome, Passage, School, Topic, Triage, placeholders_in
from policy_content.reading import Fault, Source
from policy_content.wording import Wording

_RANK = {"note": 0, "today": 1, "now": 2}
_BRACED = re.compile(r"\{[^{}]*\}")
_TAG = re.compile(r"</?[a-zA-Z!][^>]*>")


@dataclass(frozen=True, slots=True)
class Read:
    """All that could be read, and the ids of every topic there is a file for."""

    topics: Mapping[str, Topic]
    triages: Mapping[str, Triage]
    wording: Wording | None
    wording_source: Source | None
    school: School | None
    topic_ids: Collection[str]


def faults_in(read: Read) -> Iterator[Fault]:
    """Every fault that only shows when all content is together."""
    titles: dict[str, Topic] = {}
    for topic in read.topics.values():
        yield from _topic_faults(topic, read, titles)
    for triage in read.triages.values():
        yield from _triage_faults(triage, read)
    if read.wording is not None and read.wording_source is not None:
        yield from _wording_faults(read, read.wording, read.wording_source)


def _topic_faults(topic: Topic, read: Read, titles: dict[str, Topic]) -> Iterator[Fault]:
    other = titles.setdefault(topic.title.casefold(), topic)
    if other is not topic:
        yield Fault(
            topic.file,
            topic.line_of("title"),
            f"the title is also that of {other.file}",
            "staff could not tell the two buttons apart",
            "give each its own title",
        )
    for name in topic.related:
        if name not in read.topic_ids or name == topic.id:
            yield Fault(
                topic.file,
                topic.line_of("related"),
                f"related topic “{name}” is not another topic",
                "its button would lead nowhere",
                "name another topic, or none",
            )
    for passage in topic.passages:
        yield from text_faults(topic.file, passage.line, passage.text, read.school)
    yield from _button_faults(topic.file, topic.line_of("title"), "title", topic.title)
    yield from _length_fault(topic.file, topic.line, "the passages are", topic.passages)
    if topic.urgent and topic.passages and "{police}" not in topic.passages[0].text.splitlines()[0]:
        yield Fault(
            topic.file,
            topic.passages[0].line,
            "an urgent topic does not open with who to ring",
            "there may be no time to read on",
            "let the first step of First say when to ring {police}",
        )


def _length_fault(file: str, line: int, subject: str, passages: Collection[Passage] | list[str]) -> Iterator[Fault]:
    size = sum(len(p.text if isinstance(p, Passage) else p) for p in passages)
    if size > PHONE_PAGE:
        yield Fault(
            file,
            line,
            f"{subject} too long: {size} characters",
            f"a phone shows {PHONE_PAGE} at most before a person gives up",
            "say less; move detail to another topic",
        )


def text_faults(
    file: str, line: int, text: str, school: School | None, more: frozenset[str] = frozenset()
) -> Iterator[Fault]:
    """What is wrong in a text that staff read; `line` is the line on which it begins."""

    def at(start: int) -> int:
        return line + text.count("\n", 0, start)

    for found in _BRACED.finditer(text):
        name = found[0][1:-1]
        if school is not None and name not in school.names() | more:
            yield Fault(
                file,
                at(found.start()),
                f"{' '.join(found[0].split())} is nobody in school.yaml",
                "staff would read the braces instead of a number",
                f"use one of {', '.join(sorted(school.names()))}",
            )
    left = _BRACED.sub(lambda found: " " * len(found[0]), text)
    for found in re.finditer(r"[{}]", left):
        ahead = " ".join(text[found.start() : found.start() + 20].split())
        yield Fault(
            file,
            at(found.start()),
            f"a brace stands alone at “{ahead}”",
            "staff would read the brace instead of a number",
            "write the name between two braces: {dsl}",
        )
    tag = _TAG.search(text)
    if tag:
        yield Fault(
            file,
            at(tag.start()),
            "there is HTML in the text",
            "a chat would show it as typed",
            "use plain words and **bold**",
        )


def _button_faults(file: str, line: int, key: str, text: str) -> Iterator[Fault]:
    """Titles and labels are shown as they stand."""
    if "{" in text or "}" in text:
        yield Fault(
            file,
            line,
            f"“{key}” holds a brace",
            f"a button of {BUTTON} characters names nobody",
            "say it without names or numbers",
        )


def _wording_faults(read: Read, wording: Wording, source: Source) -> Iterator[Fault]:
    for place, text, needed in wording.sentences():
        key = ".".join(place)
        line = source.starts.get(place, source.line(place))
        for name in sorted(needed - set(placeholders_in(text))):
            yield Fault(
                source.file,
                source.line(place),
                f"“{key}” does not hold {{{name}}}",
                "staff would not be told it",
                f"put {{{name}}} into the sentence",
            )
        yield from text_faults(source.file, line, text, read.school, needed)
    for group in sorted({topic.group for topic in read.topics.values()} - wording.groups.keys()):
        yield Fault(
            source.file,
            source.line(("groups",)),
            f"the group “{group}” has no name",
            "it is a button of the topic list",
            f"add `{group}: …` under groups",
        )


def _triage_faults(triage: Triage, read: Read) -> Iterator[Fault]:
    """A triage's own rules: every path ends, every node is reached, `unsure` is as cautious as any."""
    for group in triage.groups:
        if group not in get_args(Group):
            yield Fault(
                triage.file,
                triage.line_of("groups"),
                f"“{group}” is not a group of topics",
                "the triage would be offered with nothing",
                f"use one of {', '.join(get_args(Group))}",
            )
    for name in triage.questions.keys() & triage.outcomes.keys():
        yield Fault(
            triage.file,
            triage.line_of("outcomes", name),
            f"“{name}” is a question and an outcome",
            "nobody could know which is meant",
            "rename one of them",
        )
    yield from _question_faults(triage, read.school)
    for name, outcome in triage.outcomes.items():
        yield from _outcome_faults(triage, name, outcome, read)
    broken = list(_broken_links(triage))
    yield from broken
    if not broken:
        yield from _path_faults(triage)


def _question_faults(triage: Triage, school: School | None) -> Iterator[Fault]:
    for name, question in triage.questions.items():
        for part in ("ask", "help"):
            place = ("questions", name, part)
            yield from text_faults(triage.file, triage.start_of(*place), getattr(question, part), school)
        for key, option in question.options.items():
            line = triage.line_of("questions", name, "options", key)
            yield from _button_faults(triage.file, line, key, option.label)


def _broken_links(triage: Triage) -> Iterator[Fault]:
    named = {**triage.questions, **triage.outcomes}
    if triage.start not in named:
        yield Fault(
            triage.file,
            triage.line_of("start"),
            f"start names “{triage.start}”, which is not there",
            "the triage could not begin",
            "name one of its questions",
        )
    for name, question in triage.questions.items():
        if "unsure" not in question.options:
            yield Fault(
                triage.file,
                triage.line_of("questions", name),
                f"“{name}” has no option `unsure`",
                "nobody may be forced to be certain",
                "add `unsure: {label: I'm not sure, then: …}`",
            )
        for key, option in question.options.items():
            if option.then not in named:
                yield Fault(
                    triage.file,
                    triage.line_of("questions", name, "options", key),
                    f"“{key}” leads to “{option.then}”, which is not there",
                    "the person would be stuck",
                    "name a question or an outcome of this file",
                )


def _outcome_faults(triage: Triage, name: str, outcome: Outcome, read: Read) -> Iterator[Fault]:
    def line(part: str) -> int:
        return triage.line_of("outcomes", name, part)

    texts = [outcome.first, outcome.why, outcome.who, outcome.national]
    for part, text in zip(("first", "why", "who", "national"), texts, strict=True):
        yield from text_faults(triage.file, triage.start_of("outcomes", name, part), text, read.school)
    yield from _button_faults(triage.file, line("title"), "title", outcome.title)
    yield from _length_fault(triage.file, triage.line_of("outcomes", name), "the outcome is", texts)
    if bool(outcome.national) != bool(outcome.national_source):
        yield Fault(
            triage.file,
            line("national" if outcome.national else "national_source"),
            "national guidance without its name, or a name without guidance",
            "staff must see whose words they are",
            "give both `national` and `national_source`",
        )
    for topic in outcome.topics:
        if topic not in read.topic_ids:
            yield Fault(
                triage.file,
                line("topics"),
                f"topic “{topic}” is not there",
                "its button would lead nowhere",
                "name another topic, or none",
            )


def _path_faults(triage: Triage) -> Iterator[Fault]:
    order, circle = _walk(triage)
    if circle:
        yield Fault(
            triage.file,
            triage.line_of("questions", circle),
            f"“{circle}” leads back to itself",
            "a person would be asked for ever",
            "let every option lead on towards an outcome",
        )
        return
    for name in {**triage.questions, **triage.outcomes}.keys() - set(order):
        part = "questions" if name in triage.questions else "outcomes"
        yield Fault(
            triage.file,
            triage.line_of(part, name),
            f"nothing leads to “{name}”",
            "nobody would ever see it",
            "let an option lead to it, or delete it",
        )
    yield from _caution_faults(triage, order)


def _walk(triage: Triage) -> tuple[list[str], str | None]:
    """Every node that can be reached, each after all it leads to; and a question that leads back to itself."""
    order: list[str] = []
    seen: set[str] = set()
    above: list[str] = []
    stack = [(triage.start, False)]
    while stack:
        name, done = stack.pop()
        if done:
            above.pop()
            order.append(name)
        elif name in above:
            return order, name
        elif name not in seen:
            seen.add(name)
            above.append(name)
            stack.append((name, True))
            question = triage.questions.get(name)
            stack += [(option.then, False) for option in question.options.values()] if question else []
    return order, None


def _caution_faults(triage: Triage, order: list[str]) -> Iterator[Fault]:
    least: dict[str, int] = {}  # the caution of the least cautious outcome that can still be reached
    for name in order:
        question = triage.questions.get(name)
        if question is None:
            least[name] = _RANK[triage.outcomes[name].caution]
            continue
        least[name] = min(least[option.then] for option in question.options.values())
        if least[question.options["unsure"].then] < max(least[o.then] for o in question.options.values()):
            yield Fault(
                triage.file,
                triage.line_of("questions", name, "options", "unsure"),
                "“unsure” leads somewhere less cautious than another answer",
                "not being sure must never make a child less safe",
                "let it lead where the most cautious answer leads",
            )
