"""An alert as an email: reference, urgency and clocks. No person's words, no names, not even the reporter's."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from bot import Alert, Card

_KINDS = {  # what the subject says; everything else a person needs is in the chat
    "concern": "a concern waits to be acknowledged",
    "added": "the reporter has added to a concern",
    "decide": "a concern waits for a decision",
    "quiet": "a concern was acknowledged and not opened",
    "unsent": "somebody has begun an urgent concern and not sent it",
    "outsider": "somebody who is not staff wrote to Signpost",
    "proof": "an alert route is not working",
}


def render(alert: Alert, sender: str, to: str, domain: str, now: datetime) -> EmailMessage:
    """The email for an alert. `domain` makes its Message-ID, which is the same each time it is sent."""
    message = EmailMessage()
    titles = [part.title for part in alert.parts if isinstance(part, Card)]
    urgent, drill = any("URGENT" in title for title in titles), any(title.startswith("DRILL") for title in titles)
    marks = ("DRILL" if drill else "", "URGENT" if urgent else "")
    what = _KINDS.get(alert.kind, "something waits for you")
    message["Subject"] = " ".join(filter(None, (*marks, "Signpost", alert.ref))) + f": {what}"
    message["From"], message["To"], message["Date"] = sender, to, format_datetime(now)
    message["Message-ID"] = _message_id(alert.key, domain)
    message["Auto-Submitted"] = "auto-generated"
    if urgent:
        message["Importance"], message["X-Priority"] = "high", "1"
    lines = [
        f"Signpost: {what}{f' ({alert.ref})' if alert.ref else ''}.",
        "Open the school's chat now to acknowledge and read it. Nothing about it is in this email.",
        "If you cannot, find or ring the next person in the safeguarding team. In danger: 999.",
    ]
    if drill:
        lines.insert(0, "DRILL. Nobody is at risk: this tests whether the alarm is heard.")
    message.set_content("\n\n".join(lines) + "\n")
    return message


def _message_id(key: str, domain: str) -> str:
    made = make_msgid(domain=domain)
    return f"<{key.replace('/', '.').replace('@', '.').replace(':', '.')}{made[made.index('@') :]}"
