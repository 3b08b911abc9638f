"""Handing over as a DSL and whoever is at the terminal do it: what several tests do on the way to their claim."""

from __future__ import annotations

from tests.core.casework import act, decide

SYSTEM, THERE = "Other system", "OS-4711"


async def code_and_passphrase(school, ref=None, who="dsl"):
    """Ask for a code, by Hand over or beside the list; what it shows."""
    choice = f"handover:{school.id(ref)}" if ref else "code"
    reply = await school.press(choice, school.person(who))
    w = school.wording.handing
    card = next(card for card in school.cards(reply) if card.title == w.code_title)
    shown = {fact.label: fact.value.reveal() for fact in card.facts}
    return shown[w.code], shown[w.passphrase]


async def take(school, *refs, who="dsl", how="PDF"):
    """What leaves, to whoever this is now."""
    return await school.desk.handing.take(school.guide, school.person(who), refs, how, school.clock.now())


async def closed_and_handed(school, ref):
    """Decide it, close it, and record where it went."""
    await decide(school, ref)
    await act(school, "close", ref, text="settled")
    return await hand(school, ref)


async def hand(school, ref, who="dsl"):
    form = {"system": SYSTEM, "reference": THERE}
    return await school.fill(f"handed:{school.id(ref)}", form, school.person(who))


async def forget(school, ref, who="dsl", **typed):
    values = {"reference": ref, "text": "it is in the other system", **typed}
    return await school.fill(f"forget:{school.id(ref)}", values, school.person(who))


async def find(school, text, who="dsl"):
    return school.text(await school.fill("find", {"text": text}, school.person(who)))
