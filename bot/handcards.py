"""What is drawn while a concern is handed over, found and forgotten. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot import notices
from bot.cards import Parts, note
from bot.concern import Concern
from bot.talk import Card, Choice, Fact, Field, Form, Option, Words
from policy_content.model import Library

Typed = Mapping[str, str]
ANY = "any"  # of a choice that narrows a search: it does not
MOST = 20  # shown of what was found


def beside_list(library: Library) -> Parts:
    """Under the list of open concerns: ways to find others, and to the terminal."""
    w = library.wording.handing
    return (Choice(w.find_button, "find"), Choice(w.code_button, "code"))


def code(library: Library, offered: str, passphrase: str) -> Card:
    """The one-time code, and the passphrase of what is taken out with it."""
    w = library.wording.handing
    facts = (Fact(w.code, Words(offered)), Fact(w.passphrase, Words(passphrase)))
    return Card(w.code_title, library.say(w.code_intro), facts)


def handover(library: Library, concern: Concern, offered: Card) -> Parts:
    """How to take it out, the code for it, and the form that records where it went."""
    w = library.wording.handing
    said = library.say(w.intro, reference=concern.reference)
    card = Card(library.say(w.title, reference=concern.reference), said)
    return (card, offered, *handed_form(library, concern, {}, {}))


def handed_form(library: Library, concern: Concern, typed: Typed, faults: Typed) -> Parts:
    """Where it was handed over to."""
    w = library.wording.handing
    fields = tuple(
        Field(key, asked.ask, "line", asked.hint, True, (), Words(typed.get(key, "")), faults.get(key, ""))
        for key, asked in (("system", w.system), ("reference", w.reference))
    )
    title = library.say(w.handed_title, reference=concern.reference)
    save = library.wording.save_button
    return (Form(f"handed:{concern.id}", title, library.say(w.handed_intro), fields, save),)


def forget_form(library: Library, concern: Concern, linked: Sequence[str], typed: Typed, faults: Typed) -> Parts:
    """The last look before it is forgotten. `linked` are the references of linked concerns that its reader may open."""
    w = library.wording.handing
    days = str(library.school.retention.after_handover_days)
    intro = library.say(w.forget_intro, days=days)
    if linked:
        intro += "\n\n" + library.say(w.forget_linked, references=", ".join(linked))
    fields = tuple(
        Field(key, asked.ask, "line", asked.hint, True, (), Words(typed.get(key, "")), faults.get(key, ""))
        for key, asked in (("reference", w.forget_reference), ("text", w.forget_why))
    )
    title = library.say(w.forget_title, reference=concern.reference)
    return (Form(f"forget:{concern.id}", title, intro, fields, w.forget_button),)


def forgotten(library: Library, reference: str) -> Parts:
    """After its key has been destroyed."""
    w = library.wording.handing
    return (Card(library.say(w.forgotten_title, reference=reference), library.say(w.forgotten), tone="done"),)


def find_fields(library: Library) -> tuple[Field, ...]:
    """What a search asks, empty: a reference or name, the stage, the clock. None of them is needed if another is there."""
    w = library.wording.handing
    stages = ((stage, getattr(w, f"find_{stage}")) for stage in ("logged", "acknowledged", "decided", "closed"))
    late = ((clock, getattr(w, f"find_{clock}")) for clock in ("seen", "decide", "action"))
    any_ = Option(ANY, w.find_any)
    return (
        Field("text", w.find.ask, "line", w.find.hint),
        Field("stage", w.find_stage.ask, "one_of", w.find_stage.hint, options=(any_, *(Option(*o) for o in stages))),
        Field("clock", w.find_clock.ask, "one_of", w.find_clock.hint, options=(any_, *(Option(*o) for o in late))),
    )


def find_form(library: Library, typed: Typed, faults: Typed) -> Parts:
    """Search by reference or name, by stage and by clock."""
    w = library.wording.handing
    fields = tuple(
        replace(field, value=Words(typed.get(field.key, "")), error=faults.get(field.key, ""))
        for field in find_fields(library)
    )
    return (Form("find", w.find_title, library.say(w.find_intro), fields, w.find_submit),)


def found(library: Library, concerns: Sequence[Concern], now: datetime) -> Parts:
    """What was found: references and stages, with Open. Never a name: Open enters that somebody looked. Of more than
    `MOST` the first, and that there are more.
    """
    w, shown = library.wording.handing, concerns[:MOST]
    if not concerns:
        return (note(library, w.found_title, w.found_none), *find_form(library, {}, {}))
    said = w.found if len(shown) == len(concerns) else w.found_more
    first = Card(w.found_title, library.say(said, count=str(len(shown))))
    return (first, *(part for one in shown for part in notices.listed(library, one, now)))
