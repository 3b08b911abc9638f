"""`Reply` parts to the page's JSON. What a person typed is only ever a JSON string that the page shows as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot import Card, Choice, Field, Form, Part


def render(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """The parts in order, as the page takes them."""
    return [_part(part) for part in parts]


def _part(part: Part) -> dict[str, Any]:
    match part:
        case Card():
            facts = [{"label": fact.label, "value": fact.value.reveal()} for fact in part.facts]
            return {
                "kind": "card",
                "title": part.title,
                "body": part.body,
                "facts": facts,
                "source": part.source,
                "edition": part.edition,
                "tone": part.tone,
            }
        case Choice():
            return {"kind": "choice", "label": part.label, "id": part.id, "main": part.main}
        case Form():
            return {
                "kind": "form",
                "id": part.id,
                "title": part.title,
                "intro": part.intro,
                "fields": [_field(field) for field in part.fields],
                "submit": part.submit,
                "another_child": part.another_child,
            }


def _field(field: Field) -> dict[str, Any]:
    return {
        "key": field.key,
        "of": field.of.reveal(),
        "label": field.label,
        "kind": field.kind,
        "hint": field.hint,
        "required": field.required,
        "options": [{"key": option.key, "label": option.label} for option in field.options],
        "value": field.value.reveal() if field.value is not None else "",
        "error": field.error,
    }
