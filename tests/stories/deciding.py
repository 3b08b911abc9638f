"""How a DSL of these stories fills in what opens in their private dialog."""

from __future__ import annotations

from typing import Any

from tests.channels.school import Drawn, Seat

# Everything that a decision asks for, but what a story is about.
USUAL = {
    "harmed_safe": "yes",
    "alleged_safe": "yes",
    "level": "inappropriate",
    "images": "no",
    "routes": "a",
    "parents": "yes",
    "consent": "obtained",
    "exclusion": "no",
    **dict.fromkeys(("repeated", "victimised", "coerced", "imbalance", "misuse", "accepted"), "unknown"),
}


async def sends(seat: Seat, shown: Drawn, values: dict[str, str]) -> Drawn:
    """Fill in the form that is shown and send it."""
    keys = [field["key"] for field in shown.form["fields"]]
    given = {key: values.get(key, "") for key in keys}
    return await seat.page.does(seat.name, type="send", form=shown.form["id"], values=given, press="check")


def has_form(shown: Drawn) -> bool:
    return any(part["kind"] == "form" for part in shown.parts)


async def fills_pages(seat: Seat, shown: Drawn, answers: dict[str, str]) -> Drawn:
    """Go on page by page, until check-your-answers or a page that is refused."""
    while has_form(shown) and not shown.faults():
        shown = await sends(seat, shown, usually(shown, answers))
    return shown


def usually(shown: Drawn, answers: dict[str, str]) -> dict[str, str]:
    """The form that is shown, filled in as usual but for these answers."""
    return {field["key"]: _answer(field, answers) for field in shown.form["fields"]}


async def decides(seat: Seat, concern: str, **answers: str) -> Drawn:
    """Record a whole decision on the concern of this id."""
    shown = await fills_pages(seat, await seat.chooses(f"decide:{concern}"), answers)
    return await seat.chooses(shown.choice("Save"))


def _answer(field: dict[str, Any], answers: dict[str, str]) -> str:
    usual = {"date": "2026-11-20", "time": "09:30", "text": "As agreed", "line": "Duty worker"}
    return answers.get(field["key"], USUAL.get(field["key"], usual.get(field["kind"], "")))
