"""The concern form: its fields, what is wrong with what was typed, and check-your-answers. Pure.

Values are a flat mapping of field key to text; each child is a block of two fields (`child-2`,
`child-2-role`), and one child can be added to the form at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.concern import Line
from bot.talk import Field, Option, Words
from policy_content.model import Library

MOST_CHILDREN = 10
LONGEST = 50_000  # characters in one field: far above any account, below what a chat would cut
MORE = "children"  # a value of the draft, not a field: how many blocks are drawn


def fields(library: Library, about: str, draft: Mapping[str, str], faults: Mapping[str, str]) -> tuple[Field, ...]:
    """The fields of the form for a concern about `about`, holding what was typed so far."""
    return tuple(_filled(field, draft, faults) for field in _blank(library, about, children(draft)))


def children(draft: Mapping[str, str]) -> int:
    """How many child blocks the form has: at least one."""
    asked = draft.get(MORE, "1")
    typed = max((n for n in range(1, MOST_CHILDREN + 1) if draft.get(f"child-{n}", "").strip()), default=1)
    return min(
        MOST_CHILDREN, max(typed, int(asked) if asked.isascii() and asked.isdecimal() and len(asked) <= 2 else 1)
    )


def faults(library: Library, about: str, draft: Mapping[str, str], now: datetime, zone: ZoneInfo) -> dict[str, str]:
    """What keeps this form from being checked: field key to words for the person. Empty when nothing does."""
    found: dict[str, str] = {}
    for field in _blank(library, about, children(draft)):
        words = fault(library, field, draft.get(field.key, "").strip())
        if words:
            found[field.key] = words
    if "date" not in found:
        found.update(_ahead(library, draft, now.astimezone(zone)))
    return found


def fault(library: Library, field: Field, typed: str) -> str:
    """What is wrong with what was typed in one field, in words for the person; nothing if nothing is."""
    w = library.wording
    if not typed:
        return library.say(w.form_needed, field=field.label) if field.required else ""
    if len(typed) > LONGEST:
        return library.say(w.form_too_long, most=f"{LONGEST:,}", over=f"{len(typed) - LONGEST:,}")
    keys = {option.key for option in field.options}
    match field.kind:
        case "one_of" if typed not in keys:
            return w.form_not_an_option
        case "many_of" if not set(typed.split(",")) <= keys:
            return w.form_not_an_option
        case "date" if not _is_day(typed):
            return w.form_date_wrong
        case "time" if not _is_hour(typed):
            return w.form_time_wrong
    return ""


def lines(library: Library, about: str, draft: Mapping[str, str]) -> tuple[Line, ...]:
    """What was typed, as labelled lines in the form's order; a field left empty is left out."""
    return tuple(_lines(library, about, draft))


def says_urgent(draft: Mapping[str, str]) -> bool:
    """True if the reporter says it is urgent or is not sure."""
    return draft.get("now") in {"yes", "unsure"}


def named(library: Library, about: str, draft: Mapping[str, str]) -> str:
    """The role of the member of the safeguarding team that it is about, if the reporter named one: dsl, deputy-1 and so on."""
    role = draft.get("member", "").strip() if about == "safeguarding" else ""
    return role if role in {held for held, _ in library.school.people.everyone()} else ""


def _team(library: Library) -> tuple[Option, ...]:
    """The members of the safeguarding team by name."""
    people = library.school.people.everyone()
    team = (Option(role, person.name[:75]) for role, person in people if role == "dsl" or role.startswith("deputy"))
    return (*team, Option("other", library.wording.form_member_other))


def _lines(library: Library, about: str, draft: Mapping[str, str]) -> Iterator[Line]:
    for field in _blank(library, about, children(draft)):
        typed = draft.get(field.key, "").strip()
        if not typed or (field.key.endswith("-role") and not draft.get(field.key.removesuffix("-role"), "").strip()):
            continue
        label = next((option.label for option in field.options if option.key == typed), typed)
        yield Line(field.label, Words(label), field.key)


def _filled(field: Field, draft: Mapping[str, str], faults: Mapping[str, str]) -> Field:
    return Field(
        field.key,
        field.label,
        field.kind,
        field.hint,
        field.required,
        field.options,
        Words(draft.get(field.key, "")),
        faults.get(field.key, ""),
    )


def _blank(library: Library, about: str, blocks: int) -> Iterator[Field]:
    """The form's fields in order, empty. Who it is about is asked before; danger now is asked first."""
    w = library.wording
    sure = (Option("yes", w.form_yes), Option("no", w.form_no), Option("unsure", w.form_unsure))
    yield Field("now", w.form_now, "one_of", w.form_now_hint, required=True, options=sure)
    if about != "pupils":
        yield Field("adult", w.form_adult, "line", w.form_adult_hint, required=True)
    if about == "safeguarding":
        yield Field("member", w.form_member, "one_of", w.form_member_hint, options=_team(library))
    roles = tuple(
        Option(key, label)
        for key, label in (
            ("harmed", w.form_role_harmed),
            ("alleged", w.form_role_alleged),
            ("witness", w.form_role_witness),
            ("unsure", w.form_unsure),
        )
    )
    for n in range(1, blocks + 1):
        needed = about == "pupils" and n == 1
        yield Field(f"child-{n}", library.say(w.form_child, number=str(n)), "line", w.form_child_hint, required=needed)
        if about == "pupils":
            yield Field(
                f"child-{n}-role", library.say(w.form_role, number=str(n)), "one_of", required=needed, options=roles
            )
    yield Field("happened", w.form_happened, "text", w.form_happened_hint, required=True)
    yield Field("said", w.form_said, "text", w.form_said_hint)
    yield Field("date", w.form_date, "date", w.form_date_hint)
    yield Field("time", w.form_time, "time", w.form_time_hint)
    yield Field("where", w.form_where, "line", w.form_where_hint)
    yield Field("known", w.form_known, "line", w.form_known_hint)
    yield Field("done", w.form_done, "text", w.form_done_hint)
    yield Field("told", w.form_told, "line", w.form_told_hint)
    yield Field("images", w.form_images, "one_of", w.form_images_hint, required=about == "pupils", options=sure)


def _ahead(library: Library, draft: Mapping[str, str], today: datetime) -> Iterator[tuple[str, str]]:
    day = draft.get("date", "").strip()
    if day and date.fromisoformat(day) > today.date():
        yield "date", library.wording.form_date_ahead


def _is_day(typed: str) -> bool:
    try:
        date.fromisoformat(typed)
    except ValueError:
        return False
    return True


def _is_hour(typed: str) -> bool:
    try:
        datetime.strptime(typed, "%H:%M")  # noqa: DTZ007 (a time of day has no zone)
    except ValueError:
        return False
    return True
