"""The few facts chosen at closing so that the school's figures need no reading of narratives. Pure.

What is chosen stands twice in the `reviewed` entry: as it was read, and as keys, which `bot.case.facts` reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.talk import Field, Option
from policy_content.handing_wording import Places
from policy_content.model import Library

_OTHER_YEAR = "other"
NUDES = "nudes"  # a kind in the policy, with many topics in the content and one row in the figures


def fields(library: Library) -> Iterator[Field]:
    """The fields, all of which may be left empty. Their keys keep apart from those of the review questions beside them."""
    w = library.wording.learning
    yield Field("fact_kinds", w.kinds.ask, "many_of", w.kinds.hint, options=_options(kinds(library)))
    yield Field("fact_place", w.place.ask, "one_of", w.place.hint, options=_options(places(library)))
    yield Field("fact_years", w.years.ask, "many_of", w.years.hint, options=_options(years(library)))


def kinds(library: Library) -> dict[str, str]:
    """The policy's kinds of abuse: topic id to title, and sharing nudes and semi-nudes as one."""
    named = {id_: topic.title for id_, topic in library.topics.items() if topic.group == "kinds"}
    return dict(sorted((named | {NUDES: library.wording.learning.kind_nudes}).items()))


def places(library: Library) -> dict[str, str]:
    """The places that are told apart: key to label."""
    return {key: getattr(library.wording.learning.places, key) for key in Places.model_fields}


def years(library: Library) -> dict[str, str]:
    """The school's year groups: key to label."""
    named = {f"y{number}": label for number, label in enumerate(library.school.years, 1)}
    return named | {_OTHER_YEAR: library.wording.learning.year_other}


def chosen(library: Library, values: Mapping[str, str]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """What was chosen: as asked and said, and as keys. Year groups keep their label: a school may count them anew."""
    said, keys = {}, {}
    for field in fields(library):
        picked = [option for option in field.options if option.key in values.get(field.key, "").split(",")]
        if picked:
            said[field.key] = [field.label, "; ".join(option.label for option in picked)]
            name = field.key.removeprefix("fact_")
            keys[name] = [option.label if name == "years" else option.key for option in picked]
    return said, keys


def _options(named: Mapping[str, str]) -> tuple[Option, ...]:
    return tuple(Option(key, label[:75]) for key, label in named.items())
