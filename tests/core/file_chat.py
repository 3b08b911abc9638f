"""`signpost` with a chat whose DSL place is a file, one id a line: what the core's own tests of the commands connect."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from pathlib import Path

from adapters import main
from bot import RosterUnreadable

PLACE = "TEST_DSL_PLACE"  # names the file; without it no chat is connected


class FileChat:
    """It says who is in the DSL place, and nothing else."""

    name = "web"

    def __init__(self, file):
        self.file = Path(file)

    async def members(self, place):
        try:
            return frozenset(self.file.read_text().split()) if place == "dsl" else frozenset()
        except OSError as error:
            raise RosterUnreadable("the file is gone") from error

    async def deliver(self, alert):
        raise NotImplementedError

    def routes(self):
        return ()

    @asynccontextmanager
    async def open(self, house, *, listening):
        assert not listening
        yield

    async def examine(self, now):
        return ()


if __name__ == "__main__":
    main.CHANNELS["web"] = lambda settings, shelf: FileChat(os.environ[PLACE]) if os.environ.get(PLACE) else None
    main.run()
