"""Does this text tell of a child in danger now? Data decides (urgent.yaml); this is only its reader.

The words of the text are struck out where a harmless phrase covers them, what groups of phrases are left is noted by place, and a rule is heard
where all its groups stand close together (or, for a tally, enough weak signs do) and nothing near by calls it off. Every step is linear in the length of the text.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise, product
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from rapidfuzz.distance import OSA

from intents.opinion import Opinion
from intents.words import words

_SLIP_LETTERS: Final = 5  # a word must have as many letters before it may be a slip of the keyboard
_GAP: Final = 2  # words that `~` may stand for, at most
_LONGEST: Final = 24  # letters of the longest word looked at for slips or beginnings

# Log-odds of the second opinion, which are calibrated: where urgent and calm texts are as many, 0 is as likely as not. So each limit is a price.
# `tests/matching/urgent_by_hand.py` prints what they cost, by writers whose sentences were left out.
_ALONE: Final = -0.26  # above it, it needs no rule: a miss costs as much as 1.3 false alarms (-log 1.3)
_WITH_RULE: Final = -1.14  # above it, a rule is believed: a rule is worth 0.88
_ALONE_TELLING: Final = 2.2  # the first, in an account: nine of ten are calm, and a person reads each (log 9)
_FEW_WORDS: Final = 3  # below which only a rule is believed
LEARNT: Final = "like what was urgent before"
"""The name of the rule that is none: the second opinion."""

Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=600)]
Names = Annotated[tuple[str, ...], Field(min_length=1)]


Span = tuple[int, int]  # the place of the first word, and one past the last


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class _Sign(_Strict):
    name: Phrase
    unless: tuple[str, ...] = ()
    despite: tuple[str, ...] = ()

    def groups(self) -> tuple[str, ...]:
        """The groups that must be heard."""
        raise NotImplementedError

    def where(self, heard: Mapping[str, Sequence[Span]]) -> Iterator[Span]:
        """The stretches of text, from left to right, that fulfil this; `heard` is group to places, in order."""
        raise NotImplementedError


class Rule(_Sign):
    """One way of being urgent: a phrase of every group in `all`, at most `within` words apart, and none of `unless` near unless one of `despite` is too."""

    all: Names
    within: int = Field(default=8, ge=1, le=60)
    in_order: bool = False

    def groups(self) -> tuple[str, ...]:
        """The groups that must be heard."""
        return self.all

    def where(self, heard: Mapping[str, Sequence[Span]]) -> Iterator[Span]:
        """Where every group is found close enough."""
        if not all(group in heard for group in self.all):
            return
        last: dict[str, Span] = {}
        for start, end, group in _events(self.all, heard):
            last[group] = (start, end)
            if len(last) == len(set(self.all)):
                first, final = min(span[0] for span in last.values()), max(span[1] for span in last.values())
                ordered = not self.in_order or all(last[a][0] < last[b][0] for a, b in pairwise(self.all))
                if ordered and final - first <= self.within + 1:
                    yield first, final


class Tally(_Sign):
    """Many weak signs together: the `points` of each group found within `within` words, each group once, add up to `enough`."""

    points: dict[str, Annotated[int, Field(ge=1, le=20)]]
    enough: int = Field(ge=1, le=100)
    within: int = Field(default=24, ge=1, le=200)

    def groups(self) -> tuple[str, ...]:
        """The groups that may be heard."""
        return tuple(self.points)

    def where(self, heard: Mapping[str, Sequence[Span]]) -> Iterator[Span]:
        """Where the signs add up."""
        if sum(points for group, points in self.points.items() if group in heard) < self.enough:
            return
        last: dict[str, Span] = {}
        for start, end, group in _events(self.points, heard):
            last[group] = (start, end)
            recent = {name: span for name, span in last.items() if span[0] > start - self.within}
            if sum(self.points[name] for name in recent) >= self.enough:
                yield min(span[0] for span in recent.values()), max(span[1] for span in recent.values())


class Sheet(_Strict):
    """What urgent.yaml may hold. `sets`: name to words that `$name` stands for in a phrase; `groups`: name to phrases; `harmless`: phrases whose words never count.

    `slips`: words of five letters or more to which a word one slip away is put right; `plain`: real words that are no slip of one of these.
    """

    sets: dict[str, tuple[Phrase, ...]] = Field(default_factory=dict)
    groups: dict[str, Annotated[tuple[Phrase, ...], Field(min_length=1)]]
    harmless: tuple[Phrase, ...] = ()
    slips: tuple[Phrase, ...] = ()
    plain: tuple[Phrase, ...] = ()
    reach: Annotated[int, BeforeValidator(int)] = Field(default=14, ge=1, le=200)
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]
    tallies: tuple[Tally, ...] = ()

    @model_validator(mode="after")
    def _groups_are_there(self) -> Self:
        signs: tuple[_Sign, ...] = (*self.rules, *self.tallies)
        for rule in signs:
            for name in (*rule.groups(), *rule.unless, *rule.despite):
                if name not in self.groups:
                    message = f"rule “{rule.name}” names the group “{name}”, which is not there"
                    raise ValueError(message)
        return self


@dataclass(frozen=True)
class Urgent:
    """What was heard: the name of the rule, and the words of the text that fulfilled it, as read (folded, slips put right)."""

    rule: str
    words: str


@dataclass(slots=True)
class _Node:
    """A place in the tree of phrases: what may follow, and the groups whose phrase ends here."""

    after: dict[str, "_Node"] = field(default_factory=dict)
    begins: dict[str, "_Node"] = field(default_factory=dict)
    gap: "_Node | None" = None
    ends: set[str] = field(default_factory=set)

    def grow(self, elements: Sequence[str], group: str) -> None:
        """Add the phrase `elements`: words, `beginning*`, or `~` for up to two words of any kind."""
        node = self
        for element in elements:
            if element == "~":
                node.gap = node.gap or _Node()
                node = node.gap
                continue
            branch, word = (node.begins, element[:-1]) if element.endswith("*") else (node.after, element)
            if word not in branch:
                branch[word] = _Node()
            node = branch[word]
        node.ends.add(group)

    def walk(self, tokens: Sequence[str], place: int) -> Iterator[tuple[int, str]]:
        """Every (end, group) of a phrase that starts at `place`; `end` is one past its last word."""
        for group in self.ends:
            yield place, group
        if place < len(tokens):
            word = tokens[place]
            if word in self.after:
                yield from self.after[word].walk(tokens, place + 1)
            if self.begins:
                for length in range(1, min(len(word), _LONGEST) + 1):
                    if word[:length] in self.begins:
                        yield from self.begins[word[:length]].walk(tokens, place + 1)
        if self.gap is not None:
            for skipped in range(_GAP + 1):
                yield from self.gap.walk(tokens, place + skipped)


class _Known:
    """The phrases and words of a sheet, in the shape in which they are looked up."""

    def __init__(self, sheet: Sheet) -> None:
        self.tree, self.harmless = _Node(), _Node()
        for group, phrases in sheet.groups.items():
            for phrase in phrases:
                for elements in _spellings(phrase, sheet.sets):
                    self.tree.grow(elements, group)
        for phrase in sheet.harmless:
            for elements in _spellings(phrase, sheet.sets):
                self.harmless.grow(elements, "harmless")
        self.words = {word.casefold() for word in (*sheet.plain, *sheet.slips)}
        self.slips = _slips(word.casefold() for word in sheet.slips)


class Urgency:
    """The urgent rules, read. `Urgency.read(mapping)` makes one from what urgent.yaml holds; `hears(text)` asks it. It never changes."""

    def __init__(self, sheet: Sheet, opinion: Opinion | None = None, known: "_Known | None" = None) -> None:
        """From a `Sheet` already checked, a second opinion if there is one, and, if it was read before, what was read of the sheet."""
        self._sheet = sheet
        self._opinion = opinion
        self._known = known or _Known(sheet)

    @classmethod
    def read(cls, mapping: Mapping[str, Any]) -> Self:
        """The rules in `mapping` (the shape of urgent.yaml). Raises pydantic's ValidationError, a ValueError, when they do not hold together."""
        return cls(Sheet.model_validate(mapping))

    def with_opinion(self, opinion: Opinion) -> "Urgency":
        """The same rules, with a second opinion learnt from examples."""
        return Urgency(self._sheet, opinion, self._known)

    def hears(self, text: str, *, telling: bool = False) -> Urgent | None:
        """What makes `text` urgent; None when nothing does. Any text is safe.

        A rule is believed unless the second opinion is sure of the contrary, and the second opinion is believed alone where it is sure.
        With `telling` the text is part of an account that somebody is writing down: there everything sounds a little like what was
        urgent before, so the second opinion must be surer still. Of a few words it has no opinion at all.
        """
        if self._opinion is None:
            return self.rule_heard(text)
        level, moved = self._opinion.level(text)
        if level <= _WITH_RULE:
            return None  # the rules need not be asked: most questions end here
        alone = level > (_ALONE_TELLING if telling else _ALONE) and len(text.split()) >= _FEW_WORDS
        return self.rule_heard(text) or (Urgent(LEARNT, moved) if alone else None)

    def rule_heard(self, text: str) -> Urgent | None:
        """The first rule, in the order of the file and tallies last, that `text` fulfils; None when none does."""
        tokens = self._put_right(words(text))
        self._strike_out(tokens)
        heard: dict[str, list[Span]] = {}
        for place, token in enumerate(tokens):
            if token:
                for end, group in self._known.tree.walk(tokens, place):
                    heard.setdefault(group, []).append((place, end))
        signs: tuple[_Sign, ...] = (*self._sheet.rules, *self._sheet.tallies)
        for rule in signs:
            for start, end in rule.where(heard):
                if not self._called_off(rule, heard, start, end):
                    return Urgent(rule.name, " ".join(token for token in tokens[start:end] if token))
        return None

    def _called_off(self, rule: _Sign, heard: Mapping[str, Sequence[Span]], start: int, end: int) -> bool:
        reach = self._sheet.reach
        return any(_near(heard.get(group, ()), start, end, reach) for group in rule.unless) and not any(
            _near(heard.get(group, ()), start, end, reach) for group in rule.despite
        )

    def _put_right(self, tokens: Sequence[str]) -> list[str]:
        meant: dict[str, str] = {}
        for token in tokens:
            if token not in meant:
                meant[token] = self._meant(token)
        return [meant[token] for token in tokens]

    def _meant(self, token: str) -> str:
        if not _SLIP_LETTERS - 1 <= len(token) <= _LONGEST or token in self._known.words:
            return token
        found = {word for key in (token, *_shorter(token)) for word in self._known.slips.get(key, ())}
        near = sorted((distance, word) for word in found if (distance := OSA.distance(token, word)) <= 1)
        return near[0][1] if near else token

    def _strike_out(self, tokens: list[str]) -> None:
        struck = [(place, end) for place in range(len(tokens)) for end, _ in self._known.harmless.walk(tokens, place)]
        for start, end in struck:
            tokens[start:end] = [""] * (end - start)


def _spellings(phrase: str, sets: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    """The element sequences a written phrase stands for: `a/b` is either, `$name` any of a set, `_` joins the words of one choice."""
    choices: list[list[tuple[str, ...]]] = []
    for part in phrase.split():
        each = [
            word
            for choice in part.split("/")
            for word in (sets.get(choice[1:], ()) if choice.startswith("$") else (choice,))
        ]
        choices.append([_elements(choice) for choice in each if choice])
    return [tuple(element for elements in chosen for element in elements) for chosen in product(*choices)]


@lru_cache(maxsize=4096)
def _elements(choice: str) -> tuple[str, ...]:
    if choice == "~":
        return ("~",)
    read = words(choice.rstrip("*").replace("_", " "))
    return (*read[:-1], read[-1] + "*") if choice.endswith("*") and read else tuple(read)


def _shorter(word: str) -> list[str]:
    return [word[:place] + word[place + 1 :] for place in range(len(word))]


def _slips(vocabulary: Iterator[str]) -> dict[str, set[str]]:
    """Each word, and each word short of one letter, to the words it may stand for."""
    slips: dict[str, set[str]] = {}
    for word in vocabulary:
        if len(word) >= _SLIP_LETTERS:
            for key in (word, *_shorter(word)):
                slips.setdefault(key, set()).add(word)
    return slips


def _events(groups: Iterable[str], heard: Mapping[str, Sequence[Span]]) -> list[tuple[int, int, str]]:
    return sorted((start, end, group) for group in set(groups) for start, end in heard.get(group, ()))


def _near(spans: Sequence[Span], start: int, end: int, reach: int) -> bool:
    """Whether one of `spans` (sorted) starts within `reach` words of the stretch from `start` to `end`."""
    place = bisect_left(spans, (start - reach, 0))
    return place < len(spans) and spans[place][0] < end + reach
