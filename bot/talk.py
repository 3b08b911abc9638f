"""What the core and the channels say to each other, and nothing else.

A channel turns its own JSON into a `Message` and draws the `Reply` it gets back.
Text that a person typed travels as `Words`, which no log, traceback or f-string can show.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_KEPT_CONTROLS = frozenset("\n\t")


class Words:
    r"""Text a person typed. Its `repr`, `str` and `format` are all ‹words›: to read it, say `reveal()`.

    Line ends become `\\n`; control characters and halves of broken characters, which no
    database or terminal should be handed, are removed. Everything else is kept as typed.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        whole = _LONE_SURROGATE.sub("\ufffd", text).replace("\r\n", "\n").replace("\r", "\n")
        self._text = "".join(c for c in whole if c in _KEPT_CONTROLS or unicodedata.category(c) != "Cc")

    def reveal(self) -> str:
        """The text itself, for sealing, matching and drawing to the person who may read it."""
        return self._text

    def __bool__(self) -> bool:
        """False when nothing but white space was typed."""
        return bool(self._text.strip())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Words) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "‹words›"

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return "‹words›"

    def __reduce__(self) -> str:
        raise TypeError("Words are sealed before they are stored, never pickled")


NOTHING = Words("")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who writes to Signpost, as the channel's own check of identity found them.

    `id` is unique across channels ("web:teacher", "slack:U123"); `staff` is the channel's
    answer, for this message, to "is this a full member of staff?".
    """

    id: str
    name: Words
    staff: bool


@dataclass(frozen=True, slots=True)
class Sent:
    """A form as a person sent it: `values` by field key, and which button was pressed."""

    form: str
    values: Mapping[str, Words]
    press: Literal["check", "another-child"] = "check"

    def __post_init__(self) -> None:
        """The form's id comes from outside too."""
        object.__setattr__(self, "form", Words(self.form).reveal())


@dataclass(frozen=True, slots=True)
class Heard:
    """An event to be noted with whatever it changes. `owed` is the id of the person to whom its reply is owed,
    where the channel's own response does not carry it: the debt is saved in the same transaction.
    """

    event: str
    owed: str = ""


Event = Heard | str  # a plain id owes nobody a reply


@dataclass(frozen=True, slots=True)
class Message:
    """One thing a person did: typed words, pressed a choice, or sent a form.

    `event` is the channel's own id of it, the same when the channel delivers it twice.
    Exactly one of `words`, `choice` and `form` is set. `files` says that something was attached, which is refused and
    never fetched; `link` is the address of the message that a concern was begun from. `carried` says that
    the channel's own response shows the reply; otherwise it is posted afterwards, and a crash between must not lose it.
    """

    event: str
    who: Person
    words: Words | None = None
    choice: str | None = None
    form: Sent | None = None
    place: Literal["private", "shared"] = "private"
    files: bool = False
    link: Words | None = None
    carried: bool = True

    def __post_init__(self) -> None:
        """Refuse a message that is nothing, or several things at once."""
        if sum(x is not None for x in (self.words, self.choice, self.form)) != 1:
            raise ValueError("a message is words, a choice or a form: exactly one of them")
        # Ids come from outside too: what no database could be handed is taken out of them.
        object.__setattr__(self, "event", Words(self.event).reveal())
        if self.choice is not None:
            object.__setattr__(self, "choice", Words(self.choice).reveal())

    @property
    def heard(self) -> Heard:
        """What the ledger notes of it."""
        return Heard(self.event, "" if self.carried else self.who.id)


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of a card: our label, and what a person typed."""

    label: str
    value: Words


@dataclass(frozen=True, slots=True)
class Card:
    """Something to read. `body` is our own text in the content's small markup
    (paragraphs, `1.` steps, `-` points, `**bold**`, `## ` headings); what a person typed is only ever in `facts`.

    `tone`: urgent leads with who to ring now; alert is for the DSL; done confirms; failed says
    that something was not saved.
    """

    title: str
    body: str = ""
    facts: tuple[Fact, ...] = ()
    source: str = ""
    edition: str = ""
    tone: Literal["plain", "urgent", "alert", "done", "failed"] = "plain"


@dataclass(frozen=True, slots=True)
class Choice:
    """A button. It carries an id, never text to be matched again. At most 75 characters of label."""

    label: str
    id: str
    main: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """One of the answers a field offers."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """One line of a form. `error` is what was wrong with `value`, in words for the person.

    The value of `many_of` is the chosen options' keys with commas between, in the order of `options`. `of` is whom it asks
    about, as somebody typed it, where a form asks the same about several people.
    """

    key: str
    label: str
    kind: Literal["line", "text", "date", "time", "one_of", "many_of"]
    hint: str = ""
    required: bool = False
    options: tuple[Option, ...] = ()
    value: Words | None = None
    error: str = ""
    of: Words = NOTHING

    @property
    def asked(self) -> str:
        """The label after whom it asks about, where both stand in one line of typed text. Never for a log."""
        return f"{self.of.reveal()} · {self.label}" if self.of else self.label


@dataclass(frozen=True, slots=True)
class Form:
    """A form to fill in. Sent back as `Sent(form=id, …)`; `another_child` adds a block of child fields."""

    id: str
    title: str
    intro: str
    fields: tuple[Field, ...]
    submit: str
    another_child: str = ""


Part = Card | Choice | Form


@dataclass(frozen=True, slots=True)
class Reply:
    """What to draw for the person who wrote. It goes to them alone, wherever they wrote from.

    `dialog` asks for a private window that leaves nothing behind in a conversation (Open).
    `repeated` says that this event was heard before and nothing was done again: the parts say how things stand
    now, for a channel whose first answer may have been lost.
    """

    parts: tuple[Part, ...] = ()
    to: Literal["asker"] = "asker"
    dialog: bool = False
    repeated: bool = field(default=False)


class RosterUnreadable(Exception):  # noqa: N818 (named for what happened)
    """A channel could not say who is in a place. `str()` is for operators and holds no names."""


class Roster(Protocol):
    """Who is in a place at this moment. Every channel is one."""

    async def members(self, place: str) -> frozenset[str]:
        """The ids of the people in `place` now. Raises `RosterUnreadable`."""
        ...


@runtime_checkable
class NamedRoster(Protocol):
    """A roster that also knows what its people are called."""

    async def names(self, place: str) -> Mapping[str, Words]:
        """The staff in `place` now: id to name, as the chat gives it. One without a name is left out. Raises
        `RosterUnreadable`.
        """
        ...
