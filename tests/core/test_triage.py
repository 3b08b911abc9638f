"""Where answers lead, and what a press or typed words do to them. Pure: every step of every triage, and of the concern form."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot import Sent, Words, intake, interview
from bot.cards import AGAIN, BACK, CHANGE, LOG, SEND, STOP
from bot.triage import (
    ABOUT,
    FORM_COMPLETE,
    Answer,
    AtAbout,
    AtCheck,
    AtForm,
    AtOutcome,
    AtQuestion,
    Conversation,
    UnknownStartError,
    replay,
)

DRAFT = {"happened": "typed so far", "child-1": "typed too"}
START = Answer("start", "concern")
TO_LOG = Answer("log", "")


@pytest.fixture(scope="session")
def library(guidance):
    return guidance.library


@pytest.fixture(scope="session")
def places(library):
    """Every question and outcome of every triage, with the shortest answers that lead there."""
    return {
        (triage.id, node): answers for triage in library.triages.values() for node, answers in _reached(triage).items()
    }


@pytest.fixture(scope="session")
def steps(library, places):
    """Answers that lead to every step there is, the steps of a concern also from every place of a triage."""
    found = [*places.values()]
    for begun in [(START,), *((*answers, TO_LOG) for answers in places.values())]:
        step = replay(library, begun).step
        settled = isinstance(step, AtForm)
        found.append(begun)
        for about in [step.about] if settled else ABOUT:
            form = begun if settled else (*begun, Answer("about", about))
            found += [form, (*form, FORM_COMPLETE)]
    return list(dict.fromkeys(found))


def _reached(triage):
    found, queue = {triage.start: (Answer("start", triage.id),)}, deque([triage.start])
    while queue:
        node = queue.popleft()
        question = triage.questions.get(node)
        for key, option in question.options.items() if question else ():
            if option.then not in found:
                found[option.then] = (*found[node], Answer(node, key))
                queue.append(option.then)
    return found


def conversation(answers):
    return Conversation("c1", "web:teacher", tuple(answers), DRAFT, 7)


def pressed(library, answers, value):
    talk = conversation(answers)
    return interview.press(talk, replay(library, talk.answers), value)


def without(library, triage, *, question=None, option=None):
    """The library after an edit that took a question's option away, or a whole triage."""
    triages = dict(library.triages)
    if question is None:
        del triages[triage]
    else:
        held = triages[triage].questions[question]
        options = {key: value for key, value in held.options.items() if key != option}
        questions = triages[triage].questions | {question: held.model_copy(update={"options": options})}
        triages[triage] = triages[triage].model_copy(update={"questions": questions})
    return library.model_copy(update={"triages": triages})


# ---- replay


def test_answers_lead_to_every_question_and_every_outcome(library, places):
    assert {node for _, node in places} == {
        node for triage in library.triages.values() for node in (*triage.questions, *triage.outcomes)
    }
    for (name, node), answers in places.items():
        step = replay(library, answers).step
        triage = library.triages[name]
        expected = triage.questions.get(node) or triage.outcomes[node]
        assert (step.question if isinstance(step, AtQuestion) else step.outcome) is expected


def test_all_answers_that_lead_to_a_step_count(library, steps):
    for answers in steps:
        assert replay(library, answers).answers == answers


def test_every_answer_is_passed_on_as_an_observation_in_the_words_shown(library, places):
    for (name, _), answers in places.items():
        questions = library.triages[name].questions
        assert [(o.asked, o.answered) for o in replay(library, answers).observations] == [
            (questions[a.step].passes_on or questions[a.step].ask, questions[a.step].options[a.value].label)
            for a in answers[1:]
        ]


def test_observations_and_urgency_go_with_the_concern_that_a_triage_ends_in(library, places):
    for answers in places.values():
        ended, logged = replay(library, answers), replay(library, (*answers, TO_LOG))
        assert logged.observations == ended.observations
        assert logged.urgent == ended.urgent


def test_only_an_outcome_that_says_ring_now_is_urgent(library, places):
    for answers in places.values():
        position = replay(library, answers)
        outcome = position.step.outcome if isinstance(position.step, AtOutcome) else None
        assert position.urgent == (outcome is not None and outcome.caution == "now")


def test_an_outcome_that_knows_whom_it_is_about_does_not_ask_again(library, places):
    settled = 0
    for answers in places.values():
        outcome = getattr(replay(library, answers).step, "outcome", None)
        step = replay(library, (*answers, TO_LOG)).step
        about = outcome.about if outcome else ""
        assert step == (AtForm(about) if about else AtAbout())
        settled += bool(about)
    assert settled >= 3


def test_an_answer_nobody_offers_asks_its_step_again(library, places):
    for answers in places.values():
        question = replay(library, answers).step
        if isinstance(question, AtQuestion):
            odd = replay(library, (*answers, Answer(question.id, "made-up"), Answer("later", "x")))
            assert odd == replay(library, answers)


@given(st.data())
def test_any_answers_lead_somewhere_and_what_counts_of_them_leads_there_again(library, steps, data):
    known = sorted({(a.step, a.value) for answers in steps for a in answers})
    answer = st.one_of(st.sampled_from(known), st.tuples(st.text(), st.text())).map(lambda pair: Answer(*pair))
    start = st.sampled_from(["concern", *library.triages]).map(lambda value: Answer("start", value))
    given_ = (data.draw(start), *data.draw(st.lists(answer, max_size=8)))
    position = replay(library, given_)
    assert given_[: len(position.answers)] == position.answers
    assert replay(library, position.answers) == position


# ---- content changed under an open conversation


def test_a_removed_option_asks_its_question_again_and_keeps_the_answers_before_it(library, places):
    for (name, _), answers in places.items():
        for at, answer in enumerate(answers[1:], 1):
            edited = without(library, name, question=answer.step, option=answer.value)
            position = replay(edited, (*answers, TO_LOG, Answer("about", "pupils")))
            assert position.answers == answers[:at]
            assert position.step.id == answer.step
            assert answer.value not in position.step.question.options


def test_a_removed_triage_is_said_to_be_gone(library, places):
    for (name, _), answers in places.items():
        with pytest.raises(UnknownStartError):
            replay(without(library, name), answers)


def test_a_concern_begun_by_itself_survives_the_loss_of_every_triage(library):
    bare = library.model_copy(update={"triages": {}})
    assert replay(bare, (START, Answer("about", "head"), FORM_COMPLETE)).step == AtCheck("head")


def test_a_triage_that_learns_to_settle_whom_it_is_about_asks_for_the_form_again(library, places):
    answers = (*places["danger-or-concern", "listen"], TO_LOG, Answer("about", "pupils"), FORM_COMPLETE)
    assert replay(library, answers).step == AtCheck("pupils")
    triage = library.triages["danger-or-concern"]
    outcomes = triage.outcomes | {"listen": triage.outcomes["listen"].model_copy(update={"about": "adult"})}
    changed = library.model_copy(
        update={"triages": {triage.id: triage.model_copy(update={"outcomes": outcomes})}},
    )
    assert replay(changed, answers).step == AtForm("adult")


# ---- pressing


def test_back_is_one_answer_less_at_every_step(library, steps):
    for answers in steps:
        moved = pressed(library, answers, BACK)
        assert moved.answers == (answers[:-1] if len(answers) > 1 else answers)


def test_start_again_goes_to_the_first_step_from_every_step(library, steps):
    for answers in steps:
        assert pressed(library, answers, AGAIN).answers == answers[:1]


def test_stop_stops_at_every_step(library, steps):
    assert {pressed(library, answers, STOP) for answers in steps} == {"stop"}


def test_every_option_leads_where_it_says(library, places):
    for answers in places.values():
        at = replay(library, answers).step
        for key, option in at.question.options.items() if isinstance(at, AtQuestion) else ():
            after = replay(library, pressed(library, answers, key).answers).step
            assert option.then in (at.triage.questions.keys() | at.triage.outcomes.keys())
            assert getattr(after, "id", None) == option.then or after.outcome is at.triage.outcomes[option.then]


def test_a_concern_can_be_logged_from_every_place_of_a_triage(library, places):
    for answers in places.values():
        step = replay(library, pressed(library, answers, LOG).answers).step
        assert isinstance(step, AtAbout | AtForm)


def test_no_press_drops_the_draft_or_begins_another_conversation(library, steps):
    values = [BACK, AGAIN, CHANGE, LOG, *ABOUT]
    for answers in steps:
        at = replay(library, answers).step
        for value in [*values, *(at.question.options if isinstance(at, AtQuestion) else ())]:
            moved = pressed(library, answers, value)
            if moved is not None:
                assert (moved.draft, moved.id, moved.person, moved.version) == (DRAFT, "c1", "web:teacher", 7)


def test_a_press_that_the_step_does_not_offer_is_no_move(library, steps):
    for answers in steps:
        at = replay(library, answers).step
        offered = {
            AtQuestion: lambda at: {LOG, *at.question.options},
            AtOutcome: lambda _: {LOG},
            AtAbout: lambda _: set(ABOUT),
            AtForm: lambda _: set(),
            AtCheck: lambda _: {SEND, CHANGE},
        }[type(at)](at)
        for value in {LOG, SEND, CHANGE, *ABOUT, "yes", "unsure", "", ".", "made-up"} - offered:
            assert pressed(library, answers, value) is None


def test_only_check_your_answers_can_send(library, steps):
    for answers in steps:
        sends = pressed(library, answers, SEND) == "send"
        assert sends == isinstance(replay(library, answers).step, AtCheck)


def test_change_opens_the_form_again(library, steps):
    for answers in steps:
        at = replay(library, answers).step
        if isinstance(at, AtCheck):
            assert replay(library, pressed(library, answers, CHANGE).answers).step == AtForm(at.about)


# ---- forms and words into the draft


def filled(library, answers, values, faults=(), press="check"):
    talk = conversation(answers)
    sent = Sent("f", {key: Words(value) for key, value in values.items()}, press)
    return interview.fill(talk, replay(library, answers), sent, dict(faults))


FORM = (START, Answer("about", "pupils"))


@pytest.mark.parametrize("answers", [FORM, (*FORM, FORM_COMPLETE)], ids=["at the form", "at the check"])
def test_a_form_with_a_fault_keeps_what_was_typed_and_stays_open(library, answers):
    talk = filled(library, answers, {"happened": "more", "where": "gym"}, {"now": "needed"})
    assert talk.draft == DRAFT | {"happened": "more", "where": "gym"}
    assert replay(library, talk.answers).step == AtForm("pupils")


@pytest.mark.parametrize("answers", [FORM, (*FORM, FORM_COMPLETE)], ids=["at the form", "at the check"])
def test_a_form_without_fault_goes_to_the_check(library, answers):
    talk = filled(library, answers, {"happened": "more"})
    assert replay(library, talk.answers).step == AtCheck("pupils")


def test_another_child_keeps_everything_typed_up_to_the_tenth(library):
    talk, values = conversation(FORM), {"happened": "more", "child-1": "one", "now": "no"}
    for count in range(2, 15):
        sent = Sent("f", {key: Words(value) for key, value in values.items()}, "another-child")
        talk = interview.fill(talk, replay(library, talk.answers), sent, {})
        assert intake.children(talk.draft) == min(count, 10)
        assert talk.draft.items() >= values.items()
        assert replay(library, talk.answers).step == AtForm("pupils")


def test_words_typed_beside_the_form_are_added_to_what_happened():
    talk = interview.add_words(interview.add_words(conversation(FORM), " and then \n"), "left")
    assert talk.draft == DRAFT | {"happened": "typed so far\n\nand then\n\nleft"}


# ---- typed choices


def questions(library, places):
    return [step for a in places.values() if isinstance(step := replay(library, a).step, AtQuestion)]


def test_a_choice_may_be_typed_by_its_number(library, places):
    for step in questions(library, places):
        for number, key in enumerate(step.question.options, 1):
            assert interview.typed_choice(library, step, f" {number}. ") == key
    assert [interview.typed_choice(library, AtAbout(), str(n)) for n in (1, 2, 3, 4)] == list(ABOUT)


def test_a_choice_may_be_typed_by_its_label_in_any_case_and_without_punctuation(library, places):
    for step in questions(library, places):
        for key, option in step.question.options.items():
            for typed in (option.label, option.label.upper(), option.label.replace(",", " ").replace("'", "’") + "!"):
                assert interview.typed_choice(library, step, typed) == key


def test_who_it_is_about_and_sending_and_changing_may_be_typed(library):
    w = library.wording
    assert interview.typed_choice(library, AtAbout(), w.about_head.lower()) == "head"
    assert interview.typed_choice(library, AtCheck("pupils"), "send") == SEND
    assert interview.typed_choice(library, AtCheck("pupils"), "Change.") == CHANGE


def test_yes_no_and_not_sure_count_where_exactly_one_answer_is_that(library, places):
    commands = library.wording.commands
    for step in questions(library, places):
        labels = {key: interview.plain(option.label) for key, option in step.question.options.items()}
        for said, words in (("yes", commands.yes), ("no", commands.no)):
            meant = [key for key, label in labels.items() if key == said or label.split(" ")[0] == said]
            for word in words:
                chosen = interview.typed_choice(library, step, f"{word.upper()}.")
                assert chosen == (meant[0] if len(meant) == 1 else None)
        for word in commands.unsure:
            assert interview.typed_choice(library, step, word) == "unsure"


def test_a_yes_that_could_mean_two_answers_chooses_neither(library):
    planned = library.triages["danger-or-concern"].questions["planned"]
    step = AtQuestion(library.triages["danger-or-concern"], "planned", planned)
    assert interview.typed_choice(library, step, "yes") is None
    assert interview.typed_choice(library, step, "no") == "neither"


@given(st.from_regex(r"\A0{0,6}[1-9][0-9]{0,6}\Z"))
@example("0")
@example("20")
@example("00010")
def test_a_number_that_is_not_among_them_chooses_nothing(library, places, digits):
    for step in questions(library, places):
        if not 1 <= int(digits) <= len(step.question.options):
            assert interview.typed_choice(library, step, digits) is None


@pytest.mark.parametrize(
    "text", ["", " ", "!", "²", "٣", "1 2", "one", "maybe", "yes and no", "👍", "1" * 5000, f"0001{'0' * 5000}"]
)
def test_words_that_name_no_answer_choose_nothing(library, places, text):
    for step in questions(library, places):
        assert interview.typed_choice(library, step, text) is None


@given(st.text())
@example("send")
@example("1")
def test_nothing_typed_beside_the_form_is_a_choice(library, text):
    assert interview.typed_choice(library, AtForm("pupils"), text) is None
