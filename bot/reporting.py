"""What the reporter may do with what they sent: see where it stands, add to it, and write with those who have it."""

from __future__ import annotations

from datetime import datetime

from bot import cards, casecards, clocks, notices
from bot.concern import Concern
from bot.guidance import Guidance
from bot.ledger import Ledger, Wanted
from bot.talk import Message, Person, Reply, Sent, Words

OWN = frozenset({"add", "read", "reply"})  # what a choice or form of this room begins with


class Reporting:
    """The reporter's room. To anybody else there is no such concern."""

    def __init__(self, ledger: Ledger, via: str) -> None:
        """`via` is the first way to tell those who have a concern."""
        self._ledger = ledger
        self._via = via

    async def mine(self, guide: Guidance, who: Person, now: datetime) -> Reply:
        """The person's own concerns: reference and stage, never what was decided."""
        return Reply(notices.mine(guide.library, await self._ledger.mine(who.id), now))

    async def act(
        self, guide: Guidance, message: Message, act: str, id_: str, sent: Sent | None, now: datetime
    ) -> Reply:
        """What comes of an act of the reporter on the concern `id_`. `sent` is its form, if one was sent."""
        library, w = guide.library, guide.library.wording
        concern = await self._ledger.concern(id_)
        if concern is None or concern.reporter != message.who.id:
            return Reply((cards.note(library, w.not_yours_title, w.not_yours),))
        if act == "read":
            return await self._read(guide, message, concern, now)
        typed = sent.values.get("text", Words("")) if sent else None
        if not typed:
            label = w.add_field if act == "add" else w.case.reply.ask
            fault = "" if typed is None else library.say(w.form_needed, field=label)
            draw = notices.add_form if act == "add" else casecards.reply_form
            return Reply(draw(library, concern, typed, fault))
        lead = cards.lead(guide, message, clocks.ladder(library.school, concern.about)[0][0])
        if act == "add":
            changed = await self._ledger.add(
                message.heard, concern, message.who, typed, self._wanted(guide, concern, "added"), now
            )
            return Reply((*lead, *notices.added(library, changed)))
        wanted = self._wanted(guide, concern, "answered")
        changed = await self._ledger.enter_act(message.heard, concern, "answered", message.who, typed, wanted, now)
        return Reply((*lead, *casecards.replied(library, changed)))

    async def _read(self, guide: Guidance, message: Message, concern: Concern, now: datetime) -> Reply:
        """The messages, to the reporter alone. That they were read is in the chronology."""
        if concern.latest("messaged") is not None:
            concern = await self._ledger.enter_act(message.heard, concern, "read", message.who, Words(""), (), now)
        return Reply(casecards.messages(guide.library, concern, now), dialog=True)

    def _wanted(self, guide: Guidance, concern: Concern, kind: str) -> list[Wanted]:
        """Those who have it are to be told that there is more."""
        number = len(concern.chronology)
        return [
            Wanted(f"{kind}/{concern.id}/{number}/{told}", kind, concern.id, told, via_of(told, self._via))
            for told in clocks.told_now(concern, guide.library.school)
        ]


def via_of(told: str, first: str) -> str:
    """The way by which somebody is told: a person in the chat that they are known to, a role by the first of all."""
    return told.removeprefix("person:").partition(":")[0] if told.startswith("person:") else first
