"""What a Teams message says: its text without the bot's own name and Teams' markup, and whether something is attached."""

from __future__ import annotations

import html
import re

from adapters.teams.fields import Json, at, entries, optional

_TAG = re.compile(r"<[a-z/!][^>]*>", re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>|</(?:p|div|li|h[1-6]|blockquote)>", re.IGNORECASE)
_IMAGE = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_EMOJI = re.compile(r"itemtype=[\"'][^\"']*/Emoji[\"']", re.IGNORECASE)
_MARKUP = frozenset({"xml", "html"})
# These come with a message and are no files: its own text again, a quoted message, a card.
_NO_FILE = ("text/html", "messagereference", "application/vnd.microsoft.card.", "application/vnd.microsoft.teams.card.")


def spoken(body: Json) -> str:
    """The words of a message. The bot's mention is taken out; other people's names stay."""
    text = optional(body, "text")
    bot = optional(body, "recipient.id")
    for mention in _mentions(body):
        ours = bool(bot) and at(mention, "mentioned.id") == bot
        text = _without_at(text, mention, keep_name=not ours)
    if optional(body, "textFormat").lower() in _MARKUP:
        text = _TAG.sub("", _BREAK.sub("\n", text))
    return html.unescape(text).replace("\u00a0", " ").strip()


def names_bot(body: Json) -> bool:
    """True when the message is addressed to the bot by a mention."""
    bot = optional(body, "recipient.id")
    return any(at(mention, "mentioned.id") == bot for mention in _mentions(body))


def has_files(body: Json) -> bool:
    """True when anything but the message's own text came with it, a pasted picture included."""
    return any(_is_file(attachment) for attachment in entries(body, "attachments"))


def _is_file(attachment: Json) -> bool:
    if not optional(attachment, "contentType").lower().startswith(_NO_FILE):
        return True
    drawn = attachment.get("content")
    # Teams draws its own emoji as pictures too.
    return isinstance(drawn, str) and any(not _EMOJI.search(image) for image in _IMAGE.findall(drawn))


def _mentions(body: Json) -> list[Json]:
    return [entity for entity in entries(body, "entities") if entity.get("type") == "mention"]


def _without_at(text: str, mention: Json, *, keep_name: bool) -> str:
    said = optional(mention, "text")
    name = _TAG.sub("", said) if said else optional(mention, "mentioned.name")
    if not name:
        return text
    pattern = rf"<at(?:\s[^>]*)?>{re.escape(name)}</at>"
    return re.sub(pattern, lambda _: name if keep_name else "", text, flags=re.IGNORECASE)
