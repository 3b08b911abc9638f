"""What people do in Slack, as our own small types, and as the core hears it. `event` is the same when it is delivered twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot import Message, Person, Sent, Words

Command = Literal["ask", "concern", "dsl"]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who it came from, as Slack says: enough to tell a stranger. Whether they are staff is asked elsewhere.

    `team` is the workspace that the person belongs to, `here` the one that it came by; `outside` says that the
    conversation is shared with another organisation.
    """

    user: str
    team: str
    here: str
    enterprise: str = ""
    outside: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """The window or Home tab that it came from. `private` is what `modal` was given."""

    id: str
    hash: str
    kind: Literal["modal", "home"]
    private: str = ""
    root: str = ""
    previous: str = ""


@dataclass(frozen=True, slots=True)
class Typed:
    """Words to the bot: a direct message, or one that mentions it. `thread` is where a reply in place would go."""

    event: str
    by: Caller
    words: Words
    channel: str
    ts: str
    thread: str
    place: Literal["private", "shared"]
    files: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A slash command. `words` is what was typed after it; nobody else sees that, whatever the channel."""

    event: str
    by: Caller
    command: Command
    words: Words
    channel: str
    trigger: str
    response_url: str


@dataclass(frozen=True, slots=True)
class Pressed:
    """A choice. `channel` and `ts` name the message it stands in, `view` the window or Home tab."""

    event: str
    by: Caller
    choice: str
    trigger: str
    channel: str = ""
    ts: str = ""
    response_url: str = ""
    view: View | None = None


@dataclass(frozen=True, slots=True)
class FormWanted:
    """The button of a form in a message or the Home tab: open a window with the form of this id, as it is now."""

    event: str
    by: Caller
    form: str
    trigger: str
    channel: str = ""
    ts: str = ""
    response_url: str = ""
    view: View | None = None


@dataclass(frozen=True, slots=True)
class Turned:
    """A button to another page of a window: draw it again with `modal(…, page=page)`."""

    event: str
    by: Caller
    page: int
    trigger: str
    view: View


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it was sent, or as it stands where another child is asked for."""

    event: str
    by: Caller
    sent: Sent
    trigger: str
    view: View


@dataclass(frozen=True, slots=True)
class Begun:
    """A shortcut to log a concern. From a message, `channel` and `ts` say which: never who wrote it or what."""

    event: str
    by: Caller
    trigger: str
    channel: str = ""
    ts: str = ""
    response_url: str = ""


@dataclass(frozen=True, slots=True)
class Closed:
    """A window with a form was closed without sending it. `form` is the form's id."""

    event: str
    by: Caller
    form: str
    view: View


@dataclass(frozen=True, slots=True)
class Opened:
    """Somebody looks at the bot's Home tab or its messages. `hash` is the tab's, if it was drawn before."""

    event: str
    by: Caller
    tab: str
    hash: str = ""


Heard = Typed | Asked | Pressed | Filled | Begun


def message(heard: Heard, who: Person, *, link: Words | None = None, carried: bool = False) -> Message:
    """What the core hears. `link` is the address of the message a concern was begun from.

    What was typed after `/concern` is not in it, because a message is one thing: let `Asked.words`, if any, be heard
    after it as words of their own, under an event id of their own.
    """
    match heard:
        case Typed():
            return Message(heard.event, who, words=heard.words, place=heard.place, files=heard.files, carried=carried)
        case Asked(command="ask"):
            return Message(heard.event, who, words=heard.words, carried=carried)
        case Asked():
            return Message(heard.event, who, choice="log" if heard.command == "concern" else "list", carried=carried)
        case Pressed():
            return Message(heard.event, who, choice=heard.choice, carried=carried)
        case Filled():
            return Message(heard.event, who, form=heard.sent, carried=carried)
        case Begun():
            return Message(heard.event, who, choice="log", link=link, carried=carried)
