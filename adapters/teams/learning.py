"""Learning where the DSL is told: somebody types there the one-time code that `signpost doctor` has printed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from adapters.teams.connector import Connector
from adapters.teams.people import People
from adapters.teams.places import DSL, Places, Spot
from adapters.teams.posting import Poster
from adapters.teams.read import Typed
from adapters.teams.tokens import ConnectorError
from bot import Card, Ledger, LedgerDownError
from bot.ledger import AlreadyHeardError
from policy_content.model import Library

_log = structlog.get_logger("signpost.teams.learning")
PURPOSE = "place:teams"


class Learner:
    """Tells a place that may be the DSL's from one that may not."""

    def __init__(self, connector: Connector, places: Places, people: People, library: Callable[[], Library]) -> None:
        self._connector, self._places, self._people, self._library = connector, places, people, library
        self._poster = Poster(connector)

    async def learn(self, typed: Typed, ledger: Ledger, now: datetime) -> Card | None:
        """What came of a code that was typed in a place, to be said there. None if it was heard before.

        The code is spent only in a place where everybody is staff: until then nothing says that it was the right one.
        """
        library, w = self._library(), self._library().wording
        spot = Spot.of(typed.reference)
        if not typed.shared or spot is None:
            return self._refused(w.place_personal)
        if self._places.configured:
            return self._refused(w.place_set)
        try:
            members = await self._connector.members(spot.service_url, spot.conversation)
            strangers = await self._people.strangers(members, spot.service_url)
        except ConnectorError as error:
            _log.warning("teams_place_unreadable", status=error.status, code=error.code)
            return self._refused(w.place_unreadable)
        if strangers:
            return self._refused(w.place_not_staff, count=str(strangers))
        old = await self._places.dsl()
        try:
            code = (PURPOSE, typed.words.reveal())
            before = await ledger.learn_place(typed.event, DSL, spot.raw, code, now)
            if before is not None:
                await ledger.ring_again("teams", now, redraw=False)
        except AlreadyHeardError:
            return None
        except LedgerDownError:
            return self._refused(w.place_not_saved)
        if before is None:
            return self._refused(w.place_wrong_code)
        _log.warning("teams_dsl_place_learnt", conversation=spot.conversation, people=len(members))
        if old is not None and old.conversation != spot.conversation:
            await self._announce(old, library)
        text = library.say(w.place_learnt, count=str(len(members)))
        return Card(w.place_learnt_title, text, tone="done")

    async def _announce(self, old: Spot, library: Library) -> None:
        """Whoever is in the old place must hear of it, even if the change was meant."""
        w = library.wording
        try:
            card = Card(w.place_moved_title, library.say(w.place_moved), tone="failed")
            await self._poster.post(old, (card,), notify=True)
        except ConnectorError as error:
            _log.error("teams_old_place_not_told", status=error.status, code=error.code)

    def _refused(self, text: str, **values: str) -> Card:
        library = self._library()
        return Card(library.wording.place_refused_title, library.say(text, **values), tone="failed")
