"""Is this body an activity? Raw bytes to raw JSON, every field kept, or the HTTP status that refuses it. Pure.

Only what is needed to say whom it is from and where it belongs is looked at; `read` understands the rest.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

_KINDS: dict[str, type | tuple[type, ...]] = {
    "id": str,
    "text": str,
    "name": str,
    "replyToId": str,
    "from": dict,
    "recipient": dict,
    "channelData": dict,
    "entities": list,
    "attachments": list,
    "membersAdded": list,
    "membersRemoved": list,
}
_WITH_VALUE = ("adaptiveCard/", "task/", "composeExtension/")


class MalformedError(Exception):
    """It is not an activity that Teams sends. `field` says where; nothing of the body is quoted."""

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(f"malformed activity: {field}")


def activity_in(body: bytes) -> dict[str, Any]:
    """The activity in this body. Raises `MalformedError`."""
    try:
        found = json.loads(body, parse_constant=_no_constant)
        if "\\ud" in body.decode(errors="replace").lower():
            found = _whole(found)
    except (ValueError, RecursionError):
        raise MalformedError("json") from None
    if not isinstance(found, dict):
        raise MalformedError("json")
    _check(found)
    return found


def tenants_of(activity: dict[str, Any]) -> set[str]:
    """Every tenant that the activity says it comes from. Empty where it does not say."""
    data = activity.get("channelData") or {}
    named = data.get("tenant")
    found = {named.get("id") if isinstance(named, dict) else named, activity["conversation"].get("tenantId")}
    return {str(tenant).lower() for tenant in found if tenant}


def _no_constant(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _whole(found: Any) -> Any:
    """The same, with half of a split emoji replaced: it can be neither stored nor sent, but the rest must not be lost."""
    return json.loads(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace"))


def _check(activity: dict[str, Any]) -> None:
    for field, kind in _KINDS.items():
        if activity.get(field) is not None and not isinstance(activity[field], kind):
            raise MalformedError(field)
    for field in ("type", "channelId", "serviceUrl"):
        if not isinstance(activity.get(field), str) or not activity[field]:
            raise MalformedError(field)
    _check_who("conversation", activity.get("conversation"))
    if activity["type"] in {"message", "invoke"}:
        _check_who("from", activity.get("from"))
    if activity["type"] == "invoke":
        _check_invoke(activity)


def _check_who(field: str, found: Any) -> None:
    if not isinstance(found, dict) or not isinstance(found.get("id"), str) or not found["id"]:
        raise MalformedError(f"{field}.id")


def _check_invoke(activity: dict[str, Any]) -> None:
    name, value = activity.get("name"), activity.get("value")
    if not name:
        raise MalformedError("name")
    if not name.startswith(_WITH_VALUE):
        return
    if not isinstance(value, dict):
        raise MalformedError("value")
    if name == "adaptiveCard/action":
        _check_action(value.get("action"))


def _check_action(action: Any) -> None:
    if not isinstance(action, dict) or not isinstance(action.get("type"), str):
        raise MalformedError("value.action")
    if not isinstance(action.get("verb", ""), str):
        raise MalformedError("value.action.verb")
    if not isinstance(action.get("data", {}), dict):
        raise MalformedError("value.action.data")
