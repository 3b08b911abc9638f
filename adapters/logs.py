"""Structured logs, on stderr, one JSON object a line. They hold ids, never words.

Tracebacks name places only: an exception's own text may quote what a person typed.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any

import structlog

# Libraries whose finer logs quote statements, values or bodies.
_QUIET = ("aiosqlite", "sqlalchemy", "alembic", "asyncio", "aiohttp.client", "aiohttp.websocket")


def set_up(level: str) -> None:
    """Send every log, ours and the libraries', through the same processors at `level`."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _places_only,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel("WARNING")


def _places_only(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace an exception by its type and where it happened."""
    found = entry.pop("exc_info", None)
    record = entry.get("_record")
    if record is not None and record.name == "asyncio":
        # Its report of a fault that nobody was waiting for quotes the exception from the second line on.
        entry["event"] = str(entry["event"]).splitlines()[0]
    if record is not None and record.exc_info:
        found, record.exc_info, record.exc_text = record.exc_info, None, None
    if not found:
        return entry
    error = sys.exc_info() if found is True else found
    kind, value, trace = error if isinstance(error, tuple) else (type(error), error, error.__traceback__)
    if kind is not None and value is not None:
        entry["error"] = kind.__name__
        entry["at"] = _places(trace)
    return entry


def _places(trace: TracebackType | None) -> list[str]:
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]
