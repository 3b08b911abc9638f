"""Which page answers this? The words of a question to a route, purely: no memory, no clock, no storage."""

from __future__ import annotations

import time
from dataclasses import dataclass

from intents import Match, Matcher, Urgency, weigh
from policy_content.model import Library, Topic, Triage

BEST = 5  # topics kept with a route, for those who tune the matcher


@dataclass(frozen=True, slots=True)
class Route:
    """What a question leads to. `kind` is answer, clarify or unknown; `shown` are the topics offered,
    in order; `best` the five nearest whatever the kind; `urgent` names the rule that heard urgency.
    `micros` is how long it took, in microseconds.
    """

    kind: str
    shown: tuple[str, ...]
    best: tuple[Match, ...]
    urgent: str | None
    micros: int


@dataclass(frozen=True, slots=True)
class Guidance:
    """Everything needed to answer, swapped as one when content changes."""

    library: Library
    matcher: Matcher
    urgency: Urgency

    def route(self, text: str) -> Route:
        """Rank the question and decide: clear winner, close race, or nothing near."""
        began = time.perf_counter_ns()
        matches = [match for match in self.matcher.rank(text) if match.topic in self.library.topics]
        kind, shown = weigh(matches)
        urgent = self.hears_urgent(text)
        micros = (time.perf_counter_ns() - began) // 1000
        return Route(kind, tuple(shown), tuple(matches[:BEST]), urgent, micros)

    def hears_urgent(self, text: str, *, telling: bool = False) -> str | None:
        """The urgent rule that these words meet, or None. `telling`: they are part of an account in a form."""
        heard = self.urgency.hears(text, telling=telling)
        return heard.rule if heard else None

    def triage_for(self, topic: Topic | None) -> Triage:
        """The guided conversation offered with this topic."""
        triages = self.library.triages.values()
        own = [t for t in triages if topic and topic.group in t.groups]
        return (own or [t for t in triages if not t.groups])[0]
