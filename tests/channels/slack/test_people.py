"""Who is served in Slack, where their answers go, and who may open."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.server import utc_now
from adapters.slack.heard import Caller
from adapters.slack.people import is_staff
from bot import RosterUnreadable
from tests.channels.school import ACCOUNT, WORDS, come_true
from tests.channels.slack.client import Json
from tests.channels.slack.emulate import BOT_USER, TEAM
from tests.channels.slack.front import Fault, Front
from tests.channels.slack.office import Office

NOT_STAFF: list[Json] = [
    {"is_restricted": True},
    {"is_ultra_restricted": True},
    {"is_stranger": True},
    {"is_bot": True},
    {"deleted": True},
    {"team_id": "T0ELSEWHERE"},
]


@pytest.mark.parametrize("mark", NOT_STAFF, ids=lambda mark: next(iter(mark)))
async def test_whoever_is_no_full_member_gets_the_one_kind_reply(quiet: Office, front: Front, mark: Json) -> None:
    front.user_marks[front.users["visitor"]] = mark

    for words in ("what is upskirting", "log a concern"):
        await quiet.says("visitor", words)
    await quiet.command("visitor", "/dsl")
    await quiet.command("visitor", "/concern")

    assert len(set(await quiet.posts("visitor"))) == 1
    assert (await quiet.posts("visitor"))[0].startswith(WORDS.outsider_title)
    assert "0800 1111" in (await quiet.posts("visitor"))[0]
    assert front.windows.get(front.users["visitor"]) is None or WORDS.about_title not in quiet.window("visitor")
    await quiet.ring(utc_now())
    (told,) = await quiet.posts("dsl")
    assert WORDS.outsider_wrote_title in told
    assert "upskirting" not in told


async def test_a_guest_who_only_looks_at_home_gets_the_kind_reply_and_the_dsl_is_not_rung(
    quiet: Office, front: Front
) -> None:
    await quiet.looks_at_home("visitor")
    await quiet.ring(utc_now())

    assert WORDS.outsider_title in str(front.homes[front.users["visitor"]].body)
    assert await quiet.posts("dsl") == []


async def test_somebody_of_another_workspace_is_not_staff(quiet: Office, front: Front) -> None:
    caller = Caller(front.users["teacher"], "T0ELSEWHERE", "T000000001")

    assert not (await quiet.channel._people.who(caller)).staff


async def test_staff_who_write_in_a_channel_that_another_organisation_hosts_are_staff(quiet: Office) -> None:
    body = await quiet.typed("teacher", "what is upskirting", shared=True, user_team=TEAM)

    await quiet.heard(quiet.event(body | {"team_id": "T0ELSEWHERE", "is_ext_shared_channel": True}))

    assert "pskirting" in "".join(await quiet.posts("teacher"))


@pytest.mark.parametrize(("user", "staff"), [({}, True), ({"profile": {"team": "T0ELSEWHERE"}}, False)])
def test_a_person_of_whom_slack_names_no_team_is_of_ours_unless_their_profile_says_otherwise(
    user: Json, staff: bool
) -> None:
    assert is_staff({"id": "U1", **user}, TEAM) is staff
    assert not is_staff({"id": "U1", "is_restricted": True, **user}, TEAM)


async def test_nobody_that_slack_knows_is_not_staff(quiet: Office) -> None:
    assert not (await quiet.channel._people.person("U0NOBODY")).staff


async def test_a_full_member_is_named_as_slack_names_them(quiet: Office, front: Front) -> None:
    person = await quiet.channel._people.person(front.users["teacher"])

    assert person.staff
    assert person.name.reveal() == "Sam Carter"


async def test_a_person_is_asked_about_again_after_five_minutes(quiet: Office, front: Front) -> None:
    now = [utc_now()]
    quiet.channel._people._clock = lambda: now[0]
    user = front.users["teacher"]
    assert (await quiet.channel._people.person(user)).staff
    front.user_marks[user] = {"deleted": True}
    now[0] += timedelta(minutes=4, seconds=59)
    assert (await quiet.channel._people.person(user)).staff

    now[0] += timedelta(seconds=1)

    assert not (await quiet.channel._people.person(user)).staff


# ---- where answers go


async def test_a_mention_in_a_channel_is_answered_in_private_with_a_pointer(quiet: Office, front: Front) -> None:
    await quiet.says("teacher", "what is upskirting", shared=True)
    await quiet.channel._hearing.settle()

    (post,) = await quiet.posts("teacher")
    assert "pskirting" in post
    ((to, pointer),) = front.ephemerals
    assert (to, pointer["channel"]) == (front.users["teacher"], front.staffroom)
    assert pointer["text"] == WORDS.pointer
    assert not [message for message in await front.history(front.staffroom) if message["user"] == BOT_USER]


async def test_what_is_told_of_a_child_in_a_channel_is_nudged_to_be_removed(quiet: Office) -> None:
    await quiet.says("teacher", "Robin Ashdown in 8B was touched by another boy", shared=True)

    assert WORDS.shared_title in (await quiet.posts("teacher"))[0]


async def test_a_command_is_answered_in_private_and_pointed_to(quiet: Office, front: Front) -> None:
    answer = await quiet.command("teacher", "/ask", "what is upskirting")

    assert answer.body == {"response_type": "ephemeral", "text": WORDS.pointer}
    assert "pskirting" in (await quiet.posts("teacher"))[0]
    there = await quiet.command("teacher", "/ask", "topics", channel=await quiet.direct("teacher"))
    assert there.body is None, "in the direct message itself nothing need be pointed to"


async def test_a_file_is_refused_and_never_fetched(quiet: Office, front: Front) -> None:
    body = await quiet.typed("teacher", "look at this", subtype="file_share", files=[{"id": "F1", "url_private": "x"}])

    await quiet.heard(quiet.event(body))

    assert WORDS.files_title in (await quiet.posts("teacher"))[0]
    assert not [call for call in front.calls if call.startswith("files")]


# ---- who may open


async def test_who_is_not_in_the_dsl_channel_opens_nothing(quiet: Office, front: Front) -> None:
    await quiet.sends()
    await quiet.ring(utc_now())
    press = await quiet.pressing("dsl", WORDS.open_button)
    press["user"]["id"] = front.users["deputy-1"]
    press["trigger_id"] = await front.trigger(front.users["deputy-1"])

    await quiet.heard(quiet.interaction(press))

    seen = await quiet.seen("deputy-1")
    assert WORDS.not_yours_title in seen
    assert ACCOUNT["happened"] not in seen


async def test_whoever_has_left_the_dsl_channel_opens_nothing_from_that_moment(quiet: Office, front: Front) -> None:
    await quiet.sends()
    await quiet.ring(utc_now())
    press = await quiet.pressing("dsl", WORDS.open_button)
    await front.as_dsl("conversations.leave", channel=front.dsl)

    await quiet.heard(quiet.interaction(press))

    assert ACCOUNT["happened"] not in await quiet.seen("dsl")


async def test_the_deputy_opens_it_once_it_has_come_to_them(quiet: Office) -> None:
    reference = await quiet.sends()
    now = utc_now()
    await quiet.ring(now)
    assert await quiet.posts("deputy-1") == []

    await quiet.ring(now + timedelta(days=1))

    assert reference in "".join(await quiet.posts("deputy-1"))
    await quiet.presses("deputy-1", WORDS.open_button)
    assert ACCOUNT["happened"] in quiet.window("deputy-1")


async def test_all_pages_of_the_roster_are_read(quiet: Office, front: Front) -> None:
    for seat in ("other-dsl", "deputy-1", "head"):
        await front.as_dsl("conversations.invite", channel=front.dsl, users=front.users[seat])

    inside = await quiet.channel.members("dsl")

    assert inside == {quiet.person(seat) for seat in ("dsl", "other-dsl", "deputy-1", "head")}
    assert f"slack:{BOT_USER}" not in inside


@pytest.mark.parametrize("fault", [Fault("fatal", 500), Fault("not_in_channel"), Fault("ratelimited", 429)])
async def test_a_roster_that_cannot_be_read_opens_nothing(quiet: Office, front: Front, fault: Fault) -> None:
    await quiet.sends()
    await quiet.ring(utc_now())
    front.always("conversations.members", fault)

    with pytest.raises(RosterUnreadable):
        await quiet.channel.members("dsl")
    press = await quiet.pressing("dsl", WORDS.open_button)
    press["user"]["id"] = front.users["teacher"]
    await quiet.heard(quiet.interaction(press))

    assert WORDS.no_roster_title in "".join(await quiet.posts("teacher"))


async def test_dsl_lists_open_concerns_for_the_dsl_alone(quiet: Office) -> None:
    reference = await quiet.sends()

    await quiet.command("dsl", "/dsl")
    await quiet.command("teacher", "/dsl")

    assert reference in "".join(await quiet.posts("dsl"))
    assert WORDS.not_yours_title in (await quiet.posts("teacher"))[-1]


async def test_a_concern_acknowledged_tells_its_reporter_and_redraws_its_card(office: Office, front: Front) -> None:
    await office.sends()
    await office.eventually("dsl", WORDS.alert_logged)
    channel_posts = [m for m in front.messages.values() if m.channel == front.dsl]

    await office.presses("dsl", WORDS.acknowledge_button)

    await office.eventually("teacher", "has been seen")
    await come_true(
        lambda: any(WORDS.alert_acknowledged_by in str(m.body) for m in front.messages.values()), "the card"
    )
    assert len([m for m in front.messages.values() if m.channel == front.dsl]) == len(channel_posts)


async def test_those_in_the_dsl_channel_are_named_as_slack_names_them_and_a_guest_is_not(
    quiet: Office, front: Front
) -> None:
    for seat in ("teacher", "visitor"):
        await front.as_dsl("conversations.invite", channel=front.dsl, users=front.users[seat])
    front.user_marks[front.users["visitor"]] = {"is_restricted": True}

    named = await quiet.channel.names("dsl")

    assert set(named) == {quiet.person("dsl"), quiet.person("teacher")}
    assert quiet.person("visitor") in await quiet.channel.members("dsl")
    assert all(named.values())
    assert await quiet.channel.names("elsewhere") == {}


async def test_of_whom_slack_does_not_tell_now_is_left_out(quiet: Office, front: Front) -> None:
    await front.as_dsl("conversations.invite", channel=front.dsl, users=front.users["teacher"])
    front.orders["users.info"] = [Fault(error="internal_error")]

    assert len(await quiet.channel.names("dsl")) == 1
