"""A concern on its way out: the code that a DSL of these stories is shown, and what it is good for."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from pypdf import PdfReader

from adapters.export.files import files
from bot.export import Record
from tests.channels.school import LIBRARY, WORDS, Drawn, School, Seat
from tests.stories.team import fact


def code_in(shown: Drawn) -> str:
    """The code that is shown."""
    return fact(shown, WORDS.handing.code)


async def taken(school: School, seat: Seat, code: str, *references: str) -> tuple[Record, ...]:
    """What whoever is at the terminal gets with this code. Raises what keeps it from them."""
    handing, now = school.signpost.desk.handing, datetime.now(UTC)
    holder = await handing.holder(code, now)
    assert holder is not None
    assert holder[0].id == f"web:{seat.name}"
    return await handing.take(school.signpost.shelf.guidance(), holder[0], references, "PDF", now)


def printed(record: Record) -> str:
    """Every word of its PDF, on one line."""
    ((_, content),) = files(LIBRARY, [record], ("pdf",))
    return words_of(content)


def words_of(pdf: bytes) -> str:
    """Every word of a PDF, on one line."""
    pages = PdfReader(io.BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())
