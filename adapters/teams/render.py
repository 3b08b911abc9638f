"""`Reply` parts to Adaptive Cards, and the bodies that carry them to Teams.

A card that would be over Teams' 28 KB is followed by others, in order, with nothing left out. In a dialog, which
holds one card, each ends with a button that fetches the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from adapters.teams.blocks import Json, Row, body, clean, heading, pack, typed, words
from adapters.teams.inputs import BUTTON_FRAME, SHORT, form_rows
from bot import Card, Choice, Form, Part
from bot.casework import ACTS
from bot.handing import ASKS

CARD_TYPE = "application/vnd.microsoft.card.adaptive"
MESSAGE_TYPE = "application/vnd.microsoft.activity.message"
# A choice whose id begins so is answered in a dialog: every act on a concern but acknowledging it, the reporter's reading
# of what the DSL wrote, and the search and the terminal's code.
OPENS_DIALOG = (*(f"{act}:" for act in sorted(ACTS - {"ack"} | {"read"})), *sorted(ASKS))
MOST_ACTIONS = 6  # in one row of buttons; Teams hides the rest

# Our own words, where the parts have none for what only a drawing needs.
NAME = "Signpost"
MORE = "More"
FROM_THE_POLICY = "From the policy: "
NOT_IN_THE_POLICY = "Not covered by this policy"

# Colour is never alone: each tone has a sign that is read out too.
_TONES = {
    "plain": ("", ""),
    "urgent": ("attention", "‼ "),
    "failed": ("attention", "✖ "),
    "alert": ("warning", "🔔 "),
    "done": ("good", "✔ "),
}


def card(parts: Sequence[Part]) -> list[Json]:
    """The parts as Adaptive Cards 1.5: one, or several where size demands it. None for nothing.

    A form's inputs and buttons are always in one card, the last that belongs to it. Typed text that is too long for
    an input there is shown in full above it, and its field may be left empty to keep it.
    """
    return _cards(parts, in_dialog=False)


def activities(parts: Sequence[Part]) -> list[Json]:
    """The parts as message activities, one for each card."""
    return [activity(drawn, summary(parts)) for drawn in card(parts)]


def activity(drawn: Json, says: str = NAME) -> Json:
    """A message with this card. `says` is what a notification shows: never a typed word."""
    return {"type": "message", "summary": says, "attachments": [_attachment(drawn)]}


def summary(parts: Sequence[Part]) -> str:
    """The first title among the parts, which is our own text."""
    titles = (part.title for part in parts if isinstance(part, Card | Form))
    return clean(next(titles, "")) or NAME


def task_module(parts: Sequence[Part], title: str, *, again: str = "", page: int = 0) -> Json:
    """A dialog with the parts: the answer to `task/fetch`, `task/submit` and `composeExtension/fetchTask` and `submitAction`.

    Content of more than one card is paged: `page`, from 0, is shown, and ends with a button that fetches the
    next with the choice `again`, read as `Fetched`. It is fetched anew: whoever may no longer see it does
    not, and each fetch is recorded as an opening. A page that is no longer there is the last. Raises `ValueError` if there is nothing to show, or no way to all
    of it.
    """
    drawn = _cards(parts, in_dialog=True)
    if not drawn:
        raise ValueError("a dialog must have something to show; answer with task_message instead")
    page = min(max(page, 0), len(drawn) - 1)
    if page + 1 < len(drawn):
        if not again:
            raise ValueError("this does not fit in one page: say with which choice the next is fetched")
        more = _submit(MORE, {"choice": again, "page": page + 1}, main=True)
        drawn[page]["body"].append({"type": "ActionSet", "actions": [more]})
    info = {"title": clean(title), "height": "large", "width": "medium", "card": _attachment(drawn[page])}
    return {"task": {"type": "continue", "value": info}}


def task_message(text: str) -> Json:
    """Closes a dialog with a sentence."""
    return {"task": {"type": "message", "value": text}}


def invoke_card(parts: Sequence[Part]) -> Json:
    """The answer to a pressed `adaptiveCard/action` that puts these parts in the place of the pressed card.

    It can hold one card: `activities(parts)[1:]` are posted after it. Raises `ValueError` if there is nothing to show.
    """
    drawn = card(parts)
    if not drawn:
        raise ValueError("there is no card to put in the place of the pressed one; answer with invoke_message instead")
    return {"statusCode": 200, "type": CARD_TYPE, "value": drawn[0]}


def invoke_message(text: str) -> Json:
    """The answer to a pressed `adaptiveCard/action` that leaves the card and shows a sentence."""
    return {"statusCode": 200, "type": MESSAGE_TYPE, "value": text}


# ---- parts


def _cards(parts: Sequence[Part], *, in_dialog: bool) -> list[Json]:
    return [_card(blocks, summary(parts)) for blocks in pack(_rows(parts, in_dialog=in_dialog))]


def _card(blocks: list[Json], fallback: str) -> Json:
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.5",
        "msteams": {"width": "Full"},
        "fallbackText": fallback[:300],
        "body": blocks,
    }


def _attachment(drawn: Json) -> Json:
    return {"contentType": CARD_TYPE, "content": drawn}


def _rows(parts: Sequence[Part], *, in_dialog: bool) -> Iterator[Row]:
    waiting: list[Choice] = []  # choices that may stand side by side

    for nth, part in enumerate(parts):
        if isinstance(part, Choice) and _side_by_side([*waiting, part]):
            waiting.append(part)
            continue
        yield from _buttons(waiting, nth, in_dialog=in_dialog)  # they came before this part
        waiting = []
        match part:
            case Card():
                yield from (Row(block, nth, _TONES[part.tone][0]) for block in _text(part, first=nth == 0))
            case Choice():
                waiting = [part]
            case Form():
                press = _in_dialog if in_dialog else _in_chat
                yield from form_rows(part, nth, press)
    yield from _buttons(waiting, len(parts), in_dialog=in_dialog)


def _text(part: Card, *, first: bool) -> Iterator[Json]:
    """All there is to read on a card: title, body, facts and where it comes from."""
    for nth, block in enumerate(heading(f"{_TONES[part.tone][1]}{part.title}", "Large")):
        yield block if first or nth else block | {"spacing": "Large"}
    yield from body(part.body)
    for fact in part.facts:
        yield from words(fact.label, spacing="Medium", bold=True)
        yield from typed(fact.value.reveal())
    if part.source:
        came = NOT_IN_THE_POLICY if part.source == "outside" else f"{FROM_THE_POLICY}{part.source}"
        yield from words(f"{came} · {part.edition}", spacing="Medium", isSubtle=True, size="Small")


# ---- buttons


def _side_by_side(choices: Sequence[Choice]) -> bool:
    """May these share a row? A phone cuts buttons off rather than wrap them."""
    wide = sum(len(choice.label) + BUTTON_FRAME for choice in choices)
    return wide <= SHORT + BUTTON_FRAME and len(choices) <= MOST_ACTIONS


def _buttons(choices: Iterable[Choice], before: int, *, in_dialog: bool) -> Iterator[Row]:
    """A row of buttons, of no part's container. What would be cut off on one is written out above it."""
    offered = list(choices)
    if not offered:
        return
    if any(len(choice.label) > SHORT for choice in offered):
        yield from (Row(block, -before) for choice in offered for block in words(choice.label))
    actions = [_button(choice, in_dialog=in_dialog) for choice in offered]
    yield Row({"type": "ActionSet", "spacing": "Small", "actions": actions}, -before)


def _button(choice: Choice, *, in_dialog: bool) -> Json:
    data: Json = {"choice": choice.id}
    if in_dialog:
        return _in_dialog(choice.label, "choice", data, choice.main)
    if choice.id.startswith(OPENS_DIALOG):
        return _submit(choice.label, {"msteams": {"type": "task/fetch"}, **data}, main=choice.main)
    return _in_chat(choice.label, "choice", data, choice.main)


def _in_chat(label: str, verb: str, data: Json, main: bool) -> Json:
    """A button whose answer takes the card's place; where a client is too old for that, it sends the same in a message."""
    usual = _submit(label, data, main=main)
    return usual | {"type": "Action.Execute", "verb": verb, "fallback": usual}


def _in_dialog(label: str, _verb: str, data: Json, main: bool) -> Json:
    """A dialog knows no other action: neither Execute nor another dialog."""
    return _submit(label, data, main=main)


def _submit(label: str, data: Json, *, main: bool) -> Json:
    return {"type": "Action.Submit", "title": clean(label), "data": data, **({"style": "positive"} if main else {})}
