"""The acts of those whom a concern has reached: acknowledge, open, decide, close. `Desk.hear` is the only door to them.

Who may act is asked anew at each act. Whatever is done is in the chronology before the reply says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot import cards, notices
from bot.concern import Concern
from bot.guidance import Guidance
from bot.ledger import Ledger
from bot.talk import Message, Person, Reply, Roster, RosterUnreadable, Sent, Words

ACTS = frozenset({"ack", "open", "decide", "close"})  # what a choice or form of this room begins with


class Casework:
    """The DSL's room. Keeps nothing itself."""

    def __init__(self, ledger: Ledger, rosters: Mapping[str, Roster]) -> None:
        """`rosters` say who is in the DSL place, by channel name."""
        self._ledger = ledger
        self._rosters = rosters

    async def act(
        self, guide: Guidance, message: Message, act: str, id_: str, sent: Sent | None, now: datetime
    ) -> Reply:
        """What comes of an act on the concern `id_`, after it has been saved. `sent` is its form, if one was sent."""
        typed = sent.values.get("text", Words("")) if sent else None
        library, w, who = guide.library, guide.library.wording, message.who
        concern = await self._ledger.concern(id_)
        try:
            allowed = concern is not None and await self._may(guide, who, concern)
        except RosterUnreadable:
            return Reply((cards.note(library, w.no_roster_title, w.no_roster),))
        if concern is None or not allowed:
            return Reply((cards.note(library, w.not_yours_title, w.not_yours),))
        match act:
            case "open":
                opened = await self._ledger.record_opening(message.heard, concern, who, now)
                return Reply(notices.opened(library, opened, now), dialog=True)
            case "ack" if concern.stage != "logged":
                return Reply(notices.already_acknowledged(library, concern, now))
            case "ack":
                via = concern.reporter.partition(":")[0]
                return Reply(
                    notices.acknowledged(library, await self._ledger.acknowledge(message.heard, concern, who, via, now))
                )
            case _:
                return await self._settle(guide, message, act, concern, typed, now)

    async def _settle(
        self, guide: Guidance, message: Message, act: str, concern: Concern, typed: Words | None, now: datetime
    ) -> Reply:
        """Decide or close: first the form, then what was typed in it."""
        library, done = guide.library, "decided" if act == "decide" else "closed"
        if concern.stage in {done, "closed"}:
            return Reply(notices.already_settled(library, concern, done, now))
        if not typed:
            fault = (
                ""
                if typed is None
                else library.say(library.wording.form_needed, field=getattr(library.wording, f"{act}_field"))
            )
            return Reply(notices.act_form(library, act, concern, typed, fault), dialog=True)
        save = self._ledger.decide if act == "decide" else self._ledger.close_concern
        return Reply(notices.settled(library, act, await save(message.heard, concern, message.who, typed, now)))

    async def open_list(self, guide: Guidance, who: Person, now: datetime) -> Reply:
        """Every open concern that has reached this person; to anyone else, as if there were none."""
        library, w = guide.library, guide.library.wording
        try:
            roles = await self._roles(guide, who)
        except RosterUnreadable:
            return Reply((cards.note(library, w.no_roster_title, w.no_roster),))
        if not roles:
            return Reply((cards.note(library, w.not_yours_title, w.not_yours),))
        held = [concern for concern in await self._ledger.open_concerns() if concern.reached & roles]
        return Reply(notices.open_list(library, held, await self._ledger.proofs(), now))

    async def _may(self, guide: Guidance, who: Person, concern: Concern) -> bool:
        """May this person act on this concern at this moment? Raises `RosterUnreadable`, but never to those whom
        the DSL place could not help: they are told the same as if there were no such concern.
        """
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
