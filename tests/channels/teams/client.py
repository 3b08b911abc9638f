"""Teams as people use it: they type, press and fill in, and what that sends is signed and posted as Teams does it.

    async with teams_on_loopback() as teams:
        host = Host(**teams.settings())              # and serve it
        teams.endpoint = "http://127.0.0.1:…/api/messages"
        sam = teams.person("Sam Carter")
        await sam.types("log a concern")
        await sam.presses("Pupils")
        await sam.fills({"happened": "…"}, press="Check")
        assert "not sent yet" in sam.sees()

Whatever the bot answers is checked: a refusal is an AssertionError where the story stands.
"""

from __future__ import annotations

import io
import json
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp

from tests.channels.teams import cards
from tests.channels.teams.authority import Authority
from tests.channels.teams.connector import Account, Connector, Conversation, Post

APP = "6d1f3a52-7c84-4e0b-9a51-0c2f5e9b7d11"
PASSWORD = "not-a-secret-of-anybody"
TENANT = "0b7c9d2e-51f4-4c3a-8f6d-2a9e4b1c7f00"
INVOKE_WITHIN = 5.0  # seconds, then Teams has given up


@dataclass(frozen=True)
class Answer:
    """What the bot's endpoint answered."""

    status: int
    body: Any
    seconds: float


class Teams:
    """One tenant: its login, its connector service, its people, and the bot's endpoint."""

    def __init__(self, authority: Authority, connector: Connector, session: aiohttp.ClientSession) -> None:
        self.authority, self.connector, self._session = authority, connector, session
        self.endpoint = ""
        self._people: dict[str, Someone] = {}

    def settings(self) -> dict[str, Any]:
        """What a `Host` is made with to belong here."""
        return {
            "app_id": self.authority.app_id,
            "app_password": self.authority.password,
            "tenant_id": self.authority.tenant_id,
            "login_url": self.authority.url,
            "openid_url": self.authority.openid_url,
        }

    def person(self, name: str, *, role: str = "user", domain: str = "school.example", tenant: str = TENANT) -> Someone:
        """Somebody of this name, the same each time. `role` may be guest."""
        if name not in self._people:
            account = Account(name, tenant, role, domain)
            self.connector.accounts[account.id] = account
            self._people[name] = Someone(self, account)
        return self._people[name]

    def channel(self, name: str, *people: Someone, team: str = "") -> Conversation:
        """A channel of a team with these people, and the bot, in it."""
        team = team or f"19:{uuid.uuid4().hex}@thread.tacv2"
        return self.connector.open("channel", *(each.account for each in people), name=name, team=team)

    def group(self, *people: Someone) -> Conversation:
        """A group chat with these people, and the bot, in it."""
        return self.connector.open("groupChat", *(each.account for each in people))

    async def posts(
        self, activity: dict[str, Any] | str | bytes, *, header: str | None = None, **options: Any
    ) -> Answer:
        """Send this to the bot, signed unless `header` says otherwise; "" sends none. Gives whatever comes back."""
        if header is None:
            header = self.authority.sign(self.authority.claims(self.connector.url))
        text = json.dumps(activity) if isinstance(activity, dict) else activity
        raw = io.BytesIO(text if isinstance(text, bytes) else text.encode())
        headers = {"Content-Type": "application/json; charset=utf-8"} | options.pop("headers", {})
        if header:
            headers["Authorization"] = header
        began = time.monotonic()
        async with self._session.post(self.endpoint, data=raw, headers=headers, **options) as response:
            body = await response.read()
            found = json.loads(body) if body and response.content_type == "application/json" else None
            return Answer(response.status, found, time.monotonic() - began)

    async def hears(self, activity: dict[str, Any]) -> Answer:
        """Send this to the bot as Teams does, and be satisfied with the answer."""
        answer = await self.posts(activity)
        assert answer.status == 200, (
            f"the bot answered {answer.status} to {activity['type']} {activity.get('name', '')}"
        )
        if activity["type"] == "invoke":
            assert answer.seconds < INVOKE_WITHIN, f"the bot took {answer.seconds:.1f} s for {activity['name']}"
        return answer

    def activity(self, kind: str, who: Account, where: Conversation, **fields: Any) -> dict[str, Any]:
        """An activity as Teams writes it."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        data: dict[str, Any] = {"tenant": {"id": who.tenant}}
        if where.kind == "channel":
            data |= {
                "teamsChannelId": where.id,
                "teamsTeamId": where.team,
                "channel": {"id": where.id},
                "team": {"id": where.team},
            }
        about = {"conversationType": where.kind, "tenantId": who.tenant, "id": where.id}
        if where.kind != "personal":
            about |= {"isGroup": True} | ({"name": where.name} if where.name else {})
        return {
            "type": kind,
            "id": f"f:{uuid.uuid4()}" if kind in {"invoke", "conversationUpdate"} else self.connector.new_id(),
            "timestamp": now,
            "localTimestamp": now,
            "serviceUrl": self.connector.url,
            "channelId": "msteams",
            "from": {"id": who.id, "name": who.name, "aadObjectId": who.aad},
            "conversation": about,
            "recipient": {"id": self.connector.bot, "name": "Signpost"},
            "channelData": data,
            "locale": "en-GB",
            "entities": [{"locale": "en-GB", "country": "GB", "platform": "Windows", "type": "clientInfo"}],
        } | fields


@dataclass
class Dialog:
    """An open dialog: its card, and what sending it is called."""

    title: str
    card: dict[str, Any]
    submit: str
    extra: dict[str, Any] = field(default_factory=dict)


class Someone:
    """One person in Teams: what they do, and what they see."""

    def __init__(self, teams: Teams, account: Account) -> None:
        self.teams, self.account = teams, account
        self.dialog: Dialog | None = None
        self.told: list[str] = []  # what passed before them and stays in no message: toasts, closing messages
        self._where: Conversation | None = None

    @property
    def chat(self) -> Conversation:
        """Their personal chat with the bot."""
        return self.teams.connector.personal(self.account)

    # ---- what they do

    async def installs(self) -> None:
        """Add the app for themselves."""
        self.account.installed = True
        who, chat = self.account, self.chat
        bot = self.teams.connector.bot
        await self.teams.hears(
            self.teams.activity("conversationUpdate", who, chat, membersAdded=[{"id": bot}, {"id": who.id}])
        )
        await self.teams.hears(self.teams.activity("installationUpdate", who, chat, action="add"))

    async def removes(self) -> None:
        """Take the app away again."""
        self.account.installed = False
        await self.teams.hears(self.teams.activity("installationUpdate", self.account, self.chat, action="remove"))

    async def types(self, words: str, where: Conversation | None = None, **fields: Any) -> str:
        """Type words and send them: in the personal chat, or to the bot by name elsewhere. Gives the message's id."""
        where = where or self.chat
        activity = self._message(words, where) | fields
        await self._says(activity, where)
        return str(activity["id"])

    async def attaches(self, words: str = "", where: Conversation | None = None, *, image: bool = False) -> None:
        """Send a file, or paste an image."""
        kind = "image/*" if image else "application/vnd.microsoft.teams.file.download.info"
        found = {"contentType": kind, "name": "notes.docx", "contentUrl": "https://files.example/notes.docx"}
        if not image:
            found["content"] = {"downloadUrl": "https://files.example/notes.docx", "fileType": "docx"}
        where = where or self.chat
        activity = self._message(words, where)
        activity["attachments"] = [found, *activity["attachments"]]
        await self._says(activity, where)

    async def presses(self, label: str, where: Conversation | None = None, **typed: str) -> Answer:
        """Press what says this: in the open dialog, else on the newest card that has it. `typed` fills its inputs first."""
        return await self._press(label, where, typed)

    async def _press(self, label: str, where: Conversation | None, typed: dict[str, str]) -> Answer:
        if self.dialog is not None:
            found = cards.action(self.dialog.card, label)
            assert found, (
                f"the dialog has no “{label}”: {[each.get('title') for each in cards.actions(self.dialog.card)]}"
            )
            return await self._submits_dialog(found, typed)
        where = where or self.chat
        for post in reversed(where.by(self.teams.connector.bot)):
            for card in post.cards(self.account.id):
                if found := cards.action(card, label):
                    return await self._acts(found, card, post, where, typed)
        raise AssertionError(f"nothing says “{label}” in: {self.sees(where)}")

    async def fills(self, values: dict[str, str], press: str = "", where: Conversation | None = None) -> Answer:
        """Fill in the newest form and press its button (the first, unless `press` says which)."""
        card = self.dialog.card if self.dialog else self._form(where or self.chat)
        return await self._press(press or str(cards.actions(card)[0]["title"]), where, values)

    async def begins(
        self, command: str, where: Conversation | None = None, message: dict[str, Any] | None = None
    ) -> None:
        """Choose the app's command, from the compose box or on a `message` (in Graph's shape). Opens its dialog."""
        self._where = where or self.chat
        value: dict[str, Any] = {
            "commandId": command,
            "commandContext": "message" if message else "compose",
            "context": {"theme": "default"},
        }
        if message:
            value["messagePayload"] = message
        answer = await self._invokes("composeExtension/fetchTask", value, self._where)
        self._shows(answer.body, "composeExtension/submitAction", value)

    def closes(self) -> None:
        """Close the dialog."""
        self.dialog = None

    # ---- what they see

    def newest(self, where: Conversation | None = None) -> Post:
        """The last thing that the bot has said."""
        posts = (where or self.chat).by(self.teams.connector.bot)
        assert posts, "the bot has said nothing here"
        return posts[-1]

    def card(self, where: Conversation | None = None) -> dict[str, Any]:
        """The newest card, in the dialog if one is open."""
        if self.dialog:
            return self.dialog.card
        for post in reversed((where or self.chat).by(self.teams.connector.bot)):
            if found := post.cards(self.account.id):
                return found[-1]
        raise AssertionError("there is no card here")

    def sees(self, where: Conversation | None = None) -> str:
        """Every word before them: the conversation, their own words too, then the dialog and what passed by."""
        found = []
        for post in (where or self.chat).posts.values():
            found += [str(post.activity.get("text") or ""), *cards.texts(post.cards(self.account.id))]
        if self.dialog:
            found += [self.dialog.title, *cards.texts(self.dialog.card)]
        return "\n".join([*(text for text in found if text), *self.told])

    # ---- how Teams says it

    def _message(self, words: str, where: Conversation) -> dict[str, Any]:
        activity = self.teams.activity("message", self.account, where, text=words, textFormat="plain")
        html = words
        if where.kind != "personal":
            mention = {"id": self.teams.connector.bot, "name": "Signpost"}
            entity = {"type": "mention", "mentioned": mention, "text": "<at>Signpost</at>"}
            activity["entities"].append(entity)
            activity["text"] = f"<at>Signpost</at> {words}"
            html = f'<span itemtype="http://schema.skype.com/Mention" itemid="0">Signpost</span>&nbsp;{words}'
        if where.kind == "channel":
            activity["conversation"]["id"] = f"{where.id};messageid={activity['id']}"
        activity["attachments"] = [{"contentType": "text/html", "content": f"<p>{html}</p>"}]
        return activity

    async def _says(self, activity: dict[str, Any], where: Conversation) -> None:
        where.posts[activity["id"]] = Post(activity["id"], self.account.id, activity)
        await self.teams.hears(activity)

    async def _acts(
        self, act: dict[str, Any], card: dict[str, Any], post: Post, where: Conversation, typed: dict[str, str]
    ) -> Answer:
        data = {**(act.get("data") or {}), **_gathered(act, card, typed)}
        if act["type"] == "Action.Execute":
            return await self._executes(act, data, post, where)
        assert act["type"] == "Action.Submit", f"this button sends nothing: {act['type']}"
        if (data.get("msteams") or {}).get("type") == "task/fetch":
            value = {"data": data, "context": {"theme": "default"}}
            answer = await self._invokes("task/fetch", value, where, replyToId=post.id)
            self._where = where
            self._shows(answer.body, "task/submit", {})
            return answer
        activity = self.teams.activity("message", self.account, where, value=data, replyToId=post.id)
        return await self.teams.hears(activity)

    async def _executes(self, act: dict[str, Any], data: dict[str, Any], post: Post, where: Conversation) -> Answer:
        said = {key: act[key] for key in ("type", "id", "title", "verb") if key in act}
        value = {"action": said | {"data": data}, "trigger": "manual"}
        answer = await self._invokes("adaptiveCard/action", value, where, replyToId=post.id)
        body = answer.body
        assert isinstance(body, dict), f"the press was not answered: {body}"
        assert body.get("statusCode") == 200, f"the press was refused: {body}"
        match body["type"]:
            case "application/vnd.microsoft.card.adaptive":
                assert isinstance(body["value"], dict), "a card is an object"
                post.seen_by[self.account.id] = body["value"]
            case "application/vnd.microsoft.activity.message":
                assert isinstance(body["value"], str), "a message is a text"
                self.told.append(body["value"])
            case other:
                raise AssertionError(f"Teams knows no {other}")
        return answer

    async def _submits_dialog(self, act: dict[str, Any], typed: dict[str, str]) -> Answer:
        dialog, where = self.dialog, self._where
        assert dialog, "no dialog is open"
        assert where, "no dialog is open"
        assert act["type"] == "Action.Submit", "a dialog sends Action.Submit alone"
        value = dialog.extra | {"data": {**(act.get("data") or {}), **_gathered(act, dialog.card, typed)}}
        answer = await self._invokes(dialog.submit, value, where)
        self.dialog = None
        self._shows(answer.body, dialog.submit, dialog.extra)
        return answer

    async def _invokes(self, name: str, value: dict[str, Any], where: Conversation, **fields: Any) -> Answer:
        activity = self.teams.activity("invoke", self.account, where, name=name, value=value, **fields)
        return await self.teams.hears(activity)

    def _shows(self, body: Any, submit: str, extra: dict[str, Any]) -> None:
        """Show what a dialog's answer says."""
        task = (body or {}).get("task")
        if task is None:
            assert submit != "task/fetch", "a dialog that is opened must show something"
            return
        if task["type"] == "message":
            assert isinstance(task["value"], str), "a message is a text"
            self.told.append(task["value"])
            return
        assert task["type"] == "continue", f"Teams knows no {task['type']}"
        shown = task["value"]["card"]
        assert shown["contentType"] == "application/vnd.microsoft.card.adaptive", "a dialog shows an Adaptive Card"
        self.dialog = Dialog(task["value"].get("title", ""), shown["content"], submit, extra)

    def _form(self, where: Conversation) -> dict[str, Any]:
        for post in reversed(where.by(self.teams.connector.bot)):
            for card in post.cards(self.account.id):
                if cards.inputs(card):
                    return card
        raise AssertionError(f"there is no form in: {self.sees(where)}")


def _gathered(act: dict[str, Any], card: dict[str, Any], typed: dict[str, str]) -> dict[str, str]:
    """The inputs that a button sends: all of them, or none if it says so."""
    return {} if act.get("associatedInputs") == "none" else cards.filled(card, typed)


@asynccontextmanager
async def teams_on_loopback() -> AsyncIterator[Teams]:
    """A tenant with its login and its connector service, until left."""
    authority = Authority(APP, PASSWORD, TENANT)
    connector = Connector(APP, TENANT, authority.accepts)
    await authority.start()
    await connector.start()
    try:
        async with aiohttp.ClientSession() as session:
            yield Teams(authority, connector, session)
    finally:
        authority.answer()
        connector.work()
        await connector.stop()
        await authority.stop()
