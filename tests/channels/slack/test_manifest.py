"""The app's manifest: what Slack takes, and not one scope more than is used."""

from __future__ import annotations

import json

import pytest
import yaml
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.manifest import COMMANDS, EVENTS, SCOPES, manifest, to_json, to_yaml
from adapters.slack.read import LOG_MESSAGE_SHORTCUT, LOG_SHORTCUT

# Each scope, and what of Slack's it is needed for: an event it brings or a method that the adapter calls.
NEEDED_FOR = {
    "app_mentions:read": "app_mention",
    "chat:write": "chat_postMessage",
    "commands": "/ask",
    "groups:history": "conversations_history",
    "groups:read": "conversations_members",
    "im:history": "message.im",
    "im:write": "conversations_open",
    "users:read": "users_info",
}


def test_every_scope_has_its_reason_and_its_use() -> None:
    known = {*EVENTS, *(f"/{name}" for name, _, _ in COMMANDS), *dir(AsyncWebClient)}

    assert set(NEEDED_FOR) == set(SCOPES) == set(manifest()["oauth_config"]["scopes"]["bot"])
    assert all(use in known for use in NEEDED_FOR.values())
    assert all(reason.strip() for reason in SCOPES.values())


def test_nothing_lets_it_read_public_channels_or_files() -> None:
    assert not [s for s in SCOPES if s.startswith(("channels:", "files:", "mpim:", "chat:write.")) or "email" in s]


def test_over_http_slack_is_told_where_to_send() -> None:
    made = manifest("https://signpost.beacon.example/")
    url = "https://signpost.beacon.example/slack/events"

    assert made["settings"]["event_subscriptions"]["request_url"] == url
    assert made["settings"]["interactivity"]["request_url"] == url
    assert {command["url"] for command in made["features"]["slash_commands"]} == {url}
    assert made["settings"]["socket_mode_enabled"] is False


def test_in_socket_mode_no_address_is_named_at_all() -> None:
    made = manifest("https://signpost.beacon.example", socket=True)

    assert made["settings"]["socket_mode_enabled"] is True
    assert "https://" not in json.dumps(made)


def test_shortcuts_come_back_by_the_names_that_are_read() -> None:
    assert {(one["type"], one["callback_id"]) for one in manifest()["features"]["shortcuts"]} == {
        ("global", LOG_SHORTCUT),
        ("message", LOG_MESSAGE_SHORTCUT),
    }


def test_it_is_within_slacks_lengths() -> None:
    made = manifest()
    shown = made["display_information"]

    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert len(made["features"]["bot_user"]["display_name"]) <= 80
    assert all(len(one["name"]) <= 24 and len(one["description"]) <= 150 for one in made["features"]["shortcuts"])
    assert all(len(one["description"]) <= 2000 for one in made["features"]["slash_commands"])


@pytest.mark.parametrize("socket", [False, True])
def test_both_ways_of_writing_it_say_the_same(socket: bool) -> None:
    made = manifest(socket=socket)

    assert json.loads(to_json(made)) == made
    assert yaml.safe_load(to_yaml(made)) == made
    assert all(f"- {scope}  # {reason}\n" in to_yaml(made) for scope, reason in SCOPES.items())


def test_neither_tokens_that_turn_nor_a_whole_organisation() -> None:
    settings = manifest()["settings"]

    assert settings["token_rotation_enabled"] is False
    assert settings["org_deploy_enabled"] is False
