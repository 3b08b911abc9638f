"""Handing concerns over, finding others, and forgetting: for those whom a concern has reached, asked anew each time.

What leaves Signpost leaves at the terminal of its machine, with a code that a DSL gets in chat: having a shell on that
machine is not being on the safeguarding team. `Handing.take` is the one way by which a record gets out.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from bot import case, casecards, clocks, handcards, intake, naming, retention
from bot.cards import note
from bot.concern import Concern
from bot.export import Record, record
from bot.guidance import Guidance
from bot.ledger import Ledger
from bot.talk import Card, Message, Person, Reply, Sent, Words
from policy_content.model import Library, School

HANDS = frozenset({"handover", "handed", "forget", "similar"})
ASKS = frozenset({"find", "code"})  # what is asked for without naming a concern
PURPOSE = "desk:"  # of a code: then the person's id
_LETTERS = "abcdefghjkmnpqrstvwxyz23456789"  # none that is taken for another
May = Callable[[Guidance, Person, Concern], Awaitable[bool]]


class NotYoursError(Exception):
    """A concern is not there, or not open to whoever asked: they are told the same. `str()` is its reference."""


class Handing:
    """The way out. Keeps nothing itself."""

    def __init__(self, ledger: Ledger, may: May) -> None:
        """`may` says whether a person may act on a concern at this moment."""
        self._ledger = ledger
        self._may = may

    async def act(
        self, guide: Guidance, message: Message, act: str, concern: Concern, sent: Sent | None, now: datetime
    ) -> Reply:
        """What comes of an act on a concern that is open to whoever wrote."""
        library = guide.library
        match act:
            case "handover":
                offered = await self._offer(guide, message.who, now)
                return Reply(handcards.handover(library, concern, offered), dialog=True)
            case "handed":
                return await self._handed(guide, message, concern, sent, now)
            case "similar":
                others = await self._similar(guide, message.who, concern)
                return Reply(handcards.found(library, others, now), dialog=True)
            case _:
                return await self._forget(guide, message, concern, sent, now)

    async def find(self, guide: Guidance, message: Message, act: str, sent: Sent | None, now: datetime) -> Reply:
        """A code for the terminal, or a search. Whoever asks belongs to those whom concerns can reach."""
        library = guide.library
        if act == "code":
            return Reply((await self._offer(guide, message.who, now),), dialog=True)
        typed = {key: value.reveal().strip() for key, value in (sent.values if sent else {}).items()}
        faults = _faults(library, typed) if sent else {}
        if sent is None or faults:
            return Reply(handcards.find_form(library, typed, faults), dialog=True)
        found = await self._found(library.school, typed, now)
        return Reply(handcards.found(library, await self._theirs(guide, message.who, found), now), dialog=True)

    async def _found(self, school: School, typed: Mapping[str, str], now: datetime) -> list[Concern]:
        """What a search is about, whoever asks."""
        text, stage, clock = typed.get("text", ""), _chosen(typed, "stage"), _chosen(typed, "clock")
        if text:
            known = await self._ledger.by_reference(text.upper())
            found = [known] if known else await self._ledger.mentioning(naming.of_names([Words(text)]))
        else:
            found = await self._ledger.at_stage([stage] if stage else clocks.OPEN)
        return [
            concern
            for concern in found
            if stage in {"", concern.stage} and (not clock or clock in clocks.late(concern, school, now))
        ]

    async def _theirs(self, guide: Guidance, who: Person, concerns: Sequence[Concern]) -> list[Concern]:
        """Those that this person may open. What they may not is not counted either."""
        theirs: list[Concern] = []
        for concern in concerns:
            if len(theirs) <= handcards.MOST and await self._may(guide, who, concern):
                theirs.append(concern)
        return theirs

    async def _similar(self, guide: Guidance, who: Person, concern: Concern) -> list[Concern]:
        """Other concerns that name one of the same children by every word of the name."""
        found: dict[str, Concern] = {}
        for name, _ in concern.account.children():
            for other in await self._ledger.mentioning(naming.of_names([name])):
                found.setdefault(other.id, other)
        found.pop(concern.id, None)
        return await self._theirs(guide, who, list(found.values()))

    # ---- codes

    async def _offer(self, guide: Guidance, who: Person, now: datetime) -> Card:
        """A code for this person, and a passphrase. Both end with the next one."""
        passphrase = "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
        held = json.dumps({"name": who.name.reveal(), "passphrase": passphrase})
        await self._ledger.keep_place(_key(who.id), held, now)
        return handcards.code(guide.library, await self._ledger.offer_code(f"{PURPOSE}{who.id}", now), passphrase)

    async def holder(self, code: str, now: datetime) -> tuple[Person, str] | None:
        """Whose code this is, and their passphrase; None if it is nobody's now. The code is spent."""
        id_ = await self._ledger.whose_code(PURPOSE, code, now)
        held = await self._ledger.place(_key(id_)) if id_ else None
        if id_ is None or held is None:
            return None
        known = json.loads(held)
        await self._ledger.keep_place(
            _key(id_), json.dumps({**known, "passphrase": ""}), now
        )  # the DSL has it; we need it once
        return Person(id_, Words(known["name"]), staff=True), str(known["passphrase"])

    # ---- out

    async def take(
        self, guide: Guidance, who: Person, references: Sequence[str], how: str, now: datetime
    ) -> tuple[Record, ...]:
        """These concerns, to be written to files: all of them or none. Each has it in its chronology before it is given.

        Raises `NotYoursError`, `RosterUnreadable`, `LedgerDownError`.
        """
        held = [await self.yours(guide, who, reference) for reference in dict.fromkeys(references)]
        taken = []
        for concern in held:
            event = f"export-{secrets.token_hex(16)}"
            done = await self._ledger.enter_act(event, concern, "exported", who, Words(how), (), now)
            seen = await self.named(guide, who, done)
            taken.append(record(guide.library, done, seen, who.name, now))
        return tuple(taken)

    async def yours(self, guide: Guidance, who: Person, reference: str) -> Concern:
        """The concern of this reference, if this person may act on it now. Raises `NotYoursError`, `RosterUnreadable`."""
        concern = await self._ledger.by_reference(reference)
        if concern is None or not await self._may(guide, who, concern):
            raise NotYoursError(reference)
        return concern

    async def named(self, guide: Guidance, who: Person, concern: Concern) -> frozenset[str]:
        """The ids of the linked concerns that this concern names to this person: those that they may open, and those that
        they might have opened before they were forgotten.
        """
        seen = set()
        for link in case.links(concern):
            other = await self._ledger.concern(link.id) or await self._ledger.forgotten(link.id)
            if other is not None and await self._may(guide, who, other):
                seen.add(link.id)
        return frozenset(seen)

    async def _linked(self, guide: Guidance, who: Person, concern: Concern) -> list[Concern]:
        found = [await self._ledger.concern(link.id) for link in case.links(concern)]
        return [one for one in found if one is not None and await self._may(guide, who, one)]

    async def _handed(
        self, guide: Guidance, message: Message, concern: Concern, sent: Sent | None, now: datetime
    ) -> Reply:
        """The other system's name and reference."""
        library, w = guide.library, guide.library.wording.handing
        typed = {key: sent.values[key].reveal().strip() if sent and key in sent.values else "" for key in _WHERE}
        asks = {"system": w.system.ask, "reference": w.reference.ask}
        faults = {k: library.say(library.wording.form_needed, field=asks[k]) for k in _WHERE if sent and not typed[k]}
        if sent is None or faults:
            return Reply(handcards.handed_form(library, concern, typed, faults), dialog=True)
        text = Words(json.dumps(typed))
        done = await self._ledger.enter_act(message.heard, concern, "handed_over", message.who, text, (), now)
        said = w.handed if done.stage == "closed" else w.handed_open
        return Reply(casecards.saved(library, done, said), dialog=True)

    # ---- forgetting

    async def _forget(
        self, guide: Guidance, message: Message, concern: Concern, sent: Sent | None, now: datetime
    ) -> Reply:
        """Forget it, once its reference has been typed. Never what is open, or that no other system holds as it stands."""
        library, w = guide.library, guide.library.wording.handing
        why_not = retention.refused(concern)
        if why_not:
            title = library.say(w.forget_title, reference=concern.reference)
            return Reply((note(library, title, getattr(w, why_not)),), dialog=True)
        values = {key: value.reveal().strip() for key, value in (sent.values if sent else {}).items()}
        faults = {}
        if sent and values.get("reference", "").upper() != concern.reference:
            faults["reference"] = w.forget_reference_wrong
        if sent and not values.get("text"):
            faults["text"] = library.say(library.wording.form_needed, field=w.forget_why.ask)
        if sent is None or faults:
            linked = [one.reference for one in await self._linked(guide, message.who, concern)]
            return Reply(handcards.forget_form(library, concern, linked, values, faults), dialog=True)
        await self._ledger.forget(concern, message.who, values["text"], now, heard=message.heard)
        return Reply(handcards.forgotten(library, concern.reference), dialog=True)

    async def forget_by_rule(self, guide: Guidance, now: datetime) -> list[str]:
        """Forget what is due, if the school has said that this is to happen by itself. The references forgotten."""
        school = guide.library.school
        if not school.retention.automatic:
            return []
        done = []
        for concern in await self._ledger.all_concerns(None):
            if retention.standing(concern, school).due(now):
                await self._ledger.forget(concern, _RULE, "retention", now)
                done.append(concern.reference)
        return done

    async def forget_due(
        self, guide: Guidance, who: Person, due: Sequence[Concern], now: datetime
    ) -> tuple[list[str], list[str]]:
        """Forget those of `due` that this person may open: the references forgotten, and those that are not theirs.

        Each is read and judged anew: what has changed since the list was made stays. Raises `RosterUnreadable`.
        """
        done, others = [], []
        for one in due:
            concern = await self._ledger.concern(one.id)
            if concern is None or not retention.standing(concern, guide.library.school).due(now):
                continue
            if not await self._may(guide, who, concern):
                others.append(one.reference)
                continue
            await self._ledger.forget(concern, who, "retention", now)
            done.append(one.reference)
        return done, others


def _chosen(typed: Mapping[str, str], key: str) -> str:
    """What narrows the search; nothing if it does not."""
    value = typed.get(key, "")
    return "" if value == handcards.ANY else value


def _faults(library: Library, typed: Mapping[str, str]) -> dict[str, str]:
    """What keeps a search from being made: something must be asked."""
    found = {
        field.key: intake.fault(library, field, typed.get(field.key, "")) for field in handcards.find_fields(library)
    }
    faults = {key: words for key, words in found.items() if words}
    if not (typed.get("text") or _chosen(typed, "stage") or _chosen(typed, "clock")):
        faults["text"] = library.say(library.wording.handing.find_nothing)
    return faults


_WHERE = ("system", "reference")
_RULE = Person("rule", Words("the school's own rule"), staff=False)  # who forgets where nobody does


def _key(person: str) -> str:
    """Under which the name and passphrase that go with a person's code are kept, sealed."""
    return f"desk/{person}"
