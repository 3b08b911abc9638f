"""A decision as a DSL fills it in, and a case as it is worked: what several tests do on the way to their claim."""

from __future__ import annotations

from contextlib import suppress

from bot import questions
from bot.ledger import AlreadyHeardError, ChangedMeanwhileError
from tests.core.conftest import MARK

# Everything that the pages of a decision about pupils ask, answered so that nothing is missing.
ANSWERS = {
    "harmed_safe": "yes",
    "harmed_done": f"walked home {MARK}",
    "alleged_safe": "unknown",
    "alleged_done": f"kept in {MARK}",
    **dict.fromkeys(questions.WEIGHED, "unknown"),
    "level": "inappropriate",
    "level_why": f"single remark {MARK}",
    "images": "no",
    "routes": "a",
    "a-agency": "",
    "a-person": f"head of year {MARK}",
    "a-date": "2026-03-02",
    "a-time": "09:30",
    "a-agreed": f"meet weekly {MARK}",
    "views": f"wants it to stop {MARK}",
    "parents": "yes",
    "parents_how": f"rang at nine {MARK}",
    "consent": "obtained",
    "reporter": f"spoke at break {MARK}",
    "harmed_support": f"mentor {MARK}",
    "alleged_support": f"youth worker {MARK}",
    "discipline": f"considered {MARK}",
    "exclusion": "no",
    "reasons": f"because {MARK}",
    "changed": f"more was learnt {MARK}",
}
CLOSED = {"undecided": "mistake"}  # asked where nothing is decided
CONTACT = {
    "contact_agency": "first-response",
    "contact_person": "duty worker",
    "contact_date": "2026-03-02",
    "contact_time": "09:50",
}
POLICE = {
    "d-agency": "police",
    "d-person": "PC 12",
    "d-date": "2026-03-02",
    "d-time": "09:45",
    "d-agreed": "they will ring back",
}
NUDES = {
    "images": "yes",
    "nudes_met": "2026-03-02",
    "nudes_who": "DSL and head of year",
    **dict.fromkeys(("nudes_adult", "nudes_coerced", "nudes_young", "nudes_risk", "nudes_aggravated"), "no"),
    "nudes_spread": "two phones",
}


async def fill_pages(school, ref, who="dsl", **answers):
    """Go through every page that is asked for; the reply that shows check-your-answers, or the page that is refused."""
    somebody, given = school.person(who), {**ANSWERS, **answers}
    reply = await school.press(f"decide:{school.id(ref)}", somebody)
    for _ in range(20):
        forms = [part for part in reply.parts if hasattr(part, "fields")]
        if not forms or any(field.error for field in forms[0].fields):
            return reply
        page = {field.key: given.get(field.key, "") for field in forms[0].fields}
        reply = await school.fill(forms[0].id, page, somebody)
    raise AssertionError("the decision never ended")


async def decide(school, ref, who="dsl", **answers):
    """Record a whole decision; the reply."""
    checked = await fill_pages(school, ref, who, **answers)
    return await school.press(save_of(school, checked), school.person(who))


async def decide_at_once(school, id_, who, event):
    """Record a whole decision as in one page: that each page is kept is claimed where pages are filled in. May be done again."""
    concern, draft = await school.ledger.concern(id_), await school.ledger.decision_draft(id_)
    if not draft.values:
        with suppress(AlreadyHeardError, ChangedMeanwhileError):
            values = ANSWERS | {"adult_done": "sent home"}
            await school.ledger.keep_decision_draft(f"{event}-pages", concern, draft, values, who, school.clock.now())
        draft = await school.ledger.decision_draft(id_)
    return await school.press(f"decide:{id_}:save:{draft.version}", who, event=event)


def save_of(school, reply):
    return next(choice.id for choice in school.choices(reply) if ":save:" in choice.id)


def page_of(school, reply):
    """The page that a reply shows."""
    return school.form(reply).id.split(":")[2]


async def act(school, name, ref, by="dsl", **values):
    """Press an act and fill in its form; the reply."""
    somebody = school.person(by)
    shown = await school.press(f"{name}:{school.id(ref)}", somebody)
    values = CLOSED | values if name == "close" else values
    return await school.fill(school.form(shown).id, values, somebody)


def told(school, kind, channel="web"):
    """To whom new alerts of this kind went, in order."""
    return [alert.told for alert in school.channels[channel].sent if alert.kind == kind and alert.receipt is None]
