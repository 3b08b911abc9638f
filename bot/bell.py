"""The promise that an alert is heard. `ring_due(now)` lets every clock speak, leases what is due, delivers it, and
records what came of it.

At least once: a crash between delivery and record lets the lease lapse, and it rings again; where the channel can be
searched the alert's key is looked up first, and the reference makes a repeat harmless. A failed alert is tried again
for ever; after a lasting failure or the third try it goes by the next route as well, and to the next person.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot import clocks, hours, notices
from bot.channel import Alert, Channel, Delivered, Failed, Provable, Receipt, Searchable, WithdrawnError, looked_at
from bot.concern import Concern
from bot.guidance import Guidance
from bot.ledger import LAST_LOOK, LEASE, Due, Ledger, LedgerDownError, Proof, Unsent, Wanted, draft_keys, reply_key
from bot.talk import Message, Part, Reply, Words

_log = structlog.get_logger("signpost.bell")
_SLOWEST = timedelta(minutes=15)  # between two tries, when it is not urgent
_SLOWEST_URGENT = timedelta(minutes=1)
_LONG_TO_WAIT = 60.0  # seconds a channel may ask for before the next route is used as well
_ALSO_AFTER = 3  # tries by one route before the next is used as well
_BREAKS_AFTER = 5  # failures in a row before a channel is left alone for a while
_EVENTS_KEPT = timedelta(days=30)  # far longer than any chat delivers a message again
_LONGEST_ASKED = 86_400.0  # seconds that a channel may ask us to wait
_REST = timedelta(seconds=30)  # how long a channel is then left alone
_ANSWER_SECONDS = 2.0  # for a reply to be posted while the chat waits for our word that we heard: Slack gives three
_ANSWER_AGAIN = timedelta(seconds=2)
_ANSWER_TRIES = 100  # a day or so: after that whoever asked has asked again
# How long past its time a reply is kept for whoever knows it. Never a lease's own end, which is at the earliest a lease
# after that time: so a round that has it in hand is told from one that may have it.
_HOLD = LEASE - timedelta(microseconds=1)
_HELD = 500  # replies kept to be posted later: past that the oldest are told how things stand instead
_LOOKS = 5  # at the ledger before a send, while each takes so long that it is out of date
DELIVERY_SECONDS = 20  # well inside the lease: a send that hangs is given up before another may begin


@dataclass(slots=True)
class _Circuit:
    """A channel's failures in a row. Kept by each process for itself: it only spares a channel that is down."""

    failures: int = 0
    rests_until: datetime | None = None

    def resting(self, now: datetime) -> bool:
        return self.rests_until is not None and now < self.rests_until

    def note(self, receipt: Receipt, now: datetime) -> None:
        if isinstance(receipt, Delivered) or receipt.lasting:
            self.failures, self.rests_until = 0, None
            return
        self.failures += 1
        if self.failures >= _BREAKS_AFTER:
            self.rests_until = now + _REST


@dataclass(slots=True)
class _Held:
    """A reply that this process alone knows, and until when its row is leased to it. A lease, so that no other replica
    says how things stand while the reply itself is about to be posted; and so that one does, if this process dies.
    """

    parts: tuple[Part, ...]
    until: datetime


Standing = Callable[[str, datetime], Awaitable[tuple[Part, ...]]]


async def _nothing_stands(_person: str, _now: datetime) -> tuple[Part, ...]:
    return ()


class Bell:
    """Rings until somebody has it. What is due is in the ledger; only how channels have fared lately is here."""

    def __init__(
        self,
        guidance: Callable[[], Guidance],
        ledger: Ledger,
        channels: Mapping[str, Channel],
        chance: Callable[[], float] = random.random,
        standing: Standing = _nothing_stands,
    ) -> None:
        """`channels` by name, first choice first. `chance` (0 to 1) spreads retries. `standing` draws how things
        stand with a person to whom a reply was owed when Signpost stopped.
        """
        self._guidance = guidance
        self._ledger = ledger
        self._channels = dict(channels)
        self._chance = chance
        self._circuits = {name: _Circuit() for name in self._channels}
        self._standing = standing
        self._held: dict[str, _Held] = {}  # replies that could not be posted at once, by key

    async def ring_due(self, now: datetime, looked: Callable[[int], None] = lambda _found: None) -> int:
        """Deliver every alert due at `now` (UTC). Returns how many were tried or prepared.

        `looked` is called with that number as soon as all of them are in hand: the rest is waiting for chats.
        Raises `LedgerDownError` if the ledger cannot be read or written; nothing is lost by that.
        """
        faults: list[BaseException] = []
        stirred = await self._let_clocks_speak(now, faults) + await self._look_at_drafts(now)
        due = await self._ledger.lease_due(now, held={key: one.until for key, one in self._held.items()})
        looked(stirred + len(due))
        done = await asyncio.gather(*(self._ring(one, now) for one in due), return_exceptions=True)
        faults += [fault for fault in done if isinstance(fault, BaseException)]
        if faults:
            raise faults[0]
        return stirred + len(due)

    async def answer(self, message: Message, reply: Reply, now: datetime) -> bool:
        """Post a reply that the channel's own response does not carry, to the one who wrote.

        True if it is in front of them or safely owed: then the chat may be told that the message was heard. False if
        neither the chat nor the ledger could be reached: the chat should deliver the message again.
        """
        key, who = reply_key(message.event), message.who.id
        if reply.parts:
            via = who.partition(":")[0]
            alert = Alert(key, "", f"person:{who}", via, 1, now + LEASE, None, reply.parts, "reply")
            receipt = await self._deliver(alert, _ANSWER_SECONDS)
            if not isinstance(receipt, Delivered):
                _log.warning("reply_waits", key=key, via=via, reason=receipt.reason)
                wait = max(_ANSWER_AGAIN, timedelta(seconds=min(receipt.retry_after or 0, _LONGEST_ASKED)))
                return await self._owe(message, reply, now + wait)
        if not message.carried:
            try:
                await self._ledger.replied(key)
            except LedgerDownError:
                _log.warning("reply_not_noted", key=key)  # it may come twice; better than not at all
        return True

    async def _owe(self, message: Message, reply: Reply, due: datetime) -> bool:
        key, until = reply_key(message.event), due + _HOLD
        try:
            await self._ledger.owe(message.event, message.who.id, due, held_until=until)
        except LedgerDownError:
            return False
        self._held[key] = _Held(reply.parts, until)
        while len(self._held) > _HELD:
            del self._held[next(iter(self._held))]
        return True

    async def prove_due(self, now: datetime) -> int:
        """Each school morning, prove every real route once. Apart from `ring_due`, because a route that hangs must
        not keep alerts waiting. Returns how many were tried. Raises `LedgerDownError`.
        """
        return await self._prove(now)

    async def forget_events(self, now: datetime) -> None:
        """Forget which messages were heard so long ago that no chat delivers them again. Raises `LedgerDownError`."""
        await self._ledger.sweep(now - _EVENTS_KEPT)

    async def prove_now(self, now: datetime) -> list[Proof]:
        """Prove every route at once, whatever the hour: for `signpost doctor`."""
        await self._prove(now, at_once=True)
        return await self._ledger.proofs()

    # ---- what is due without anybody asking

    async def _let_clocks_speak(self, now: datetime, faults: list[BaseException]) -> int:
        """`faults` gets what went wrong with one concern: the others' clocks are not kept waiting by it."""
        school, spoken = self._guidance().library.school, 0
        for concern in await self._ledger.clocks_due(now):
            try:
                plan = clocks.plan(concern, school, now)
                wanted = [self._wanted(concern, ring, plan) for ring in plan.rings]
                spoken += await self._ledger.take_steps(concern, plan, wanted, now) and bool(wanted)
            except LedgerDownError:
                raise
            except Exception as fault:  # noqa: BLE001 (raised when the round has done what it can)
                _log.error("clock_stumbled", concern=concern.id, reason=type(fault).__name__)
                faults.append(fault)
        return spoken

    def _wanted(self, concern: Concern, ring: clocks.Ring, plan: clocks.Plan) -> Wanted:
        step = {"concern": plan.seen - 1, "waiting": plan.seen - 1, "decide": plan.decide - 1, "quiet": plan.quiet - 1}
        via = ring.told.removeprefix("person:").partition(":")[0] if ring.told.startswith("person:") else self._first()
        number = step.get(ring.kind, ring.step)
        # What is to be done by a day does not begin again with the clocks.
        about = f"{concern.id}.{concern.round}" if concern.round and not ring.item else concern.id
        item = f"{ring.item}." if ring.item else ""
        return Wanted(f"{ring.kind}/{about}/{item}{number}/{ring.told}", ring.kind, concern.id, ring.told, via, number)

    async def _look_at_drafts(self, now: datetime) -> int:
        limits, told = self._guidance().library.school.limits, 0
        kept = timedelta(minutes=limits.draft_kept)
        for unsent, touched in await self._ledger.unsent_due(now):
            ends = touched + kept
            if now >= ends:
                await self._ledger.expire(unsent, now - kept)
                continue
            wait = timedelta(minutes=limits.draft_urgent if unsent.urgent else limits.draft)
            step, due_at = unsent.reminded, touched + wait * (unsent.reminded + 1)
            # Before it is known whom it is about, telling anybody might tell the person themselves.
            told_too = unsent.urgent and unsent.about
            if not unsent.drafting or step > 1 or (step == 1 and not told_too):
                await self._ledger.remind(unsent, [], ends, now)
            elif now < due_at:
                await self._ledger.remind(unsent, [], min(due_at, ends), now)
            else:
                await self._ledger.remind(unsent, [self._draft_alert(unsent, step)], min(due_at + wait, ends), now)
                told += 1
        return told

    def _draft_alert(self, unsent: Unsent, step: int) -> Wanted:
        """First the reporter is reminded; still unsent and urgent, those it would go to are told who began, without words."""
        key = draft_keys(unsent.id, unsent.person)[step]
        if step == 0:
            return Wanted(key, "draft", None, f"person:{unsent.person}", unsent.person.partition(":")[0])
        told = clocks.ladder(self._guidance().library.school, unsent.about)[0][0]
        return Wanted(key, "unsent", None, told, self._first())

    # ---- the proof of each route

    async def _prove(self, now: datetime, *, at_once: bool = False) -> int:
        """Each school morning, once for each real route. A failed proof is told by the other routes."""
        school = self._guidance().library.school
        opened = hours.opening_today(school, now)
        if not at_once and (opened is None or now < opened):
            return 0
        tried = 0
        for name, channel in self._channels.items():
            if not isinstance(channel, Provable):
                continue
            before = now if at_once or opened is None else opened
            claimed = await self._ledger.claim_proof(name, before, now, over=at_once)
            if claimed is None:
                continue
            tried += 1
            await self._prove_one(channel, claimed, now)
        return tried

    async def _prove_one(self, channel: Provable, claimed: Proof, now: datetime) -> None:
        head = await self._ledger.head()
        _log.info("chain_head", head=head)
        parts = notices.last_proved(self._guidance().library, now, head)
        receipt = await _bounded(channel.prove(parts, claimed.receipt))
        if isinstance(receipt, Delivered):
            await self._ledger.record_proof(Proof(claimed.channel, now, now, receipt.id, None))
            _log.info("route_proved", via=claimed.channel)
            return
        failure = Words(receipt.reason).reveal()[:255]
        _log.error("route_not_proved", via=claimed.channel, reason=failure)
        # Told before it is recorded: whatever comes between, it is proved again, and told once.
        await self._tell_of_broken(claimed.channel, claimed.proved_at, now)
        await self._ledger.record_proof(Proof(claimed.channel, now, claimed.proved_at, claimed.receipt, failure))

    async def _route_broke(self, via: str, receipt: Failed, now: datetime) -> None:
        """A delivery found the way itself broken: that is its failed proof, and nobody need wait for tomorrow's."""
        failure = Words(receipt.reason).reveal()[:255]
        whole = await self._ledger.route_failed(via, failure, now)
        _log.error("route_broken", via=via, reason=failure)
        await self._tell_of_broken(via, whole, now)

    async def _tell_of_broken(self, broken: str, whole: datetime | None, now: datetime) -> None:
        """The DSL hears of it by every other route: once a day, and again if it was `whole` in between. One that comes
        and goes is told once for each hour in which it came.
        """
        others = [name for name in self._channels if name != broken] or [broken]
        when = f"{now:%Y-%m-%d}" + (f".{whole:%d-%H}" if whole else "")
        await self._ledger.tell(
            [Wanted(f"proof/{when}/{broken}/{via}", "proof", None, "dsl", via) for via in others], now
        )

    # ---- one alert

    async def _ring(self, due: Due, now: datetime) -> None:
        began = asyncio.get_running_loop().time()
        name = None
        if due.kind in {"draft", "unsent"}:
            name = await self._ledger.began(due.key.split("/")[1])
        if due.kind == "reply":
            await self._reply(due, now)
            return
        if name is None and due.concern is None and due.kind not in {"outsider", "proof"}:
            await self._ledger.drop(due, "no longer wanted", now)
            return
        circuit = self._circuits.get(due.via)
        if circuit and circuit.resting(now):
            receipt: Receipt = Failed("the channel is resting after failures", retry_after=_REST.total_seconds())
        else:
            # A send that was interrupted or failed may have arrived all the same.
            unsure = due.receipt is None and (due.interrupted or due.tries > 1)
            found = await self._look_up(self._alert(due, name, now)) if unsure else None
            if found:
                await self._ledger.record_delivery(due, found, now, "found")
                return
            try:
                receipt = await self._send(due, self._alert(due, name, now))
            except WithdrawnError:
                await self._ledger.drop(due, "no longer wanted", now)
                return
            if circuit:
                circuit.note(receipt, now)
        if isinstance(receipt, Delivered):
            await self._ledger.record_delivery(due, receipt.id, now, "redrawn" if due.receipt else "delivered")
            _log.info("delivered", key=due.key, via=due.via, tries=due.tries)
            return
        if receipt.route:
            await self._route_broke(due.via, receipt, now)
        took = timedelta(seconds=asyncio.get_running_loop().time() - began)
        await self._failed(due, receipt, now + took)  # "in five seconds" counts from the answer

    async def _send(self, due: Due, alert: Alert) -> Receipt:
        """Deliver it, unless it is no longer wanted: looked at before the channel begins, which may ask this and that,
        and again, by the channel, just before the send.
        """
        if not await self._still_wanted(due):
            raise WithdrawnError
        if due.receipt:  # a card that stands there is redrawn whatever was done
            return await self._deliver(alert)
        with looked_at(partial(self._still_wanted, due)):
            return await self._deliver(alert)

    async def _still_wanted(self, due: Due) -> bool:
        """Looked at just before the send. A look that took long has grown old, and is taken again; but an alert is not
        kept from people for ever because its ledger is slow.
        """
        clock = asyncio.get_running_loop().time
        for _ in range(_LOOKS):
            looked = clock()
            if not await self._ledger.still_wanted(due):
                return False
            if clock() - looked < LAST_LOOK:
                break
        return True

    async def _reply(self, due: Due, now: datetime) -> None:
        """A reply that was owed: what it said, if this process still knows; else how things stand now."""
        person = due.told.removeprefix("person:")
        held = self._held.get(due.key)
        parts = held.parts if held else await self._standing(person, now)
        alert = Alert(due.key, "", due.told, due.via, due.tries, due.lease_until, None, parts, due.kind)
        found = await self._look_up(alert) if parts else "nothing to say"
        receipt = Delivered(found) if found else await self._deliver(alert)
        if isinstance(receipt, Failed) and receipt.route:
            await self._route_broke(due.via, receipt, now)
        # A broken route is mended, and then the reply is still wanted: it may hold a reference.
        may_pass = isinstance(receipt, Failed) and (receipt.route or not receipt.lasting)
        if isinstance(receipt, Failed) and may_pass and due.tries < _ANSWER_TRIES:
            again = now + backoff(due, receipt, self._chance())
            until = again + _HOLD if held else None
            if held:
                held.until = again + _HOLD
            await self._ledger.record_failure(due, Words(receipt.reason).reveal(), again, now, held_until=until)
            return
        await self._ledger.replied(due.key)
        self._held.pop(due.key, None)
        _log.info("replied", key=due.key, via=due.via, tries=due.tries, delivered=isinstance(receipt, Delivered))

    async def _failed(self, due: Due, receipt: Failed, now: datetime) -> None:
        """Ring again later; at a lasting failure or the third try by the next route too, and to the next person."""
        enough = (
            receipt.lasting or due.tries >= _ALSO_AFTER or (receipt.retry_after or 0) > _LONG_TO_WAIT
        ) and due.receipt is None
        also = self._also(due) if enough else []
        hurry = enough and self._has_next_person(due)
        again = now + backoff(due, receipt, self._chance())
        reason = Words(receipt.reason).reveal()  # what no database could be handed is taken out
        await self._ledger.record_failure(due, reason, again, now, also=also, hurry=hurry)
        _log.warning("not_delivered", key=due.key, via=due.via, tries=due.tries, reason=reason)

    def _has_next_person(self, due: Due) -> bool:
        """True while the ladder has a further step. Past its end everybody has been tried, and hurrying would only
        ring the same people in a circle, as fast as they cannot be reached.
        """
        if due.kind != "concern" or due.concern is None:
            return False
        return due.step + 1 < len(clocks.rungs(due.concern, self._guidance().library.school))

    def _also(self, due: Due) -> list[Wanted]:
        """The same alert by the next route. A reporter is only known to the chat they wrote from."""
        names = list(self._channels)
        after = names.index(due.via) + 1 if due.via in names else 0
        if due.told.startswith("person:") or after >= len(names):
            return []
        via, key = names[after], due.key.partition("@")[0]
        id_ = due.concern.id if due.concern else None
        return [Wanted(f"{key}@{via}", due.kind, id_, due.told, via, due.step)]

    async def _look_up(self, alert: Alert) -> str | None:
        channel = self._channels.get(alert.via)
        if not isinstance(channel, Searchable):
            return None
        try:
            return await asyncio.wait_for(channel.find(alert), DELIVERY_SECONDS)
        except Exception as error:  # noqa: BLE001 (not found is the safe answer: it rings again)
            _log.warning("not_looked_up", key=alert.key, via=alert.via, reason=type(error).__name__)
            return None

    async def _deliver(self, alert: Alert, seconds: float | None = None) -> Receipt:
        channel = self._channels.get(alert.via)
        if channel is None:
            return Failed("this channel is not connected", lasting=True)
        return await _bounded(channel.deliver(alert), seconds)

    def _alert(self, due: Due, name: Words | None, now: datetime) -> Alert:
        library = self._guidance().library
        parts = notices.alert_parts(library, due.kind, due.concern, now, key=due.key, name=name, told=due.told)
        ref = due.concern.reference if due.concern else ""
        return Alert(
            due.key, ref, due.told, due.via, due.tries, due.lease_until, due.receipt, parts, due.kind, due.thread
        )

    def _first(self) -> str:
        return next(iter(self._channels))


async def _bounded(work: Awaitable[Receipt], seconds: float | None = None) -> Receipt:
    """A channel's answer, or why there is none. Its faults must not silence the bell, and their text may hold words."""
    try:
        return await asyncio.wait_for(work, seconds or DELIVERY_SECONDS)
    except TimeoutError:
        return Failed("no answer in time")
    except WithdrawnError:
        raise
    except Exception as error:  # noqa: BLE001
        return Failed(f"the channel broke: {type(error).__name__}")


def backoff(due: Due, failed: Failed, chance: float) -> timedelta:
    """How long until the next try: doubling from two seconds, spread by up to a quarter, never past a minute while
    it is urgent or a quarter of an hour otherwise, and never sooner than the channel asked for.
    """
    urgent = due.concern is not None and due.concern.urgent
    most = _SLOWEST_URGENT if urgent else _SLOWEST
    own = min(timedelta(seconds=2 ** min(due.tries, 12)), most) * (1 - chance / 4)
    asked = failed.retry_after or 0
    # A channel that asks for more than a day, or for no number at all, is not taken at its word.
    return max(own, timedelta(seconds=min(asked, _LONGEST_ASKED))) if asked > 0 else own
