"""What Slack sends is read as what the person did, and nothing of Slack's own JSON goes further."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.slack import read
from bot import Message, Person, Sent, Words
from tests.channels.slack.client import payload

SAM = read.Caller("U061F7AUR", "T061EG9R6", "T061EG9R6")
WHO = Person("slack:U061F7AUR", Words("Sam Carter"), staff=True)
PAYLOADS = sorted(file.stem for file in (Path(__file__).parent / "payloads").glob("*.json"))
READERS = {
    "event": read.event,
    "command": read.command,
    "action": read.action,
    "view_submission": read.submission,
    "view_closed": read.closed,
    "shortcut": read.shortcut,
}


def reader(name: str) -> Any:
    return next(found for start, found in READERS.items() if name.startswith(start))


# ---- events


def test_a_mention_in_a_channel_is_what_was_typed_without_slacks_marks() -> None:
    heard = read.event(payload("event_app_mention"))

    assert heard == read.Typed(
        "Ev08MFMKH6",
        SAM,
        Words("a pupil in <7B> & her friend showed me this page (https://example.org/a?b=1&c=2), what do I tell @U061F7AUR?"),
        "C0LAN2Q65",
        "1763975100.000100",
        "1763975100.000100",
        "shared",
    )  # fmt: skip


def test_a_direct_message_is_private() -> None:
    heard = read.event(payload("event_message_im"))

    assert isinstance(heard, read.Typed)
    assert (heard.place, heard.channel, heard.files) == ("private", "D024BE91L", False)
    assert heard.words == Words("can I promise to keep it secret?")


def test_a_direct_message_in_a_thread_knows_its_thread() -> None:
    heard = read.event(payload("event_message_im_thread"))

    assert isinstance(heard, read.Typed)
    assert heard.thread == "1763975100.000100"


def test_a_file_is_noticed_and_its_address_goes_no_further() -> None:
    heard = read.event(payload("event_message_im_file"))

    assert isinstance(heard, read.Typed)
    assert heard.files
    assert "url_private" not in repr(heard)
    assert "files.slack.com" not in repr(heard)


@pytest.mark.parametrize(
    "name", ["event_message_im_bot", "event_message_changed", "event_message_deleted", "event_channel_join"]
)
def test_what_nobody_said_to_the_bot_is_not_heard(name: str) -> None:
    assert read.event(payload(name)) is None


@pytest.mark.parametrize("channel_type", ["channel", "group", "mpim", ""])
def test_what_is_not_addressed_to_the_bot_is_not_heard(channel_type: str) -> None:
    body = payload("event_message_im")
    body["event"]["channel_type"] = channel_type

    assert read.event(body) is None


@pytest.mark.parametrize("change", [{"user": "U0LAN0Z89"}, {"user": "USLACKBOT"}, {"bot_id": "B1"}, {"user": None}])
def test_bots_are_not_heard(change: dict[str, Any]) -> None:
    body = payload("event_message_im")
    body["event"].update(change)

    assert read.event(body) is None


def test_somebody_from_another_school_can_be_told_from_staff() -> None:
    heard = read.event(payload("event_message_connect"))

    assert isinstance(heard, read.Typed)
    assert heard.by == read.Caller("U0OUTSIDE", "T0OTHERSCH", "T061EG9R6", outside=True)


def test_looking_at_the_home_tab_is_heard_with_the_hash_of_what_is_drawn_there() -> None:
    assert read.event(payload("event_app_home_opened")) == read.Opened("Ev08MFMKHF", SAM, "home", "1763975000.12f63de1")
    assert read.event(payload("event_app_home_opened_first")) == read.Opened("Ev08MFMKHG", SAM, "messages", "")


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("<@U1|sam> and <#C1|general> and <!channel> and <!subteam^S1|@heads>", "@sam and #general and @channel and @heads"),
        ("<#C1> <@W2>", "#C1 @W2"),
        ("<https://a.example|https://a.example> <http://b.example|b.example> <https://c.example>",
         "https://a.example b.example https://c.example"),
        ("<mailto:a@b.example|a@b.example> <tel:+448001111|0800 1111>", "a@b.example 0800 1111"),
        ("<!date^1392734382^{date}|18 February>", "18 February"),
        ("&lt;!channel&gt; &amp;lt; 1 &lt; 2", "<!channel> &lt; 1 < 2"),
        ("he said <", "he said <"),
        ("a <> b <|> c", "a  b  c"),
    ],
)  # fmt: skip
def test_typed_text_is_read_as_it_was_meant(sent: str, meant: str) -> None:
    assert read.readable(sent) == meant


def test_the_bots_own_mention_is_taken_out_wherever_it_stands_and_no_other() -> None:
    body = payload("event_app_mention")
    for text, words in (
        ("<@U0LAN0Z89>: help", "help"),
        ("hello <@U0LAN0Z89> help", "hello  help"),
        ("<@U999> said <@U0LAN0Z89|signpost>", "@U999 said"),
        ("<@U0LAN0Z89>", ""),
    ):
        body["event"]["text"] = text
        heard = read.event(body)
        assert isinstance(heard, read.Typed)
        assert heard.words == Words(words)


# ---- commands, buttons, forms


def test_a_command_is_heard_with_what_was_typed_after_it() -> None:
    heard = read.command(payload("command_ask"))

    assert heard.words == Words("is it bullying if it's <once>?")
    assert (heard.command, heard.channel, heard.by) == ("ask", "C0LAN2Q65", SAM)
    assert heard.event == heard.trigger
    assert heard.response_url.startswith("https://hooks.slack.com/commands/")


def test_a_button_is_heard_by_its_id_and_where_it_stood() -> None:
    heard = read.action(payload("action_in_message"))

    assert isinstance(heard, read.Pressed)
    assert (heard.choice, heard.channel, heard.ts) == ("ack:0123456789abcdef", "G0LAN2Q65", "1763975250.000300")
    assert heard.response_url
    assert heard.view is None


@pytest.mark.parametrize(("name", "kind", "choice"), [("action_in_modal", "modal", "decide:0123456789abcdef"), ("action_in_home", "home", "mine")])  # fmt: skip
def test_a_button_in_a_view_says_which_view(name: str, kind: str, choice: str) -> None:
    heard = read.action(payload(name))

    assert isinstance(heard, read.Pressed)
    assert heard.view is not None
    assert (heard.choice, heard.view.kind, heard.view.hash) == (choice, kind, "1763975290.8a0b2c")


def test_the_button_of_a_form_says_which_form() -> None:
    heard = read.action(payload("action_form_in_message"))

    assert isinstance(heard, read.FormWanted)
    assert heard.form == "form:c0:3:pupils"


def test_a_page_is_turned() -> None:
    heard = read.action(payload("action_page_in_modal"))

    assert isinstance(heard, read.Turned)
    assert (heard.page, heard.view.private) == (2, "shhh")


def test_ticking_an_input_is_nothing_yet() -> None:
    assert read.action(payload("action_of_an_input")) is None


FILLED = {
    "now": Words("unsure"),
    "child-1": Words("Robin & <co>"),
    "happened": Words("He said “stop and then the bell."),
    "date": Words("2026-11-22"),
    "time": Words("13:45"),
    "where": Words(""),
    "role": Words(""),
    "contacted": Words("police,care,parents"),
}


def test_a_form_comes_back_whole_its_pieces_in_order_and_its_ticks_in_the_order_of_the_options() -> None:
    heard = read.submission(payload("view_submission"))

    assert heard.sent == Sent("form:c0:3:pupils", FILLED)
    assert heard.view == read.View("VNHU13V36", "1763975290.8a0b2c", "modal", "shhh", "VNHU13V36")


def test_a_window_without_a_hash_is_read() -> None:
    body = payload("view_submission")
    del body["view"]["hash"]

    assert read.submission(body).view.hash == ""


def test_asking_for_another_child_brings_what_stands_in_the_form() -> None:
    heard = read.action(payload("action_another_child"))

    assert isinstance(heard, read.Filled)
    assert heard.sent == Sent("form:c0:3:pupils", FILLED, "another-child")


def test_the_same_form_sent_twice_is_one_event_and_a_corrected_one_is_another() -> None:
    first = payload("view_submission")
    again = copy.deepcopy(first) | {"trigger_id": "another click"}
    mended = copy.deepcopy(first)
    mended["view"]["state"]["values"]["where"]["value"]["value"] = "The gym"
    elsewhere = copy.deepcopy(first)
    elsewhere["view"]["hash"] = "1763975999.000000"

    events = [read.submission(body).event for body in (first, again, mended, elsewhere)]

    assert events[0] == events[1]
    assert len(set(events)) == 3
    assert all(len(event) <= 255 for event in events)


def test_the_event_of_a_form_cannot_be_guessed_from_what_was_typed() -> None:
    body, other = payload("view_submission"), payload("view_submission")
    other["token"] = "another app's"

    assert read.submission(body).event != read.submission(other).event


def test_closing_a_form_unsent_is_heard() -> None:
    heard = read.closed(payload("view_closed"))

    assert (heard.form, heard.by, heard.view.private) == ("form:c0:3:pupils", SAM, "shhh")


def test_a_shortcut_from_a_message_carries_where_it_stands_and_never_who_wrote_it_or_what() -> None:
    heard = read.shortcut(payload("shortcut_message"))

    assert (heard.channel, heard.ts) == ("C0LAN2Q65", "1763975240.000900")
    assert heard.by == SAM
    assert "U0ACCUSED" not in repr(heard)
    assert "Jordan" not in repr(heard)


def test_a_global_shortcut_begins_a_concern() -> None:
    heard = read.shortcut(payload("shortcut_global"))

    assert (heard.channel, heard.ts, heard.by) == ("", "", SAM)


# ---- to the core


def test_what_was_done_reaches_the_core_as_one_message() -> None:
    link = Words("https://beacon.slack.com/archives/C0LAN2Q65/p1763975240000900")
    cases: list[tuple[Any, dict[str, Any]]] = [
        (read.event(payload("event_app_mention")), {"place": "shared"}),
        (read.event(payload("event_message_im_file")), {"files": True, "words": Words("look at this")}),
        (read.command(payload("command_ask")), {"words": Words("is it bullying if it's <once>?"), "place": "private"}),
        (read.command(payload("command_concern")), {"choice": "log"}),
        (read.command(payload("command_dsl")), {"choice": "list"}),
        (read.action(payload("action_in_message")), {"choice": "ack:0123456789abcdef"}),
        (read.submission(payload("view_submission")), {"form": Sent("form:c0:3:pupils", FILLED)}),
        (read.shortcut(payload("shortcut_message")), {"choice": "log", "link": link}),
    ]
    for heard, expected in cases:
        message = read.message(heard, WHO, link=link if isinstance(heard, read.Begun) else None)
        assert isinstance(message, Message)
        assert message.event == heard.event
        assert message.who == WHO
        assert not message.carried
        assert {key: getattr(message, key) for key in expected} == expected


def test_no_word_of_a_person_shows_in_what_was_read() -> None:
    for name in PAYLOADS:
        shown = repr(reader(name)(payload(name)))
        assert not any(word in shown for word in ("a pupil", "promise", "Robin", "bell", "bullying", "look at"))


# ---- what Slack does not send


@pytest.mark.parametrize("body", [None, [], "", 1, {}, {"type": "event_callback"}, {"type": "block_actions"}])
@pytest.mark.parametrize("read_it", READERS.values(), ids=READERS)
def test_what_slack_does_not_send_is_refused(read_it: Any, body: Any) -> None:
    with pytest.raises(read.NotReadableError):
        read_it(body)


@pytest.mark.parametrize("name", ["command_ask", "shortcut_global", "shortcut_message"])
def test_what_is_not_of_this_app_is_refused(name: str) -> None:
    body = payload(name)
    body["command" if "command" in body else "callback_id"] = "/ring"

    with pytest.raises(read.NotReadableError):
        reader(name)(body)


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(path for key, inner in children for path in paths(inner, (*here, key)))]


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(PAYLOADS), st.data())
def test_a_payload_broken_anywhere_is_read_or_refused_and_never_quoted(name: str, data: st.DataObject) -> None:
    body = payload(name)
    path = data.draw(st.sampled_from([path for path in paths(body) if path]))
    holder = body
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = data.draw(st.sampled_from([None, 0, "", "confidential", [], {}, ["confidential"], {"type": 7}]))

    said: list[str] = []
    try:
        reader(name)(json.loads(json.dumps(body)))
    except read.NotReadableError as refused:
        said = [str(refused), str(refused.__suppress_context__)]

    assert said in ([], ["not what Slack sends", "True"])
