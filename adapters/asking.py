"""`signpost ask`: one question, or a file of them, to the same route that staff get. Needs no key and no database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from bot import Guidance, Route


class BatchError(ValueError):
    """A line of a batch file is not `{"text": …}`. `str()` names the line."""


def batch(guidance: Guidance, lines: Iterable[str]) -> Iterator[str]:
    """For each JSON line `{"text": …}`, in order, the route as a JSON line. Blank lines are skipped.

    Raises `BatchError` at the first line that is not one.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            asked = json.loads(line)
        except (ValueError, RecursionError):
            raise BatchError(f"line {number} is not JSON") from None
        text = asked.get("text") if isinstance(asked, dict) else None
        if not isinstance(text, str):
            raise BatchError(f'line {number} has no "text"')
        yield json.dumps(as_json(text, guidance.route(text)), ensure_ascii=True)


def as_json(text: str, route: Route) -> dict[str, Any]:
    """A route in the batch format: `micros` in microseconds, scores from 0 to 1."""
    return {
        "text": text,
        "route": route.kind,
        "topics": [{"id": match.topic, "score": round(match.score, 4)} for match in route.best],
        "shown": list(route.shown),
        "urgent": route.urgent is not None,
        "micros": route.micros,
    }
