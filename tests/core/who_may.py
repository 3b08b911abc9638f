"""Every act that there is, as anybody could send it by hand: what the tests of who may do it with a concern try."""

from __future__ import annotations

from bot import case, decision
from bot.casework import ACTS
from bot.handing import ASKS
from bot.reporting import OWN

# Of an act with a form, what is typed in it so that it is saved, if it may be. `{other}` and `{ref}` are references.
TYPED = {
    "note": {"text": "typed"},
    "message": {"text": "typed"},
    "assign": {"who": "deputy-1"},
    "action": {"text": "typed", "due": "2030-01-01"},
    "done": {"text": "typed"},
    "link": {"reference": "{other}", "text": "typed"},
    "decide": {"harmed_safe": "yes", "harmed_done": "typed"},
    "escalate": {"text": "typed"},
    "close": {"text": "typed", "undecided": "mistake"},
    "reopen": {"text": "typed"},
    "restrict": {"who": "", "text": "typed"},
    "handed": {"system": "Other system", "reference": "OS-1"},
    "forget": {"reference": "{ref}", "text": "typed"},
}
SHOWN = {"ack", "open", "more", "chronology", "decision", "handover", "similar"}
REPORTER = {"add": {"text": "typed"}, "reply": {"text": "typed"}, "read": {}}


def left_out() -> set[str]:
    """The acts that no table here knows, and those that are gone."""
    return (set(TYPED) | SHOWN) ^ ACTS | set(REPORTER) ^ OWN | {"find", "code"} ^ ASKS


def pages(about):
    return decision.pages(about, {})


async def tail_of(school, act, concern):
    """What follows the concern in the act's id, so that it is the one that would be saved now."""
    if act == "done":
        number = next((a.number for a in case.actions(concern) if not a.done), len(concern.chronology))
        return f":{number}"
    if act == "decision":
        return f":{next((n for n, _ in case.decisions(concern)), 1)}"
    if act == "decide":
        draft = await school.ledger.decision_draft(concern.id)
        return f":{pages(concern.about)[0]}:{draft.version}"
    if act == "ack":
        return ":dialog"
    return f":{case.moves(concern)}" if act in {"assign", "restrict", "escalate", "reopen", "close"} else ""


async def attempts(school, act, ref, other=""):
    """What a hand can send for an act on a concern: its button bare and as it would be now, and its form filled in."""
    concern = await school.ledger.concern(school.id(ref))
    id_, tail = f"{act}:{concern.id}", await tail_of(school, act, concern)
    typed = {**TYPED, **REPORTER}.get(act, {"text": "typed"})
    values = {key: value.format(ref=ref, other=other) for key, value in typed.items()}
    presses = {id_, id_ + tail}
    if act == "decide":
        version = tail.rpartition(":")[2]
        presses |= {f"{id_}:check:{version}", f"{id_}:save:{version}"}
    return [(one, None) for one in sorted(presses)] + [(id_ + tail, values)]


async def send(school, attempt, who):
    """Press it or send it; the reply."""
    id_, values = attempt
    return await (school.press(id_, who) if values is None else school.fill(id_, values, who))
