"""The machine on which the practice school's record lies, and whoever is at its terminal: real commands, as processes."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path

from tests.channels.school import School
from tests.core.terminal import Terminal, terminal


@dataclass(frozen=True)
class Machine:
    """Where commands are typed. `data` is Signpost's folder, `database` the record they are about."""

    shell: Terminal
    database: Path
    key: str

    @classmethod
    def of(cls, school: School, folder: Path, *, days: int) -> Machine:
        """The machine of this school, whose school.yaml knows the DSL by their seat, and keeps what was handed over for
        so many `days`. The chat that is connected there says that the DSL is in the DSL place.
        """
        shell = terminal(folder)
        shell.connect("web:dsl")
        file = folder / "content" / "school.yaml"
        text, people = re.subn(r"(dsl: \{name: [^}]*)\}", r"\1, chats: {web: dsl}}", file.read_text(encoding="utf-8"))
        text, rules = re.subn(r"after_handover_days: \d+", f"after_handover_days: {days}", text)
        assert people == rules == 1
        file.write_text(text, encoding="utf-8")
        key = school.database.with_name("practice.key").read_text(encoding="ascii")
        return cls(shell, school.database, key)

    @property
    def data(self) -> Path:
        """Where Signpost keeps what is not in its database."""
        return Path(self.shell.data)

    async def types(self, *command: str, database: Path | None = None) -> tuple[int, str]:
        """Type `signpost` with these arguments. Gives its exit code, and all that is shown."""
        url = f"sqlite+aiosqlite:///{database or self.database}"
        settings = {"SIGNPOST_KEYS": self.key, "SIGNPOST_DATABASE_URL": url}
        status, shown = await asyncio.to_thread(self.shell.run, *command, **settings)
        return int(status), str(shown)
