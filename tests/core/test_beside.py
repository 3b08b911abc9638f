"""How a thing was written matters too: with a picture, where others read, or begun from somebody's message."""

from __future__ import annotations

from datetime import timedelta

from bot import Message, Words


async def hear(school, **what):
    return await school.desk.hear(Message("e1", school.person(), **what), school.clock.now())


async def test_a_picture_is_refused_and_the_question_with_it_is_answered(school):
    reply = await hear(school, words=Words("can I promise a pupil to keep it secret"), files=True)
    assert school.titles(reply)[0] == school.wording.files_title
    assert len(school.titles(reply)) > 1


async def test_a_picture_without_a_word_is_refused_and_offers_the_form(school):
    reply = await hear(school, words=Words(""), files=True)
    assert school.titles(reply) == [school.wording.files_title]
    assert [choice.id for choice in school.choices(reply)] == ["log"]


async def test_who_to_ring_comes_before_the_refusal_of_a_picture(school):
    reply = await hear(school, words=Words("he has a knife in the playground now"), files=True)
    assert school.titles(reply)[:2] == [school.wording.ring_now_title, school.wording.files_title]


async def test_what_was_written_where_others_read_is_answered_with_the_nudge_to_remove_it(school):
    text = Words("a girl in my form told me a boy keeps touching her")
    shared, private = await hear(school, words=text, place="shared"), await school.say(text.reveal())
    assert school.wording.shared_title in school.titles(shared)
    assert school.wording.shared_title not in school.titles(private)
    assert "log" in [choice.id for choice in school.choices(shared)]


async def test_a_concern_begun_from_a_message_carries_its_link_and_nobody_as_the_accused(school):
    link = "https://school.slack.example/archives/C1/p1"
    reply = await hear(school, choice="log", link=Words(link))
    reply = await school.press(school.id_of(reply, "pupils"))
    fields = {field.key: field.value.reveal() for field in school.form(reply).fields}
    assert link in fields["known"]
    assert {key for key, value in fields.items() if value} == {"known"}


async def test_beginning_twice_from_one_message_carries_its_link_once(school):
    for event in ("a", "b"):
        message = Message(event, school.person(), choice="log", link=Words("https://x.example/1"))
        await school.desk.hear(message, school.clock.now())
    assert (await school.draft())["known"].count("https://x.example/1") == 1


async def test_the_front_page_shows_numbers_to_ring_and_how_a_persons_concerns_stand(school):
    ref = await school.log()
    await school.bell.prove_due(school.clock.now())
    reply = await school.press("front")
    shown = school.text(reply)
    assert school.phone("dsl") in shown
    assert ref in shown
    assert school.wording.stage_logged in shown
    assert {"log", "topics", "emergency"} <= {choice.id for choice in school.choices(reply)}


async def test_how_things_stand_after_an_hour_no_longer_names_an_old_concern(school):
    ref = await school.log()
    now = school.clock.now()
    assert ref in school.text(await school.desk.standing(school.person().id, now))
    assert ref not in school.text(await school.desk.standing(school.person().id, now + timedelta(hours=2)))


async def test_with_no_database_a_typed_send_names_everybody_it_might_have_to_go_to(school):
    await school.check("safeguarding")
    await school.ledger.close()
    school.store.path.unlink()
    reply = await school.say("send")
    shown = school.text(reply)
    assert school.wording.not_sent_title in school.titles(reply)
    assert school.phone("head") in shown
