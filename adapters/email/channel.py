"""Delivery by SMTP: `smtp://`, `smtps://` or `smtp+starttls://`, user and password in the URL, `?from=` for the sender."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

from adapters.email.render import render
from bot import Alert, Delivered, Failed, Guidance, Part, Receipt, last_look

_SECONDS = 10  # for a server to answer


class EmailUrlError(ValueError):
    """SIGNPOST_SMTP_URL is not what it must be. `str()` says how, without showing the password."""


class EmailChannel:
    """Email to the people of school.yaml. It can be sent to, not talked to: it has no members."""

    name = "email"

    def __init__(self, url: str, guidance: Callable[[], Guidance], clock: Callable[[], datetime]) -> None:
        """Raises `EmailUrlError`."""
        wrong = EmailUrlError("write smtp+starttls://user:password@host:587?from=signpost@school.example")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:  # its text may quote the password
            raise wrong from None
        sender = parse_qs(parts.query).get("from", [""])[0]
        if parts.scheme not in {"smtp", "smtps", "smtp+starttls"} or not parts.hostname or "@" not in sender:
            raise wrong
        self._sender, self._domain = sender, sender.rpartition("@")[2]
        self._guidance, self._clock = guidance, clock
        self._server = {
            "hostname": parts.hostname,
            "port": port or {"smtps": 465, "smtp+starttls": 587}.get(parts.scheme, 25),
            "use_tls": parts.scheme == "smtps",
            "start_tls": parts.scheme == "smtp+starttls",
            "username": unquote(parts.username) if parts.username else None,
            "password": unquote(parts.password) if parts.password else None,
            "timeout": _SECONDS,
        }

    async def members(self, place: str) -> frozenset[str]:
        """Nobody writes to Signpost by email."""
        del place
        return frozenset()

    async def deliver(self, alert: Alert) -> Receipt:
        """Send it. An email cannot be redrawn: one that was sent counts as it stands."""
        if alert.receipt is not None:
            return Delivered(alert.receipt)
        people = dict(self._guidance().library.school.people.everyone())
        person = people.get(alert.told)
        if person is None or not person.email:
            return Failed(f"school.yaml has no email address for {alert.told.partition(':')[0]}", lasting=True)
        message = render(alert, self._sender, person.email, self._domain, self._clock())
        try:
            async with aiosmtplib.SMTP(**self._server) as server:  # type: ignore[arg-type]
                await last_look()  # the log-in may have taken long
                await server.send_message(message)
        except aiosmtplib.SMTPRecipientsRefused as error:
            lasting = all(one.code >= 500 for one in error.recipients)  # a greylist only puts off
            return Failed("the mail server refuses the address", lasting=lasting)
        except aiosmtplib.SMTPAuthenticationError:
            return Failed("the mail server refuses the user or password", lasting=True, route=True)
        except aiosmtplib.SMTPResponseException as error:
            return Failed(f"the mail server answered {error.code}", lasting=500 <= error.code < 600)
        except (aiosmtplib.SMTPException, OSError) as error:
            return Failed(f"the mail server cannot be reached: {type(error).__name__}")
        return Delivered(str(message["Message-ID"]))

    async def prove(self, parts: tuple[Part, ...], receipt: str | None) -> Receipt:
        """As far as the server's welcome and our log-in: nothing is sent, so nobody is disturbed."""
        del parts, receipt
        try:
            async with aiosmtplib.SMTP(**self._server) as server:  # type: ignore[arg-type]
                await server.noop()
        except aiosmtplib.SMTPAuthenticationError:
            return Failed("the mail server refuses the user or password", lasting=True, route=True)
        except (aiosmtplib.SMTPException, OSError) as error:
            return Failed(f"the mail server cannot be reached: {type(error).__name__}")
        return Delivered("noop")
