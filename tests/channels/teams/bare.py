"""The SDK as it comes, to show what it gets wrong: its adapters and its handler, used as its own samples use them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from aiohttp import web
from botbuilder.core import BotFrameworkAdapterSettings, TurnContext
from botbuilder.core.teams import TeamsActivityHandler
from botbuilder.integration.aiohttp import (
    BotFrameworkHttpAdapter,
    CloudAdapter,
    ConfigurationBotFrameworkAuthentication,
)
from botbuilder.schema import AdaptiveCardInvokeResponse
from botbuilder.schema.teams import TaskModuleMessageResponse, TaskModuleResponse
from botframework.connector.auth import AuthenticationConstants, ChannelValidation

from tests.channels.teams.client import Teams

MESSAGE = "application/vnd.microsoft.activity.message"


class Bot(TeamsActivityHandler):
    """It answers every invoke, and keeps what it is shown of the rest."""

    def __init__(self) -> None:
        self.saw: list[dict[str, Any]] = []
        self.tenants: list[str | None] = []
        self.verbs: list[str] = []
        self.says: Any = {}

    async def on_turn(self, context: TurnContext) -> None:
        self.saw.append(context.activity.serialize())
        reference = TurnContext.get_conversation_reference(context.activity)
        self.tenants.append(reference.serialize()["conversation"].get("tenantId"))
        await super().on_turn(context)

    async def on_teams_task_module_fetch(self, *_: Any) -> TaskModuleResponse:
        return TaskModuleResponse(task=TaskModuleMessageResponse(value="Noted."))

    async def on_adaptive_card_invoke(self, _context: TurnContext, value: Any) -> AdaptiveCardInvokeResponse:
        self.verbs.append(value.action.verb if self.says == "the verb" else "")
        shown = "Noted." if self.says == "a text" else {"type": "AdaptiveCard"}
        return AdaptiveCardInvokeResponse(status_code=200, type=MESSAGE, value=shown)


def cloud_adapter(teams: Teams, bot: Bot) -> web.RouteDef:
    """`CloudAdapter`, the newer of the two."""
    settings = SimpleNamespace(
        APP_ID=teams.authority.app_id,
        APP_PASSWORD=teams.authority.password,
        VALIDATE_AUTHORITY=True,
        TO_CHANNEL_FROM_BOT_LOGIN_URL=teams.authority.url,
        TO_CHANNEL_FROM_BOT_OAUTH_SCOPE=AuthenticationConstants.TO_CHANNEL_FROM_BOT_OAUTH_SCOPE,
        TO_BOT_FROM_CHANNEL_TOKEN_ISSUER=AuthenticationConstants.TO_BOT_FROM_CHANNEL_TOKEN_ISSUER,
        OAUTH_URL=AuthenticationConstants.OAUTH_URL,
        TO_BOT_FROM_CHANNEL_OPENID_METADATA_URL=teams.authority.openid_url,
        TO_BOT_FROM_EMULATOR_OPENID_METADATA_URL=teams.authority.openid_url,
    )
    adapter = CloudAdapter(ConfigurationBotFrameworkAuthentication(settings))

    async def messages(request: web.Request) -> web.StreamResponse:
        return await adapter.process(request, bot)

    return web.post("/api/messages", messages)


def http_adapter(teams: Teams, bot: Bot) -> web.RouteDef:
    """`BotFrameworkHttpAdapter`, the older, which answers some invokes."""
    ChannelValidation.open_id_metadata_endpoint = teams.authority.openid_url
    adapter = BotFrameworkHttpAdapter(BotFrameworkAdapterSettings(teams.authority.app_id, teams.authority.password))

    async def messages(request: web.Request) -> web.StreamResponse:
        return await adapter.process(request, None, bot)

    return web.post("/api/messages", messages)
