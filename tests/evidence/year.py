"""A year of varied concerns in a practice ledger, to look at what the school learns:

    python -m tests.evidence.year FOLDER && SIGNPOST_DATA=FOLDER signpost demo

Then open the DSL's pane and “What the school learns”. The same seed gives the same year. Nothing is told to anybody.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import update

from adapters import practice
from bot import Ledger, Person, Words, decision, facts, open_ledger
from bot.concern import Account, Concern, Line, NewConcern
from bot.ledger import Question, tables
from policy_content import load
from policy_content.case_wording import Review
from policy_content.model import Library

DSL = Person("web:dsl", Words("Ms Priya Nair"), staff=True)
_PLACES = {"corridor": 7, "outside": 6, "online": 9, "toilets": 4, "classroom": 5, "way": 3, "sport": 1, "changing": 2}
_LEVELS = {"inappropriate": 6, "problematic": 7, "abusive": 4, "violent": 1, "appropriate": 1}
_ROUTES = {"a": 9, "b": 4, "c": 3, "d": 2, "none": 2}
_HOURS = {8: 3, 10: 4, 11: 6, 12: 8, 13: 7, 15: 4, 17: 2, 21: 3}


async def fill(ledger: Ledger, library: Library, until: datetime, *, concerns: int = 150, seed: int = 7) -> None:
    """Log, decide and close `concerns` in the year before `until`, and ask questions. All but a few are closed."""
    dice = random.Random(seed)
    for number in range(concerns):
        at = until - timedelta(days=dice.uniform(3, 400))
        concern = await _logged(ledger, library, dice, number, at)
        if number % 12:
            await _settled(ledger, library, dice, concern, at)
    topics = [topic for topic in library.topics if library.topics[topic].group != "bot"]
    for number in range(concerns * 3):
        at = until - timedelta(days=dice.uniform(1, 400))
        route = _one(dice, {"answer": 8, "clarify": 2, "unknown": 1})
        topic = dice.choice(topics[: 5 + number % len(topics)])
        await ledger.note_question(f"year-question-{number}", Question(route, topic, 0.5), at)
    async with ledger.transaction() as db:
        await db.execute(update(tables.alerts).values(due_at=None))


async def _logged(ledger: Ledger, library: Library, dice: random.Random, number: int, at: datetime) -> Concern:
    happened = at - timedelta(hours=dice.uniform(0, 60))
    typed = {
        "child-1": f"Practice Pupil {number}",
        "happened": "Something that was made up for practice.",
        "date": f"{happened:%Y-%m-%d}",
        "time": f"{_one(dice, _HOURS):02}:30",
    }
    given = {key: value for key, value in typed.items() if key != "time" or dice.random() < 0.9}
    account = Account(Words("Sam Carter"), tuple(Line(key, Words(value), key) for key, value in given.items()))
    urgent = dice.random() < 0.3
    new = NewConcern("pupils", urgent, "web:teacher", account, f"year-{number}")
    reference = await ledger.log_concern(f"year-{number}", new, None, ("dsl",), "web", at)
    found = await ledger.by_reference(reference)
    assert found is not None
    return found


async def _settled(ledger: Ledger, library: Library, dice: random.Random, concern: Concern, at: datetime) -> None:
    number = concern.reference
    seen = at + timedelta(minutes=dice.expovariate(1 / (6 if concern.urgent else 25)))
    concern = await ledger.acknowledge(f"year-ack-{number}", concern, DSL, "web", seen)
    draft = {"level": _one(dice, _LEVELS), "routes": _one(dice, _ROUTES), "reasons": "Made up for practice."}
    decided = seen + timedelta(hours=dice.expovariate(1 / 7))
    text = Words(decision.decide(library, concern, draft).to_text())
    concern = await ledger.decide(f"year-decide-{number}", concern, DSL, text, decided)
    kinds = dice.choices(list(facts.kinds(library)), [3, 5, 1, 4, 2, 6, 4, 3, 1, 2][: len(facts.kinds(library))], k=2)
    years = dice.choices(list(facts.years(library)), [5, 6, 4, 3, 2, 1][: len(facts.years(library))], k=2)
    values = {"fact_kinds": ",".join(kinds), "fact_place": _one(dice, _PLACES), "fact_years": ",".join(years)}
    said, chosen = facts.chosen(library, values)
    noted = {key: getattr(library.wording.case.review, key).ask for key in Review.model_fields if dice.random() < 0.15}
    answered = {key: [ask, "Something made up for practice."] for key, ask in noted.items()}
    review = Words(json.dumps({"review": answered | said, "facts": chosen}))
    closed = decided + timedelta(days=2)
    await ledger.close_concern(f"year-close-{number}", concern, DSL, Words("Made up."), closed, review=review)


def _one(dice: random.Random, weights: dict) -> object:
    return dice.choices(list(weights), list(weights.values()))[0]


async def main(folder: Path) -> None:
    library = practice.dress(load())
    home = practice.folder(folder)
    ledger = await open_ledger(
        f"sqlite+aiosqlite:///{home / 'practice.db'}", practice.vault(home), library.school.short
    )
    await fill(ledger, library, datetime.now(UTC))
    await ledger.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
