"""What a content file cannot know by itself: that names lead somewhere and every path of a triage ends well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from policy_content.model import PHONE_PAGE, Library, Outcome, School, Topic, Triage, placeholders_in
from policy_content.reading import Fault, Place

_RANK = {"note": 0, "today": 1, "now": 2}


def faults_in(library: Library, wording_lines: Mapping[Place, int], wording_file: str) -> Iterator[Fault]:
    """Every fault that only shows when all content is together."""
    titles: dict[str, Topic] = {}
    for topic in library.topics.values():
        yield from _topic_faults(topic, library, titles)
    for triage in library.triages.values():
        yield from _triage_faults(triage, library)
    yield from _wording_faults(library, wording_lines, wording_file)


def _topic_faults(topic: Topic, library: Library, titles: dict[str, Topic]) -> Iterator[Fault]:
    other = titles.setdefault(topic.title.casefold(), topic)
    if other is not topic:
        yield Fault(
            topic.file,
            topic.line,
            f"the title is also that of {other.file}",
            "staff could not tell the two buttons apart",
            "give each its own title",
        )
    for name in topic.related:
        if name not in library.topics or name == topic.id:
            yield Fault(
                topic.file,
                topic.line,
                f"related topic “{name}” is not there",
                "its button would lead nowhere",
                "name another topic, or none",
            )
    for passage in topic.passages:
        yield from _brace_faults(topic.file, passage.line, passage.text, library.school)
    size = sum(len(passage.text) for passage in topic.passages)
    if size > PHONE_PAGE:
        yield Fault(
            topic.file,
            topic.line,
            f"the passages are too long: {size} characters",
            f"a phone shows {PHONE_PAGE} at most before a person gives up",
            "say less; move detail to another topic",
        )
    if topic.urgent and "{police}" not in topic.passages[0].text.splitlines()[0]:
        yield Fault(
            topic.file,
            topic.passages[0].line,
            "an urgent topic does not open with who to ring",
            "there may be no time to read on",
            "let the first step of First say when to ring {police}",
        )


def _brace_faults(
    file: str, line: int, text: str, school: School, more: frozenset[str] = frozenset()
) -> Iterator[Fault]:
    for name in placeholders_in(text):
        if name not in school.names() | more:
            yield Fault(
                file,
                line,
                f"{{{name}}} is nobody in school.yaml",
                "staff would read the braces instead of a number",
                f"use one of {', '.join(sorted(school.names()))}",
            )
    if "<" in text and ">" in text:
        yield Fault(
            file, line, "there is HTML in the text", "a chat would show it as typed", "use plain words and **bold**"
        )


def _wording_faults(library: Library, lines: Mapping[Place, int], file: str) -> Iterator[Fault]:
    for key, text, needed in library.wording.sentences():
        line = lines.get((key,), 1)
        for name in sorted(needed - set(placeholders_in(text))):
            yield Fault(
                file,
                line,
                f"“{key}” does not hold {{{name}}}",
                "staff would not be told it",
                f"put {{{name}}} into the sentence",
            )
        yield from _brace_faults(file, line, text, library.school, needed)
    for group in sorted({topic.group for topic in library.topics.values()} - library.wording.groups.keys()):
        yield Fault(
            file,
            lines.get(("groups",), 1),
            f"the group “{group}” has no name",
            "it is a button of the topic list",
            f"add `{group}: …` under groups",
        )


def _triage_faults(triage: Triage, library: Library) -> Iterator[Fault]:
    """A triage's own rules: every path ends, every node is reached, `unsure` is as cautious as any."""
    for name in triage.questions.keys() & triage.outcomes.keys():
        yield Fault(
            triage.file,
            triage.line_of("outcomes", name),
            f"“{name}” is a question and an outcome",
            "nobody could know which is meant",
            "rename one of them",
        )
    for name, outcome in triage.outcomes.items():
        yield from _outcome_faults(triage, name, outcome, library)
    broken = list(_broken_links(triage))
    yield from broken
    if not broken:
        yield from _path_faults(triage)


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


def _path_faults(triage: Triage) -> Iterator[Fault]:
    circle = _circle(triage, triage.start, ())
    if circle:
        yield Fault(
            triage.file,
            triage.line_of("questions", circle),
            f"“{circle}” leads back to itself",
            "a person would be asked for ever",
            "let every option lead on towards an outcome",
        )
        return
    reached = _reached(triage, triage.start)
    for name in {**triage.questions, **triage.outcomes}.keys() - reached:
        part = "questions" if name in triage.questions else "outcomes"
        yield Fault(
            triage.file,
            triage.line_of(part, name),
            f"nothing leads to “{name}”",
            "nobody would ever see it",
            "let an option lead to it, or delete it",
        )
    yield from _caution_faults(triage, reached)


def _outcome_faults(triage: Triage, name: str, outcome: Outcome, library: Library) -> Iterator[Fault]:
    line = triage.line_of("outcomes", name)
    for text in (outcome.first, outcome.why, outcome.who, outcome.national):
        yield from _brace_faults(triage.file, line, text, library.school)
    size = len(outcome.first) + len(outcome.why) + len(outcome.who) + len(outcome.national)
    if size > PHONE_PAGE:
        yield Fault(
            triage.file,
            line,
            f"the outcome is too long: {size} characters",
            f"a phone shows {PHONE_PAGE} at most before a person gives up",
            "say less",
        )
    if bool(outcome.national) != bool(outcome.national_source):
        yield Fault(
            triage.file,
            line,
            "national guidance without its name, or a name without guidance",
            "staff must see whose words they are",
            "give both `national` and `national_source`",
        )
    for topic in outcome.topics:
        if topic not in library.topics:
            yield Fault(
                triage.file,
                line,
                f"topic “{topic}” is not there",
                "its button would lead nowhere",
                "name another topic, or none",
            )


def _circle(triage: Triage, name: str, above: tuple[str, ...]) -> str | None:
    if name in above:
        return name
    question = triage.questions.get(name)
    if question is None:
        return None
    found = (_circle(triage, option.then, (*above, name)) for option in question.options.values())
    return next((name for name in found if name), None)


def _reached(triage: Triage, name: str) -> set[str]:
    question = triage.questions.get(name)
    if question is None:
        return {name}
    return {name}.union(*(_reached(triage, option.then) for option in question.options.values()))


def _caution_faults(triage: Triage, reached: set[str]) -> Iterator[Fault]:
    @cache
    def least(name: str) -> int:
        """The caution of the least cautious outcome that can still be reached from here."""
        question = triage.questions.get(name)
        if question is None:
            return _RANK[triage.outcomes[name].caution]
        return min(least(option.then) for option in question.options.values())

    for name, question in triage.questions.items():
        unsure = question.options.get("unsure")
        if (
            name in reached
            and unsure
            and least(unsure.then) < max(least(option.then) for option in question.options.values())
        ):
            yield Fault(
                triage.file,
                triage.line_of("questions", name, "options", "unsure"),
                "“unsure” leads somewhere less cautious than another answer",
                "not being sure must never make a child less safe",
                "let it lead where the most cautious answer leads",
            )
