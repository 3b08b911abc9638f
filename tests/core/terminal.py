"""A shell in which `signpost` is run as its own process, with real settings."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from bot import new_master_key
from policy_content import model
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

    def run(self, *arguments, **settings):
        environment = self.environment | settings
        done = subprocess.run(
            [sys.executable, "-c", "from adapters.main import run; run()", *arguments],
            env=environment,
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
