"""What the bot asks and says while a concern is decided and worked: the DSL's part of wording.yaml.

One field each, so that a missing or misspelt one is found at the door.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from policy_content.saying import Label, Say, holds

Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)]
Question = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=150)]


class _Words(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Asked(_Words):
    """One question: what it asks, and a hint under it."""

    ask: Question
    hint: Line = ""


class Page(_Words):
    """One page of the decision."""

    title: Label
    intro: Say


class LatePage(_Words):
    """A page that shows the limit."""

    title: Label
    intro: Annotated[Say, holds("limit")]


class Pages(_Words):
    """The pages of the decision."""

    safety: Page
    weighing: Page
    level: Page
    nudes: Page
    routes: Page
    route_a: Page
    route_b: Page
    route_c: Page
    route_d: Page
    route_lado: Page
    route_none: Page
    contact: LatePage
    family: Page
    support: Page
    staff: Page


class Levels(_Words):
    """The five levels of the policy's continuum. Never suggested: only offered, in their order."""

    appropriate: Label
    inappropriate: Label
    problematic: Label
    abusive: Label
    violent: Label


class Routes(_Words):
    """Where a concern may go."""

    a: Label
    b: Label
    c: Label
    d: Label
    lado: Label
    none: Label


class Answers(_Words):
    """The answers that several questions share."""

    yes: Label
    no: Label
    unknown: Label
    nobody: Label
    once: Label
    repeated: Label
    partly: Label
    obtained: Label
    refused: Label
    not_needed: Label


class Asks(_Words):
    """Every question of the decision."""

    harmed_safe: Asked
    harmed_done: Asked
    each_harmed_safe: Asked
    each_harmed_done: Asked
    alleged_safe: Asked
    alleged_done: Asked
    each_alleged_safe: Asked
    each_alleged_done: Asked
    adult_done: Asked
    others: Asked
    repeated: Asked
    victimised: Asked
    coerced: Asked
    imbalance: Asked
    misuse: Asked
    accepted: Asked
    how: Asked
    level: Asked
    level_why: Asked
    wider: Asked
    images: Asked
    images_why: Asked
    nudes_met: Asked
    nudes_who: Asked
    nudes_adult: Asked
    nudes_coerced: Asked
    nudes_young: Asked
    nudes_risk: Asked
    nudes_aggravated: Asked
    nudes_spread: Asked
    nudes_viewed: Asked
    nudes_talked: Asked
    routes: Asked
    no_names: Asked
    agency: Asked
    other: Asked
    person: Asked
    date: Asked
    time: Asked
    reference: Asked
    agreed: Asked
    local: Asked
    specialist: Asked
    none_why: Asked
    none_consulted: Asked
    none_change: Asked
    contact_agency: Asked
    contact_person: Asked
    contact_date: Asked
    contact_time: Asked
    contact_reference: Asked
    contact_late: Asked
    views: Asked
    parents: Asked
    parents_how: Asked
    consent: Asked
    consent_why: Asked
    reporter: Asked
    harmed_support: Asked
    alleged_support: Asked
    each_harmed_support: Asked
    each_alleged_support: Asked
    discipline: Asked
    exclusion: Asked
    exclusion_why: Asked
    reasons: Asked
    changed: Asked


class DecisionWords(_Words):
    """The guided decision. It gathers and checks; it never suggests."""

    title: Annotated[Label, holds("reference", "number", "title")]
    next_button: Label
    back_button: Label
    change_button: Annotated[Label, holds("page")]
    check_title: Annotated[Label, holds("reference")]
    check: Say
    missing_title: Annotated[Label, holds("reference")]
    missing: Say
    stale_title: Annotated[Label, holds("reference")]
    stale: Annotated[Say, holds("when")]
    stale_by: Label
    stale_typed: Label
    decided_title: Annotated[Label, holds("reference")]
    decided_since: Annotated[Say, holds("when")]
    closed: Say
    drill_title: Annotated[Label, holds("reference")]
    drill: Say
    read_button: Annotated[Label, holds("when")]
    read_title: Annotated[Label, holds("reference")]
    superseded: Annotated[Say, holds("when")]
    stands: Say
    summary_level: Label
    summary_routes: Label
    agency_mash: Label
    agency_other: Label
    pages: Pages
    levels: Levels
    routes: Routes
    answers: Answers
    asks: Asks
    police_needed: Say
    police_agency: Say
    harm_needs_referral: Say
    either_or: Say
    other_needed: Say
    long_before: Say
    not_yet: Say
    late_needed: Annotated[Say, holds("limit")]


class Review(_Words):
    """The policy's questions at the end: what the school learns. Each may be left empty."""

    place: Asked
    norms: Asked
    training: Asked
    past: Asked
    curriculum: Asked
    parents: Asked
    schools: Asked
    confidence: Asked
    earlier: Asked


class CaseWords(_Words):
    """Working the case."""

    more_button: Label
    more_title: Annotated[Label, holds("reference")]
    more: Say
    saved_title: Annotated[Label, holds("reference")]
    saved: Say
    since_title: Annotated[Label, holds("reference")]
    since: Say
    closed_first: Say
    not_closed: Say

    note_button: Label
    note_title: Annotated[Label, holds("reference")]
    note_intro: Say
    note: Asked
    message_button: Label
    message_title: Annotated[Label, holds("reference")]
    message_intro: Say
    message: Asked
    message_sent: Say
    message_waits_title: Annotated[Label, holds("reference")]
    message_waits: Say
    read_button: Label
    read_of_button: Annotated[Label, holds("reference")]
    read_title: Annotated[Label, holds("reference")]
    read: Say
    read_none: Say
    from_dsl: Annotated[Label, holds("when")]
    from_you: Annotated[Label, holds("when")]
    reply_title: Annotated[Label, holds("reference")]
    reply_intro: Say
    reply: Asked
    reply_button: Label
    replied_title: Annotated[Label, holds("reference")]
    replied: Say
    answered_title: Annotated[Label, holds("reference")]
    answered: Say

    assign_button: Label
    assign_title: Annotated[Label, holds("reference")]
    assign_intro: Say
    assign: Asked
    assigned_to: Label
    assigned_title: Annotated[Label, holds("reference")]
    assigned: Say

    action_button: Label
    action_title: Annotated[Label, holds("reference")]
    action_intro: Say
    action: Asked
    action_due: Asked
    action_past: Say
    actions_open: Label
    action_by: Annotated[Label, holds("number", "when")]
    done_button: Annotated[Label, holds("number")]
    done_title: Annotated[Label, holds("reference", "number")]
    done_intro: Say
    done: Asked
    done_already: Say
    due_title: Annotated[Label, holds("reference")]
    due: Annotated[Say, holds("number", "when")]

    link_button: Label
    link_title: Annotated[Label, holds("reference")]
    link_intro: Say
    link: Asked
    link_why: Asked
    link_wrong: Say
    link_already: Say
    linked: Label

    restrict_button: Label
    restrict_title: Annotated[Label, holds("reference")]
    restrict_intro: Say
    restrict: Asked
    restrict_why: Asked
    restrict_nobody_stays: Say
    restricted: Say
    restricted_title: Annotated[Label, holds("reference")]
    restricted_alert: Say
    kept: Say

    escalate_button: Label
    escalate_title: Annotated[Label, holds("reference")]
    escalate_intro: Say
    escalate: Asked
    escalated: Say

    reopen_button: Label
    reopen_title: Annotated[Label, holds("reference")]
    reopen_intro: Say
    reopen: Asked
    reopened: Say

    chronology_button: Label
    chronology_title: Annotated[Label, holds("reference")]
    chronology: Annotated[Say, holds("when")]

    settled_title: Annotated[Label, holds("reference")]
    settled_decided: Annotated[Say, holds("when")]
    settled_closed: Annotated[Say, holds("when")]
    settled_undecided_title: Annotated[Label, holds("reference")]
    settled_undecided: Annotated[Say, holds("when")]

    review: Review
