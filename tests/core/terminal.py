"""A shell in which `signpost` is run as its own process, with real settings."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from bot import new_master_key
from policy_content import model
from tests.core.file_chat import PLACE
from tests.core.stores import File

KEY = new_master_key("1")


class Terminal:
    """A shell with real settings in it."""

    def __init__(self, folder, content):
        self.data = folder / "data"
        self.data.mkdir()
        self.store = File(self.data / "signpost.db")
        bare = {key: value for key, value in os.environ.items() if not key.startswith("SIGNPOST_")}
        self.environment = bare | {
            "SIGNPOST_DATA": str(self.data),
            "SIGNPOST_KEYS": KEY,
            "SIGNPOST_CONTENT": str(content),
        }

    def connect(self, *ids):
        """From now on a chat is connected, with these in its DSL place."""
        place = self.data.parent / "dsl-place"
        place.write_text("\n".join(ids))
        self.environment[PLACE] = str(place)
        return place

    def pipe(self, typed, *arguments):
        """What is shown where this is piped in."""
        return self.run(*arguments, typed=typed)[1]

    def run(self, *arguments, typed=None, **settings):
        environment = self.environment | settings
        done = subprocess.run(
            [sys.executable, "-m", "tests.core.file_chat", *arguments],
            env=environment,
            input=typed,
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        shown = done.stdout + done.stderr
        assert "Traceback" not in shown
        assert KEY.partition(":")[2] not in shown
        return done.returncode, shown


def terminal(folder):
    """One whose school.yaml names real people."""
    shipped = (model.__file__.rpartition("/")[0]) + "/school.yaml"
    content = folder / "content"
    content.mkdir()
    text = Path(shipped).read_text(encoding="utf-8")
    text = re.sub(r'"\[name of [^]]*\]"', "Someone Real", text)
    text = re.sub(r'phone: "\[(\w+)[^]]*\]"', r"phone: 01632 960001, email: \1@school.example", text)
    (content / "school.yaml").write_text(text, encoding="utf-8")
    return Terminal(folder, content)
