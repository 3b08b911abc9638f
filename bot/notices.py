"""What is drawn of a concern: the receipt, the alert, reminders, lists and the private dialog. Pure.

What is posted where others can see it holds a reference, urgency, reporter and clocks: no child, no narrative.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from bot import case, chronicle, clocks, hours
from bot.cards import Parts, observed, when
from bot.concern import Concern
from bot.talk import Card, Choice, Fact, Field, Form, Part, Words
from policy_content.model import Library

_DRILL = "DRILL"


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
        entry = concern.latest(what) if concern.entry(what) else None
        if entry:
            body = library.say(text, when=when(library, entry.at, now))
            break
    seen = concern.entry("acknowledged")
    if seen:
        facts.append(Fact(w.alert_acknowledged_by, seen.who))
    title = library.say(w.alert_title_urgent if concern.urgent else w.alert_title, reference=concern.reference)
    return (Card(title, body, tuple(facts), tone="alert"), *acts(library, concern))


def marked(library: Library, concern: Concern, parts: Parts) -> Parts:
    """Whatever is said of a drill says so first: in its first title and text, and in each title that names it."""
    return tuple(_marked(library, concern, parts)) if concern.drill else parts


def _marked(library: Library, concern: Concern, parts: Parts) -> Iterator[Part]:
    for number, part in enumerate(parts):
        if isinstance(part, (Card, Form)) and (number == 0 or concern.reference in part.title):
            titled = replace(part, title=f"{_DRILL} · {part.title}")
            if number == 0 and isinstance(titled, Card):
                titled = replace(titled, body=library.say(library.wording.alert_drill, alert=titled.body))
            yield titled
        else:
            yield part


def _clock_facts(library: Library, concern: Concern, now: datetime) -> Iterator[Fact]:
    w = library.wording
    named = {"seen": (w.alert_next, w.alert_next_at), "decide": (w.alert_decide, w.alert_decide_by)}
    for clock, at in clocks.upcoming(concern, library.school):
        label, text = named[clock]
        yield Fact(label, Words(library.say(text, when=when(library, at, now))))


def acts(library: Library, concern: Concern) -> tuple[Choice, ...]:
    """What may be done next, by those whom it has reached. All else is inside Open."""
    w, open_it = library.wording, Choice(library.wording.open_button, f"open:{concern.id}")
    match concern.stage:
        case "logged":
            return (Choice(w.acknowledge_button, f"ack:{concern.id}", main=True), open_it)
        case "acknowledged" if not concern.drill:  # nobody is to decide a drill
            return (open_it, Choice(w.decide_button, f"decide:{concern.id}"))
        case "acknowledged" | "decided":
            return (open_it, Choice(w.close_button, f"close:{concern.id}"))
        case _:
            return (open_it,)


def alert_parts(
    library: Library,
    kind: str,
    concern: Concern | None,
    now: datetime,
    *,
    key: str = "",
    name: Words | None = None,
    told: str = "",
) -> Parts:
    """What an alert of this kind shows to those `told`. `key` names the route of a failed proof and the action that is
    due; `name` who began an unsent concern.
    """
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
    return marked(library, concern, _of_concern(library, kind, concern, now, key, told))


def _of_concern(library: Library, kind: str, concern: Concern, now: datetime, key: str, told: str) -> Parts:
    w = library.wording
    if kind == "action":
        return _action_due(library, concern, key)
    to_reporter = {"told": told_reporter, "waiting": waiting, "settled": told_settled, "message": _message_waits}
    if kind in to_reporter:
        return to_reporter[kind](library, concern, now)
    if concern.kept_to and told not in clocks.kept(concern, library.school):
        return (Card(library.say(w.case.restricted_title, reference=concern.reference), w.case.restricted_alert),)
    draw = {
        "added": _added_alert,
        "answered": _answered,
        "assigned": _assigned,
        "kept": _kept,
        "decide": _reminder,
        "quiet": _quiet,
    }.get(kind, alert)
    return draw(library, concern, now)


def told_settled(library: Library, concern: Concern, now: datetime) -> Parts:
    """To the reporter: those who have it have decided, or closed it. Never what."""
    w = library.wording.case
    closed = concern.latest("closed") if concern.stage == "closed" else None
    if closed and not concern.latest("decided"):
        title = library.say(w.settled_undecided_title, reference=concern.reference)
        return (Card(title, library.say(w.settled_undecided, when=when(library, closed.at, now))),)
    done = closed or concern.latest("decided")
    at = when(library, done.at, now) if done else ""
    text = w.settled_closed if closed else w.settled_decided
    title = library.say(w.settled_title, reference=concern.reference)
    return (Card(title, library.say(text, when=at), tone="done"),)


def _message_waits(library: Library, concern: Concern, _now: datetime) -> Parts:
    w = library.wording.case
    title = library.say(w.message_waits_title, reference=concern.reference)
    return (Card(title, library.say(w.message_waits)), Choice(w.read_button, f"read:{concern.id}", main=True))


def _to_open(library: Library, concern: Concern, title: str, text: str) -> Parts:
    """Something to know of a concern, and the way to it."""
    card = Card(library.say(title, reference=concern.reference), library.say(text), tone="alert")
    return (card, Choice(library.wording.open_button, f"open:{concern.id}", main=True))


def _answered(library: Library, concern: Concern, _now: datetime) -> Parts:
    return _to_open(library, concern, library.wording.case.answered_title, library.wording.case.answered)


def _assigned(library: Library, concern: Concern, _now: datetime) -> Parts:
    return _to_open(library, concern, library.wording.case.assigned_title, library.wording.case.assigned)


def _kept(library: Library, concern: Concern, _now: datetime) -> Parts:
    return _to_open(library, concern, library.wording.case.restricted_title, library.wording.case.kept)


def _action_due(library: Library, concern: Concern, key: str) -> Parts:
    """The reminder of something to do: its number and its day, never what it is."""
    w, number = library.wording.case, key.split("/")[2].partition(".")[0]
    due = next((action for action in case.actions(concern) if str(action.number) == number), None)
    day = f"{due.due.day} {due.due:%B}" if due else ""
    text = library.say(w.due, number=str(due.nth) if due else "", when=day)
    return _to_open(library, concern, w.due_title, text)


def waiting(library: Library, concern: Concern, now: datetime) -> Parts:
    """To the reporter: nobody has acknowledged, and whom to find or ring at this hour."""
    w, told = library.wording, clocks.ladder(library.school, concern.about)[0][0]
    refer = w.refer_open if hours.is_open(library.school, now) else w.refer_closed
    body = library.say(w.waiting, ring=library.say(getattr(w, f"ring_{told}")), refer=library.say(refer))
    return (Card(library.say(w.waiting_title, reference=concern.reference), body, tone="failed"),)


def _added_alert(library: Library, concern: Concern, _now: datetime) -> Parts:
    return _to_open(library, concern, library.wording.added_alert_title, library.wording.added_alert)


def _reminder(library: Library, concern: Concern, now: datetime) -> Parts:
    w, limit = library.wording, clocks.decide_by(concern, library.school)
    text = w.remind if now < limit else w.remind_over
    title = library.say(w.remind_title, reference=concern.reference)
    return (Card(title, library.say(text, when=when(library, limit, now)), tone="alert"), *acts(library, concern))


def _quiet(library: Library, concern: Concern, now: datetime) -> Parts:
    w, seen = library.wording, concern.entry("acknowledged")
    at = when(library, seen.at, now) if seen else ""
    facts = (Fact(w.alert_acknowledged_by, seen.who),) if seen else ()
    title = library.say(w.quiet_title, reference=concern.reference)
    return (Card(title, library.say(w.quiet, when=at), facts, tone="alert"), *acts(library, concern))


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
    for concern in held:
        parts += listed(library, concern, now)
    return tuple(parts)


def listed(library: Library, concern: Concern, now: datetime) -> Parts:
    """One concern in a list: reference, stage and clocks, and what may be done next."""
    w = library.wording
    new = w.alert_title if concern.stage == "logged" else w.listed_title
    title = library.say(w.alert_title_urgent if concern.urgent else new, reference=concern.reference)
    title = f"{_DRILL} · {title}" if concern.drill else title
    facts = (
        Fact(w.list_stage, Words(getattr(w, f"stage_{concern.stage}"))),
        Fact(w.alert_logged, Words(when(library, concern.logged_at, now))),
        *_clock_facts(library, concern, now),
    )
    return (Card(title, facts=facts, tone="alert"), *acts(library, concern))


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
    buttons = [Choice(library.say(w.add_button, reference=c.reference), f"add:{c.id}") for c in concerns]
    buttons += [
        Choice(library.say(w.case.read_of_button, reference=c.reference), f"read:{c.id}")
        for c in concerns
        if case.messages(c)
    ]
    return (Card(w.mine_title, library.say(w.mine_intro if concerns else w.mine_empty), facts), *buttons)


def add_form(library: Library, concern: Concern, typed: Words | None = None, fault: str = "") -> Parts:
    """The one field in which the reporter adds to what they sent."""
    w = library.wording
    field = Field("text", w.add_field, "text", w.add_hint, required=True, value=typed or Words(""), error=fault)
    heading = library.say(w.add_title, reference=concern.reference)
    return (Form(f"add:{concern.id}", heading, library.say(w.add_intro), (field,), w.save_button),)


def added(library: Library, concern: Concern) -> Parts:
    """After the reporter's addition has been saved."""
    w = library.wording
    body = w.added_closed if concern.stage == "closed" else w.added
    return (Card(library.say(w.added_title, reference=concern.reference), library.say(body), tone="done"),)


def settled(library: Library, act: str, concern: Concern) -> Parts:
    """After a decision or a closing has been saved."""
    w = library.wording
    title, body = {"decide": (w.decided_title, w.decided), "close": (w.closed_title, w.closed)}[act]
    card = Card(library.say(title, reference=concern.reference), library.say(body), tone="done")
    return (card, *acts(library, concern))


def already_closed(library: Library, concern: Concern, now: datetime) -> Parts:
    """A late or second press of close: what has happened since."""
    w, done = library.wording, concern.latest("closed")
    facts = (Fact(w.by_label, done.who),) if done else ()
    at = when(library, done.at, now) if done else ""
    return (Card(w.old_button_title, library.say(w.already_settled, when=at), facts), *acts(library, concern))


def acknowledged(library: Library, concern: Concern) -> Parts:
    """To the DSL who has just acknowledged."""
    w = library.wording
    body = library.say(w.acknowledged_drill if concern.drill else w.acknowledged)
    return (
        Card(library.say(w.acknowledged_title, reference=concern.reference), body, tone="done"),
        *acts(library, concern),
    )


def already_acknowledged(library: Library, concern: Concern, now: datetime) -> Parts:
    """A late or second press: what has happened since."""
    w = library.wording
    seen = concern.entry("acknowledged")
    at = when(library, seen.at, now) if seen else ""
    facts = (Fact(w.by_label, seen.who),) if seen else ()
    body = library.say(w.already_acknowledged, when=at)
    return (Card(library.say(w.already_acknowledged_title, reference=concern.reference), body, facts),)


def opened(library: Library, concern: Concern, now: datetime, seen: Collection[str] = ()) -> Parts:
    """Everything a DSL may read, for a private dialog. `seen` are the linked concerns that they may open too."""
    w, account = library.wording, concern.account
    links = [link for link in case.links(concern) if link.id in seen]
    facts = (
        Fact(w.alert_reporter, account.reporter),
        *(Fact(line.label, line.value) for line in account.lines),
        *(Fact(w.case.linked, Words(link.reference)) for link in links),
    )
    return (
        Card(library.say(w.open_title, reference=concern.reference), library.say(w.open_body), facts, tone="alert"),
        *observed(library, account.observations),
        *chronicle.to_do(library, concern),
        Card(w.open_chronology, facts=chronicle.history(library, concern, now, seen)),
        *(_inside(choice) for choice in acts(library, concern) if not choice.id.startswith("open:")),
        *chronicle.readable(library, concern, now),
        Choice(w.case.note_button, f"note:{concern.id}"),
        Choice(w.case.message_button, f"message:{concern.id}"),
        Choice(w.case.chronology_button, f"chronology:{concern.id}"),
        Choice(w.case.more_button, f"more:{concern.id}"),
    )


def _inside(choice: Choice) -> Choice:
    """A choice of an alert, as it stands in the dialog: there its answer stays too."""
    return replace(choice, id=f"{choice.id}:dialog") if choice.id.startswith("ack:") else choice


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
