"""Every sentence the bot says in its own voice, one field each, so that a missing or misspelt one is found at the door."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from policy_content.case_wording import CaseWords, DecisionWords
from policy_content.handing_wording import HandingWords, LearningWords
from policy_content.saying import Holds, Label, Say
from policy_content.saying import holds as _holds

Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=24)]


class Commands(BaseModel):
    """What counts as a command when it is the whole message."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    back: tuple[Say, ...]
    again: tuple[Say, ...]
    stop: tuple[Say, ...]
    yes: tuple[Say, ...]
    no: tuple[Say, ...]
    unsure: tuple[Say, ...]
    emergency: tuple[Say, ...]
    log: tuple[Say, ...]
    topics: tuple[Say, ...]
    mine: tuple[Say, ...]
    open_list: tuple[Say, ...]
    home: tuple[Say, ...]


class Wording(BaseModel):
    """The sentences of wording.yaml. A label is a button's; the rest are read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    commands: Commands
    groups: dict[str, Label]
    decision: DecisionWords
    case: CaseWords
    handing: HandingWords
    learning: LearningWords

    practice: Say
    suggestions: tuple[Say, ...]
    welcome_title: Label
    welcome: Say

    ring_now_title: Label
    ring_now: Annotated[Say, _holds("ring")]
    emergency_kept: Say

    outsider_title: Label
    outsider: Say
    outsider_wrote_title: Label
    outsider_wrote: Say

    clarify_title: Label
    clarify: Say
    none_of_these: Label
    unknown_title: Label
    unknown: Say
    topics_title: Label
    topics: Say
    overdue: Annotated[Say, _holds("edition", "due")]
    why: Label
    who: Label
    national: Annotated[Say, _holds("guidance")]

    log_button: Label
    triage_button: Label
    topics_button: Label
    emergency_button: Label
    back_button: Label
    again_button: Label
    stop_button: Label
    carry_on_button: Label
    throw_away_button: Label
    log_these_answers: Label

    question_title: Annotated[Say, _holds("triage", "number")]
    not_an_answer: Say
    unfinished_title: Label
    unfinished: Say
    unfinished_typed: Label
    carried_on: Say
    stopped_title: Label
    stopped: Say
    stopped_draft: Say
    nothing_open_title: Label
    nothing_open: Say
    old_button_title: Label
    old_button: Say
    already_sent_title: Label
    already_sent: Annotated[Say, _holds("reference")]
    empty_title: Label
    empty: Say

    files_title: Label
    files: Say
    shared_title: Label
    shared: Say
    interrupted_title: Label
    interrupted: Say
    not_installed_title: Label
    not_installed: Say
    hello_title: Label
    hello: Say
    heard_already: Say
    in_your_chat: Say
    dialog_needed_title: Label
    dialog_needed: Say
    numbers_title: Label
    numbers: Say
    routes_title: Label

    about_title: Label
    about_help: Say
    about_pupils: Label
    about_adult: Label
    about_head: Label
    about_safeguarding: Label
    form_title: Label
    form_intro: Say
    form_intro_staff: Say
    form_submit: Label
    form_another_child: Label
    form_words_kept: Say
    form_kept: Say
    ring_any: Say
    form_link: Annotated[Say, _holds("link")]
    form_needed: Annotated[Say, _holds("field")]
    form_too_long: Annotated[Say, _holds("most", "over")]
    form_not_an_option: Say
    form_yes: Label
    form_no: Label
    form_unsure: Label
    form_now: Label
    form_now_hint: Say
    form_adult: Label
    form_adult_hint: Say
    form_member: Label
    form_member_hint: Say
    form_member_other: Label
    form_child: Annotated[Label, _holds("number")]
    form_child_hint: Say
    form_role: Annotated[Label, _holds("number")]
    form_role_harmed: Label
    form_role_alleged: Label
    form_role_witness: Label
    form_happened: Label
    form_happened_hint: Say
    form_said: Label
    form_said_hint: Say
    form_date: Label
    form_date_hint: Say
    form_date_wrong: Say
    form_date_ahead: Say
    form_time: Label
    form_time_hint: Say
    form_time_wrong: Say
    form_where: Label
    form_where_hint: Say
    form_known: Label
    form_known_hint: Say
    form_done: Label
    form_done_hint: Say
    form_told: Label
    form_told_hint: Say
    form_images: Label
    form_images_hint: Say
    form_button: Label
    form_continued: Label
    form_too_long_to_draw: Say
    check_title: Label
    check: Say
    observations_title: Label
    send_button: Label
    change_button: Label

    sent_title: Annotated[Label, _holds("reference")]
    sent: Annotated[Say, _holds("who", "ring")]
    sent_urgent: Annotated[Say, _holds("who", "ring")]
    told_dsl: Say
    told_head: Say
    told_chair: Say
    ring_dsl: Say
    ring_head: Say
    ring_chair: Say
    not_sent_title: Label
    not_sent: Annotated[Say, _holds("ring")]
    not_saved_title: Label
    not_saved: Say

    alert_title: Annotated[Label, _holds("reference")]
    alert_title_urgent: Annotated[Label, _holds("reference")]
    listed_title: Annotated[Label, _holds("reference")]
    alert: Say
    alert_acknowledged: Annotated[Say, _holds("when")]
    alert_drill: Annotated[Say, _holds("alert")]
    alert_next: Label
    alert_next_at: Annotated[Say, _holds("when")]
    alert_decide: Label
    alert_decide_by: Annotated[Say, _holds("when")]
    alert_decided: Annotated[Say, _holds("when")]
    alert_closed: Annotated[Say, _holds("when")]
    alert_reporter: Label
    alert_logged: Label
    alert_acknowledged_by: Label
    acknowledge_button: Label
    open_button: Label
    acknowledged_title: Annotated[Label, _holds("reference")]
    acknowledged: Say
    acknowledged_drill: Say
    already_acknowledged_title: Annotated[Label, _holds("reference")]
    already_acknowledged: Annotated[Say, _holds("when")]
    by_label: Label
    open_title: Annotated[Label, _holds("reference")]
    open_body: Say
    open_chronology: Label
    entry_logged: Say
    entry_opened: Say
    entry_acknowledged: Say
    entry_added: Say
    entry_decided: Say
    entry_closed: Say
    entry_reviewed: Say
    entry_noted: Say
    entry_messaged: Say
    entry_read: Say
    entry_answered: Say
    entry_assigned: Say
    entry_linked: Say
    entry_action: Say
    entry_done: Say
    entry_restricted: Say
    entry_escalated: Say
    entry_reopened: Say
    entry_exported: Say
    entry_handed_over: Say
    decide_button: Label
    decide_again_button: Label
    close_button: Label
    decided_title: Annotated[Label, _holds("reference")]
    decided: Say
    close_title: Annotated[Label, _holds("reference")]
    close_intro: Say
    close_field: Label
    close_hint: Say
    close_undecided: Label
    close_undecided_hint: Say
    close_mistake: Label
    close_double: Label
    close_stands: Label
    closed_title: Annotated[Label, _holds("reference")]
    closed: Say
    already_settled: Annotated[Say, _holds("when")]
    save_button: Label
    list_title: Label
    list_empty: Say
    list_count: Annotated[Say, _holds("count")]
    list_stage: Label
    list_proved: Annotated[Label, _holds("route")]
    proved_at: Annotated[Say, _holds("when")]
    proved_never: Say
    proved_failed: Annotated[Say, _holds("when")]
    stage_logged: Label
    stage_acknowledged: Label
    stage_decided: Label
    stage_closed: Label
    mine_title: Label
    mine_empty: Say
    mine_intro: Say
    mine_one: Annotated[Label, _holds("reference")]
    mine_logged: Annotated[Say, _holds("stage", "when")]
    add_button: Annotated[Label, _holds("reference")]
    add_title: Annotated[Label, _holds("reference")]
    add_intro: Say
    add_field: Label
    add_hint: Say
    added_title: Annotated[Label, _holds("reference")]
    added: Say
    added_closed: Say
    added_alert_title: Annotated[Label, _holds("reference")]
    added_alert: Say
    waiting_title: Annotated[Label, _holds("reference")]
    waiting: Annotated[Say, _holds("ring", "refer")]
    refer_open: Say
    refer_closed: Say
    remind_title: Annotated[Label, _holds("reference")]
    remind: Annotated[Say, _holds("when")]
    remind_over: Annotated[Say, _holds("when")]
    quiet_title: Annotated[Label, _holds("reference")]
    quiet: Annotated[Say, _holds("when")]
    draft_title: Label
    draft: Say
    unsent_title: Label
    unsent: Say
    unsent_by: Label
    proof_failed_title: Label
    proof_failed: Annotated[Say, _holds("route")]
    last_proved_title: Label
    last_proved: Annotated[Say, _holds("when", "head")]
    place_learnt_title: Label
    place_learnt: Annotated[Say, _holds("count")]
    place_moved_title: Label
    place_moved: Say
    place_refused_title: Label
    place_wrong_code: Say
    place_personal: Say
    place_not_staff: Annotated[Say, _holds("count")]
    place_unreadable: Say
    place_set: Say
    place_not_saved: Say
    who_unknown_title: Label
    who_unknown: Say
    test_card_title: Label
    test_card: Annotated[Say, _holds("when")]
    not_yours_title: Label
    not_yours: Say
    no_roster_title: Label
    no_roster: Say
    told_title: Annotated[Label, _holds("reference")]
    told_reporter: Annotated[Say, _holds("when")]

    from_policy: Label
    not_from_policy: Label
    window_title: Short
    window_close: Short
    window_page: Annotated[Say, _holds("page", "pages")]
    window_next: Label
    window_back: Label
    home_more: Say
    message_fallback: Say

    pointer: Say
    slow: Say
    window_closing: Say
    window_late_title: Label
    window_late: Say

    def sentences(self) -> Iterator[tuple[tuple[str, ...], str, frozenset[str]]]:
        """Every sentence: where it stands, its text, and the braces it must hold."""
        yield from _sentences(self, ())


def _sentences(words: BaseModel, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str, frozenset[str]]]:
    for key, field in type(words).model_fields.items():
        value = getattr(words, key)
        if isinstance(value, BaseModel):
            yield from _sentences(value, (*place, key))
        elif isinstance(value, str) and value:
            held = next((m.names for m in field.metadata if isinstance(m, Holds)), frozenset[str]())
            yield (*place, key), value, held
