"""The door by which every person comes in: what each thing they may do leads to, and that nothing of it is lost."""

from __future__ import annotations

import asyncio

import pytest

from bot import Card, Choice, Form, Words
from bot.cards import step_id
from bot.triage import ABOUT, Answer, AtForm, AtOutcome, AtQuestion, Conversation, replay
from tests.core.stores import BOTH

STORES = BOTH

URGENT = "he has a knife and is going to stab her now"
QUESTION, ITS_PAGE = "Can I promise to keep it secret?", "child-discloses"
TOLD = {"pupils": "dsl", "adult": "head", "head": "chair", "safeguarding": "head"}
FREE = ("child-1", "happened", "said", "where", "known", "done", "told")


def outcomes(library):
    """Answers that lead to each outcome that knows whom it is about."""
    begin = (Answer("start", "danger-or-concern"), Answer("danger", "no-danger"), Answer("about", "adult"))
    for option in ("staff", "safeguarding-team", "head"):
        yield (*begin, Answer("which-adult", option))


async def kept(school, who=None):
    """The person's open conversation as kept, or None."""
    found = await school.ledger.conversation((who or school.person()).id)
    return found and found[0]


STEPS = {
    "nothing open": lambda school, who: school.press("topics", who),
    "a question": lambda school, who: school.press("triage:nudes", who),
    "an outcome": lambda school, who: school.walk([Answer("start", "nudes"), Answer("danger", "unsure")], who),
    "who it is about": lambda school, who: school.press("log", who),
    "the form": lambda school, who: school.begin("pupils", who),
    "the form, about staff": lambda school, who: school.begin("adult", who),
    "the check": lambda school, who: school.check("pupils", who),
    "sent": lambda school, who: school.log("pupils", who),
}
OPEN = [name for name in STEPS if name not in {"nothing open", "sent"}]
anywhere = pytest.mark.parametrize("at", STEPS)
at_any_step = pytest.mark.parametrize("at", OPEN)


@pytest.fixture
def reach(school):
    """Brings a person to a step; the reply that showed it."""
    return lambda at, who=None: STEPS[at](school, who)


# ---- staff, and everyone else


@pytest.mark.parametrize("what", [{"words": Words(URGENT)}, {"choice": "topic:banter"}, {"choice": "log"}])
async def test_someone_outside_staff_gets_one_kind_reply_whatever_they_do(school, what):
    reply = await school.hear(school.person("pupil", staff=False), **what)
    assert reply.parts == (Card(school.wording.outsider_title, school.library.say(school.wording.outsider)),)
    for number in ("999", "0800 1111"):
        assert number in school.text(reply)


async def test_someone_outside_staff_learns_nothing_of_a_concern_or_of_a_form(school):
    id_ = school.id(await school.log())
    form = school.form(await school.begin())
    pupil = school.person("dsl", staff=False)
    kind = await school.say("hello", pupil)
    assert await school.press(f"open:{id_}", pupil) == kind
    assert await school.press(f"ack:{id_}", pupil) == kind
    assert await school.fill(form.id, school.account(), school.person(staff=False)) == kind
    assert school.entries("TA-2026-0001") == ["logged"]


async def test_the_dsl_is_told_once_a_day_that_someone_outside_staff_wrote_and_never_what(school):
    web, pupil = school.channels["web"], school.person("pupil", staff=False)
    for _ in range(5):
        await school.say(school.MARK, pupil)
        await school.ring()
    assert [(alert.told, alert.ref) for alert in web.sent] == [("dsl", "")]
    assert school.titles(web.sent[0]) == [school.wording.outsider_wrote_title]
    assert school.MARK not in school.text(web.sent[0].parts)
    await school.say(school.MARK, school.person("another", staff=False))
    school.clock.forward(days=1)
    await school.say(school.MARK, pupil)
    await school.ring()
    assert len(web.sent) == 3


async def test_staff_are_no_longer_served_when_their_channel_says_they_are_not_staff(school, reach):
    send = school.id_of(await reach("the check"), ".send")
    reply = await school.press(send, school.person(staff=False))
    assert school.titles(reply) == [school.wording.outsider_title]
    assert school.count("concerns") == 0


# ---- urgent words first, always


@anywhere
async def test_urgent_words_lead_wherever_they_are_typed(school, reach, at):
    await reach(at)
    reply = await school.say(URGENT)
    assert reply.parts[0] == school.ring_now("head" if at == "the form, about staff" else "dsl")


@at_any_step
async def test_urgent_words_keep_the_step_and_what_was_typed(school, reach, at):
    await reach(at)
    before = await kept(school)
    await school.say(URGENT)
    after = await kept(school)
    assert after.answers == before.answers
    assert after.draft.items() - {("happened", after.draft.get("happened"))} == before.draft.items() - {
        ("happened", before.draft.get("happened"))
    }


@pytest.mark.parametrize("about", ABOUT)
@pytest.mark.parametrize("press", ["check", "another-child"])
async def test_urgent_words_lead_from_every_field_of_the_form(school, about, press):
    reply = await school.begin(about)
    fields = [field.key for field in school.form(reply).fields if field.kind in {"line", "text"}]
    assert set(fields) >= set(FREE)
    for key in fields:
        form = school.form(reply) if [p for p in reply.parts if isinstance(p, Form)] else None
        form = form or school.form(await school.press(school.id_of(reply, ".change")))
        reply = await school.fill(form.id, school.account(about) | {key: URGENT}, press=press)
        assert reply.parts[0] == school.ring_now(TOLD[about])


async def test_urgent_words_lead_when_a_concern_is_begun_with_them(school):
    reply = await school.say(f"log a concern: {URGENT}")
    assert reply.parts[0] == school.ring_now()
    assert (await school.draft())["happened"] == URGENT


async def test_urgent_words_lead_in_a_form_that_comes_too_late(school):
    form = school.form(await school.begin())
    await school.say("stop")
    assert (await school.fill(form.id, school.account() | {"said": URGENT})).parts[0] == school.ring_now()


async def test_urgent_words_lead_in_a_form_drawn_before_another(school):
    form = school.form(await school.begin())
    await school.say("and then he left")
    assert (await school.fill(form.id, school.account() | {"said": URGENT})).parts[0] == school.ring_now()


async def test_an_answer_that_is_urgent_leads_with_something_urgent(school):
    for triage in school.library.triages.values():
        for key, option in triage.questions[triage.start].options.items():
            reply = await school.press(f"triage:{triage.id}")
            outcome = triage.outcomes.get(option.then)
            if outcome and outcome.caution == "now":
                typed = await school.say(option.label)
                assert typed.parts[0].tone == "urgent", (triage.id, key)
            assert reply.parts


@pytest.mark.parametrize("typed", [URGENT, "emergency", f"log a concern: {URGENT}"])
async def test_who_to_ring_is_never_the_person_left_out_once_that_is_known(school, typed):
    for number, answers in enumerate(outcomes(school.library)):
        who = school.person(f"t{number}")
        await school.walk(answers, who)
        about = replay(school.library, answers).step.outcome.about
        assert (await school.say(typed, who)).parts[0] == school.ring_now(TOLD[about])


@pytest.mark.parametrize("about", ABOUT)
@pytest.mark.parametrize("typed", [URGENT, "emergency", f"log a concern: {URGENT}"])
async def test_who_to_ring_goes_with_whom_the_open_form_is_about(school, about, typed):
    await school.begin(about)
    assert (await school.say(typed)).parts[0] == school.ring_now(TOLD[about])


async def test_urgent_words_in_the_form_make_the_concern_urgent(school):
    await school.log(happened=URGENT)
    assert school.rows("select urgent from concerns") == [(1,)]


@pytest.mark.parametrize(("now", "urgent"), [("yes", 1), ("unsure", 1), ("no", 0)])
async def test_yes_and_not_sure_make_the_concern_urgent(school, now, urgent):
    await school.log(now=now)
    assert school.rows("select urgent from concerns") == [(urgent,)]


async def test_a_triage_that_ended_in_ring_now_makes_the_concern_urgent(school):
    reply = await school.walk([Answer("start", "nudes"), Answer("danger", "unsure"), Answer("log", "")])
    reply = await school.press(school.id_of(reply, "pupils"))
    reply = await school.fill(school.form(reply).id, school.account())
    await school.press(school.id_of(reply, ".send"))
    assert school.rows("select urgent from concerns") == [(1,)]


# ---- commands


@anywhere
async def test_emergency_leads_with_whom_to_ring_typed_or_pressed(school, reach, at):
    shown = await reach(at)
    before = await kept(school)
    for reply in (await school.say("Emergency!"), await school.press("emergency")):
        assert reply.parts[0] == school.ring_now("head" if at == "the form, about staff" else "dsl")
        if at in OPEN:
            assert reply.parts[2:] == shown.parts
    assert await kept(school) == before


@at_any_step
async def test_back_goes_one_step_back_and_keeps_what_was_typed(school, reach, at):
    await reach(at)
    before = await kept(school)
    await school.say("back")
    after = await kept(school)
    assert after.answers == (before.answers[:-1] if len(before.answers) > 1 else before.answers)
    assert after.draft == before.draft


@at_any_step
async def test_start_again_goes_to_the_first_step_and_keeps_what_was_typed(school, reach, at):
    await reach(at)
    before = await kept(school)
    await school.say("start again")
    after = await kept(school)
    assert after.answers == before.answers[:1]
    assert after.draft == before.draft


@at_any_step
async def test_stop_throws_it_away_and_says_that_nothing_was_sent(school, reach, at):
    await reach(at)
    reply = await school.say("stop")
    assert await kept(school) is None
    w = school.wording
    text = w.stopped_draft if at == "the check" else w.stopped
    assert reply.parts == (Card(w.stopped_title, school.library.say(text)),)


@pytest.mark.parametrize("command", ["back", "start again", "stop"])
@pytest.mark.parametrize("at", ["nothing open", "sent"])
async def test_with_nothing_open_there_is_nothing_to_stop(school, reach, at, command):
    await reach(at)
    assert school.titles(await school.say(command)) == [school.wording.nothing_open_title]


async def test_a_command_counts_only_as_the_whole_message(school, reach):
    await reach("the form")
    for text in ("stop it he said", "go back to class", "they said start again and hit him"):
        await school.say(text)
    assert (await school.draft())["happened"].count("\n\n") == 2


@at_any_step
async def test_every_command_of_the_wording_is_understood_in_any_case(school, reach, at):
    commands = school.wording.commands
    for n, word in enumerate(word for name in ("back", "again") for word in getattr(commands, name)):
        who = school.person(f"t{n}")
        await reach(at, who)
        before = (await kept(school, who)).answers
        await school.say(f"  {word.upper()}. ", who)
        after = (await kept(school, who)).answers
        assert after in (before[:-1], before[:1])


@pytest.mark.parametrize("typed", ["log a concern", "Report a concern.", "CONCERN"])
@at_any_step
async def test_log_a_concern_keeps_the_draft_and_leads_to_the_concern(school, reach, at, typed):
    await reach(at)
    before = await kept(school)
    reply = await school.say(typed)
    after = await kept(school)
    assert after.draft == before.draft
    assert after.id == before.id
    assert not isinstance(replay(school.library, after.answers).step, AtQuestion | AtOutcome)
    assert reply.parts


async def test_words_after_log_a_concern_are_what_happened(school):
    await school.say(f"Log a concern: {school.MARK}\nand more")
    assert await school.draft() == {"happened": f"{school.MARK}\nand more"}


async def test_home_offers_what_is_unfinished(school, reach):
    await reach("the check")
    for reply in (await school.say("home"), await school.press("home")):
        assert school.titles(reply) == [school.wording.welcome_title, school.wording.unfinished_title]


async def test_a_triage_begun_over_a_draft_offers_the_draft_instead(school, reach):
    await reach("the check")
    reply = await school.press("triage:nudes")
    assert school.titles(reply) == [school.wording.unfinished_title]
    assert await school.draft() == school.account()


# ---- idle


@at_any_step
async def test_after_thirty_one_minutes_what_was_open_is_offered_not_continued(school, reach, at):
    await reach(at)
    before = await kept(school)
    school.clock.forward(minutes=31)
    reply = await school.say("a boy shoved another in the corridor, just messing about")
    assert school.wording.unfinished_title in school.titles(reply)
    assert await kept(school) == before


@at_any_step
async def test_an_offer_taken_up_shows_the_step_again(school, reach, at):
    shown = await reach(at)
    school.clock.forward(minutes=31)
    offer = await school.say(QUESTION)
    reply = await school.press(school.id_of(offer, ".resume"))
    assert [type(part) for part in reply.parts] == [type(part) for part in shown.parts]
    assert school.titles(reply) == school.titles(shown)


@at_any_step
async def test_an_offer_refused_is_thrown_away(school, reach, at):
    await reach(at)
    school.clock.forward(minutes=31)
    offer = await school.say(QUESTION)
    await school.press(school.id_of(offer, ".stop"))
    assert await kept(school) is None


async def test_an_option_typed_after_half_an_hour_is_a_new_question(school, reach):
    await reach("a question")
    school.clock.forward(minutes=31)
    reply = await school.say("not sure")
    assert (await kept(school)).answers == (Answer("start", "nudes"),)
    assert school.titles(reply)[-1] == school.wording.unfinished_title


async def test_within_half_an_hour_it_simply_goes_on(school, reach):
    await reach("a question")
    school.clock.forward(minutes=29)
    await school.say("not sure")
    assert (await kept(school)).answers[-1] == Answer("danger", "unsure")


# ---- words that are not an option


@pytest.mark.parametrize("at", ["a question", "who it is about"])
async def test_words_that_are_no_option_get_an_answer_and_the_step_again(school, reach, at):
    shown = await reach(at)
    reply = await school.say(QUESTION)
    assert reply.parts[0].title == school.library.topics[ITS_PAGE].title
    assert school.wording.carried_on in school.titles(reply)
    assert reply.parts[-len(shown.parts) :] == shown.parts


@pytest.mark.parametrize("at", ["the form", "the check"])
async def test_words_typed_beside_the_form_are_kept_and_said_not_to_be_sent(school, reach, at):
    await reach(at)
    before = await school.draft()
    reply = await school.say(school.MARK)
    assert (await school.draft())["happened"] == f"{before.get('happened', '')}\n\n{school.MARK}".strip()
    assert "not sent" in school.cards(reply)[0].body
    assert school.count("concerns") == 0


# ---- buttons and forms that are not this person's, or not of now


def shown_back(school, reply):
    """The last card: what was typed in a form that came too late, back on the screen of the one who typed it."""
    card = reply.parts[-1]
    assert card.title == school.wording.unfinished_typed
    assert card.facts
    return card


def old_button(school):
    return Card(school.wording.old_button_title, school.library.say(school.wording.old_button))


@at_any_step
async def test_a_button_of_another_persons_conversation_does_nothing_and_tells_nothing(school, reach, at):
    shown, other = await reach(at), school.person("other")
    before = await kept(school)
    for choice in [part for part in shown.parts if isinstance(part, Choice) and part.id.startswith("step:")]:
        assert (await school.press(choice.id, other)).parts == (old_button(school),)
    for form in [part for part in shown.parts if isinstance(part, Form)]:
        reply = await school.fill(form.id, school.account(), other)
        assert reply.parts == (old_button(school), shown_back(school, reply))
    assert await kept(school) == before


@at_any_step
async def test_a_button_of_another_persons_conversation_does_nothing_to_ones_own(school, reach, at):
    shown, other = await reach(at), school.person("other")
    own = await reach(at, other)
    before = await kept(school), await kept(school, other)
    pressed = [
        await school.press(part.id, other)
        for part in shown.parts
        if isinstance(part, Choice) and part.id.startswith("step:")
    ]
    sent = [await school.fill(part.id, {"happened": "theirs"}, other) for part in shown.parts if isinstance(part, Form)]
    assert pressed
    assert {reply.parts for reply in pressed} == {(old_button(school), *own.parts)}
    for reply in sent:
        assert reply.parts == (old_button(school), *own.parts, shown_back(school, reply))
    assert (await kept(school), await kept(school, other)) == before


async def test_another_persons_button_tells_nothing_after_they_have_sent_it_either(school):
    send = school.id_of(await school.check(), ".send")
    await school.press(send)
    assert (await school.press(send, school.person("other"))).parts == (old_button(school),)


@pytest.mark.parametrize("at", ["a question", "who it is about", "the form", "the check"])
async def test_a_button_from_an_old_card_changes_nothing_and_shows_the_step_again(school, reach, at):
    shown = await reach(at)
    now = await school.say("back")
    talk = await kept(school)
    for choice in [part for part in shown.parts if isinstance(part, Choice) and part.id.startswith("step:")]:
        reply = await school.press(choice.id)
        assert reply.parts == (old_button(school), *now.parts)
    assert await kept(school) == talk


async def test_a_second_press_changes_nothing(school):
    reply = await school.press("triage:nudes")
    choice = school.id_of(reply, "no-danger")
    shown = await school.press(choice)
    assert (await school.press(choice)).parts == (old_button(school), *shown.parts)
    assert len((await kept(school)).answers) == 2


async def test_a_second_press_of_send_says_that_it_was_sent_with_the_reference(school):
    send = school.id_of(await school.check(), ".send")
    ref = school.reference(await school.press(send))
    again = await school.press(send)
    assert school.titles(again) == [school.wording.already_sent_title]
    assert school.reference(again) == ref
    assert school.count("concerns") == 1


@pytest.mark.parametrize("press", ["check", "another-child"])
async def test_a_form_of_a_conversation_that_was_sent_says_so_with_the_reference(school, press):
    form = school.form(await school.begin())
    reply = await school.fill(form.id, school.account())
    ref = school.reference(await school.press(school.id_of(reply, ".send")))
    late = await school.fill(form.id, school.account(), press=press)
    assert school.titles(late) == [school.wording.already_sent_title, school.wording.unfinished_typed]
    assert school.account()["happened"] in [fact.value.reveal() for fact in shown_back(school, late).facts]
    assert school.reference(late) == ref
    assert (school.count("concerns"), await kept(school)) == (1, None)


async def test_a_form_of_a_conversation_that_was_stopped_says_that_nothing_changed(school):
    form = school.form(await school.begin())
    await school.say("stop")
    reply = await school.fill(form.id, school.account())
    assert reply.parts == (old_button(school), shown_back(school, reply))
    assert await kept(school) is None


GARBAGE = [
    "", ":", "::::", "step", "step:", "step::", "step:::.send", "form:", "ack", "ack:", "open:", "topic:", "topic:../x",
    "group:", "group:nothing", "triage:", "triage:nothing", "nothing", "LOG", " log", ".send", "none:of:these:that:are",
    "ack:' or 1=1 --", "open:%", "step:\0:1:.send", "ack:\0", "🙂", "\u202eack:1", "x" * 201, "ack:" + "x" * 300,
    "step:" + "1" * 5000, f"step:{'9' * 300}:{'9' * 300}:.send", "open:\ud800", "step:\ud800:1:.send", "\udfff",
]  # fmt: skip


@pytest.mark.parametrize("choice", GARBAGE)
async def test_a_button_that_nobody_made_gets_a_reply_and_changes_nothing(school, reach, choice):
    for at in ("nothing open", "a question", "the check"):
        who = school.person(at)
        await reach(at, who)
        before = await kept(school, who)
        assert (await school.press(choice, who)).parts
        assert await kept(school, who) == before
    assert school.count("concerns") == 0


@pytest.mark.parametrize("form", GARBAGE)
async def test_a_form_that_nobody_made_gets_a_reply_and_changes_nothing(school, reach, form):
    await reach("the form")
    before = await kept(school)
    assert (await school.fill(form, school.account())).parts
    assert await kept(school) == before


async def test_an_answer_of_another_step_in_this_conversations_name_changes_nothing(school, reach):
    await reach("the form")
    talk = await kept(school)
    position = replay(school.library, talk.answers)
    for value in (".send", ".change", ".log", "yes", "unsure", "pupils", "", "x" * 300):
        reply = await school.press(step_id(talk, position, value))
        assert reply.parts[0] == old_button(school)
    assert await kept(school) == talk
    assert school.count("concerns") == 0


async def test_a_form_sent_while_a_question_is_open_changes_nothing(school, reach):
    await reach("a question")
    talk = await kept(school)
    reply = await school.fill(f"form:{talk.id}:{talk.version}:pupils", school.account())
    assert reply.parts[0] == old_button(school)
    assert await kept(school) == talk


# ---- the same event twice, and two at once


async def test_an_event_delivered_twice_is_heard_once(school):
    send = school.id_of(await school.check(), ".send")
    first = await school.press(send, event="e1")
    again = await school.press(send, event="e1")
    assert school.reference(first)
    assert (again.parts, again.repeated) == ((), True) or school.reference(again)
    assert school.count("concerns") == 1


async def test_words_delivered_twice_are_added_once(school, reach):
    await reach("the form")
    for _ in range(2):
        await school.hear(event="twice", words=Words(school.MARK))
    assert (await school.draft())["happened"] == school.MARK


async def test_send_pressed_at_two_desks_at_once_is_one_concern(school, another_ledger, new_school):
    other = new_school(await another_ledger())
    send = school.id_of(await school.check(), ".send")
    replies = await asyncio.gather(
        *(school.press(send, event=f"press-{n}", desk=one.desk) for n, one in enumerate([school, other] * 3))
    )
    titles = [school.titles(reply)[0] for reply in replies]
    assert titles.count(school.wording.already_sent_title) == 5
    assert {school.reference(reply) for reply in replies} == {"TA-2026-0001"}
    assert [school.count(table) for table in ("concerns", "chronology", "alerts")] == [1, 1, 1]


async def test_one_event_at_two_desks_at_once_is_one_concern(school, another_ledger, new_school):
    other = new_school(await another_ledger())
    send = school.id_of(await school.check(), ".send")
    replies = await asyncio.gather(*(school.press(send, event="one", desk=one.desk) for one in (school, other)))
    assert sum(reply.repeated for reply in replies) <= 1
    assert school.count("concerns") == 1


async def test_two_first_messages_at_once_open_one_conversation(school, another_ledger, new_school):
    other = new_school(await another_ledger())
    await asyncio.gather(
        *(
            school.hear(event=f"first-{n}", words=Words(f"log a concern: part {n}"), desk=one.desk)
            for n, one in enumerate([school, other])
        )
    )
    assert school.count("conversations") == 1
    assert {"part 0", "part 1"} == set((await school.draft())["happened"].split("\n\n"))


# ---- content changed under an open conversation


def edited(guide, **changed):
    library = guide.library.model_copy(update=changed)
    return type(guide)(library, guide.matcher, guide.urgency)


@at_any_step
async def test_a_conversation_whose_triage_was_removed_goes_on_as_a_concern_with_all_that_was_typed(school, reach, at):
    await reach(at)
    before = await kept(school)
    left = {name: t for name, t in school.library.triages.items() if name != "nudes"}
    school.guide = edited(school.guide, triages=left)
    for reply in (await school.press("home"), await school.say("log a concern"), await school.press("emergency")):
        assert reply.parts
    after = await kept(school)
    assert after.draft == before.draft
    assert after.answers[0] == Answer("start", "concern")


async def test_an_answer_that_was_removed_is_asked_again(school):
    shown = await school.press("triage:nudes")
    await school.press(school.id_of(shown, "no-danger"))
    nudes = school.library.triages["nudes"]
    danger = nudes.questions["danger"]
    options = {key: option for key, option in danger.options.items() if key != "no-danger"}
    questions = nudes.questions | {"danger": danger.model_copy(update={"options": options})}
    triages = school.library.triages | {"nudes": nudes.model_copy(update={"questions": questions})}
    school.guide = edited(school.guide, triages=triages)
    reply = await school.say("2")
    assert [o.asked for o in replay(school.library, (await kept(school)).answers).observations] == [danger.ask]
    assert reply.parts


@pytest.mark.parametrize("removed", ["the triage", "an answer"])
async def test_a_form_filled_in_while_its_triage_changed_is_not_lost(school, removed):
    start = [Answer("start", "nudes"), Answer("danger", "no-danger"), Answer("adult", "other-adult"), Answer("log", "")]
    reply = await school.press(school.id_of(await school.walk(start), "pupils"))
    nudes = school.library.triages["nudes"]
    adult = nudes.questions["adult"]
    options = {key: option for key, option in adult.options.items() if key != "other-adult"}
    questions = nudes.questions | {"adult": adult.model_copy(update={"options": options})}
    changed = {"nudes": nudes.model_copy(update={"questions": questions})} if removed == "an answer" else {}
    rest = {name: t for name, t in school.library.triages.items() if name != "nudes"}
    school.guide = edited(school.guide, triages=rest | changed)
    await school.fill(school.form(reply).id, school.account())
    assert (await school.draft()).items() >= school.account().items()


# ---- a whole concern, and what it says


@pytest.mark.parametrize("about", ABOUT)
async def test_check_your_answers_shows_everything_typed_and_that_it_is_not_sent(school, about):
    reply = await school.check(about)
    card = school.cards(reply)[0]
    assert "not sent yet" in card.body
    shown = [fact.value.reveal() for fact in card.facts]
    assert [value for value in school.account(about).values() if school.MARK in value and value not in shown] == []
    assert school.count("concerns") == 0


@pytest.mark.parametrize("about", ABOUT)
async def test_after_send_it_says_who_is_told_and_whom_to_ring(school, about):
    reply = await school.press(school.id_of(await school.check(about), ".send"))
    shown, told = school.text(reply), TOLD[about]
    assert [card.tone for card in reply.parts] == ["done"]
    assert getattr(school.wording, f"told_{told}") in shown
    assert school.phone(told) in shown
    assert (school.phone("dsl") in shown) == (told == "dsl")
    assert school.MARK not in shown
    assert await kept(school) is None


async def test_a_form_with_a_fault_comes_back_with_all_that_was_typed(school):
    form = school.form(await school.begin())
    values = school.account() | {"date": "2027-01-01", "now": ""}
    again = school.form(await school.fill(form.id, values))
    assert {field.key: field.value.reveal() for field in again.fields} == values
    assert {field.key for field in again.fields if field.error} == {"date", "now"}


async def test_fifty_thousand_and_one_characters_come_back_whole(school):
    form = school.form(await school.begin())
    again = school.form(await school.fill(form.id, school.account() | {"happened": "é" * 50_001}))
    happened = next(field for field in again.fields if field.key == "happened")
    assert len(happened.value.reveal()) == 50_001
    assert happened.error


async def test_change_opens_the_form_with_everything_in_it(school):
    form = school.form(await school.press(school.id_of(await school.check(), ".change")))
    assert {field.key: field.value.reveal() for field in form.fields} == school.account()


async def test_another_child_keeps_everything_typed(school):
    reply = await school.begin()
    for count in range(2, 11):
        reply = await school.fill(school.form(reply).id, school.account(), press="another-child")
        values = {field.key: field.value.reveal() for field in school.form(reply).fields}
        assert values.items() >= school.account().items()
        assert f"child-{count}" in values
    assert school.form(reply).another_child == ""


async def test_fields_that_nobody_asked_for_reach_no_record(school):
    ref = await school.log(adult="somebody else", password="hunter", **{"child-11": "eleventh"})
    opened = school.text(await school.press(f"open:{school.id(ref)}", school.person("dsl")))
    assert not [typed for typed in ("somebody else", "hunter", "eleventh") if typed in opened]


async def test_answers_of_the_triage_go_with_the_concern(school):
    answers = [
        Answer("start", "nudes"),
        Answer("danger", "no-danger"),
        Answer("adult", "no-adult"),
        Answer("harm", "unsure"),
    ]
    reply = await school.walk([*answers, Answer("log", "")])
    reply = await school.press(school.id_of(reply, "pupils"))
    reply = await school.fill(school.form(reply).id, school.account())
    ref = school.reference(await school.press(school.id_of(reply, ".send")))
    opened = school.text(await school.press(f"open:{school.id(ref)}", school.person("dsl")))
    for observation in replay(school.library, answers).observations:
        assert f"{observation.asked}\n{observation.answered}" in opened.replace("From your answers: ", "")


async def test_two_people_do_not_disturb_each_other(school):
    one, other = await school.check(who=school.person("one")), await school.check("adult", school.person("other"))
    assert school.reference(await school.press(school.id_of(other, ".send"), school.person("other"))) == "TA-2026-0001"
    assert school.reference(await school.press(school.id_of(one, ".send"), school.person("one"))) == "TA-2026-0002"


async def test_of_a_question_only_topic_route_and_score_are_kept(school):
    await school.say(QUESTION)
    ((route, topic, score),) = school.rows("select route, topic, score from questions")
    assert (route, topic) == ("answer", ITS_PAGE)
    assert 0 < score <= 100


def test_a_step_says_whom_it_is_about_so_that_a_lost_database_can_still_name_whom_to_ring(guidance):
    answers = (Answer("start", "concern"), Answer("about", "head"))
    position = replay(guidance.library, answers)
    assert position.step == AtForm("head")
    assert step_id(Conversation("c", "web:t", answers, {}, 3), position, ".send") == "step:c:3:.send:head"
