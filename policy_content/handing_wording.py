"""What the bot says when a concern is handed over, found, forgotten, and learnt from: those parts of wording.yaml."""

from __future__ import annotations

from typing import Annotated

from policy_content.case_wording import Asked, _Words
from policy_content.saying import Label, Say, holds


class HandingWords(_Words):
    """Handing a concern over to the school's record system, finding earlier ones, and forgetting."""

    button: Label
    title: Annotated[Label, holds("reference")]
    intro: Annotated[Say, holds("reference")]
    code_button: Label
    code_title: Label
    code_intro: Say
    code: Label
    passphrase: Label
    handed_button: Label
    handed_title: Annotated[Label, holds("reference")]
    handed_intro: Say
    system: Asked
    reference: Asked
    handed: Say
    handed_open: Say
    forget_button: Label
    forget_title: Annotated[Label, holds("reference")]
    forget_intro: Annotated[Say, holds("days")]
    forget_linked: Annotated[Say, holds("references")]
    forget_reference: Asked
    forget_reference_wrong: Say
    forget_why: Asked
    forgotten_title: Annotated[Label, holds("reference")]
    forgotten: Say
    not_open: Say
    not_handed_over: Say
    changed: Say
    find_button: Label
    find_title: Label
    find_intro: Say
    find: Asked
    find_any: Label
    find_stage: Asked
    find_logged: Label
    find_acknowledged: Label
    find_decided: Label
    find_closed: Label
    find_clock: Asked
    find_seen: Label
    find_decide: Label
    find_action: Label
    find_nothing: Say
    find_submit: Label
    similar_button: Label
    found_title: Label
    found: Annotated[Say, holds("count")]
    found_more: Annotated[Say, holds("count")]
    found_none: Say
    print_title: Annotated[Label, holds("reference")]
    print_by: Annotated[Say, holds("name", "when")]
    print_page: Annotated[Label, holds("reference", "page", "pages")]
    print_private: Say
    print_missing: Say
    print_account: Label
    print_concern: Label
    print_about: Label
    print_stage: Label
    print_urgent: Label
    print_reporter: Label
    print_logged: Label
    print_decision: Annotated[Label, holds("number", "when")]
    print_by_whom: Label
    print_actions: Label
    print_action_open: Label
    print_action_done: Label


class Places(_Words):
    """Where it happened, as reports count it."""

    classroom: Label
    corridor: Label
    toilets: Label
    changing: Label
    outside: Label
    dining: Label
    sport: Label
    trip: Label
    way: Label
    online: Label
    home: Label
    other: Label


class LearningWords(_Words):
    """What is asked at closing so that nobody need read narratives, and the trends page."""

    kinds: Asked
    kind_nudes: Label
    place: Asked
    years: Asked
    places: Places
    year_other: Label
    link: Label
    title: Annotated[Label, holds("school")]
    period: Annotated[Say, holds("first", "last")]
    year: Annotated[Label, holds("year")]
    so_far: Annotated[Label, holds("year", "last")]
    rule_title: Label
    rule: Say
    concerns: Label
    questions: Label
    unanswered: Label
    about: Annotated[Label, holds("low", "high")]
    fewer: Label
    fewer_list: Annotated[Say, holds("names")]
    fewer_others: Say
    all_hidden: Say
    charts: dict[str, Label]
    speed: dict[str, Label]
    speed_title: Label
    speed_half: Annotated[Label, holds("half")]
    speed_both: Annotated[Label, holds("half", "ninth")]
    median: Label
    ninth: Label
    bands: dict[str, Label]
    table: Label
    column_what: Label
    column_count: Label
    pair: Annotated[Label, holds("first", "second")]
    made: Annotated[Say, holds("when", "edition")]
    forgotten: Say
    weekdays: Annotated[tuple[Label, ...], "monday first"]
