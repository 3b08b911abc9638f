"""The page's frames to `Message`. Raw JSON stops here."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from bot import Message, Person, Sent, Words

Short = Annotated[str, Field(min_length=1, max_length=200)]


class NotAFrameError(ValueError):
    """What came over the socket is not a frame of this page."""


class _Frame(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    seat: Short
    event: Short


class Say(_Frame):
    """Typed words."""

    type: Literal["say"]
    words: str


class Choose(_Frame):
    """A pressed choice."""

    type: Literal["choose"]
    choice: Short


class Send(_Frame):
    """A form."""

    type: Literal["send"]
    form: Short
    press: Literal["check", "another-child"] = "check"
    values: Annotated[dict[Short, str], Field(max_length=100)]


Frame = Say | Choose | Send
_FRAMES: TypeAdapter[Frame] = TypeAdapter(Annotated[Frame, Field(discriminator="type")])


def read(text: str) -> Frame:
    """The frame in a WebSocket text. Raises `NotAFrameError`, which quotes nothing."""
    try:
        return _FRAMES.validate_json(text)
    except ValidationError:
        raise NotAFrameError("not a frame of this page") from None


def message(frame: Frame, who: Person) -> Message:
    """The frame as the core hears it."""
    match frame:
        case Say():
            return Message(frame.event, who, words=Words(frame.words))
        case Choose():
            return Message(frame.event, who, choice=frame.choice)
        case Send():
            values = {key: Words(value) for key, value in frame.values.items()}
            return Message(frame.event, who, form=Sent(frame.form, values, frame.press))
