"""The questions of the DSL's guided decision: which a page asks of this concern, and the fields that they are asked by. Pure.

Values are a flat mapping of field key to text, as in the concern form; a route's fields begin with its letter (`d-person`),
and what is asked of each child by name ends in the child's number on that form (`harmed_safe-2`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Literal

from bot import involved
from bot.concern import Concern
from bot.involved import Child
from bot.talk import Field, Option
from policy_content.case_wording import Asked
from policy_content.model import Library

SEVERE = frozenset({"abusive", "violent"})
WEIGHED = ("repeated", "victimised", "coerced", "imbalance", "misuse", "accepted")
AGGRAVATING = ("nudes_adult", "nudes_coerced", "nudes_aggravated")
_AT_ONCE = ("police", "first-response", "emergency-duty", "mash")  # who is told of abusive or violent behaviour
Kind = Literal["line", "text", "date", "time", "one_of", "many_of"]
Draft = Mapping[str, str]

_KEYS: dict[str, tuple[str, ...]] = {
    "safety": ("harmed_safe", "harmed_done", "alleged_safe", "alleged_done", "adult_done", "others"),
    "weighing": tuple(key for name in WEIGHED for key in (name, f"{name}-how")),
    "level": ("level", "level_why", "wider", "images", "images_why"),
    "nudes": (
        *("nudes_met", "nudes_who", "nudes_adult", "nudes_coerced", "nudes_young", "nudes_risk", "nudes_aggravated"),
        *("nudes_spread", "nudes_viewed", "nudes_talked"),
    ),
    "routes": ("routes", "no_names"),
    "route_none": ("none_why", "none_consulted", "none_change"),
    "contact": tuple(f"contact_{part}" for part in ("agency", "person", "date", "time", "reference", "late")),
    "family": ("views", "parents", "parents_how", "consent", "consent_why", "reporter"),
    "support": (
        *("harmed_support", "alleged_support", "discipline", "exclusion", "exclusion_why", "reasons", "changed"),
    ),
    "staff": ("parents", "parents_how", "reporter", "harmed_support", "reasons", "changed"),
}
# What the policy asks for each child. Where a concern names several in a role, each is asked about by name.
_OF_EACH = {
    **dict.fromkeys(("harmed_safe", "harmed_done", "harmed_support"), "harmed"),
    **dict.fromkeys(("alleged_safe", "alleged_done", "alleged_support"), "alleged"),
}
_ROUTE = ("agency", "other", "person", "date", "time", "reference", "agreed", "local", "specialist")
_CHOSEN: dict[str, tuple[str, ...]] = {
    "harmed_safe": ("yes", "no", "unknown"),
    "alleged_safe": ("yes", "no", "unknown", "nobody"),
    "repeated": ("once", "repeated", "unknown"),
    **dict.fromkeys(WEIGHED[1:], ("yes", "no", "unknown")),
    **dict.fromkeys((*AGGRAVATING, "nudes_young", "nudes_risk"), ("yes", "no", "unknown")),
    "images": ("yes", "no"),
    "parents": ("yes", "partly", "no"),
    "consent": ("obtained", "refused", "not_needed"),
    "exclusion": ("no", "yes"),
}
_LINES = frozenset({"nudes_who", "contact_person", "contact_reference", "other", "person", "reference"})
_OPTIONAL = frozenset(
    {
        *("others", "wider", "nudes_viewed", "nudes_talked", "no_names", "contact_reference", "contact_late"),
        *("consent_why", "exclusion_why"),
    }
)


def known(page: str, key: str) -> bool:
    """True if a field of this key may be on this page: nothing else is taken from a form."""
    route = page.removeprefix("route_")
    base, _, number = key.rpartition("-")
    if base in _OF_EACH and number in involved.NUMBERS:
        key = base
    return key in _KEYS.get(page, ()) or (page.startswith("route_") and key in {f"{route}-{part}" for part in _ROUTE})


def asked_of(library: Library, key: str) -> tuple[str, str]:
    """What the field of this key asks, and the child's number on the concern form where it asks about one: to show back
    what was typed when not even the concern can be read. Nothing for a key that no page has.
    """
    base, _, number = key.rpartition("-")
    if base in _OF_EACH and number in involved.NUMBERS:
        return getattr(library.wording.decision.asks, f"each_{base}").ask, number
    return getattr(getattr(library.wording.decision.asks, key, None), "ask", ""), ""


def blank(library: Library, concern: Concern, page: str, draft: Draft) -> Iterator[Field]:
    """A page's fields in order, empty."""
    if page.startswith("route_") and page != "route_none":
        yield from _route_fields(library, page.removeprefix("route_"), draft)
        return
    asked = (key for key in _KEYS[page] if _is_asked(library, concern, key, draft))
    for role, together in groupby(asked, lambda key: _OF_EACH.get(key, "")):
        keys, named = tuple(together), involved.children(library, concern, role) if role else ()
        for child in named if len(named) > 1 else (None,):
            yield from (_field(library, concern, key, child) for key in keys)


def _is_asked(library: Library, concern: Concern, key: str, draft: Draft) -> bool:
    """False for what this concern, or what is answered so far, gives no reason to ask."""
    match key:
        case "images_why":  # the reporter said that there are images: who says there are none says why
            told = concern.account.said("images").reveal()
            return draft.get("images") == "no" and told == library.wording.form_yes
        case "changed":
            return concern.latest("decided") is not None
        case "alleged_safe" | "alleged_done":
            return concern.about == "pupils"
        case "adult_done":
            return concern.about != "pupils"
    return True


def _field(library: Library, concern: Concern, key: str, child: Child | None = None) -> Field:
    """One field, empty: of all whom it asks about together, or of one child by name."""
    asks = library.wording.decision.asks
    if key.endswith("-how"):
        return Field(key, asks.how.ask, "line", asks.how.hint)
    if child is not None:
        each: Asked = getattr(asks, f"each_{key}")
        options = _options(library, concern, key)
        return Field(f"{key}-{child.number}", each.ask, _kind(key), each.hint, True, options, of=child.name)
    asked: Asked = getattr(asks, key)
    # Whoever saw it is involved too: of one who is named, safety is no side question.
    required = key not in _OPTIONAL or (key == "others" and bool(involved.children(library, concern, "witness")))
    return Field(key, asked.ask, _kind(key), asked.hint, required, _options(library, concern, key))


def _route_fields(library: Library, route: str, draft: Draft) -> Iterator[Field]:
    """With whom, when and what was agreed. In school, the agency may be nobody; for abusive or violent behaviour the
    policy also asks why no local support was there, and which specialist advises.
    """
    asks, inside = library.wording.decision.asks, route == "a"
    severe = draft.get("level") in SEVERE
    for part in _ROUTE:
        if part in {"local", "specialist"} and not inside:
            continue
        required = severe if part in {"local", "specialist"} else part not in {"other", "reference"}
        if part == "agency" and inside:
            required = False
        asked: Asked = getattr(asks, part)
        options = _agencies(library) if part == "agency" else ()
        yield Field(f"{route}-{part}", asked.ask, _kind(part), asked.hint, required, options)


def _kind(key: str) -> Kind:
    if key == "routes":
        return "many_of"
    if key in _CHOSEN or key in {"level", "agency", "contact_agency"}:
        return "one_of"
    if key in {"date", "time"} or key.endswith(("_date", "_time")):
        return "date" if key.endswith("date") else "time"
    if key == "nudes_met":
        return "date"
    return "line" if key in _LINES else "text"


def _options(library: Library, concern: Concern, key: str) -> tuple[Option, ...]:
    w = library.wording.decision
    match key:
        case "level":
            names = ("appropriate", "inappropriate", "problematic", "abusive", "violent")
            return tuple(Option(name, getattr(w.levels, name)) for name in names)
        case "routes":
            names = ("a", "b", "c", "d", "none") if concern.about == "pupils" else ("a", "c", "d", "lado", "none")
            return tuple(Option(name, getattr(w.routes, name)) for name in names)
        case "contact_agency":
            return tuple(option for option in _agencies(library) if option.key in _AT_ONCE)
        case "alleged_safe" if involved.children(library, concern, "alleged"):  # then it is known who
            return tuple(Option(name, getattr(w.answers, name)) for name in _CHOSEN[key] if name != "nobody")
        case _ if key in _CHOSEN:
            return tuple(Option(name, getattr(w.answers, name)) for name in _CHOSEN[key])
    return ()


def _agencies(library: Library) -> tuple[Option, ...]:
    """The agencies of school.yaml, each name once; the hub, which has no number there; and any other. Of several with one
    name, such as two numbers of the police, the key that the policy's rules know, wherever it stands in the file.
    """
    w, named = library.wording.decision, dict[str, Option]()
    for key, agency in sorted(library.school.agencies.items(), key=lambda one: one[0] not in _AT_ONCE):
        named.setdefault(agency.name, Option(key, agency.name[:75]))
    return (*named.values(), Option("mash", w.agency_mash), Option("other", w.agency_other))
