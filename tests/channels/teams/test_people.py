"""The people of these tests do what people in Teams do: each act arrives as Teams writes it, and what comes back is shown to them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.teams.hosting import Host, InvokeAnswer
from tests.channels.teams.client import Teams
from tests.channels.teams.conftest import served
from tests.channels.teams.connector import CARD

FORM = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [
        {"type": "TextBlock", "text": "What happened?"},
        {"type": "Input.Text", "id": "happened", "isRequired": True, "maxLength": 20},
        {
            "type": "Input.ChoiceSet",
            "id": "now",
            "value": "no",
            "choices": [{"title": "Yes", "value": "yes"}, {"title": "No", "value": "no"}],
        },
        {"type": "TextBlock", "text": "hidden", "isVisible": False},
    ],
    "actions": [
        {"type": "Action.Execute", "title": "Check", "verb": "form", "data": {"form": "f1"}},
        {"type": "Action.Submit", "title": "Open", "data": {"msteams": {"type": "task/fetch"}, "choice": "open:1"}},
        {"type": "Action.Submit", "title": "Old client", "data": {"choice": "old:1"}},
        {"type": "Action.Execute", "title": "Toast", "verb": "toast", "associatedInputs": "none"},
    ],
}
DIALOG = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [{"type": "Input.Text", "id": "decision"}],
    "actions": [{"type": "Action.Submit", "title": "Save", "data": {"form": "f2"}}],
}


def said(text: str) -> dict[str, Any]:
    return {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": text}]}


class Clerk:
    """A bot that answers words with the form, and the form with what was in it."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.heard: list[dict[str, Any]] = []

    async def __call__(self, activity: dict[str, Any]) -> InvokeAnswer | None:
        self.heard.append(activity)
        match activity["type"], activity.get("name"):
            case "message", _ if activity.get("text"):
                to = activity["serviceUrl"], activity["conversation"]["id"]
                await self.host.connector.send(
                    *to, {"type": "message", "attachments": [{"contentType": CARD, "content": FORM}]}
                )
            case "invoke", "adaptiveCard/action":
                return InvokeAnswer(self.pressed(activity["value"]["action"]))
            case "invoke", "task/fetch" | "composeExtension/fetchTask":
                shown = {"title": "A concern", "card": {"contentType": CARD, "content": DIALOG}}
                return InvokeAnswer({"task": {"type": "continue", "value": shown}})
            case "invoke", "task/submit":
                return InvokeAnswer({"task": {"type": "message", "value": "Saved."}})
            case "invoke", "composeExtension/submitAction":
                return InvokeAnswer()
        return None

    def pressed(self, action: dict[str, Any]) -> dict[str, Any]:
        if action["verb"] == "toast":
            return {"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": "Noted."}
        shown = said(f"You wrote: {action['data']['happened']}")
        return {"statusCode": 200, "type": "application/vnd.microsoft.card.adaptive", "value": shown}


@pytest.fixture
async def clerk(teams: Teams) -> AsyncIterator[Clerk]:
    host = Host(**teams.settings())
    clerk = Clerk(host)
    async with served(host.route(clerk)) as teams.endpoint:
        await host.warm()
        yield clerk
        await host.close()


async def test_a_form_is_filled_in_and_its_card_is_replaced(teams: Teams, clerk: Clerk) -> None:
    sam = teams.person("Sam Carter")
    await sam.types("log a concern")
    assert "What happened?" in sam.sees()
    assert "hidden" not in sam.sees()
    await sam.fills({"happened": "He took it"}, press="Check")
    assert clerk.heard[-1]["value"]["action"]["data"] == {"form": "f1", "happened": "He took it", "now": "no"}
    assert "You wrote: He took it" in sam.sees()
    assert "What happened?" not in sam.sees()


@pytest.mark.parametrize(
    "values", [{}, {"happened": "x" * 21}, {"happened": "x", "now": "perhaps"}, {"happened": "x", "who": "y"}]
)
async def test_what_the_client_would_not_send_is_not_sent(values: dict[str, str], teams: Teams, clerk: Clerk) -> None:
    sam = teams.person("Sam Carter")
    await sam.types("log a concern")
    with pytest.raises(AssertionError):
        await sam.fills(values, press="Check")
    assert len(clerk.heard) == 1


async def test_a_press_of_what_is_not_there_is_a_failure(teams: Teams, clerk: Clerk) -> None:
    sam = teams.person("Sam Carter")
    await sam.types("log a concern")
    with pytest.raises(AssertionError, match="Send"):
        await sam.presses("Send")


async def test_in_a_channel_the_bot_is_written_to_by_name_in_a_thread(teams: Teams, clerk: Clerk) -> None:
    sam, kim = teams.person("Sam Carter"), teams.person("Kim Hale")
    general = teams.channel("General", sam, kim)
    message = await sam.types("help", general)
    (heard,) = clerk.heard
    assert heard["text"] == "<at>Signpost</at> help"
    assert heard["entities"][-1]["mentioned"]["id"] == teams.connector.bot
    assert heard["conversation"]["id"] == f"{general.id};messageid={message}"
    assert heard["channelData"]["team"]["id"] == general.team
    assert "What happened?" in kim.sees(general)


async def test_a_card_is_replaced_for_the_one_who_pressed(teams: Teams, clerk: Clerk) -> None:
    sam, kim = teams.person("Sam Carter"), teams.person("Kim Hale")
    group = teams.group(sam, kim)
    await sam.types("help", group)
    await sam.presses("Check", group, happened="mine")
    assert "You wrote: mine" in sam.sees(group)
    assert "You wrote: mine" not in kim.sees(group)


async def test_a_dialog_opens_is_filled_in_and_leaves_nothing(teams: Teams, clerk: Clerk) -> None:
    sam = teams.person("Sam Carter")
    await sam.types("help")
    await sam.presses("Open", happened="-")
    assert clerk.heard[-1]["value"]["data"]["choice"] == "open:1"
    await sam.fills({"decision": "refer"})
    assert clerk.heard[-1]["name"] == "task/submit"
    assert clerk.heard[-1]["value"]["data"] == {"form": "f2", "decision": "refer"}
    assert sam.dialog is None
    assert sam.told == ["Saved."]


async def test_an_empty_field_is_left_out_as_the_real_client_does(teams: Teams, clerk: Clerk) -> None:
    sam = teams.person("Sam Carter")
    await sam.types("help")
    await sam.presses("Open", happened="-")
    await sam.fills({})
    assert clerk.heard[-1]["value"]["data"] == {"form": "f2"}


async def test_a_concern_is_begun_from_a_message(teams: Teams, clerk: Clerk) -> None:
    sam = teams.person("Sam Carter")
    general = teams.channel("General", sam)
    await sam.begins("logConcern", general, message={"id": "1700", "linkToMessage": "https://teams.example/1700"})
    assert clerk.heard[-1]["value"]["messagePayload"]["id"] == "1700"
    await sam.fills({"decision": "refer"}, press="Save")
    value = clerk.heard[-1]["value"]
    assert (clerk.heard[-1]["name"], value["commandId"]) == ("composeExtension/submitAction", "logConcern")
    assert value["data"] == {"form": "f2", "decision": "refer"}
    assert general.posts == {}


async def test_an_old_client_sends_a_message_without_words(teams: Teams, clerk: Clerk) -> None:
    sam = teams.person("Sam Carter")
    await sam.types("help")
    card = sam.newest()
    await sam.presses("Old client", happened="mine")
    heard = clerk.heard[-1]
    assert (heard["type"], heard.get("text"), heard["replyToId"]) == ("message", None, card.id)
    assert heard["value"] == {"choice": "old:1", "happened": "mine", "now": "no"}


async def test_a_toast_is_told_and_stays_nowhere(teams: Teams, clerk: Clerk) -> None:
    sam = teams.person("Sam Carter")
    await sam.types("help")
    await sam.presses("Toast")
    assert sam.told == ["Noted."]


async def test_who_installs_is_announced_and_may_be_written_to(teams: Teams, clerk: Clerk) -> None:
    sam = teams.person("Sam Carter")
    await sam.installs()
    assert [each["type"] for each in clerk.heard] == ["conversationUpdate", "installationUpdate"]
    assert sam.account.installed
    await sam.removes()
    assert clerk.heard[-1]["action"] == "remove"
    assert not sam.account.installed


async def test_files_and_pasted_images_arrive_as_teams_sends_them(teams: Teams, clerk: Clerk) -> None:
    sam = teams.person("Sam Carter")
    await sam.attaches("see this")
    await sam.attaches(image=True)
    kinds = [each["attachments"][0]["contentType"] for each in clerk.heard]
    assert kinds == ["application/vnd.microsoft.teams.file.download.info", "image/*"]


async def test_a_refusal_of_the_bot_is_a_failure_of_the_story(teams: Teams, clerk: Clerk) -> None:
    sam = teams.person("Sam Carter")
    with pytest.raises(AssertionError, match="501"):
        await sam._invokes("fileConsent/invoke", {"action": "accept"}, sam.chat)
