"""One running Signpost: its ledger, its desk, its bell, and what it serves over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version

import structlog
from aiohttp import web

from adapters.doorkeeper import may_look, not_without_token
from adapters.metrics import Figures, exposition
from adapters.port import House
from adapters.shelf import Shelf
from bot import Bell, Channel, Desk, Ledger, LedgerDownError

# A chat sends a long form twice over, as drawn and as filled in, and each letter that is not Latin as eight bytes.
LARGEST_REQUEST = 2**22  # bytes

_log = structlog.get_logger("signpost.server")
_SKEW = 5.0  # seconds between two clocks before anybody need worry
_TICK = 1.0  # seconds between looks at the clock when nothing wakes the bell
_LAST_ROUND = 3.0  # seconds that a round may take to end when Signpost stops
_LOOKS = 4  # rounds at most that look for what is due: each holds one of the database's eight or more connections
# Rounds at most that wait for chats. Such a round holds no connection, and some kilobytes for each of its alerts (20 at
# most). It is over within a minute however the chat hangs, so it would take two alerts a second that all hang to get here.
_ROUNDS = 100
_LOOK_AT_ROUTES = 60.0  # seconds between looks whether a route is to be proved
_LOOK_AT_RETENTION = 3600.0  # seconds between looks whether something is due to be forgotten
_LOOK_AT_CONTENT = 5.0  # seconds between looks at the school's content folder


def utc_now() -> datetime:
    """The clock: the only place that asks for the time."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Signpost:
    """The parts of one running Signpost, wired. Made by `main`, or by a test with channels of its own."""

    shelf: Shelf
    ledger: Ledger
    channels: Mapping[str, Channel]
    desk: Desk
    bell: Bell
    woken: asyncio.Event
    stumbled: str = ""  # why the bell's last round did not end well; empty if it did
    rounds: set[asyncio.Task[None]] = field(default_factory=set)  # that are under way
    paused: bool = False  # between two looks for what is due

    @classmethod
    def of(cls, shelf: Shelf, ledger: Ledger, channels: Mapping[str, Channel]) -> Signpost:
        """Wire the parts together. `channels` by name, first choice first."""
        desk = Desk(shelf.guidance, ledger, channels, list(channels))
        made = cls(
            shelf,
            ledger,
            channels,
            desk,
            Bell(shelf.guidance, ledger, channels, standing=desk.standing),
            asyncio.Event(),
        )
        ledger.when_due(made.wake)
        return made

    def house(self, clock: Callable[[], datetime] = utc_now) -> House:
        """The parts that a chat talks to."""
        return House(self.shelf.guidance, self.desk, self.bell, self.ledger, self.wake, clock)

    @property
    def rests(self) -> bool:
        """Whether all that was due has been looked for, and none of it is still being sent."""
        return self.paused and not self.rounds and not self.woken.is_set()

    def wake(self) -> None:
        """Something may be due now."""
        self.woken.set()

    async def ring_for_ever(self, clock: Callable[[], datetime] = utc_now) -> None:
        """Ring whatever is due, at once when woken and each second otherwise, whatever goes wrong."""
        rounds = self.rounds
        looks: set[asyncio.Future[int]] = set()
        try:
            while True:
                self.woken.clear()
                # A send that hangs holds up its own round, not the next alert: rounds overlap, leases keep them apart.
                if len(looks) < _LOOKS and len(rounds) < _ROUNDS:
                    look = asyncio.get_running_loop().create_future()
                    looks.add(look)
                    rounds.add(begun := asyncio.create_task(self._ring_once(clock, look)))
                    begun.add_done_callback(rounds.discard)
                found = 0
                if looks:
                    done, looks = await asyncio.wait(looks, timeout=_TICK, return_when=asyncio.FIRST_COMPLETED)
                    found = sum(look.result() for look in done)
                if not found:
                    await self._pause()
        finally:
            # A round may be in the middle of a transaction: let it end, so that the database can be closed.
            if rounds:
                _, late = await asyncio.wait(rounds, timeout=_LAST_ROUND)
                for task in late:
                    task.cancel()
                await asyncio.gather(*late, return_exceptions=True)

    async def _ring_once(self, clock: Callable[[], datetime], look: asyncio.Future[int]) -> None:
        """One round. `look` is how many it found, known long before they are delivered."""
        try:
            if await self.bell.ring_due(clock(), look.set_result):
                self.wake()  # what came of it may make more due
        except LedgerDownError as error:
            self.stumbled = str(error)
            _log.error("bell_waits", reason=str(error))
        except Exception as error:  # noqa: BLE001 (the bell must outlive any fault of ours; the log names the place)
            self.stumbled = f"a fault of Signpost's own ({type(error).__name__}): its log says where"
            _log.exception("bell_stumbled")
        else:
            self.stumbled = ""
        finally:
            if not look.done():
                look.set_result(0)

    async def _pause(self) -> None:
        # Not wait_for: it can swallow a cancellation that comes as the event is set, and then nothing would end this.
        woken = asyncio.ensure_future(self.woken.wait())
        self.paused = True
        try:
            await asyncio.wait({woken}, timeout=_TICK)
        finally:
            self.paused = False
            woken.cancel()

    async def prove_each_morning(self, clock: Callable[[], datetime] = utc_now) -> None:
        """Look each minute whether a route is still to be proved today."""
        while True:
            try:
                await self.bell.prove_due(clock())
            except LedgerDownError as error:
                _log.error("proof_waits", reason=str(error))
            except Exception:  # noqa: BLE001 (tomorrow's proof must come whatever befell today's)
                _log.exception("proof_stumbled")
            await asyncio.sleep(_LOOK_AT_ROUTES)

    async def forget_by_rule(self, clock: Callable[[], datetime] = utc_now) -> None:
        """Forget each hour what the school's own rule says is due (most schools say that nothing is), and old events."""
        while True:
            try:
                await self.bell.forget_events(clock())
                done = await self.desk.handing.forget_by_rule(self.shelf.guidance(), clock())
                if done:
                    _log.info("forgotten", count=len(done))
            except LedgerDownError as error:
                _log.error("forgetting_waits", reason=str(error))
            except Exception:  # noqa: BLE001 (the next hour must come whatever befell this one)
                _log.exception("forgetting_stumbled")
            await asyncio.sleep(_LOOK_AT_RETENTION)

    async def watch_content(self) -> None:
        """Take new words when the school's folder changes."""
        while True:
            await asyncio.sleep(_LOOK_AT_CONTENT)
            try:
                await asyncio.to_thread(self.shelf.refresh)
            except Exception:  # noqa: BLE001 (a file that vanished while it was looked at must not end the watch)
                _log.exception("content_not_looked_at")

    async def readiness(self) -> dict[str, str]:
        """What is wrong now, by part: empty when all is well."""
        wrong = {}
        try:
            await self.ledger.ping()
            await self.ledger.head()  # wrong master keys are found here, not by the first concern
            skew = await self.ledger.clock_skew(utc_now())
            if abs(skew) > _SKEW:
                wrong["clock"] = f"the database's clock is {skew:+.0f} s from this machine's: set both by the network"
            for proof in await self.ledger.proofs():
                if proof.failure and proof.channel in self.channels:
                    wrong[f"route {proof.channel}"] = proof.failure
        except LedgerDownError as error:
            wrong["database"] = str(error)
        if self.stumbled:
            wrong["bell"] = f"its last round did not end well, so an alert may wait: {self.stumbled}"
        if self.shelf.trouble:
            wrong["content"] = "an edit was not taken; yesterday's words are in use. Run `signpost check`."
        return wrong

    def is_ready(self, wrong: Mapping[str, str]) -> bool:
        """Whether with these faults the promises can be kept: the database saves, the bell rings, every chat works, some
        route is left.

        Kept content, a clock astray or email alone is a warning: staff are still answered, concerns logged and told.
        """
        broken = {name for name in self.channels if f"route {name}" in wrong}
        return not {"database", "bell"} & wrong.keys() and broken <= {"email"} and bool(self.channels.keys() - broken)

    async def _last_proved(self) -> dict[str, str | None]:
        """Each route's last proof, UTC."""
        try:
            proofs = await self.ledger.proofs()
            return {p.channel: p.proved_at.isoformat() if p.proved_at else None for p in proofs}
        except LedgerDownError:
            return {}

    async def figures(self, now: datetime) -> Figures:
        """What may be known of how it fares, whoever looks. Where the ledger is down: that it is not ready."""
        digest, trouble = self.shelf.guidance().library.digest[:12], bool(self.shelf.trouble)
        ready, counts, proofs = self.is_ready(await self.readiness()), None, []
        try:
            counts = await self.ledger.counts(now)
            proofs = [proof for proof in await self.ledger.proofs() if proof.channel in self.channels]
        except LedgerDownError:
            ready = False
        return Figures(now, ready, version("signpost"), digest, trouble, counts, proofs)

    def routes(self, token: str = "") -> list[web.RouteDef]:
        """`/healthz`: the process is up. `/readyz`: it can keep its promises. `/metrics`: figures for Prometheus.

        Figures, and why it is not ready, are for whoever holds the `token`; without one, for this computer alone.
        """

        async def healthz(_request: web.Request) -> web.Response:
            return web.json_response({"ok": True})

        async def readyz(request: web.Request) -> web.Response:
            wrong = await self.readiness()
            ready = self.is_ready(wrong)
            if not may_look(request, token):
                return web.json_response({"ready": ready}, status=200 if ready else 503)
            body = {"ready": ready, "wrong": wrong, "proved": await self._last_proved()}
            return web.json_response(body, status=200 if ready else 503)

        async def metrics(request: web.Request) -> web.Response:
            if not may_look(request, token):
                return not_without_token(token)
            body, kind = exposition(await self.figures(utc_now()), request.headers.get("Accept", ""))
            return web.Response(body=body, headers={"Content-Type": kind})

        return [web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics)]


@asynccontextmanager
async def served(
    app: web.Application, signpost: Signpost, host: str, port: int, *, closing: bool = True
) -> AsyncIterator[int]:
    """Serve `app` and keep the bell ringing while inside. Gives the port (a free one for 0).

    The ledger is closed at the end, unless not `closing`: then whoever still has late work to save closes it.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2)
    await runner.setup()
    tasks = [
        asyncio.create_task(signpost.ring_for_ever()),
        asyncio.create_task(signpost.watch_content()),
        asyncio.create_task(signpost.prove_each_morning()),
        asyncio.create_task(signpost.forget_by_rule()),
        asyncio.create_task(signpost.ledger.listen(signpost.wake)),
    ]
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield int(runner.addresses[0][1])
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await runner.cleanup()
        if closing:
            await signpost.ledger.close()
