"""What a press, a form or typed words do to the open conversation. Pure decisions; nothing is saved here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from bot import intake
from bot.cards import AGAIN, BACK, CHANGE, LOG, SEND, STOP
from bot.talk import Sent
from bot.triage import (
    ABOUT,
    FORM_COMPLETE,
    Answer,
    AtAbout,
    AtCheck,
    AtForm,
    AtOutcome,
    AtQuestion,
    Conversation,
    Position,
    Step,
)
from policy_content.model import Library

Move = Conversation | Literal["stop", "send"]


def press(talk: Conversation, position: Position, value: str) -> Move | None:
    """What pressing `value` at this step does; None if the step does not offer it."""
    given, at = position.answers, position.step
    match value, at:
        case (_, _) if value == STOP:
            return "stop"
        case (_, _) if value == BACK:
            return replace(talk, answers=given[:-1] if len(given) > 1 else given)
        case (_, _) if value == AGAIN:
            return replace(talk, answers=given[:1])
        case (_, AtQuestion(_, id_, question)) if value in question.options:
            return replace(talk, answers=(*given, Answer(id_, value)))
        case (_, AtQuestion() | AtOutcome()) if value == LOG:
            return replace(talk, answers=(*given, Answer("log", "")))
        case (_, AtAbout()) if value in ABOUT:
            return replace(talk, answers=(*given, Answer("about", value)))
        case (_, AtCheck()) if value == CHANGE:
            return replace(talk, answers=given[:-1])
        case (_, AtCheck()) if value == SEND:
            return "send"
    return None


def fill(talk: Conversation, position: Position, sent: Sent, faults: Mapping[str, str]) -> Conversation:
    """The conversation after a form was sent: what was typed is kept, whatever is wrong with it."""
    draft = with_values(talk, sent)
    if sent.press == "another-child":
        draft[intake.MORE] = str(min(intake.MOST_CHILDREN, intake.children(draft) + 1))
        return replace(talk, answers=without_check(position), draft=draft)
    answers = without_check(position)
    return replace(talk, answers=answers if faults else (*answers, FORM_COMPLETE), draft=draft)


def with_values(talk: Conversation, sent: Sent) -> dict[str, str]:
    """The draft with the form's values in it."""
    return {**talk.draft, **{key[:40]: value.reveal() for key, value in sent.values.items()}}


def add_words(talk: Conversation, text: str) -> Conversation:
    """Words typed while the form is open belong to what happened."""
    so_far = talk.draft.get("happened", "").strip()
    return replace(talk, draft={**talk.draft, "happened": f"{so_far}\n\n{text.strip()}".strip()})


def add_link(talk: Conversation, text: str) -> Conversation:
    """Where a concern was begun from: how it is known. Never who wrote it there."""
    so_far = talk.draft.get("known", "").strip()
    return talk if text in so_far else replace(talk, draft={**talk.draft, "known": f"{so_far} {text}".strip()})


def without_check(position: Position) -> tuple[Answer, ...]:
    """The answers up to the form, whether or not it was complete."""
    return tuple(answer for answer in position.answers if answer != FORM_COMPLETE)


def typed_choice(library: Library, step: Step, text: str) -> str | None:
    """The choice that these words name: its number, its label, or yes, no, not sure. None if none."""
    offered = _offered(library, step)
    said = plain(text)
    if said.isdecimal() and said.isascii() and len(said) <= 2 and 1 <= int(said) <= len(offered):
        return list(offered)[int(said) - 1]
    exact = [value for value, label in offered.items() if plain(label) == said]
    if exact:
        return exact[0]
    commands = library.wording.commands
    for words, key in ((commands.yes, "yes"), (commands.no, "no"), (commands.unsure, "unsure")):
        if said in {plain(word) for word in words}:
            named = [value for value, label in offered.items() if value == key or plain(label).split(" ")[0] == key]
            return named[0] if len(named) == 1 else None
    return None


def plain(text: str) -> str:
    """Text as compared with labels and commands: no case, no punctuation, single spaces."""
    return " ".join(re.sub(r"[^\w\s']", " ", text.casefold().replace("’", "'")).split())


def _offered(library: Library, step: Step) -> dict[str, str]:
    w = library.wording
    match step:
        case AtQuestion(_, _, question):
            return {key: option.label for key, option in question.options.items()}
        case AtAbout():
            return {about: str(getattr(w, f"about_{about}")) for about in ABOUT}
        case AtOutcome():
            return {LOG: w.log_these_answers}
        case AtCheck():
            return {SEND: w.send_button, CHANGE: w.change_button}
        case AtForm():
            return {}
