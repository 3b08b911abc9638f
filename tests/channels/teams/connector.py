"""The connector service of Teams, on loopback. It keeps what stands in every conversation and refuses what the real one does."""

from __future__ import annotations

import asyncio
import itertools
import json
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

from aiohttp import web

LARGEST_CARD = 28 * 1024
LARGEST_MESSAGE = 100 * 1024  # of UTF-16
CARD = "application/vnd.microsoft.card.adaptive"


@dataclass(eq=False)
class Account:
    """Somebody whom Teams knows."""

    name: str
    tenant: str
    role: str = "user"  # or guest
    domain: str = "school.example"
    id: str = field(default_factory=lambda: f"29:{uuid.uuid4().hex}")
    aad: str = field(default_factory=lambda: str(uuid.uuid4()))
    installed: bool = False  # has the app in their personal chat

    @property
    def address(self) -> str:
        """Their sign-in name and email address."""
        return f"{self.name.lower().replace(' ', '.')}@{self.domain}"

    def listed(self) -> dict[str, Any]:
        """As a roster lists them."""
        first, _, last = self.name.partition(" ")
        return {
            "id": self.id,
            "objectId": self.aad,
            "aadObjectId": self.aad,
            "name": self.name,
            "givenName": first,
            "surname": last,
            "email": self.address,
            "userPrincipalName": self.address,
            "tenantId": self.tenant,
            "userRole": self.role,
        }


@dataclass
class Post:
    """What stands in a conversation: an activity, and how often it was redrawn."""

    id: str
    by: str  # the account's id, or the bot's
    activity: dict[str, Any]
    thread: str = ""
    redrawn: int = 0
    seen_by: dict[str, dict[str, Any]] = field(default_factory=dict)  # a card that one person's press was answered with

    def cards(self, viewer: str = "") -> list[dict[str, Any]]:
        """The Adaptive Cards in it, as this person sees them."""
        if viewer in self.seen_by:
            return [self.seen_by[viewer]]
        return [each["content"] for each in self.activity.get("attachments") or [] if each.get("contentType") == CARD]


@dataclass(eq=False)
class Conversation:
    """A personal chat, a channel, or a group chat, and all that stands in it now."""

    id: str
    kind: str  # personal, channel, groupChat
    name: str = ""
    team: str = ""
    people: list[Account] = field(default_factory=list)
    installed: bool = True
    blocked: bool = False
    posts: dict[str, Post] = field(default_factory=dict)

    def by(self, author: str) -> list[Post]:
        """What one account has posted, in order."""
        return [post for post in self.posts.values() if post.by == author]


class RefusalError(Exception):
    """An HTTP answer of the service."""

    def __init__(self, status: int, code: str) -> None:
        self.status, self.code = status, code


class Connector:
    """One service address, for one app in one tenant."""

    def __init__(self, app_id: str, tenant: str, accepts: Callable[[str], bool]) -> None:
        self.bot, self.tenant, self._accepts = f"28:{app_id}", tenant, accepts
        self.url = ""
        self.page = 100  # members a page at most
        self.asked: list[str] = []  # every request, as "METHOD path"
        self.sent: list[str] = []  # the same with all that it said, by whichever Signpost
        self.accounts: dict[str, Account] = {}
        self.conversations: dict[str, Conversation] = {}
        self._ids = itertools.count(1700000000000)
        self._trouble: deque[tuple[int, str | None]] = deque()
        self._gate = asyncio.Event()
        self._gate.set()
        self._drops = 0
        self.names_posts = True  # says the id of what was posted, as it should
        self.says_not_installed = (403, "ForbiddenOperationException")
        self._runner: web.AppRunner | None = None

    # ---- what a test does with it

    def trouble(self, status: int, times: int = 1, retry_after: str | None = None, after: int = 0) -> None:
        """Answer this to the next requests, after so many good ones: 429, 412, 502, 504 or whatever else."""
        self._trouble.extend([(200, None)] * after)
        self._trouble.extend([(status, retry_after)] * times)

    def hang(self) -> None:
        """Take every request and answer none, until `work()`."""
        self._gate.clear()

    def drop(self, times: int = 1) -> None:
        """Break off the next connections after the request has been read."""
        self._drops = times

    def work(self) -> None:
        """All is well again."""
        self._trouble.clear()
        self._drops = 0
        self._gate.set()

    def new_id(self) -> str:
        """An id that no activity has yet."""
        return str(next(self._ids))

    def open(self, kind: str, *people: Account, name: str = "", team: str = "") -> Conversation:
        """A new conversation with these people in it."""
        endings = {"personal": "", "groupChat": "@thread.v2", "channel": "@thread.tacv2"}
        start = "a:" if kind == "personal" else "19:"
        made = Conversation(f"{start}{uuid.uuid4().hex}{endings[kind]}", kind, name, team, list(people))
        self.conversations[made.id] = made
        self.accounts |= {person.id: person for person in people}
        return made

    def personal(self, person: Account) -> Conversation:
        """Their chat with the bot."""
        self.accounts[person.id] = person
        for each in self.conversations.values():
            if each.kind == "personal" and person in each.people:
                return each
        return self.open("personal", person)

    # ---- what it serves

    async def start(self) -> None:
        """Be there."""
        app = web.Application(client_max_size=2**22)
        at = "/emea/v3/conversations"
        app.add_routes(
            [
                web.post(at, self._serve(self._create)),
                web.post(f"{at}/{{id}}/activities", self._serve(self._send)),
                web.post(f"{at}/{{id}}/activities/{{activity}}", self._serve(self._send)),
                web.put(f"{at}/{{id}}/activities/{{activity}}", self._serve(self._update)),
                web.delete(f"{at}/{{id}}/activities/{{activity}}", self._serve(self._delete)),
                web.get(f"{at}/{{id}}/pagedmembers", self._serve(self._members)),
                web.get(f"{at}/{{id}}/members/{{member}}", self._serve(self._member)),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/emea/"

    async def stop(self) -> None:
        """Be gone."""
        if self._runner is not None:
            await self._runner.cleanup()

    def _serve(self, act: Callable[[web.Request, Any], Any]) -> Callable[[web.Request], Any]:
        async def answer(request: web.Request) -> web.Response:
            self.asked.append(f"{request.method} {request.path}")
            body = await request.text()
            self.sent.append(f"{request.method} {request.path} {body}")
            await self._gate.wait()
            if self._drops:
                self._drops -= 1
                request.transport.abort()
            try:
                self._stumble()
                if not self._accepts(request.headers.get("Authorization", "")):
                    refuse(401, "Unauthorized")
                return web.json_response(act(request, json.loads(body) if body else None))
            except RefusalError as refusal:
                told = {"error": {"code": refusal.code, "message": "the fake connector refuses"}}
                return web.json_response(told, status=refusal.status)
            except StumbleError as stumble:
                headers = {"Retry-After": stumble.after} if stumble.after else {}
                return web.Response(status=stumble.status, headers=headers)

        return answer

    def _stumble(self) -> None:
        if self._trouble:
            status, after = self._trouble.popleft()
            if status != 200:
                raise StumbleError(status, after)

    def _conversation(self, request: web.Request) -> tuple[Conversation, str]:
        base, _, thread = request.match_info["id"].partition(";messageid=")
        found = self.conversations.get(base)
        if found is None:
            refuse(404, "ConversationNotFound")
        if not found.installed:
            refuse(403, "BotNotInConversationRoster")
        return found, thread

    def _create(self, _request: web.Request, body: Any) -> dict[str, Any]:
        if body.get("isGroup") or body["bot"]["id"] != self.bot or len(body["members"]) != 1:
            refuse(400, "BadSyntax")
        if body["tenantId"] != self.tenant or body["channelData"]["tenant"]["id"] != self.tenant:
            refuse(403, "TenantMismatch")
        wanted = body["members"][0]["id"]
        person = next((each for each in self.accounts.values() if wanted in {each.id, each.aad}), None)
        if person is None:
            refuse(400, "BadArgument")
        if not person.installed:
            refuse(*self.says_not_installed)
        return {"id": self.personal(person).id}

    def _send(self, request: web.Request, body: Any) -> dict[str, Any]:
        conversation, thread = self._conversation(request)
        replied = request.match_info.get("activity", "")
        self._check(conversation, body)
        post = Post(self.new_id(), self.bot, body, thread or replied)
        conversation.posts[post.id] = post
        return {"id": post.id} if self.names_posts else {}

    def _update(self, request: web.Request, body: Any) -> dict[str, Any]:
        conversation, _ = self._conversation(request)
        post = self._own(conversation, request)
        self._check(conversation, body)
        post.activity, post.redrawn = body, post.redrawn + 1
        post.seen_by.clear()
        return {"id": post.id}

    def _delete(self, request: web.Request, _body: Any) -> dict[str, Any]:
        conversation, _ = self._conversation(request)
        del conversation.posts[self._own(conversation, request).id]
        return {}

    def _own(self, conversation: Conversation, request: web.Request) -> Post:
        post = conversation.posts.get(request.match_info["activity"])
        if post is None:
            refuse(404, "ActivityNotFoundInConversation")
        if post.by != self.bot:
            refuse(403, "Forbidden")
        return post

    def _check(self, conversation: Conversation, body: Any) -> None:
        if conversation.blocked:
            refuse(403, "MessageWritesBlocked")
        if not isinstance(body, dict) or body.get("type") not in {"message", "typing"}:
            refuse(400, "BadSyntax")
        attachments = body.get("attachments") or []
        if body["type"] == "message" and not body.get("text") and not attachments:
            refuse(400, "BadSyntax")
        if len(json.dumps(body, ensure_ascii=False).encode("utf-16-le")) > LARGEST_MESSAGE:
            refuse(413, "MessageSizeTooBig")
        for each in attachments:
            self._check_card(each)

    def _check_card(self, attachment: dict[str, Any]) -> None:
        if attachment.get("contentType") != CARD:
            refuse(400, "BadSyntax")
        card = attachment["content"]
        if card.get("type") != "AdaptiveCard" or card.get("version") not in {"1.0", "1.1", "1.2", "1.3", "1.4", "1.5"}:
            refuse(400, "BadSyntax")
        if len(json.dumps(card, ensure_ascii=False).encode()) > LARGEST_CARD:
            refuse(413, "MessageSizeTooBig")

    def _members(self, request: web.Request, _body: Any) -> dict[str, Any]:
        conversation, _ = self._conversation(request)
        start = int(request.query.get("continuationToken", "0"))
        size = min(int(request.query.get("pageSize", "200")), self.page)
        page = {"members": [each.listed() for each in conversation.people[start : start + size]]}
        more = start + size < len(conversation.people)
        return page | ({"continuationToken": str(start + size)} if more else {})

    def _member(self, request: web.Request, _body: Any) -> dict[str, Any]:
        conversation, _ = self._conversation(request)
        wanted = request.match_info["member"]
        found = next((each for each in conversation.people if wanted in {each.id, each.aad}), None)
        return found.listed() if found else refuse(404, "MemberNotFoundInConversation")


class StumbleError(Exception):
    """A passing fault, without a body."""

    def __init__(self, status: int, after: str | None) -> None:
        self.status, self.after = status, after


def refuse(status: int, code: str) -> NoReturn:
    """Say no as the service does."""
    raise RefusalError(status, code)
