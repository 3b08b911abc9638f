"""What Prometheus reads at `GET /metrics`: figures for whoever keeps the machine. No name, reference, id or word of anybody's.

Everything is read anew at each scrape and kept in no global: two Signposts in one process do not mix.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from bot.ledger import Counts, Proof

_STAGES = ("logged", "acknowledged", "decided")  # the open ones
_ROUTES = {"answer": "answered", "clarify": "asked_back", "unknown": "not_answered"}
Metric = GaugeMetricFamily | CounterMetricFamily | InfoMetricFamily


@dataclass(frozen=True, slots=True)
class Figures:
    """One scrape. `counts` is None, and there are no `proofs`, where the ledger is down."""

    at: datetime
    ready: bool
    version: str
    digest: str  # of the content in use
    content_refused: bool
    counts: Counts | None = None
    proofs: Sequence[Proof] = ()


def exposition(figures: Figures, accept: str) -> tuple[bytes, str]:
    """The figures in the format that the scraper's `Accept` header asks for, and their content type."""
    registry = CollectorRegistry()
    registry.register(_Scrape(figures))
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


class _Scrape(Collector):
    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        """As the registry asks for it."""
        f = self._figures
        yield _gauge("ready", "1 if the promises can be kept: the same as /readyz.", f.ready)
        yield InfoMetricFamily("signpost_build", "What runs here.", {"version": f.version, "content": f.digest})
        yield _gauge(
            "content_refused", "1 if an edit of the content was not taken; yesterday's is in use.", f.content_refused
        )
        if f.counts is not None:
            yield from _of_alerts(f.counts, f.at)
            yield from _of_concerns(f.counts)
            yield _questions(f.counts.questions)
            yield from _of_routes(f.proofs)


def _of_alerts(counts: Counts, now: datetime) -> Iterator[Metric]:
    since = counts.waiting_since
    late = max(0.0, (now - since).total_seconds()) if since else 0.0
    yield _gauge("alerts_waiting", "Alerts that are due and that nobody has been shown.", counts.waiting)
    yield _gauge("alerts_waiting_oldest_seconds", "How long the oldest of them has been due; 0 if none is.", late)
    yield _gauge("replies_waiting", "Replies that are owed to whoever asked.", counts.replies)


def _of_concerns(counts: Counts) -> Iterator[Metric]:
    stages = GaugeMetricFamily("signpost_concerns_open", "Open concerns, without drills, by stage.", labels=["stage"])
    for stage in _STAGES:
        stages.add_metric([stage], counts.stages.get(stage, 0))
    yield stages
    unseen = counts.stages.get("logged", 0)
    yield _gauge("concerns_unacknowledged", "Concerns that nobody has acknowledged.", unseen)


def _questions(asked: Mapping[str, int]) -> Metric:
    found = CounterMetricFamily(
        "signpost_questions", "Questions ever asked, by what became of them.", labels=["outcome"]
    )
    for route, outcome in _ROUTES.items():
        found.add_metric([outcome], asked.get(route, 0))
    return found


def _of_routes(proofs: Sequence[Proof]) -> Iterator[Metric]:
    proved = GaugeMetricFamily(
        "signpost_route_last_proved_timestamp_seconds",
        "When a route to people last proved to work; absent if it never did.",
        labels=["route"],
    )
    failed = GaugeMetricFamily(
        "signpost_route_failed", "1 if a route to people is known not to work.", labels=["route"]
    )
    for proof in proofs:
        failed.add_metric([proof.channel], float(proof.failure is not None))
        if proof.proved_at is not None:
            proved.add_metric([proof.channel], proof.proved_at.timestamp())
    yield proved
    yield failed


def _gauge(name: str, says: str, value: float) -> Metric:
    return GaugeMetricFamily(f"signpost_{name}", says, value=float(value))
