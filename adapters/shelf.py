"""The content in use. Load all, check all, then swap: a bad edit keeps yesterday's words, and says so.

A good copy of the school's own folder is kept in the data folder, for the next start.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import structlog

from bot import Guidance
from intents import IntentsError, load_intents
from policy_content import ContentError, Fault, load, topic_ids
from policy_content.model import Library

_log = structlog.get_logger("signpost.content")
_GOOD = "content-last-good"
_LEARNT = "matcher"
Dress = Callable[[Library], Library]


def read_guidance(folder: Path | None, dress: Dress = lambda library: library, data: Path | None = None) -> Guidance:
    """The guidance in the shipped files and `folder`. Raises `ContentError` with every fault of both.

    What the matcher has learnt is remembered in the account's cache folder, or in `data` where it has none.
    """
    faults: list[Fault] = []
    library = intents = None
    try:
        library = load(folder)
    except ContentError as error:
        faults += error.faults
    try:
        intents = load_intents(folder)
        faults += _unmatched(topic_ids(folder), set(intents.phrases))
    except IntentsError as error:
        faults += error.faults
    if faults or library is None or intents is None:
        raise ContentError(faults)
    learnt = _learnt_in(data)
    matcher = intents.matcher(learnt)
    return Guidance(dress(library), matcher, intents.hearing(matcher, learnt))


def _learnt_in(data: Path | None) -> Path | None:
    """Where what phrases taught is kept. It holds nothing of the school's but its phrases, and may be deleted at any time."""
    with suppress(OSError, RuntimeError):
        home = os.environ.get("XDG_CACHE_HOME")
        cache = (Path(home) if home else Path.home() / ".cache") / "signpost"
        cache.mkdir(parents=True, exist_ok=True, mode=0o700)
        return cache
    return data / _LEARNT if data else None


def _unmatched(topics: frozenset[str], named: set[str]) -> list[Fault]:
    """A topic that nobody can ask for, and ways of asking for a topic that is not there."""
    return [
        Fault(
            f"topics/{name}.md",
            1,
            f"there are no ways of asking for “{name}”",
            "nobody could find the page",
            f"add phrases/{name}.yaml",
        )
        for name in sorted(topics - named)
    ] + [
        Fault(
            f"phrases/{name}.yaml",
            1,
            f"there is no topic “{name}”",
            "these ways of asking lead nowhere",
            f"add topics/{name}.md, or delete this file",
        )
        for name in sorted(named - topics)
    ]


class Shelf:
    """Today's guidance. `trouble` holds the faults of an edit that was not taken, as text, or nothing."""

    def __init__(self, folder: Path | None, data: Path | None = None, dress: Dress = lambda library: library) -> None:
        """Raises `ContentError` if neither the folder nor the kept copy can be used."""
        self._folder, self._data, self._dress = folder, data, dress
        self._kept = data / _GOOD if data else None
        self.trouble = ""
        self._stamp = self._now_stamp()
        try:
            self._guidance = read_guidance(folder, dress, data)
        except ContentError as error:
            if self._kept is None or not self._kept.is_dir():
                raise
            self._refuse(error)
            self._guidance = read_guidance(self._kept, dress, data)
        else:
            self._keep()

    def guidance(self) -> Guidance:
        """What to answer with now."""
        return self._guidance

    def refresh(self) -> bool:
        """Look at the files again. True if new words are in use; on faults yesterday's stay."""
        stamp = self._now_stamp()
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        try:
            self._guidance = read_guidance(self._folder, self._dress, self._data)
        except ContentError as error:
            self._refuse(error)
            return False
        self.trouble = ""
        self._keep()
        _log.info("content_taken", digest=self._guidance.library.digest[:12])
        return True

    def _refuse(self, error: ContentError) -> None:
        self.trouble = str(error)
        _log.error("content_refused", faults=len(error.faults), first=f"{error.faults[0].file}:{error.faults[0].line}")

    def _keep(self) -> None:
        """Keep a copy of the school's folder, whole or not at all. A full disk must not stop an answer."""
        if self._kept is None or self._folder is None:
            return
        fresh = self._kept.with_name(_GOOD + ".new")
        try:
            shutil.rmtree(fresh, ignore_errors=True)
            shutil.copytree(self._folder, fresh)
            shutil.rmtree(self._kept, ignore_errors=True)
            fresh.rename(self._kept)
        except OSError as error:
            _log.error("content_copy_not_kept", reason=error.strerror)

    def _now_stamp(self) -> tuple[tuple[str, int, int], ...]:
        if self._folder is None or not self._folder.is_dir():
            return ()
        found = ((path, path.stat()) for path in sorted(self._folder.rglob("*")) if path.is_file())
        return tuple((str(path), stat.st_mtime_ns, stat.st_size) for path, stat in found)
