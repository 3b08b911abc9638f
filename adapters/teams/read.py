"""Teams' activities to our own types, and those to `Message`. Raw JSON stops here.

What is kept of an activity is what is answered or remembered: never the author or text of a message that a concern
was begun from, and never what else Teams sends along.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Literal

from adapters.teams.activities import (
    Activity,
    Begun,
    Fetched,
    Filled,
    Ignored,
    Installed,
    MemberAdded,
    Place,
    Pressed,
    Removed,
    Typed,
    Via,
)
from adapters.teams.fields import (
    Json,
    NotReadableError,
    at,
    entries,
    mapping,
    optional,
    required,
)
from adapters.teams.inputs import field_id
from adapters.teams.spoken import has_files, names_bot, spoken
from bot import Message, Person, Sent, Words

__all__ = [
    "Activity",
    "Begun",
    "Fetched",
    "Filled",
    "Ignored",
    "Installed",
    "MemberAdded",
    "NotReadableError",
    "Pressed",
    "Removed",
    "Typed",
    "message",
    "read",
]

_PLACES: Mapping[str, Place] = {"personal": "personal", "channel": "channel", "groupChat": "groupChat"}
# The invokes that press or send something: where each puts the data of the button, and how it is answered.
_INVOKES: Mapping[str, tuple[str, Via]] = {
    "adaptiveCard/action": ("value.action.data", "card"),
    "task/fetch": ("value.data", "dialog"),
    "task/submit": ("value.data", "dialog"),
    "composeExtension/submitAction": ("value.data", "extension"),
}
_PRESSES: Mapping[str, Literal["check", "another-child"]] = {"check": "check", "another-child": "another-child"}
_MOST_FIELDS = 200
_LONGEST_ID = 300
_QUIET = frozenset({"typing", "messageReaction", "messageUpdate", "messageDelete", "endOfConversation", "event"})


def read(raw: object) -> Activity:
    """The activity in a decoded JSON body.

    Raises `NotReadableError`, which names what is missing and quotes nothing of what was sent.
    """
    body = mapping(raw, "the activity")
    kind = required(body, "type")
    base = _base(body, kind)
    if kind in _QUIET:
        return Ignored(**base, kind=kind)
    match kind:
        case "message":
            return _message(body, base)
        case "invoke":
            return _invoke(body, base)
        case "conversationUpdate":
            return _conversation_update(body, base)
        case "installationUpdate":
            return _installation_update(body, base)
        case _:
            return Ignored(**base, kind="other")


def message(read_: Typed | Pressed | Filled | Fetched | Begun, who: Person) -> Message:
    """The activity as the core hears it. An invoke's own response shows the reply; a message's is posted."""
    place: Literal["private", "shared"] = "shared" if read_.shared else "private"
    match read_:
        case Typed():
            words = Words(_asked(read_.words.reveal()))
            return Message(read_.event, who, words=words, place=place, files=read_.files, carried=False)
        case Pressed():
            return Message(read_.event, who, choice=read_.choice, place=place, carried=read_.via != "message")
        case Fetched():
            return Message(read_.event, who, choice=read_.choice, place=place)
        case Filled():
            sent = Sent(read_.form, read_.values, read_.press)
            return Message(read_.event, who, form=sent, place=place, carried=read_.via != "message")
        case Begun():
            return Message(read_.event, who, choice="log", place=place, link=read_.link or None)


# ---- where and who


def _base(body: Json, kind: str) -> dict[str, Any]:
    conversation = required(body, "conversation.id")
    id_ = required(body, "id") if kind in {"message", "invoke"} else optional(body, "id")
    return {
        "event": _event(kind, conversation, id_ or repr(body)),
        "id": id_,
        "person": optional(body, "from.aadObjectId"),
        "user": required(body, "from.id"),
        "name": Words(optional(body, "from.name")),
        "tenant": optional(body, "channelData.tenant.id") or optional(body, "conversation.tenantId"),
        "conversation": conversation,
        "place": _place(body),
        "service_url": required(body, "serviceUrl"),
        "team": optional(body, "channelData.team.id"),
        "channel": optional(body, "channelData.channel.id"),
        "reply_to": optional(body, "replyToId"),
        "reference": _reference(body),
    }


def _place(body: Json) -> Place:
    """Private only if it surely is: what is taken for shared by mistake is answered in private all the same."""
    kind = optional(body, "conversation.conversationType")
    if not kind and at(body, "conversation.isGroup") is not True and not optional(body, "channelData.team.id"):
        return "personal"
    return _PLACES.get(kind, "groupChat")


def _event(*parts: str) -> str:
    """Message ids are times, and unique in their conversation only: the event is of both, in one short word."""
    return f"teams:{hashlib.sha256(chr(0).join(parts).encode(errors='replace')).hexdigest()[:40]}"


def _reference(body: Json) -> Json:
    """What a later message to this conversation needs, as it came; names of people and chats are left behind."""
    required(body, "recipient.id")
    kept: Json = {key: body[key] for key in ("channelId", "serviceUrl", "locale") if isinstance(body.get(key), str)}
    for key, as_ in (("conversation", "conversation"), ("recipient", "bot"), ("from", "user")):
        kept[as_] = {name: value for name, value in mapping(body[key], key).items() if name != "name"}
    data = body.get("channelData")
    if isinstance(data, dict):
        about = {key: _id_alone(data[key]) for key in ("tenant", "team", "channel") if isinstance(data.get(key), dict)}
        kept["channelData"] = about
    return kept


def _id_alone(thing: Json) -> Json:
    return {key: value for key, value in thing.items() if key in {"id", "aadGroupId"}}


# ---- messages


def _message(body: Json, base: dict[str, Any]) -> Activity:
    if base["user"].startswith("28:"):
        return Ignored(**base, kind="a bot's message")
    value = body.get("value")
    if isinstance(value, dict) and ("choice" in value or "form" in value):
        return _pressed(value, "value", base, "message")
    text = body.get("text")
    if value is not None and not text:
        raise NotReadableError("value.choice or value.form")
    if text is not None and not isinstance(text, str):
        raise NotReadableError("text")
    return Typed(**base, words=Words(spoken(body)), files=has_files(body), mentioned=names_bot(body))


_ASK = re.compile(
    r"ask(?:\s*:\s*|\s+(?=(?:what|how|who|whom|whose|when|where|why|which|if|whether|about|can|could|should|shall|may"
    r"|must|do|does|did|is|are|am|will|would|have|has)\b))",
    re.IGNORECASE,
)


def _asked(text: str) -> str:
    """The question in `ask what …`. An `ask` that may belong to what is told is left alone."""
    return text[found.end() :] if (found := _ASK.match(text)) and text[found.end() :].strip() else text


# ---- invokes


def _invoke(body: Json, base: dict[str, Any]) -> Activity:
    name = required(body, "name")
    if name == "composeExtension/fetchTask":
        return _begun(body, base)
    if name not in _INVOKES:
        return Ignored(**base, kind="an invoke of another kind")
    where, via = _INVOKES[name]
    if name == "adaptiveCard/action" and required(body, "value.action.verb") not in {"choice", "form"}:
        raise NotReadableError("a verb of ours in value.action.verb")
    data = mapping(at(body, where), where)
    if name == "task/fetch":
        return Fetched(**base, choice=_id(data, "choice", where), page=0, via=via)
    return _pressed(data, where, base, via)


def _pressed(data: Json, where: str, base: dict[str, Any], via: Via) -> Activity:
    """The data of one of our buttons, with the inputs that stood beside it."""
    if "form" in data or "press" in data:
        return _filled(data, where, base, via)
    choice = _id(data, "choice", where)
    if "page" in data:
        page = data["page"]
        if not isinstance(page, int) or isinstance(page, bool) or not 0 <= page < 10_000:
            raise NotReadableError(f"a number in {where}.page")
        return Fetched(**base, choice=choice, page=page, via=via)
    return Pressed(**base, choice=choice, via=via)


def _filled(data: Json, where: str, base: dict[str, Any], via: Via) -> Filled:
    press = _PRESSES.get(optional(data, "press"))
    if press is None:
        raise NotReadableError(f"a button of ours in {where}.press")
    keys = _keys(data, "fields", where)
    kept = frozenset(_keys(data, "kept", where)) if "kept" in data else frozenset()
    values = {key: Words(_value(data, key, where)) for key in keys}
    sent = {key: words for key, words in values.items() if words or key not in kept}
    return Filled(**base, form=_id(data, "form", where), press=press, values=sent, via=via)


def _keys(data: Json, name: str, where: str) -> list[str]:
    """The keys of a form's fields, as its buttons carry them."""
    keys = data.get(name)
    if not isinstance(keys, list) or len(keys) > _MOST_FIELDS:
        raise NotReadableError(f"a list in {where}.{name}")
    if not all(isinstance(key, str) and 0 < len(key) <= _LONGEST_ID for key in keys):
        raise NotReadableError(f"keys in {where}.{name}")
    return keys


def _value(data: Json, key: str, where: str) -> str:
    """What was typed in one input. Teams leaves out what was left empty."""
    value = data.get(field_id(key))
    if value is None:
        return ""
    if not isinstance(value, str):
        raise NotReadableError(f"text in the inputs of {where}")
    return value


def _id(data: Json, name: str, where: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_ID:
        raise NotReadableError(f"{where}.{name}")
    return value


def _begun(body: Json, base: dict[str, Any]) -> Begun:
    link = optional(body, "value.messagePayload.linkToMessage")
    return Begun(
        **base,
        command=required(body, "value.commandId"),
        of=optional(body, "value.messagePayload.id"),
        link=Words(link if link.startswith("https://") and len(link) <= 2_000 else ""),
    )


# ---- installing and joining


def _conversation_update(body: Json, base: dict[str, Any]) -> Activity:
    bot = required(body, "recipient.id")
    added, left = entries(body, "membersAdded"), entries(body, "membersRemoved")
    if any(member.get("id") == bot for member in left):
        return Removed(**base)
    if any(member.get("id") == bot for member in added):
        return Installed(**base)
    if added:
        return MemberAdded(**base, members=tuple(optional(m, "aadObjectId") or optional(m, "id") for m in added))
    return Ignored(**base, kind="conversationUpdate")


def _installation_update(body: Json, base: dict[str, Any]) -> Activity:
    match optional(body, "action"):
        case "add":
            return Installed(**base)
        case "remove":
            return Removed(**base)
        case "add-upgrade" | "remove-upgrade":
            return Ignored(**base, kind="a new version of the app")  # for whom it was there, nothing has changed
        case _:
            return Ignored(**base, kind="installationUpdate")
