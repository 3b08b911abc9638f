"""Email, over a real SMTP server on loopback: what is sent, how often, and what each refusal means."""

from __future__ import annotations

import email
import socket
import warnings
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from adapters.email.channel import EmailChannel, EmailUrlError
from bot import Delivered, Failed, WithdrawnError, looked_at
from policy_content.model import People, SchoolPerson

REF = "TA-2026-0001"
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


class Post:
    """What the server got; `answers` replaces a step's reply."""

    def __init__(self):
        self.messages, self.answers = [], {}

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if "rcpt" in self.answers:
            return self.answers["rcpt"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if "data" in self.answers:
            return self.answers["data"]
        self.messages.append((envelope.mail_from, list(envelope.rcpt_tos), email.message_from_bytes(envelope.content)))
        return "250 OK"


class Loopback(Controller):
    """On a port of its own, and able to ask for a password without TLS."""

    def factory(self):
        warnings.filterwarnings("ignore", "Requiring AUTH", UserWarning)  # on loopback
        return SMTP(self.handler, authenticator=self._check, auth_require_tls=False, auth_required=self.asks)

    def _check(self, server, session, envelope, mechanism, auth_data):
        return AuthResult(success=auth_data.password == b"p@ss/word", handled=False)


def free_port():
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return trial.getsockname()[1]


@pytest.fixture
def serve():
    running = []

    def start(*, asks=False):
        post = Post()
        controller = Loopback(post, hostname="127.0.0.1", port=free_port())
        controller.asks = asks
        controller.start()
        running.append(controller)
        post.url = f"smtp://127.0.0.1:{controller.port}?from=signpost@school.example"
        post.stop = controller.stop
        return post

    yield start
    for controller in running:
        controller.stop()


@pytest.fixture
def mailing(guidance):
    """The school, its people with addresses."""
    people = guidance.library.school.people
    addressed = People(
        dsl=people.dsl.model_copy(update={"email": "dsl@school.example"}),
        deputies=tuple(d.model_copy(update={"email": "deputy@school.example"}) for d in people.deputies),
        head=people.head.model_copy(update={"email": "head@school.example"}),
        chair=SchoolPerson(name="Mr Colin Marsh", phone="01632 960004"),
    )
    school = guidance.library.school.model_copy(update={"people": addressed})
    return replace(guidance, library=guidance.library.model_copy(update={"school": school}))


@pytest.fixture
def channel(mailing):
    return lambda url: EmailChannel(url, lambda: mailing, lambda: NOW)


@pytest.fixture
async def alert(school):
    """A real alert about a concern with the marker in every field."""
    await school.log(now="yes")
    await school.ring()
    return school.channels["web"].sent[0]


async def test_an_alert_is_an_email_with_reference_and_urgency_and_nobodys_name_or_words(school, serve, channel, alert):
    post = serve()
    assert isinstance(await channel(post.url).deliver(alert), Delivered)
    ((sender, to, message),) = post.messages
    assert (sender, to) == ("signpost@school.example", ["dsl@school.example"])
    assert message["Subject"] == f"URGENT Signpost {REF}: a concern waits to be acknowledged"
    assert parsedate_to_datetime(message["Date"]) == NOW
    assert message["Importance"] == "high"
    shown = message.as_string()
    assert REF in shown
    assert "999" in shown
    for secret in (school.MARK, "teacher", "Nair", "Hughes", "Adeyemi"):
        assert secret not in shown


async def test_the_same_alert_sent_again_has_the_same_message_id_and_another_has_another(serve, channel, alert):
    post = serve()
    mail = channel(post.url)
    receipts = [await mail.deliver(one) for one in (alert, alert, replace(alert, key=alert.key + "@email"))]
    ids = [message["Message-ID"].strip() for *_, message in post.messages]
    assert ids[0] == ids[1] != ids[2]
    assert [receipt.id for receipt in receipts] == ids
    assert ids[0].endswith("@school.example>")


async def test_what_was_sent_is_not_sent_again_to_be_redrawn(serve, channel, alert):
    post = serve()
    assert await channel(post.url).deliver(replace(alert, receipt="<x>")) == Delivered("<x>")
    assert post.messages == []


@pytest.mark.parametrize(
    ("told", "reason"), [("chair", "chair"), ("person:web:teacher", "person"), ("nobody", "nobody")]
)
async def test_whoever_has_no_address_is_a_lasting_failure_that_shows_no_id(serve, channel, alert, told, reason):
    receipt = await channel(serve().url).deliver(replace(alert, told=told))
    assert receipt.lasting
    assert reason in receipt.reason
    assert "teacher" not in receipt.reason


ANSWERS = [
    ("rcpt", "550 no such user", True),
    ("rcpt", "450 come back later", False),
    ("data", "554 refused", True),
    ("data", "451 busy", False),
    ("data", "421 closing", False),
]


@pytest.mark.parametrize(("step", "answer", "lasting"), ANSWERS)
async def test_what_the_server_refuses_for_good_lasts_and_what_it_puts_off_does_not(
    serve, channel, alert, step, answer, lasting
):
    post = serve()
    post.answers[step] = answer
    receipt = await channel(post.url).deliver(alert)
    assert isinstance(receipt, Failed)
    assert receipt.lasting is lasting
    assert "dsl@" not in receipt.reason


async def test_a_server_that_is_down_is_not_a_lasting_failure(channel, alert):
    mail = channel(f"smtp://127.0.0.1:{free_port()}?from=a@b.example")
    for receipt in (await mail.deliver(alert), await mail.prove((), None)):
        assert isinstance(receipt, Failed)
        assert not receipt.lasting


async def test_a_password_is_used_and_a_wrong_one_is_a_lasting_failure_that_does_not_show_it(serve, channel, alert):
    post = serve(asks=True)
    right = channel(post.url.replace("smtp://", "smtp://us%40er:p%40ss%2Fword@"))
    wrong = channel(post.url.replace("smtp://", "smtp://user:sesame@"))
    assert isinstance(await right.deliver(alert), Delivered)
    assert isinstance(await right.prove((), None), Delivered)
    for receipt in (await wrong.deliver(alert), await wrong.prove((), None)):
        assert receipt.lasting
        assert "sesame" not in receipt.reason


async def test_what_an_act_has_stopped_while_we_logged_in_is_not_sent(serve, channel, alert):
    post = serve()

    async def not_any_more():
        return False

    with looked_at(not_any_more), pytest.raises(WithdrawnError):
        await channel(post.url).deliver(alert)
    assert post.messages == []


async def test_proving_sends_nothing(serve, channel):
    post = serve()
    assert isinstance(await channel(post.url).prove((), None), Delivered)
    assert post.messages == []


@pytest.mark.parametrize(
    "url", ["", "http://host?from=a@b.c", "smtp://host", "smtp://host?from=nobody", "smtp://?from=a@b.c"]
)
def test_a_url_that_is_none_is_refused(channel, url):
    with pytest.raises(EmailUrlError):
        channel(url)


@pytest.mark.parametrize(
    "url",
    [
        "smtp://u:sesame@host:port?from=a@b.c",
        "smtp://u:sesame@host:99999?from=a@b.c",
        "smtp://u:sesame@[::1?from=a@b.c",
    ],
)
def test_a_url_that_cannot_be_read_is_refused_without_its_password(channel, url):
    with pytest.raises(EmailUrlError) as refused:
        channel(url)
    assert "sesame" not in str(refused.value)


async def test_when_the_chat_is_down_the_alert_arrives_by_email(school, mailing, serve, channel, new_school):
    post = serve()
    school.guide = mailing
    web = school.channels["web"]
    after = new_school(school.ledger, [web, channel(post.url)])
    after.guide = mailing
    await after.log(now="yes")
    web.fail("the chat is down", lasting=True)
    for _ in range(4):
        await after.bell.ring_due(after.clock.now())
        after.clock.forward(seconds=1)
    assert {to[0] for _, to, _ in post.messages} == {
        "dsl@school.example",
        "deputy@school.example",
        "head@school.example",
    }
    after.clock.forward(seconds=timedelta(minutes=1).seconds)
    count = len(post.messages)
    await after.ring()
    assert len(post.messages) == count
