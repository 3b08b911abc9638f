"""Records as CSV: RFC 4180, UTF-8 with the mark by which Excel knows it, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from adapters.export.mapping import COLUMNS, children
from bot.export import Record

# A spreadsheet takes a cell that begins so for a formula. White space before it does not stop every one of them.
_RUNS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def to_csv(records: Sequence[Record]) -> bytes:
    """One row for each child of each record, after a row of column names."""
    held = io.StringIO()
    rows = csv.writer(held, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    rows.writerow(name for name, _ in COLUMNS)
    for record in records:
        for child in children(record):
            rows.writerow(harmless(text(record, child)) for _, text in COLUMNS)
    return b"\xef\xbb\xbf" + held.getvalue().encode()


def harmless(cell: str) -> str:
    """The cell as text. One that a spreadsheet would run gets an apostrophe in front, which spreadsheets do not show."""
    return f"'{cell}" if cell.lstrip(" \n\u00a0").startswith(_RUNS) or cell.startswith(_RUNS) else cell
