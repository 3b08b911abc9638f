"""What is drawn of a concern: the receipt, the alert, reminders, lists and the private dialog. Pure.

What is posted where others can see it holds a reference, urgency, reporter and clocks: no child, no narrative.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from bot import clocks, hours
from bot.cards import Parts, observed, when
from bot.concern import Concern, Entry
from bot.talk import Card, Choice, Fact, Field, Form, Part, Words
from policy_content.model import Library


def sent(library: Library, ref: str, told: str, *, urgent: bool) -> Parts:
    """After the commit: the reference, who is told, what happens, whom to ring."""
    w = library.wording
    body = library.say(
        w.sent_urgent if urgent else w.sent,
        who=getattr(w, f"told_{told}"),
        ring=library.say(getattr(w, f"ring_{told}")),
    )
    return (Card(library.say(w.sent_title, reference=ref), body, tone="done"),)


def not_sent(library: Library, told: str) -> Card:
    """The sentence that needs no database."""
    w = library.wording
    ring = library.say(getattr(w, f"ring_{told}"))
    return Card(w.not_sent_title, library.say(w.not_sent, ring=ring), tone="failed")


def not_saved(library: Library) -> Card:
    """Nothing can be saved; answers still work."""
    return Card(library.wording.not_saved_title, library.say(library.wording.not_saved), tone="failed")


def alert(library: Library, concern: Concern, now: datetime) -> Parts:
    """What those who are told see in their shared place: reference, urgency, reporter, both clocks. No child, no narrative."""
    w = library.wording
    facts = [
        Fact(w.alert_reporter, concern.account.reporter),
        Fact(w.alert_logged, Words(when(library, concern.logged_at, now))),
        *_clock_facts(library, concern, now),
    ]
    body = library.say(w.alert)
    settled = (("closed", w.alert_closed), ("decided", w.alert_decided), ("acknowledged", w.alert_acknowledged))
    for what, text in settled:
        entry = concern.entry(what)
        if entry:
            body = library.say(text, when=when(library, entry.at, now))
            break
    seen = concern.entry("acknowledged")
    if seen:
        facts.append(Fact(w.alert_acknowledged_by, seen.who))
    title = library.say(w.alert_title_urgent if concern.urgent else w.alert_title, reference=concern.reference)
    if concern.drill:
        body = library.say(w.alert_drill, alert=body)
        title = f"DRILL · {title}"
    return (Card(title, body, tuple(facts), tone="alert"), *_acts(library, concern))


def _clock_facts(library: Library, concern: Concern, now: datetime) -> Iterator[Fact]:
    w = library.wording
    named = {"seen": (w.alert_next, w.alert_next_at), "decide": (w.alert_decide, w.alert_decide_by)}
    for clock, at in clocks.upcoming(concern, library.school):
        label, text = named[clock]
        yield Fact(label, Words(library.say(text, when=when(library, at, now))))


def _acts(library: Library, concern: Concern) -> tuple[Choice, ...]:
    """What may be done next, by those whom it has reached."""
    w, open_it = library.wording, Choice(library.wording.open_button, f"open:{concern.id}")
    match concern.stage:
        case "logged":
            return (Choice(w.acknowledge_button, f"ack:{concern.id}", main=True), open_it)
        case "acknowledged":
            return (open_it, Choice(w.decide_button, f"decide:{concern.id}"))
        case "decided":
            return (open_it, Choice(w.close_button, f"close:{concern.id}"))
        case _:
            return (open_it,)


def alert_parts(
    library: Library, kind: str, concern: Concern | None, now: datetime, *, key: str = "", name: Words | None = None
) -> Parts:
    """What an alert of this kind shows. `key` names the route of a failed proof; `name` who began an unsent concern."""
    w = library.wording
    if concern is None:
        match kind:
            case "draft":
                return (Card(w.draft_title, library.say(w.draft)), Choice(w.carry_on_button, "log", main=True))
            case "unsent":
                facts = (Fact(w.unsent_by, name),) if name else ()
                return (Card(w.unsent_title, library.say(w.unsent), facts, tone="alert"),)
            case "proof":
                route = key.split("/")[2] if key.count("/") > 1 else ""
                return (Card(w.proof_failed_title, library.say(w.proof_failed, route=route), tone="failed"),)
            case _:
                return outsider_wrote(library)
    draw = {
        "told": told_reporter,
        "waiting": waiting,
        "added": _added_alert,
        "decide": _reminder,
        "quiet": _quiet,
    }.get(kind, alert)
    return draw(library, concern, now)


def waiting(library: Library, concern: Concern, now: datetime) -> Parts:
    """To the reporter: nobody has acknowledged, and whom to find or ring at this hour."""
    w, told = library.wording, clocks.ladder(library.school, concern.about)[0][0]
    refer = w.refer_open if hours.is_open(library.school, now) else w.refer_closed
    body = library.say(w.waiting, ring=library.say(getattr(w, f"ring_{told}")), refer=library.say(refer))
    return (Card(library.say(w.waiting_title, reference=concern.reference), body, tone="failed"),)


def _added_alert(library: Library, concern: Concern, _now: datetime) -> Parts:
    w = library.wording
    title = library.say(w.added_alert_title, reference=concern.reference)
    return (
        Card(title, library.say(w.added_alert), tone="alert"),
        Choice(w.open_button, f"open:{concern.id}", main=True),
    )


def _reminder(library: Library, concern: Concern, now: datetime) -> Parts:
    w, limit = library.wording, clocks.decide_by(concern, library.school)
    text = w.remind if now < limit else w.remind_over
    title = library.say(w.remind_title, reference=concern.reference)
    return (Card(title, library.say(text, when=when(library, limit, now)), tone="alert"), *_acts(library, concern))


def _quiet(library: Library, concern: Concern, now: datetime) -> Parts:
    w, seen = library.wording, concern.entry("acknowledged")
    at = when(library, seen.at, now) if seen else ""
    facts = (Fact(w.alert_acknowledged_by, seen.who),) if seen else ()
    title = library.say(w.quiet_title, reference=concern.reference)
    return (Card(title, library.say(w.quiet, when=at), facts, tone="alert"), *_acts(library, concern))


def last_proved(library: Library, now: datetime, head: str) -> Parts:
    """The standing message that is edited each school morning. `head` is the chain's, noted outside the database."""
    w = library.wording
    local = now.astimezone(ZoneInfo(library.school.timezone))
    return (
        Card(
            w.last_proved_title, library.say(w.last_proved, when=f"{local:%A} {local.day} {local:%B %H:%M}", head=head)
        ),
    )


def routes(library: Library, proofs: Sequence[Proven], now: datetime) -> Parts:
    """When each way to the DSL was last proved to work: for every member of staff to see."""
    facts = tuple(
        Fact(library.say(library.wording.list_proved, route=p.channel), Words(_proved(library, p, now))) for p in proofs
    )
    return (Card(library.wording.routes_title, facts=facts),) if facts else ()


def open_list(library: Library, held: Sequence[Concern], proofs: Sequence[Proven], now: datetime) -> Parts:
    """The DSL's list: every open concern they hold, with both clocks, and when each alert route was last proved."""
    w = library.wording
    routes = tuple(Fact(library.say(w.list_proved, route=p.channel), Words(_proved(library, p, now))) for p in proofs)
    text = library.say(w.list_count, count=str(len(held))) if held else w.list_empty
    parts: list[Part] = [Card(w.list_title, text, routes)]
    stages = {"logged": w.stage_logged, "acknowledged": w.stage_acknowledged, "decided": w.stage_decided}
    for concern in held:
        title = library.say(w.alert_title_urgent if concern.urgent else w.alert_title, reference=concern.reference)
        facts = (
            Fact(w.list_stage, Words(stages.get(concern.stage, concern.stage))),
            Fact(w.alert_logged, Words(when(library, concern.logged_at, now))),
            *_clock_facts(library, concern, now),
        )
        parts += [Card(title, facts=facts, tone="alert"), *_acts(library, concern)]
    return tuple(parts)


class Proven(Protocol):
    """When a route was last proved, as the list shows it."""

    @property
    def channel(self) -> str:
        """The route's name."""
        ...

    @property
    def tried_at(self) -> datetime:
        """When it was last tried."""
        ...

    @property
    def proved_at(self) -> datetime | None:
        """When it last worked."""
        ...

    @property
    def failure(self) -> str | None:
        """What went wrong when last tried, or None."""
        ...


def _proved(library: Library, proof: Proven, now: datetime) -> str:
    w = library.wording
    if proof.failure:
        return library.say(w.proved_failed, when=when(library, proof.tried_at, now)).replace("**", "")
    return library.say(w.proved_at, when=when(library, proof.proved_at, now)) if proof.proved_at else w.proved_never


def mine(library: Library, concerns: Sequence[Concern], now: datetime) -> Parts:
    """The reporter's own concerns: reference and stage, never what was decided."""
    w = library.wording
    stages = {
        "logged": w.stage_logged,
        "acknowledged": w.stage_acknowledged,
        "decided": w.stage_decided,
        "closed": w.stage_closed,
    }
    facts = tuple(
        Fact(
            library.say(w.mine_one, reference=c.reference),
            Words(library.say(w.mine_logged, stage=stages[c.stage], when=when(library, c.logged_at, now))),
        )
        for c in concerns
    )
    buttons = (Choice(library.say(w.add_button, reference=c.reference), f"add:{c.id}") for c in concerns)
    return (Card(w.mine_title, library.say(w.mine_intro if concerns else w.mine_empty), facts), *buttons)


def act_form(library: Library, act: str, concern: Concern, typed: Words | None = None, fault: str = "") -> Parts:
    """The one-field form of an act: add, decide or close."""
    w = library.wording
    title, intro, label, hint = (getattr(w, f"{act}_{part}") for part in ("title", "intro", "field", "hint"))
    field = Field("text", label, "text", library.say(hint), required=True, value=typed or Words(""), error=fault)
    heading = library.say(title, reference=concern.reference)
    return (Form(f"{act}:{concern.id}", heading, library.say(intro), (field,), w.save_button),)


def settled(library: Library, act: str, concern: Concern) -> Parts:
    """After an act has been saved."""
    w = library.wording
    title, body = {
        "add": (w.added_title, w.added_closed if concern.stage == "closed" else w.added),
        "decide": (w.decided_title, w.decided),
        "close": (w.closed_title, w.closed),
    }[act]
    acts = () if act == "add" else _acts(library, concern)
    return (Card(library.say(title, reference=concern.reference), library.say(body), tone="done"), *acts)


def already_settled(library: Library, concern: Concern, what: str, now: datetime) -> Parts:
    """A late or second press of decide or close: what has happened since."""
    w = library.wording
    done = concern.entry(what) or concern.entry("closed")
    facts = (Fact(w.by_label, done.who),) if done else ()
    at = when(library, done.at, now) if done else ""
    return (Card(w.old_button_title, library.say(w.already_settled, when=at), facts), *_acts(library, concern))


def acknowledged(library: Library, concern: Concern) -> Parts:
    """To the DSL who has just acknowledged."""
    w = library.wording
    return (
        Card(library.say(w.acknowledged_title, reference=concern.reference), library.say(w.acknowledged), tone="done"),
        *_acts(library, concern),
    )


def already_acknowledged(library: Library, concern: Concern, now: datetime) -> Parts:
    """A late or second press: what has happened since."""
    w = library.wording
    seen = concern.entry("acknowledged")
    at = when(library, seen.at, now) if seen else ""
    facts = (Fact(w.by_label, seen.who),) if seen else ()
    body = library.say(w.already_acknowledged, when=at)
    return (Card(library.say(w.already_acknowledged_title, reference=concern.reference), body, facts),)


def opened(library: Library, concern: Concern, now: datetime) -> Parts:
    """Everything a DSL may read, for a private dialog."""
    w = library.wording
    account = concern.account
    history = tuple(
        Fact(f"{getattr(w, f'entry_{entry.what}')}, {when(library, entry.at, now)}", _said(entry))
        for entry in concern.chronology
    )
    return (
        Card(
            library.say(w.open_title, reference=concern.reference),
            library.say(w.open_body),
            (
                Fact(w.alert_reporter, account.reporter),
                *(Fact(line.label, line.value) for line in account.lines),
            ),
            tone="alert",
        ),
        *observed(library, account.observations),
        Card(w.open_chronology, facts=history),
        *(choice for choice in _acts(library, concern) if not choice.id.startswith("open:")),
    )


def _said(entry: Entry) -> Words:
    """Who, and what they wrote with it."""
    return Words(f"{entry.who.reveal()}: {entry.text.reveal()}") if entry.text else entry.who


def told_reporter(library: Library, concern: Concern, now: datetime) -> Parts:
    """To the reporter: a person has seen it."""
    w = library.wording
    seen = concern.entry("acknowledged")
    facts = (Fact(w.alert_acknowledged_by, seen.who),) if seen else ()
    at = when(library, seen.at, now) if seen else ""
    title = library.say(w.told_title, reference=concern.reference)
    return (Card(title, library.say(w.told_reporter, when=at), facts, tone="done"),)


def outsider(library: Library) -> Parts:
    """The one kind reply to anyone who is not staff."""
    return (Card(library.wording.outsider_title, library.say(library.wording.outsider)),)


def outsider_wrote(library: Library) -> Parts:
    """To the DSL: somebody outside staff wrote. Never what they wrote."""
    return (Card(library.wording.outsider_wrote_title, library.say(library.wording.outsider_wrote), tone="alert"),)
