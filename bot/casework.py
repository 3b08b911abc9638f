"""The acts of those whom a concern has reached. `Desk.hear` is the only door to them.

Who may act is asked anew at each act. Whatever is done is in the chronology before the reply says so.
An act is a choice or a form whose id begins with its name: `note:<concern>`, `close:<concern>:<version>`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot import cards, case, casecards, chronicle, clocks, facts, handcards, notices
from bot.concern import Concern
from bot.deciding import Deciding
from bot.guidance import Guidance
from bot.handing import HANDS, Handing
from bot.ledger import Ledger, Wanted
from bot.reporting import via_of
from bot.talk import Message, NamedRoster, Person, Reply, Roster, RosterUnreadable, Sent, Words
from policy_content.model import Library, School

_FORMS = frozenset({"note", "message", "assign", "action", "done", "link", "restrict", "escalate", "reopen", "close"})
ACTS = _FORMS | HANDS | {"ack", "open", "decide", "more", "chronology", "decision"}
_WHILE_OPEN = frozenset({"assign", "action", "done", "escalate"})


class Casework:
    """The DSL's room. Keeps nothing itself."""

    def __init__(self, ledger: Ledger, rosters: Mapping[str, Roster], via: str) -> None:
        """`rosters` say who is in the DSL place, by channel name; `via` is the first way to tell people."""
        self._ledger = ledger
        self._rosters = rosters
        self._via = via
        self._deciding = Deciding(ledger)
        self.handing = Handing(ledger, self.may)

    async def act(
        self, guide: Guidance, message: Message, act: str, rest: str, sent: Sent | None, now: datetime
    ) -> Reply:
        """What comes of an act, after it has been saved. `rest` is `<concern>` and, for some, `:` and more; `sent` is
        its form, if one was sent.
        """
        w = guide.library.wording
        id_, _, tail = rest.partition(":")
        concern = await self._ledger.concern(id_)
        try:
            allowed = concern is not None and await self.may(guide, message.who, concern)
            if concern is None or not allowed:
                return Reply((cards.note(guide.library, w.not_yours_title, w.not_yours),))
            reply = await self._act(guide, message, act, concern, tail, sent, now)
            return replace(reply, parts=notices.marked(guide.library, concern, reply.parts))
        except RosterUnreadable:
            return Reply((cards.note(guide.library, w.no_roster_title, w.no_roster),))

    async def _act(
        self, guide: Guidance, message: Message, act: str, concern: Concern, tail: str, sent: Sent | None, now: datetime
    ) -> Reply:
        """By somebody who may."""
        library = guide.library
        match act:
            case "ack":
                return replace(await self._acknowledge(library, message, concern, now), dialog=tail == "dialog")
            case "decide":
                return await self._deciding.hear(guide, message, concern, tail, sent, now)
            case _ if act in HANDS:
                return await self.handing.act(guide, message, act, concern, sent, now)
            case "more":
                return Reply(casecards.more(library, concern), dialog=True)
            case "open" | "chronology" | "decision":
                return await self._show(guide, message, act, concern, tail, now)
            case _:
                return await self._form(guide, message, act, concern, tail, sent, now)

    async def _acknowledge(self, library: Library, message: Message, concern: Concern, now: datetime) -> Reply:
        if concern.stage != "logged":
            return Reply(notices.already_acknowledged(library, concern, now))
        via = concern.reporter.partition(":")[0]
        taken = await self._ledger.acknowledge(message.heard, concern, message.who, via, now)
        return Reply(notices.acknowledged(library, taken))

    async def _show(
        self, guide: Guidance, message: Message, act: str, concern: Concern, tail: str, now: datetime
    ) -> Reply:
        """Everything, the whole chronology, or one decision: for this person alone, and entered as an opening."""
        library = guide.library
        opened = await self._ledger.record_opening(message.heard, concern, message.who, now)
        if act == "decision":
            number = int(tail) if tail.isascii() and tail.isdecimal() and len(tail) < 7 else 0
            return Reply(chronicle.decided(library, opened, number) or casecards.more(library, opened), dialog=True)
        seen = await self.handing.named(guide, message.who, opened)
        draw = notices.opened if act == "open" else chronicle.whole
        return Reply(draw(library, opened, now, seen), dialog=True)

    # ---- acts with a form

    async def _form(
        self, guide: Guidance, message: Message, act: str, concern: Concern, tail: str, sent: Sent | None, now: datetime
    ) -> Reply:
        """First the form, then what was typed in it, unless the concern has moved on meanwhile."""
        library = guide.library
        version = int(tail) if tail.isascii() and tail.isdecimal() and len(tail) < 7 else None
        refused = _refused(library, act, concern, version or 0, now)
        if refused is not None:
            return refused
        values = {key: value.reveal() for key, value in (sent.values if sent else {}).items()}
        inside = await self._inside(guide, message.who, concern) if act == "restrict" else {}
        if sent is None:
            return Reply(casecards.form(library, act, concern, {}, {}, item=version or 0, inside=inside), dialog=True)
        if act in casecards.VERSIONED and version is not None and version != case.moves(concern):
            since = case.shown(case.since(concern, version), await self.handing.named(guide, message.who, concern))
            if since or version > case.moves(concern):  # or it was drawn of a record that has been put back since
                moved = casecards.moved_on(library, concern, since, now)
                again = casecards.form(library, act, concern, values, {}, inside=inside)
                return Reply((*moved, *again), dialog=True)
        faults = casecards.faults(library, act, concern, values, now, inside=inside, by=message.who.id)
        other = None
        if act == "link" and not faults:
            other = await self._other(guide, message.who, concern, values)
            if isinstance(other, str):
                faults = {"reference": other}
        if faults:
            again = casecards.form(library, act, concern, values, faults, item=version or 0, inside=inside)
            return Reply(again, dialog=True)
        if act == "restrict":
            return await self._restrict(library, message, concern, values, inside, now)
        if isinstance(other, Concern):
            return await self._link(library, message, concern, other, values, now)
        return await self._do(library, message, act, concern, values, version or 0, now)

    async def _do(
        self,
        library: Library,
        message: Message,
        act: str,
        concern: Concern,
        values: Mapping[str, str],
        item: int,
        now: datetime,
    ) -> Reply:
        w, typed = library.wording.case, Words(values.get("text", "").strip())
        ledger, heard, who = self._ledger, message.heard, message.who
        match act:
            case "close":
                review = _review(library, values)
                why = casecards.closing(library, concern, values)
                done = await ledger.close_concern(heard, concern, who, why, now, review=review)
                return Reply(notices.settled(library, "close", done), dialog=True)
            case "escalate":
                told = clocks.rungs(concern, library.school)[0]
                wanted = self._wanted(concern, "concern", told, f"{concern.id}.{concern.round + 1}/0")
                done = await ledger.begin_again(heard, concern, "escalated", who, typed, wanted, now)
                return Reply(casecards.saved(library, done, w.escalated), dialog=True)
            case "reopen":
                done = await ledger.begin_again(heard, concern, "reopened", who, typed, (), now)
                return Reply(casecards.saved(library, done, w.reopened), dialog=True)
            case "done":
                nth = next(action.nth for action in case.actions(concern) if action.number == item)
                text = Words(json.dumps({"action": item, "nth": nth, "text": typed.reveal()}))
                done = await ledger.finish_action(heard, concern, item, who, text, now)
                return Reply(casecards.saved(library, done), dialog=True)
            case _:
                what, text, telling = self._entry(library, act, concern, values, typed)
                done = await ledger.enter_act(heard, concern, what, who, text, telling, now)
                return Reply(casecards.saved(library, done, w.message_sent if act == "message" else ""), dialog=True)

    def _entry(
        self, library: Library, act: str, concern: Concern, values: Mapping[str, str], typed: Words
    ) -> tuple[str, Words, Sequence[Wanted]]:
        """What goes into the chronology, and who is told: for the acts that change nothing else."""
        number = f"{concern.id}/{len(concern.chronology)}"
        match act:
            case "message":
                reporter = () if concern.drill else (f"person:{concern.reporter}",)
                return "messaged", typed, self._wanted(concern, "message", reporter, number)
            case "action":
                return "action", Words(json.dumps({"what": typed.reveal(), "due": values["due"].strip()})), ()
            case "assign":
                role = values["who"].strip()
                told = clocks.in_person(library.school, role)
                name = casecards.eligible(library, concern)[role]
                text = Words(json.dumps({"to": list(told), "name": name}))
                return "assigned", text, self._wanted(concern, "assigned", told, number)
            case _:
                return "noted", typed, ()

    async def _inside(self, guide: Guidance, who: Person, concern: Concern) -> Mapping[str, Words]:
        """Who else is in the DSL place at this moment, in any chat, by id. A chat that cannot say now is left out.

        Nobody where the concern went round the place: then it is kept among those whom school.yaml names.
        """
        if "dsl" not in concern.reached:
            return {}
        named = [roster.names("dsl") for roster in self._rosters.values() if isinstance(roster, NamedRoster)]
        found: dict[str, Words] = {}
        for said in await asyncio.gather(*named, return_exceptions=True):
            if isinstance(said, BaseException) and not isinstance(said, RosterUnreadable):
                raise said
            found |= {} if isinstance(said, BaseException) else said
        own = known_as(guide.library.school, who.id)
        return {id_: name for id_, name in found.items() if id_ not in own}

    async def _restrict(
        self,
        library: Library,
        message: Message,
        concern: Concern,
        values: Mapping[str, str],
        inside: Mapping[str, Words],
        now: datetime,
    ) -> Reply:
        """Keep it to those chosen, and always to whoever does it: nobody may lock everybody out."""
        people, picked = dict(library.school.people.everyone()), values.get("who", "").split(",")
        offered = casecards.keepable(library, concern, inside)
        chosen = [key for key in offered if key in picked]
        ids = (people[key].ids() if key in people else {key} for key in chosen)
        kept = known_as(library.school, message.who.id).union(*ids)
        names = [message.who.name.reveal(), *(offered[key] for key in chosen)]
        text = Words(json.dumps({"names": list(dict.fromkeys(names)), "why": values["text"].strip()}))
        told = tuple(
            one
            for key in chosen
            for one in (clocks.in_person(library.school, key) if key in people else (f"person:{key}",))
        )
        wanted = self._wanted(concern, "kept", told, f"{concern.id}/{len(concern.chronology)}")
        done = await self._ledger.restrict(message.heard, concern, sorted(kept), message.who, text, wanted, now)
        return Reply(casecards.saved(library, done, library.wording.case.restricted), dialog=True)

    async def _other(self, guide: Guidance, who: Person, concern: Concern, values: Mapping[str, str]) -> Concern | str:
        """The concern to link with; or, in words, why there is none. One that they may not open is not there."""
        w = guide.library.wording.case
        other = await self._ledger.by_reference(values["reference"].strip().upper())
        if other is None or other.id == concern.id or not await self.may(guide, who, other):
            return w.link_wrong
        return w.link_already if other.id in {link.id for link in case.links(concern)} else other

    async def _link(
        self,
        library: Library,
        message: Message,
        concern: Concern,
        other: Concern,
        values: Mapping[str, str],
        now: datetime,
    ) -> Reply:
        why = values["text"].strip()
        here, there = (
            Words(json.dumps({"id": one.id, "reference": one.reference, "why": why})) for one in (other, concern)
        )
        done = await self._ledger.link(message.heard, concern, other, message.who, (here, there), now)
        return Reply(casecards.saved(library, done), dialog=True)

    def _wanted(self, concern: Concern, kind: str, told: Collection[str], key: str) -> list[Wanted]:
        return [Wanted(f"{kind}/{key}/{one}", kind, concern.id, one, via_of(one, self._via)) for one in told]

    # ---- who may

    async def open_list(self, guide: Guidance, who: Person, now: datetime) -> Reply:
        """Every open concern that this person may see; to anyone else, as if there were none."""
        library, w = guide.library, guide.library.wording
        try:
            roles = await self._roles(guide, who)
        except RosterUnreadable:
            return Reply((cards.note(library, w.no_roster_title, w.no_roster),))
        if not roles:
            return Reply((cards.note(library, w.not_yours_title, w.not_yours),))
        ids = known_as(library.school, who.id)
        told = roles | {f"person:{id_}" for id_ in ids}
        held = await self._ledger.open_concerns(told, _walled(library.school, ids))
        shown = notices.open_list(library, held, await self._ledger.proofs(), now)
        return Reply((*shown, *handcards.beside_list(library)))

    async def find(self, guide: Guidance, message: Message, act: str, sent: Sent | None, now: datetime) -> Reply:
        """`find` and `code`: what a DSL member asks for without naming a concern. To anyone else, as if there were none."""
        library, w = guide.library, guide.library.wording
        try:
            if not await self._roles(guide, message.who):
                return Reply((cards.note(library, w.not_yours_title, w.not_yours),))
            return await self.handing.find(guide, message, act, sent, now)
        except RosterUnreadable:
            return Reply((cards.note(library, w.no_roster_title, w.no_roster),))

    async def may(self, guide: Guidance, who: Person, concern: Concern) -> bool:
        """May this person act on this concern at this moment? Raises `RosterUnreadable`, but never to those whom
        the DSL place could not help: they are told the same as if there were no such concern.

        Not if it is kept from them; if it is kept to named people, only as one of them; else if it has reached them.
        Being named is never enough: whoever is no longer on the team may not.
        """
        ids = known_as(guide.library.school, who.id)
        if _walled(guide.library.school, ids) & concern.avoids or (concern.kept_to and not ids & concern.kept_to):
            return False
        in_person = any(f"person:{id_}" in concern.reached for id_ in ids)
        if concern.kept_to or in_person:
            return bool(await self._roles(guide, who))
        if "dsl" in concern.reached:
            return bool(await self._roles(guide, who) & concern.reached)
        people = guide.library.school.people.everyone()
        return any(who.id in person.ids() for role, person in people if role in concern.reached)

    async def _roles(self, guide: Guidance, who: Person) -> frozenset[str]:
        """What this person is at this moment: dsl, if they are in the DSL place, and whoever they are in school.yaml.

        If the place cannot be read, the named people only; for anybody else that raises `RosterUnreadable`.
        """
        named = {role for role, person in guide.library.school.people.everyone() if who.id in person.ids()}
        channel = who.id.partition(":")[0]
        if channel not in self._rosters:
            return frozenset(named)
        try:
            inside = who.id in await self._rosters[channel].members("dsl")
        except RosterUnreadable:
            if named:
                return frozenset(named)
            raise
        return frozenset((named - {"dsl"}) | ({"dsl"} if inside else set()))


def known_as(school: School, id_: str) -> frozenset[str]:
    """Every id by which this person is known, in whichever chat they write now."""
    same = (person.ids() for _, person in school.people.everyone() if id_ in person.ids())
    return frozenset({id_}).union(*same)


def _walled(school: School, ids: frozenset[str]) -> frozenset[str]:
    """These ids, and the roles that their holder has: whoever had no id yet when a concern was logged is kept out by role."""
    return ids | {f"role:{role}" for role, person in school.people.everyone() if ids & person.ids()}


def _refused(library: Library, act: str, concern: Concern, item: int, now: datetime) -> Reply | None:
    """What its stage does not allow, said in words."""
    w, closed = library.wording.case, concern.stage == "closed"
    if act == "close" and closed:
        return Reply(notices.already_closed(library, concern, now), dialog=True)
    if closed and act in _WHILE_OPEN:
        return Reply(casecards.not_now(library, concern, w.closed_first), dialog=True)
    if act == "reopen" and not closed:
        return Reply(casecards.not_now(library, concern, w.not_closed), dialog=True)
    if act == "done" and item not in {action.number for action in case.actions(concern) if not action.done}:
        return Reply(casecards.not_now(library, concern, w.done_already), dialog=True)
    return None


def _review(library: Library, values: Mapping[str, str]) -> Words:
    """The review questions that were answered, as asked; nothing if none was."""
    asked = {key: getattr(library.wording.case.review, key).ask for key in casecards.REVIEW}
    answered = {key: [asked[key], values[key].strip()] for key in asked if values.get(key, "").strip()}
    said, chosen = facts.chosen(library, values)
    held = {"review": answered | said} | ({"facts": chosen} if chosen else {})
    return Words(json.dumps(held)) if held["review"] else Words("")
