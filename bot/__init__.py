"""Signpost's core: decides, records, remembers time. Knows no chat product and no HTTP."""

from bot.bell import Bell
from bot.channel import (
    Alert,
    Channel,
    Delivered,
    Failed,
    Provable,
    Receipt,
    Searchable,
    WithdrawnError,
    last_look,
    looked_at,
)
from bot.desk import Desk
from bot.guidance import Guidance, Route
from bot.handing import NotYoursError
from bot.ledger import Ledger, LedgerDownError, NotABackupError, open_ledger
from bot.talk import (
    Card,
    Choice,
    Fact,
    Field,
    Form,
    Heard,
    Message,
    Option,
    Part,
    Person,
    Reply,
    RosterUnreadable,
    Sent,
    Words,
)
from bot.vault import KeyTextError, Vault, new_master_key

__all__ = [
    "Alert",
    "Bell",
    "Card",
    "Channel",
    "Choice",
    "Delivered",
    "Desk",
    "Fact",
    "Failed",
    "Field",
    "Form",
    "Guidance",
    "Heard",
    "KeyTextError",
    "Ledger",
    "LedgerDownError",
    "Message",
    "NotABackupError",
    "NotYoursError",
    "Option",
    "Part",
    "Person",
    "Provable",
    "Receipt",
    "Reply",
    "RosterUnreadable",
    "Route",
    "Searchable",
    "Sent",
    "Vault",
    "WithdrawnError",
    "Words",
    "last_look",
    "looked_at",
    "new_master_key",
    "open_ledger",
]
