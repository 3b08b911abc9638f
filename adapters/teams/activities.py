"""What happens in Teams, in our own types: who did what, where. Nothing here is Teams' JSON but `reference`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from adapters.teams.fields import Json
from bot import Words

Place = Literal["personal", "channel", "groupChat"]
Via = Literal["card", "message", "dialog", "extension"]  # which kind of answer is waited for


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Something that happened in Teams, and where.

    `event` is the same when Teams delivers it twice. `person` is the lasting id of who did it (aadObjectId), empty for
    whoever has none; `user` is their id in Teams' own addressing ("29:…"). `tenant` is what the activity claims.
    `service_url` is claimed too, until hosting has held it against the token. `reference` is the raw JSON that a later
    message to the same conversation needs, without names or text.
    """

    event: str
    id: str
    person: str
    user: str
    name: Words
    tenant: str
    conversation: str
    place: Place
    service_url: str
    team: str
    channel: str
    reply_to: str
    reference: Json = field(repr=False, hash=False)

    @property
    def shared(self) -> bool:
        """True where others read along."""
        return self.place != "personal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed(Activity):
    """A message. `mentioned` says that it is addressed to the bot by name."""

    words: Words
    files: bool
    mentioned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed(Activity):
    """A button."""

    choice: str
    via: Via


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled(Activity):
    """A form that was sent. `values` has every field that was drawn with the button, empty if left so."""

    form: str
    press: Literal["check", "another-child"]
    values: Mapping[str, Words]
    via: Via


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched(Activity):
    """A dialog is asked for: what the choice leads to, from this page on, counted from 0."""

    choice: str
    page: int
    via: Via


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun(Activity):
    """The message extension's dialog is asked for, from a message or from where one is written.

    `of` and `link` are the id and address of that message, and all that is ever read of it.
    """

    command: str
    of: str
    link: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed(Activity):
    """The app was added to this conversation, or for this person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberAdded(Activity):
    """People joined a conversation that the bot is in. `members` are their lasting ids where Teams says them."""

    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed(Activity):
    """The app was taken out of this conversation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored(Activity):
    """Nothing to answer. `kind` is one of our own words for it."""

    kind: str
