"""What is drawn while a concern is decided and worked: every form and card of it, for the gallery."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from bot import Part, Words, casecards, chronicle, deciding, decision, handcards, notices
from bot.concern import Account, Concern, Entry, Line
from bot.intake import MOST_CHILDREN
from bot.ledger import DecisionDraft
from tests.channels.school import LIBRARY

Drawn = tuple[str, tuple[Part, ...]]
_FORMS = ("note", "message", "assign", "action", "link", "restrict", "escalate", "reopen", "close")
_TO_REPORTER = ("settled", "message")
_TO_THE_TEAM = ("added", "answered", "assigned", "kept", "decide", "quiet", "concern")


def drawings(new: Concern, typed: str, now: datetime) -> Iterator[Drawn]:
    """Everything, of this concern, with `typed` wherever a person's words are shown."""
    short = Account(new.account.reporter, new.account.lines[:3])  # the whole of it is drawn where it is opened first
    worked = replace(new, stage="acknowledged", account=short, chronology=tuple(_worked(new, typed, now)))
    yield from _pages(worked, typed, now)
    if new.about == "pupils":
        yield from _each_child(worked, typed, now)
    yield from _acts(worked, typed, now)
    yield from _alerts(worked, now)
    yield f"opened {new.about}, worked", notices.opened(LIBRARY, worked, now, {"other"})
    yield f"chronology {new.about}", chronicle.whole(LIBRARY, worked, now, {"other"})
    for number in (2, 3):
        yield f"decision {new.about} {number}", chronicle.decided(LIBRARY, worked, number)
    yield f"messages {new.about}", casecards.messages(LIBRARY, worked, now)
    yield f"no messages {new.about}", casecards.messages(LIBRARY, new, now)
    yield f"replied {new.about}", casecards.replied(LIBRARY, worked)
    yield f"more {new.about}", casecards.more(LIBRARY, worked)
    yield f"more {new.about}, closed", casecards.more(LIBRARY, replace(worked, stage="closed"))
    yield f"moved on {new.about}", casecards.moved_on(LIBRARY, worked, worked.chronology, now)
    yield f"not now {new.about}", casecards.not_now(LIBRARY, worked, LIBRARY.wording.case.closed_first)
    yield f"saved {new.about}", casecards.saved(LIBRARY, worked)
    yield from _handed(worked, typed, now)
    yield f"mine {new.about}", notices.mine(LIBRARY, [worked], now)
    for act in ("decide", "close"):
        yield f"settled {act} {new.about}", notices.settled(LIBRARY, act, worked)


def _handed(concern: Concern, typed: str, now: datetime) -> Iterator[Drawn]:
    """Handing over, finding and forgetting."""
    about, code = concern.about, handcards.code(LIBRARY, "ABCD-EFGH", "abcd-efgh-jkmn-pqrs")
    wrong = {"system": "wrong", "reference": "wrong", "text": "wrong"}
    full = {"system": typed, "reference": typed, "text": typed}
    yield f"code {about}", (code,)
    yield f"handover {about}", handcards.handover(LIBRARY, concern, code)
    yield f"handed {about}, wrong", handcards.handed_form(LIBRARY, concern, full, wrong)
    yield f"forget {about}", handcards.forget_form(LIBRARY, concern, ["TA-2026-0007", "TA-2026-0008"], full, wrong)
    yield f"forgotten {about}", handcards.forgotten(LIBRARY, concern.reference)
    yield (
        f"find {about}",
        handcards.find_form(LIBRARY, {"text": typed}, dict.fromkeys(("text", "stage", "clock"), "wrong")),
    )
    yield f"found {about}", handcards.found(LIBRARY, [concern] * 3, now)
    yield f"found nothing {about}", handcards.found(LIBRARY, [], now)
    yield f"list {about}", (*notices.open_list(LIBRARY, [concern], [], now), *handcards.beside_list(LIBRARY))


def _pages(concern: Concern, typed: str, now: datetime) -> Iterator[Drawn]:
    """Every page of the decision: empty, wrong, full; and check-your-answers."""
    full = _full(concern, typed)
    for name, values in (("blank", _chosen(concern)), ("full", full), ("wrong", {**full, **_WRONG})):
        draft = DecisionDraft(3, values, Words(typed), now)
        for page in decision.pages(concern.about, values):
            faults = decision.faults(LIBRARY, concern, page, values, now) if name != "full" else {}
            yield f"decide {concern.about} {page}, {name}", deciding.drawn(LIBRARY, concern, draft, page, faults)
    draft = DecisionDraft(3, _full(concern, typed, routes="d", images="no"), Words(typed), now)
    yield f"decide {concern.about}, check", deciding.drawn(LIBRARY, concern, draft, deciding.CHECK)


def _each_child(concern: Concern, typed: str, now: datetime) -> Iterator[Drawn]:
    """What is asked of each child by name, where as many are named as a concern can hold."""
    roles = LIBRARY.wording.form_role_harmed, LIBRARY.wording.form_role_alleged
    named = [Line("Child", Words(f"{number} {typed}"), f"child-{number}") for number in range(1, MOST_CHILDREN + 1)]
    parts = [Line("Part", Words(roles[number % 2]), f"{line.key}-role") for number, line in enumerate(named)]
    many = replace(concern, account=Account(concern.account.reporter, (*named, *parts)))
    for name, values in (("blank", {}), ("full", _full(many, typed))):
        draft = DecisionDraft(3, values, Words(typed), now)
        for page in ("safety", "support"):
            faults = decision.faults(LIBRARY, many, page, values, now)
            yield f"decide each child {page}, {name}", deciding.drawn(LIBRARY, many, draft, page, faults)
    draft = DecisionDraft(3, _full(many, typed, routes="d", images="no"), Words(typed), now)
    yield "decide each child, check", deciding.drawn(LIBRARY, many, draft, deciding.CHECK)


_WRONG = {"contact_date": "2099-01-01", "contact_time": "half past", "d-agency": "nobody", "exclusion": "perhaps"}


def _chosen(concern: Concern) -> dict[str, str]:
    """What asks for every page there is."""
    routes = "a,b,c,d,none" if concern.about == "pupils" else "a,c,d,lado,none"
    return {"level": "violent", "images": "yes", "routes": routes}


def _full(concern: Concern, typed: str, **chosen: str) -> dict[str, str]:
    values = _chosen(concern) | chosen
    for page in decision.pages(concern.about, values):
        for field in decision.fields(LIBRARY, concern, page, values, {}):
            right = {"date": "2026-11-22", "time": "13:45", "one_of": field.options[-1].key if field.options else ""}
            values.setdefault(field.key, right.get(field.kind, typed))
    return values


def _acts(concern: Concern, typed: str, now: datetime) -> Iterator[Drawn]:
    for act in _FORMS:
        blank = casecards.fields(LIBRARY, act, concern)
        for name, values in (("blank", {}), ("full", {f.key: "" if f.options else typed for f in blank})):
            right = {**values, "due": "2026-11-20"} if "due" in values else values
            faults = casecards.faults(LIBRARY, act, concern, right, now) if name == "blank" else {}
            yield f"{act} {concern.about}, {name}", casecards.form(LIBRARY, act, concern, right, faults)
    yield f"done {concern.about}", casecards.form(LIBRARY, "done", concern, {}, {}, item=5)
    yield f"reply {concern.about}", casecards.reply_form(LIBRARY, concern, Words(typed), "wrong")
    yield f"add {concern.about}", notices.add_form(LIBRARY, concern, Words(typed), "wrong")


def _alerts(concern: Concern, now: datetime) -> Iterator[Drawn]:
    for kind in (*_TO_REPORTER, *_TO_THE_TEAM):
        yield f"{kind} {concern.about}", notices.alert_parts(LIBRARY, kind, concern, now, told="dsl")
    key = f"action/{concern.id}/5.0/dsl"
    yield f"action {concern.about}", notices.alert_parts(LIBRARY, "action", concern, now, key=key, told="dsl")
    kept = replace(concern, kept_to=frozenset({"web:head"}))
    yield f"kept to others {concern.about}", notices.alert_parts(LIBRARY, "concern", kept, now, told="dsl")
    closed = replace(concern, stage="closed", chronology=(*concern.chronology, _entry("closed", concern, now, "")))
    yield f"settled {concern.about}, closed", notices.alert_parts(LIBRARY, "settled", closed, now)


def _worked(concern: Concern, typed: str, now: datetime) -> Iterator[Entry]:
    """A chronology with an entry of every kind; the first decision free text, the second guided."""
    guided = decision.decide(
        LIBRARY, concern, _full(concern, typed, routes="none", images="no", level="problematic")
    ).to_text()
    texts = {
        "logged": "",
        "decided": typed,
        "decided again": guided,
        "opened": "",
        "action": _json({"what": typed, "due": "2026-11-25"}),
        "acknowledged": "",
        "added": typed,
        "noted": typed,
        "messaged": typed,
        "read": "",
        "answered": typed,
        "assigned": _json({"to": ["head"], "name": "Mrs Ruth Adeyemi"}),
        "linked": _json({"id": "other", "reference": "TA-2026-0007", "why": typed}),
        "done": _json({"action": 99, "nth": 1, "text": typed}),
        "restricted": _json({"names": [typed], "why": typed}),
        "exported": "PDF, CSV",
        "handed_over": _json({"system": typed, "reference": typed}),
        "reviewed": _json({"review": {"place": ["Did the place play a part?", typed]}}),
    }
    for what, text in texts.items():
        yield _entry(what.removesuffix(" again"), concern, now, text)


def _entry(what: str, concern: Concern, now: datetime, text: str) -> Entry:
    return Entry(now - timedelta(hours=1), concern.account.reporter, what, Words(text))


def _json(held: object) -> str:
    return json.dumps(held)
