"""What Slack sends to our own small types, and those to the core's `Message`. Raw JSON stops here.

Every reader raises `NotReadableError`, which quotes nothing, for what is not of Slack's shape. What is of Slack's shape but not
for us (other bots, edits, deletions, messages not addressed to the bot) is None.

`event` is the same when the same thing is delivered twice. Two clicks on one button are two events: the core tells them
apart from one by the version in a step's id.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any, Literal, NoReturn, get_args

from adapters.slack import fields
from adapters.slack.heard import (
    Asked,
    Begun,
    Caller,
    Closed,
    Command,
    Filled,
    FormWanted,
    Heard,
    Opened,
    Pressed,
    Turned,
    Typed,
    View,
    message,
)
from adapters.slack.render import FORM_MARK
from bot import Sent, Words

__all__ = [
    "LOG_MESSAGE_SHORTCUT",
    "LOG_SHORTCUT",
    "Asked",
    "Begun",
    "Caller",
    "Closed",
    "Filled",
    "FormWanted",
    "Heard",
    "NotReadableError",
    "Opened",
    "Pressed",
    "Turned",
    "Typed",
    "View",
    "action",
    "closed",
    "command",
    "event",
    "home_opened",
    "message",
    "readable",
    "shortcut",
    "submission",
]

LOG_SHORTCUT, LOG_MESSAGE_SHORTCUT = "log-a-concern", "log-a-concern-from-message"

_TYPED = frozenset({"", "file_share", "thread_broadcast", "me_message"})  # subtypes of what a person wrote
_ANGLED = re.compile(r"<([^<>|\n]*)(?:\|([^<>\n]*))?>")
_MENTION = re.compile(r"\s*<@[A-Z0-9]+(?:\|[^<>\n]*)?>[\s:,]*")


class NotReadableError(ValueError):
    """What came is not what Slack sends."""


# ---- the readers


def event(body: Any) -> Typed | Opened | None:
    """A body of the Events API: `app_mention`, `message` in a direct conversation, `app_home_opened`."""
    if _text(body, "type") != "event_callback":
        _refuse()
    inner = _object(body, "event")
    match _text(inner, "type"):
        case "app_mention":
            return _typed(body, inner, "private" if _is_direct(inner) else "shared")
        case "message" if _text(inner, "channel_type", needed=False) == "im":
            return _typed(body, inner, "private")
        case "app_home_opened":
            return home_opened(body)
        case _:
            return None


def home_opened(body: Any) -> Opened:
    """An `app_home_opened` event."""
    inner = _object(body, "event")
    view = inner.get("view") or {}
    tab, hash_ = _text(inner, "tab", needed=False), _text(view, "hash", needed=False)
    return Opened(_text(body, "event_id"), _event_caller(body, inner), tab or "home", hash_)


def command(body: Any) -> Asked:
    """A slash command, from its form."""
    name = _text(body, "command").removeprefix("/")
    if name not in get_args(Command):
        _refuse()
    trigger, team = _text(body, "trigger_id"), _text(body, "team_id")
    return Asked(
        trigger,
        Caller(_text(body, "user_id"), team, team, _text(body, "enterprise_id", needed=False)),
        name,  # type: ignore[arg-type]  # just found among them
        Words(readable(_text(body, "text", needed=False))),
        _text(body, "channel_id"),
        trigger,
        _text(body, "response_url", needed=False),
    )


def action(payload: Any) -> Pressed | FormWanted | Turned | Filled | None:
    """A `block_actions` payload: one button in a message, a window or the Home tab. None for what is no button of ours."""
    _expect(payload, "block_actions")
    actions = payload.get("actions")
    if not isinstance(actions, list) or not actions:
        _refuse()
    name, trigger, by = _text(actions[0], "action_id"), _text(payload, "trigger_id"), _caller(payload)
    if _text(actions[0], "type", needed=False) not in {"", "button"}:
        return None
    container = payload.get("container") or {}
    channel = _text(payload.get("channel") or {}, "id", needed=False) or _text(container, "channel_id", needed=False)
    ts, url = _text(container, "message_ts", needed=False), _text(payload, "response_url", needed=False)
    view, value = _maybe_view(payload), _text(actions[0], "value")
    if name.startswith("choice"):
        return Pressed(trigger, by, value, trigger, channel, ts, url, view)
    if name.startswith("form"):
        return FormWanted(trigger, by, value, trigger, channel, ts, url, view)
    if view and name.startswith("page") and value.isascii() and value.isdecimal() and len(value) < 6:
        return Turned(trigger, by, int(value), trigger, view)
    if view and name == "another-child":
        return Filled(trigger, by, Sent(value, _values(payload), "another-child"), trigger, view)
    return None


def submission(payload: Any) -> Filled:
    """A `view_submission` payload of a window with a form.

    The window's id and hash stay the same when Slack answers with errors at the fields and the person sends again, so
    `event` also tells what was sent apart, by a keyed digest that gives nothing of it away.
    """
    _expect(payload, "view_submission")
    view, values = _view(payload), _values(payload)
    key = _text(payload, "token", needed=False).encode()
    said = "\0".join(f"{name}\0{words.reveal()}" for name, words in sorted(values.items()))
    digest = hmac.new(key, said.encode(), hashlib.sha256).hexdigest()[:16]
    event_id = f"{view.id}:{view.hash}:{digest}"
    return Filled(event_id, _caller(payload), Sent(_form(payload), values), _text(payload, "trigger_id"), view)


def shortcut(payload: Any) -> Begun:
    """A `shortcut` or `message_action` payload."""
    kind, trigger, by = _text(payload, "type"), _text(payload, "trigger_id"), _caller(payload)
    expected = {"shortcut": LOG_SHORTCUT, "message_action": LOG_MESSAGE_SHORTCUT}
    if expected.get(kind) != _text(payload, "callback_id"):
        _refuse()
    if kind == "shortcut":
        return Begun(trigger, by, trigger)
    ts = _text(payload, "message_ts", needed=False) or _text(_object(payload, "message"), "ts")
    url = _text(payload, "response_url", needed=False)
    return Begun(trigger, by, trigger, _text(_object(payload, "channel"), "id"), ts, url)


def closed(payload: Any) -> Closed:
    """A `view_closed` payload of a window with a form."""
    _expect(payload, "view_closed")
    view = _view(payload)
    return Closed(f"{view.id}:{view.hash}:closed", _caller(payload), _form(payload), view)


def readable(text: str) -> str:
    """Typed text as it was meant: Slack's own angle brackets and escapes undone."""
    plain = _ANGLED.sub(lambda found: _meant(found[1], found[2]), text)
    return plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


# ---- pieces


def _typed(body: Mapping[str, Any], inner: Mapping[str, Any], place: Literal["private", "shared"]) -> Typed | None:
    bot = _bot(body)
    user = _text(inner, "user", needed=False)
    if (
        not user
        or user in {bot, "USLACKBOT"}
        or any(inner.get(key) for key in ("bot_id", "bot_profile", "hidden"))
        or _text(inner, "subtype", needed=False) not in _TYPED
    ):
        return None
    text, ts = _text(inner, "text", needed=False), _text(inner, "ts")
    event_id, channel = _text(body, "event_id"), _text(inner, "channel")
    if place == "private" and bot and f"<@{bot}" in text:
        event_id = f"{channel}:{ts}"  # it may come as a message and as a mention: two events, said once
    return Typed(
        event_id,
        _event_caller(body, inner),
        Words(readable(_without_mention(text, bot))),
        channel,
        ts,
        _text(inner, "thread_ts", needed=False) or ts,
        place,
        bool(inner.get("files")),
    )


def _is_direct(inner: Mapping[str, Any]) -> bool:
    """True in a direct message with the bot, which a mention does not always say itself."""
    kind = _text(inner, "channel_type", needed=False)
    return kind == "im" or (not kind and _text(inner, "channel").startswith("D"))


def _without_mention(text: str, bot: str) -> str:
    """The text without the mention that addressed it to the bot, wherever that stood."""
    if bot:
        text = re.sub(rf"<@{re.escape(bot)}(?:\|[^<>\n]*)?>", f"<@{bot}>", text)
        lead = re.sub(rf"^\s*<@{re.escape(bot)}>[\s:,]*", "", text)
        return lead.replace(f"<@{bot}>", "").strip()
    return _MENTION.sub("", text, count=1) if _MENTION.match(text) else text


def _meant(inside: str, label: str | None) -> str:
    if inside[:1] in {"@", "#", "!"}:
        name = label or inside[1:].partition("^")[0]
        sign = "#" if inside[0] == "#" else "@"
        return name if name.startswith(sign) or inside.startswith("!date") else sign + name
    address = inside.removeprefix("mailto:").removeprefix("tel:")
    if label is None or label in {inside, address} or inside == f"http://{label}":
        return address if label is None else label
    return label if inside.startswith("tel:") else f"{label} ({address})"


def _bot(body: Mapping[str, Any]) -> str:
    """The bot's own user id, as the event says it."""
    authorized = body.get("authorizations")
    return _text(authorized[0], "user_id", needed=False) if isinstance(authorized, list) and authorized else ""


def _event_caller(body: Mapping[str, Any], inner: Mapping[str, Any]) -> Caller:
    here = _text(body, "team_id")
    team = next((t for key in ("user_team", "team") if (t := _text(inner, key, needed=False))), here)
    enterprise = _text(body, "enterprise_id", needed=False)
    return Caller(_text(inner, "user"), team, here, enterprise, body.get("is_ext_shared_channel") is True)


def _caller(payload: Any) -> Caller:
    user, team = _object(payload, "user"), payload.get("team") or {}
    own = _text(user, "team_id", needed=False)
    here = _text(team, "id", needed=False) or own
    enterprise = _text(payload.get("enterprise") or {}, "id", needed=False)
    return Caller(_text(user, "id"), own or here, here, enterprise)


def _maybe_view(payload: Mapping[str, Any]) -> View | None:
    return _view(payload) if payload.get("view") else None


def _view(payload: Mapping[str, Any]) -> View:
    view = _object(payload, "view")
    kind = _text(view, "type")
    if kind not in {"modal", "home"}:
        _refuse()
    more = (_text(view, key, needed=False) for key in ("private_metadata", "root_view_id", "previous_view_id"))
    return View(_text(view, "id"), _text(view, "hash", needed=False), "modal" if kind == "modal" else "home", *more)


def _form(payload: Mapping[str, Any]) -> str:
    """The id of the form that the window shows."""
    names = (_text(block, "block_id", needed=False) for block in _blocks(payload))
    marked = next((name for name in names if name.startswith(FORM_MARK)), "")
    return marked.removeprefix(FORM_MARK) or _refuse()


def _blocks(payload: Mapping[str, Any]) -> list[Any]:
    blocks = _object(payload, "view").get("blocks")
    return blocks if isinstance(blocks, list) else _refuse()


def _values(payload: Mapping[str, Any]) -> dict[str, Words]:
    try:
        return fields.values(_object(_object(_object(payload, "view"), "state"), "values"), _blocks(payload))
    except (KeyError, TypeError, ValueError, AttributeError):
        _refuse()


def _expect(payload: Any, kind: str) -> None:
    if _text(payload, "type") != kind:
        _refuse()


def _object(holder: Any, key: str) -> Mapping[str, Any]:
    value = holder.get(key) if isinstance(holder, Mapping) else None
    return value if isinstance(value, Mapping) else _refuse()


def _text(holder: Any, key: str, *, needed: bool = True) -> str:
    value = holder.get(key) if isinstance(holder, Mapping) else _refuse()
    if value is None and not needed:
        return ""
    return value if isinstance(value, str) and (value or not needed) else _refuse()


def _refuse() -> NoReturn:
    raise NotReadableError("not what Slack sends") from None
