"""The Slack app's manifest: what the person who installs it pastes into Slack. Only the scopes that are used, each with its reason."""

from __future__ import annotations

import json
from typing import Any

import yaml

from adapters.slack.read import LOG_MESSAGE_SHORTCUT, LOG_SHORTCUT

SCOPES: dict[str, str] = {
    "app_mentions:read": "to hear a question that mentions the bot in a channel; nothing else there is read",
    "chat:write": "to answer, and to post and redraw alerts in the private DSL channel",
    "commands": "for /ask, /concern and /dsl, and the shortcuts to log a concern",
    "groups:history": "to look whether an interrupted alert has arrived in the private DSL channel before it is sent again",
    "groups:read": "to check that the DSL channel is private, and who is in it at each act of a DSL",
    "im:history": "to hear what is typed to the bot in a direct message",
    "im:write": "to open the direct message in which somebody is answered or told",
    "users:read": "to tell staff from guests, bots and other organisations, and to name who logged a concern",
}

COMMANDS: tuple[tuple[str, str, str], ...] = (
    ("ask", "Ask what to do. Only you see the answer", "what do I do if…"),
    ("concern", "Log a concern with the safeguarding team", ""),
    ("dsl", "For the safeguarding team: open concerns and their clocks", ""),
)

EVENTS = ("app_home_opened", "app_mention", "message.im")


def manifest(address: str = "https://signpost.example.sch.uk", *, socket: bool = False) -> dict[str, Any]:
    """The manifest. `address` is where Slack reaches this Signpost; with `socket` Slack is reached instead, and none is named."""
    url = f"{address.rstrip('/')}/slack/events"
    request = {} if socket else {"request_url": url}
    return {
        "display_information": {
            "name": "Signpost",
            "description": "What to do when you are worried about a child, and a way to tell the safeguarding team.",
            "background_color": "#1d3557",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "Signpost", "always_online": True},
            "shortcuts": [
                {
                    "name": "Log a concern",
                    "type": kind,
                    "callback_id": callback,
                    "description": description,
                }
                for kind, callback, description in (
                    ("global", LOG_SHORTCUT, "Tell the safeguarding team"),
                    ("message", LOG_MESSAGE_SHORTCUT, "Its link goes along, never who wrote it"),
                )
            ],
            "slash_commands": [_command(*command, url="" if socket else url) for command in COMMANDS],
        },
        "oauth_config": {"scopes": {"bot": sorted(SCOPES)}},
        "settings": {
            "event_subscriptions": {**request, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **request},
            "org_deploy_enabled": False,
            "socket_mode_enabled": socket,
            "token_rotation_enabled": False,
        },
    }


def to_json(document: dict[str, Any]) -> str:
    """As Slack's JSON tab takes it."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def to_yaml(document: dict[str, Any]) -> str:
    """As Slack's YAML tab takes it, each scope with its reason beside it."""
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
    for scope, reason in SCOPES.items():
        text = text.replace(f"- {scope}\n", f"- {scope}  # {reason}\n")
    return text


def _command(name: str, description: str, hint: str, *, url: str) -> dict[str, Any]:
    found: dict[str, Any] = {"command": f"/{name}", "description": description}
    if url:
        found["url"] = url
    if hint:
        found["usage_hint"] = hint
    return {**found, "should_escape": False}
