"""The app package that a school uploads to Teams: a manifest and two icons in a zip. The same bytes for the same school.

It asks for no permission: what the app needs it is given by being added.
"""

from __future__ import annotations

import io
import json
import re
import uuid
import zipfile
from typing import Any

from adapters.teams.icons import ACCENT, colour_icon, outline_icon

SCHEMA = "1.29"  # generally available since June 2026
LOG_COMMAND = "logConcern"
"""The id of the command "Log a concern", as `composeExtension/fetchTask` names it."""

_SCOPES = ("personal", "team", "groupChat")
_SAYS = (
    ("log a concern", "Tell the safeguarding lead about something you saw, heard or were told"),
    ("ask what do I do if", "Find what our policy says, with its source"),
    ("my concerns", "See what has become of the concerns you sent"),
    ("help", "What Signpost does, and whom to ring now"),
)
_LONGEST = {"short": 30, "full": 100, "developer": 32}  # characters of names, by the schema
_STILL = (1980, 1, 1, 0, 0, 0)  # the time of every file in the zip: it must not change the bytes
_VERSION = re.compile(r"\d+\.\d+\.\d+\Z")


class PackageError(ValueError):
    """What was asked for would make a package that Teams refuses. `str()` says why, and what to do."""


def package(app_id: str, school: str, website: str, version: str = "1.0.0") -> bytes:
    """The zip for this app and school. `website` is the school's own page on privacy, which Teams links to.

    `version` must rise with each upload. Raises `PackageError`.
    """
    found = manifest(app_id, school, website, version)
    files = {
        "manifest.json": json.dumps(found, ensure_ascii=False, indent=2).encode() + b"\n",
        "color.png": colour_icon(),
        "outline.png": outline_icon(),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, _STILL)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # else the bytes would say which machine made them
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
    return out.getvalue()


def manifest(app_id: str, school: str, website: str, version: str = "1.0.0") -> dict[str, Any]:
    """The manifest alone. Raises `PackageError`."""
    app_id, school = _app_id(app_id), " ".join(school.split())
    _check(school, version, website)
    return {
        "$schema": f"https://developer.microsoft.com/json-schemas/teams/v{SCHEMA}/MicrosoftTeams.schema.json",
        "manifestVersion": SCHEMA,
        "version": version,
        "id": app_id,
        "developer": {
            "name": _cut(school, _LONGEST["developer"]),
            "websiteUrl": website,
            "privacyUrl": website,
            "termsOfUseUrl": website,
        },
        "name": {"short": "Signpost", "full": _cut(f"Signpost: safeguarding at {school}", _LONGEST["full"])},
        "description": {
            "short": "Our safeguarding policy when you need it, and a way to log a concern.",
            "full": (
                f"For staff at {school}. Ask what to do and get our own policy, with its source. Log a concern, and the "
                "designated safeguarding lead is told in private until a person has seen it. It reads only what is addressed "
                "to it. It is not an emergency service: when a child is in danger now, ring 999."
            ),
        },
        "icons": {"color": "color.png", "outline": "outline.png"},
        "accentColor": ACCENT,
        "bots": [_bot(app_id)],
        "composeExtensions": [_extension(app_id)],
        "validDomains": [],  # no page is shown inside Teams: dialogs are cards
        "defaultInstallScope": "personal",
    }


def _bot(app_id: str) -> dict[str, Any]:
    commands = [{"title": title, "description": description} for title, description in _SAYS]
    return {
        "botId": app_id,
        "scopes": list(_SCOPES),
        "commandLists": [{"scopes": [scope], "commands": commands} for scope in _SCOPES],
        "isNotificationOnly": False,
        "supportsFiles": False,
        "supportsCalling": False,
        "supportsVideo": False,
    }


def _extension(app_id: str) -> dict[str, Any]:
    command = {
        "id": LOG_COMMAND,
        "type": "action",
        "title": "Log a concern",
        "description": "Tell the safeguarding lead, in private",
        "context": ["compose", "message"],
        "fetchTask": True,
    }
    return {"botId": app_id, "commands": [command]}


def _app_id(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise PackageError(
            "SIGNPOST_TEAMS_APP_ID is no app id: it looks like 00000000-0000-0000-0000-000000000000 and is on the app's page in Azure"
        ) from None


def _check(school: str, version: str, website: str) -> None:
    if not school:
        raise PackageError("the school has no name: give it one in school.yaml, under `name:`")
    if not _VERSION.match(version):
        raise PackageError(f"the version {version!r} is not three numbers with dots: Teams takes 1.0.0, say")
    if not website.startswith("https://"):
        raise PackageError(
            f"the website {website!r} does not begin with https://, and Teams refuses that: give the school's page on privacy"
        )


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"
