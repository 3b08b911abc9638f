"""Messages: alerts and replies posted, redrawn, and looked for before an interrupted one is sent again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from adapters.slack import place as places
from adapters.slack import render
from adapters.slack.place import NobodyError, Place
from adapters.slack.rich import Json
from adapters.slack.web import SlackError, Web
from bot import Alert, Delivered, Failed, Guidance, Part, Receipt, last_look

_REMEMBERED = 1000
_SEARCHED = 3  # pages of a conversation's newest messages
_PAGE = 100
_CANNOT_BE_REDRAWN = frozenset({"message_not_found", "cant_update_message", "edit_window_closed", "is_inactive"})


class Posting:
    """What the bell hands over, put in front of people."""

    def __init__(self, web: Web, place: Place, guidance: Callable[[], Guidance]) -> None:
        self._web, self._place, self._guidance = web, place, guidance
        self._posted: OrderedDict[str, str] = OrderedDict()  # receipts by key: what is sent again is redrawn

    async def has(self, key: str, told: str) -> bool:
        """True if this stands before those it is for, whoever posted it and when. False too where Slack cannot say."""
        if key in self._posted:
            return True
        try:
            return await self.look(await self._place.of(told), key) is not None
        except (SlackError, NobodyError):
            return False

    async def deliver(self, alert: Alert) -> Receipt:
        """Post it, or redraw it where it stands. Never raises for what Slack does."""
        try:
            if alert.told == "dsl" and not alert.receipt:
                wrong = await self._place.wrong_now()
                if wrong:
                    return Failed(f"the DSL channel in Slack: {', '.join(wrong)}", lasting=True, route=True)
            channel = await self._place.of(alert.told)
            thread = alert.thread if alert.told == "dsl" else None
            receipt = await self._put(channel, alert, alert.receipt or self._posted.get(alert.key), thread)
        except NobodyError as error:
            return Failed(str(error), lasting=True)
        except SlackError as error:
            return error.failed(place=alert.told == "dsl")
        self._posted[alert.key] = receipt
        while len(self._posted) > _REMEMBERED:
            self._posted.popitem(last=False)
        return Delivered(receipt)

    async def find(self, alert: Alert) -> str | None:
        """The receipt of the message that carries this alert's key, if it is there. Raises `SlackError`."""
        try:
            channel = await self._place.of(alert.told)
        except NobodyError:
            return None
        return await self.look(channel, alert.key, alert.thread)

    async def look(self, channel: str, key: str, thread: str | None = None) -> str | None:
        """The same, in any conversation. Only the bot's own messages count. Raises `SlackError`."""
        me = await self._web.me()
        async for message in self._newest(channel, thread):
            payload = (message.get("metadata") or {}).get("event_payload") or {}
            ours = message.get("user") == me.user or (me.bot and message.get("bot_id") == me.bot)
            if ours and payload.get("key") == key:
                return f"{channel}:{message['ts']}"
        return None

    async def prove(self, parts: Sequence[Part], receipt: str | None) -> Receipt:
        """Edit the standing message of the DSL channel, or post it: after asking whether the channel is still private."""
        try:
            wrong = places.faults(await self._place.described())
            if wrong:
                return Failed(f"the DSL channel in Slack: {', '.join(wrong)}", lasting=True, route=True)
            (body, *_) = render.messages(parts, wording=self._guidance().library.wording)
            return Delivered(await self.standing(body, receipt))
        except SlackError as error:
            return error.failed(place=True)

    async def standing(self, body: Json, receipt: str | None) -> str:
        """A message of the DSL channel that is edited each time rather than posted again. Raises `SlackError`."""
        if receipt:
            channel, _, ts = receipt.partition(":")
            try:
                await self._web.call("chat.update", channel=channel, ts=ts, **body)
            except SlackError as error:
                if error.code not in _CANNOT_BE_REDRAWN:
                    raise
            else:
                return receipt
        posted = await self._web.call("chat.postMessage", channel=self._place.dsl, **body)
        return f"{posted['channel']}:{posted['ts']}"

    async def _put(self, channel: str, alert: Alert, receipt: str | None, thread: str | None) -> str:
        """Every message of it; the last carries the key, because only then is all of it there."""
        bodies = render.messages(alert.parts, wording=self._guidance().library.wording, key=alert.key)
        if not bodies:
            raise NobodyError("there is nothing to say")
        bodies[-1]["metadata"] = bodies[0].pop("metadata")
        if receipt and await self._redrawn(receipt, bodies[-1]):
            return receipt
        await last_look()
        for body in bodies:
            posted = await self._post(channel, body, thread)
        return f"{posted['channel']}:{posted['ts']}"

    async def _redrawn(self, receipt: str, body: Json) -> bool:
        """True if it stands as it should. One that somebody has deleted is posted anew."""
        channel, _, ts = receipt.partition(":")
        try:
            await self._web.call("chat.update", channel=channel, ts=ts, **_but_unfurling(body))
        except SlackError as error:
            if error.code not in _CANNOT_BE_REDRAWN:
                raise
            return False
        return True

    async def _post(self, channel: str, body: Json, thread: str | None) -> Json:
        where: dict[str, Any] = {"channel": channel}
        if thread:
            # Who pressed Acknowledge does not follow the thread: without this nobody would see a reminder in it.
            where |= {"thread_ts": thread.partition(":")[2], "reply_broadcast": True}
        try:
            return await self._web.call("chat.postMessage", **where, **body)
        except SlackError as error:
            if not thread or error.lasting or error.code not in {"thread_not_found", "message_not_found"}:
                raise
            return await self._web.call("chat.postMessage", channel=channel, **body)

    async def _newest(self, channel: str, thread: str | None) -> AsyncIterator[Any]:
        """The newest messages of a conversation, and those of a thread in it."""
        cursor: dict[str, Any] = {}
        for _ in range(_SEARCHED):
            found = await self._web.call(
                "conversations.history", channel=channel, limit=_PAGE, include_all_metadata=True, **cursor
            )
            for message in found.get("messages") or ():
                yield message
            after = str((found.get("response_metadata") or {}).get("next_cursor") or "")
            if not after:
                break
            cursor = {"cursor": after}
        if thread:
            ts = thread.partition(":")[2]
            found = await self._web.call(
                "conversations.replies", channel=channel, ts=ts, limit=_PAGE, include_all_metadata=True
            )
            for message in found.get("messages") or ():
                yield message


def _but_unfurling(body: Json) -> Json:
    return {key: value for key, value in body.items() if not key.startswith("unfurl")}
