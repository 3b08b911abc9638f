"""The channels that the contract holds."""

from __future__ import annotations

from tests.channels.contract import Console, Entry_, Web
from tests.channels.slack.entry import Slack
from tests.channels.teams.entry import Teams

CHANNELS: tuple[Entry_, ...] = (Web(), Console(), Slack(), Teams())
