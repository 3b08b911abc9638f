"""Practice: the demo's and the terminal chat's own people, key and database, kept apart from anything real."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from bot import Vault, new_master_key
from policy_content.model import Library, People, SchoolPerson

# Numbers of the range that is kept for stories: they ring nowhere.
_PEOPLE = People(
    dsl=SchoolPerson(name="Ms Priya Nair", phone="01632 960001", chats={"web": "dsl", "console": "dsl"}),
    deputies=(
        SchoolPerson(name="Mr Owen Hughes", phone="01632 960002", chats={"web": "deputy-1", "console": "deputy-1"}),
    ),
    head=SchoolPerson(name="Mrs Ruth Adeyemi", phone="01632 960003", chats={"web": "head", "console": "head"}),
    chair=SchoolPerson(name="Mr Colin Marsh", phone="01632 960004", chats={"web": "chair", "console": "chair"}),
)
_REAL = ("SIGNPOST_KEYS", "SIGNPOST_DATABASE_URL", "SIGNPOST_SLACK_", "SIGNPOST_TEAMS_", "SIGNPOST_SMTP_URL")


def dress(library: Library) -> Library:
    """The library with practice people in place of the school's own."""
    return library.model_copy(update={"school": library.school.model_copy(update={"people": _PEOPLE})})


def real_settings(environment: Mapping[str, str]) -> list[str]:
    """The settings present that belong to a real school: practice refuses to start beside them."""
    return sorted(name for name, value in environment.items() if value and name.upper().startswith(_REAL))


def folder(data: Path, *, fresh: bool = False) -> Path:
    """The practice folder, made if it is not there, emptied first if `fresh`."""
    practice = data / "practice"
    if fresh:
        shutil.rmtree(practice, ignore_errors=True)
    practice.mkdir(parents=True, exist_ok=True, mode=0o700)
    return practice


def vault(practice: Path) -> Vault:
    """The practice vault. Its key is made on the first run; `serve` never makes one."""
    path = practice / "practice.key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return Vault.from_text(path.read_text(encoding="ascii").strip())
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(new_master_key("practice"))
        file.flush()
        os.fsync(file.fileno())
    return Vault.from_text(path.read_text(encoding="ascii"))
