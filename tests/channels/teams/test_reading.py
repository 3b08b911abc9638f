"""Every kind of activity that Teams sends, read into our own types; and what is not one is named and never quoted."""

from __future__ import annotations

import copy
import json
from contextlib import suppress
from typing import Any

import pytest

from adapters.teams import read
from bot import Message, Words
from tests.channels.teams.entry import PAYLOADS, SAM, payload

EVERY = sorted(path.stem for path in PAYLOADS.glob("*.json"))
BOT = payload("typing")["recipient"]["id"]
KINDS = {
    "message-choice": read.Pressed,
    "message-form": read.Filled,
    "message-from-a-bot": read.Ignored,
    "card-choice": read.Pressed,
    "card-form": read.Filled,
    "dialog-fetch": read.Fetched,
    "dialog-more": read.Fetched,
    "dialog-choice": read.Pressed,
    "dialog-form": read.Filled,
    "extension-from-message": read.Begun,
    "extension-from-compose": read.Begun,
    "extension-form": read.Filled,
    "extension-choice": read.Pressed,
    "installed-personal": read.Installed,
    "installed-team": read.Installed,
    "installation-added": read.Installed,
    "installation-removed": read.Removed,
    "removed-from-team": read.Removed,
    "member-added": read.MemberAdded,
}
TYPED = {name for name in EVERY if name.startswith("message-")} - KINDS.keys()


def heard(name: str, **changes: Any) -> Message:
    found = read.read(payload(name, **changes))
    assert isinstance(found, read.Typed | read.Pressed | read.Filled | read.Fetched | read.Begun)
    return read.message(found, SAM)


@pytest.mark.parametrize("name", EVERY)
def test_every_kind_of_activity_is_read_as_what_it_is(name: str) -> None:
    assert type(read.read(payload(name))) is (read.Typed if name in TYPED else KINDS.get(name, read.Ignored))


@pytest.mark.parametrize("name", EVERY)
def test_every_activity_says_who_where_and_of_which_tenant(name: str) -> None:
    found = read.read(payload(name))

    assert found.tenant == "0d9b645f-597b-41f0-a2a3-ef103fbd91bb"
    assert found.service_url == "https://smba.trafficmanager.net/uk/"
    assert found.conversation == payload(name)["conversation"]["id"]
    assert (found.place, found.shared) == (payload(name)["conversation"]["conversationType"], found.place != "personal")
    if name != "message-from-a-bot":
        assert found.person == "b130c271-d2eb-45f9-83ab-9eb3fe3788bc"
        assert found.user.startswith("29:")
        assert found.name == Words("Sam Carter")
    assert bool(found.team) == (found.place == "channel")


@pytest.mark.parametrize(
    ("conversation", "shared"),
    [
        ({"id": "a:1"}, False),
        ({"id": "a:1", "conversationType": "personal"}, False),
        ({"id": "19:1", "isGroup": True}, True),
        ({"id": "19:1", "conversationType": "something new"}, True),
        ({"id": "19:1", "conversationType": 7, "isGroup": True}, True),
    ],
)
def test_a_place_that_may_be_shared_is_taken_for_shared(conversation: dict[str, Any], shared: bool) -> None:
    assert read.read(payload("message-personal", conversation=conversation)).shared is shared


@pytest.mark.parametrize("name", EVERY)
def test_the_same_activity_again_is_the_same_event_and_no_other_is(name: str) -> None:
    event = read.read(payload(name)).event

    assert read.read(payload(name)).event == event
    assert len(event) <= 255
    assert event not in {read.read(payload(other)).event for other in EVERY if other != name}


def test_a_message_id_is_unique_in_its_conversation_only() -> None:
    one, other = payload("message-personal"), payload("message-group", id=payload("message-personal")["id"])

    assert one["id"] == other["id"]
    assert read.read(one).event != read.read(other).event


@pytest.mark.parametrize("name", EVERY)
def test_what_is_kept_for_later_holds_no_name_and_no_text(name: str) -> None:
    raw = payload(name)
    kept = read.read(raw).reference

    assert kept["conversation"] == raw["conversation"], "tenantId is not lost"
    assert kept["channelData"]["tenant"] == raw["channelData"]["tenant"]
    assert (kept["bot"]["id"], kept["user"]["id"]) == (raw["recipient"]["id"], raw["from"]["id"])
    assert "name" not in json.dumps(kept)
    assert not {"text", "value", "attachments", "entities"} & kept.keys()
    assert "Sam Carter" not in repr(read.read(raw))


# ---- typed words


def test_the_bots_mention_goes_and_other_peoples_names_stay() -> None:
    message = heard("message-channel")

    assert message.words == Words("Tom & Priya Nair say: is <this> banter?")
    assert message.place == "shared"
    assert message.carried is False, "a message's response shows nobody anything"
    assert read.read(payload("message-channel")).mentioned


def test_a_mention_of_another_bot_of_the_same_name_is_not_ours() -> None:
    raw = payload("message-channel")
    raw["entities"][0]["mentioned"]["id"] = "28:another"

    found = read.read(raw)

    assert isinstance(found, read.Typed)
    assert not found.mentioned
    assert found.words.reveal().startswith("Signpost Tom & Priya Nair")


def test_a_mention_whose_text_was_dropped_is_found_by_its_name() -> None:
    raw = payload("message-group")
    del raw["entities"][0]["text"]

    assert heard("message-group", entities=raw["entities"]).words == Words("my concerns")


def test_marked_up_text_is_read_as_its_words() -> None:
    text = "<div><p>First &amp; last</p><p>a &lt; b<br>c</p></div>"

    assert heard("message-personal", text=text, textFormat="xml").words == Words("First & last\na < b\nc")
    assert heard("message-personal", text="is <3 fine? <b>x</b>").words == Words("is <3 fine? <b>x</b>")


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("message-personal", False),
        ("message-emoji", False),
        ("message-channel", False),
        ("message-pasted-image", True),
        ("message-image-in-html-alone", True),
        ("message-file", True),
    ],
)
def test_what_is_attached_is_noticed_and_emoji_are_not(name: str, files: bool) -> None:
    assert heard(name).files is files


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("ask can I promise to keep it secret", "can I promise to keep it secret"),
        ("Ask: a pupil told me", "a pupil told me"),
        ("ask\nwhat do I do", "what do I do"),
        ("asked what I should do", "asked what I should do"),
        ("ask him to stop, she said", "ask him to stop, she said"),
        ("ask", "ask"),
        ("log a concern", "log a concern"),
    ],
)
def test_ask_is_taken_off_a_question_and_off_nothing_else(typed: str, asked: str) -> None:
    assert heard("message-personal", text=typed).words == Words(asked)


# ---- presses, forms, dialogs


def test_presses_carry_their_id_whichever_way_they_come() -> None:
    assert heard("card-choice") == Message(read.read(payload("card-choice")).event, SAM, choice="ack:0123456789abcdef")
    assert heard("message-choice").choice == "topic:banter"
    assert [heard(name).carried for name in ("card-choice", "dialog-choice", "extension-choice", "message-choice")] == [
        True,
        True,
        True,
        False,
    ]


def test_a_form_comes_with_every_field_that_was_drawn() -> None:
    filled, kept = heard("message-form").form, heard("card-form").form

    assert filled
    assert kept
    assert filled.values == {
        "now": Words("no"),
        "child-1": Words(""),
        "happened": Words("Robin said “stop”.\nThen the bell rang."),
    }
    assert kept.press == "another-child"
    assert kept.values == {"now": Words("unsure"), "child-1": Words("Robin Ashdown, 8B")}, (
        "what was kept is not emptied"
    )


def test_a_dialog_says_what_it_is_for_and_from_which_page() -> None:
    first, more = read.read(payload("dialog-fetch")), read.read(payload("dialog-more"))

    assert isinstance(first, read.Fetched)
    assert isinstance(more, read.Fetched)
    assert (first.choice, first.page, more.choice, more.page) == (
        "open:0123456789abcdef",
        0,
        "open:0123456789abcdef",
        1,
    )


def test_of_a_message_that_a_concern_is_begun_from_only_the_address_is_read() -> None:
    for name in ("extension-from-message", "extension-form"):
        found = read.read(payload(name))
        assert "CANARY" not in repr(found) + json.dumps(found.reference)
        assert "canary-author" not in repr(found) + json.dumps(found.reference)

    message = heard("extension-from-message")
    assert message.choice == "log"
    assert message.link
    assert message.link.reveal().startswith("https://teams.microsoft.com/l/message/19:")
    assert message.link.reveal().endswith("/1763892000000")
    assert heard("extension-from-compose").link is None


@pytest.mark.parametrize("link", ["javascript:alert(1)", "http://x", "", None, 7, "https://" + "x" * 3_000])
def test_an_address_that_is_none_is_left_out(link: object) -> None:
    value = payload("extension-from-message")["value"]
    value["messagePayload"]["linkToMessage"] = link

    assert heard("extension-from-message", value=value).link is None


def test_who_joined_is_named_by_their_lasting_id() -> None:
    found = read.read(payload("member-added"))

    assert isinstance(found, read.MemberAdded)
    assert found.members == ("7faf8a0c-1fd2-4bf6-9b9f-6fc1d4a0e7a4",)


# ---- what is no activity


@pytest.mark.parametrize("body", [None, [], "CANARY", 7, {}, {"type": 7}, [{"type": "message"}]])
def test_what_is_no_activity_is_refused(body: object) -> None:
    with pytest.raises(read.NotReadableError):
        read.read(body)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("message-personal", "type"),
        ("message-personal", "id"),
        ("message-personal", "from"),
        ("message-personal", "from.id"),
        ("message-personal", "conversation"),
        ("message-personal", "conversation.id"),
        ("message-personal", "serviceUrl"),
        ("message-personal", "recipient"),
        ("card-choice", "id"),
        ("card-choice", "name"),
        ("card-choice", "value"),
        ("card-choice", "value.action"),
        ("card-choice", "value.action.verb"),
        ("card-choice", "value.action.data"),
        ("card-choice", "value.action.data.choice"),
        ("card-form", "value.action.data.form"),
        ("card-form", "value.action.data.press"),
        ("card-form", "value.action.data.fields"),
        ("dialog-fetch", "value.data"),
        ("dialog-fetch", "value.data.choice"),
        ("dialog-form", "value.data.press"),
        ("extension-from-message", "value.commandId"),
        ("extension-choice", "value.data.choice"),
    ],
)
@pytest.mark.parametrize("instead", [None, 7, [], "CANARY" * 200], ids=["missing", "a number", "a list", "endless"])
def test_what_is_missing_is_named_and_nothing_is_quoted(name: str, path: str, instead: object) -> None:
    raw = payload(name)
    *above, last = path.split(".")
    inner = raw
    for key in above:
        inner = inner[key]
    if instead is None:
        del inner[last]
    else:
        inner[last] = instead
    if last == "fields" and instead == []:
        return  # a form may have none
    if isinstance(instead, str) and last in {"type", "id", "serviceUrl", "name", "commandId"}:
        assert read.read(raw).event, "any words will do there"
        return

    with pytest.raises(read.NotReadableError) as refused:
        read.read(raw)

    assert refused.value.missing
    assert "CANARY" not in str(refused.value)
    assert last in str(refused.value) or instead is not None or path in {"from", "conversation", "recipient", "value"}
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("page", [-1, "1", True, 1.5, None, 10**9])
def test_a_page_that_is_none_is_refused(page: object) -> None:
    with pytest.raises(read.NotReadableError):
        read.read(payload("dialog-more", value={"data": {"choice": "open:0", "page": page}}))


@pytest.mark.parametrize("fields", [["a"] * 201, [7], [""], ["x" * 301], {"a": 1}])
def test_fields_that_no_form_of_ours_has_are_refused(fields: object) -> None:
    value = {"form": "form:c0:1", "press": "check", "fields": fields}
    with pytest.raises(read.NotReadableError):
        read.read(payload("message-form", value=value))


@pytest.mark.parametrize("name", EVERY)
def test_an_activity_cut_short_anywhere_is_read_or_refused(name: str) -> None:
    def without(value: Any) -> list[Any]:
        """The value with each part of it missing, or of another kind, in turn."""
        found: list[Any] = []
        if isinstance(value, dict):
            for key, inner in value.items():
                found += [{k: v for k, v in value.items() if k != key}]
                found += [value | {key: changed} for changed in (None, 7, [], {}, "x", [None], *without(inner))]
        elif isinstance(value, list):
            found += [
                [*value[:n], changed, *value[n + 1 :]] for n, v in enumerate(value) for changed in (7, *without(v))
            ]
        return found

    for changed in without(payload(name)):
        before = copy.deepcopy(changed)
        with suppress(read.NotReadableError):
            read.read(changed)
        assert changed == before, "what came in is not changed"
