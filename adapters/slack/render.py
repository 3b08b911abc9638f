"""`Reply` and alert parts to what Slack draws: messages, private windows (modals) and the Home tab.

Nothing here is mrkdwn. Our own text and what a person typed are rich text or plain text, which Slack shows and never parses;
`text`, the one thing it does parse (the notification), is a title of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import groupby

from adapters.slack import fields, rich
from adapters.slack.fields import errors
from adapters.slack.rich import Json
from bot import Card, Choice, Form, Part
from policy_content.wording import Wording

__all__ = ["FORM_MARK", "errors", "home", "messages", "modal", "pages", "pointer"]

FORM_MARK = "form="  # begins the `block_id` of the block that carries the form's id
_IN_A_MESSAGE = (50, 12_000)  # blocks, and characters of them all
_IN_A_VIEW = (100, 200_000)  # blocks, and bytes of them all
_IN_A_ROW = 5
_TITLE, _BUTTON, _HEADER, _CONTEXT = 24, 75, 150, 2000
_MARKS = {"urgent": "🚨 ", "failed": "⚠️ ", "alert": "🔔 ", "done": "✅ ", "plain": ""}  # told apart by shape too


def messages(parts: Sequence[Part], *, wording: Wording, key: str = "") -> list[Json]:
    """The bodies of one or more `chat.postMessage`, in order; none for no parts. A form is a button that asks for it.

    `key` goes with the first as metadata, by which an alert is found again. More than one only where they do not fit.
    """
    text = rich.escaped(next((part.title for part in parts if not isinstance(part, Choice)), wording.message_fallback))
    common = {"text": rich.clip(text, _HEADER), "unfurl_links": False, "unfurl_media": False}
    bodies = [{**common, "blocks": some} for some in _split(_flow(parts, wording, _asked_for), *_IN_A_MESSAGE)]
    if key and bodies:
        bodies[0]["metadata"] = {"event_type": "signpost_alert", "event_payload": {"key": key}}
    return bodies


def modal(parts: Sequence[Part], *, wording: Wording, private: str = "", page: int = 1) -> Json:
    """A view for `views.open`, `views.update`, `views.push` or `response_action`. `private` comes back as it is (3000 characters).

    The first form is drawn as inputs, any other as a button. Slack keeps what a person has typed when a view is updated
    with an input of the same ids, so a redrawn form holds what stands in it, not `field.value`.

    At the extreme (100 blocks, 200,000 bytes) nothing is dropped. In a form, the longest texts are not drawn, are not
    sent back, and are so kept by the core as they are. If the form still has no room beside the cards, or has more than
    about 45 fields, it is a button, and the window is one without a form. Such a window is cut into `pages`, of which
    this is one, with buttons `page-…` to the others.
    """
    form = next((part for part in parts if isinstance(part, Form)), None)
    blocks = _form_window(parts, form, wording) if form else None
    view: Json = {
        "type": "modal",
        "callback_id": "form" if blocks else "parts",
        "title": rich.plain(_window_title(form, parts, wording)),
        "close": rich.plain(wording.window_close),
        "private_metadata": private,
        "blocks": blocks or _page(parts, page, wording),
    }
    if form and blocks:
        view |= {"submit": rich.plain(rich.clip(form.submit, _TITLE)), "notify_on_close": True}
    return view


def pages(parts: Sequence[Part], *, wording: Wording) -> int:
    """How many pages `modal` has for these parts: nearly always 1."""
    form = next((part for part in parts if isinstance(part, Form)), None)
    return 1 if form and _form_window(parts, form, wording) else len(_pages(parts, wording))


def home(parts: Sequence[Part], *, wording: Wording) -> Json:
    """The Home tab. What does not fit is left out at the end, and a line says so: everything in it can be asked for."""
    found = _split(_flow(parts, wording, _asked_for), _IN_A_VIEW[0] - 1, _IN_A_VIEW[1], rich.weight)
    more = rich.blocks(rich.body(wording.home_more)) if len(found) > 1 else []
    return {
        "type": "home",
        "blocks": [*(found[0] if found else rich.blocks(rich.body(wording.message_fallback))), *more],
    }


def pointer(text: str) -> Json:
    """A line that only the asker sees, as the answer to a command or a `response_url`."""
    return {"response_type": "ephemeral", "text": rich.escaped(text)}


# ---- parts to blocks


def _flow(parts: Sequence[Part], wording: Wording, draw_form: Callable[[Form, Wording], list[Json]]) -> list[Json]:
    blocks: list[Json] = []
    for are_choices, run in groupby(parts, key=lambda part: isinstance(part, Choice)):
        if are_choices:
            blocks += _rows([part for part in run if isinstance(part, Choice)])
            continue
        for part in run:
            if isinstance(part, Card):
                blocks += _card(part, wording)
            elif isinstance(part, Form):
                blocks += draw_form(part, wording)
    return blocks


def _card(card: Card, wording: Wording) -> list[Json]:
    said = rich.body(card.body)
    for nth, fact in enumerate(card.facts):
        said += rich.fact(fact.label, fact.value.reveal(), apart=bool(card.body) and nth == 0)
    return [*_header(_MARKS[card.tone] + card.title), *rich.blocks(said), *_source(card, wording)]


def _header(title: str) -> list[Json]:
    if rich.size(title) > _HEADER:
        return rich.blocks(rich.strong(title))
    return [{"type": "header", "text": rich.plain(title)}] if title else []


def _source(card: Card, wording: Wording) -> list[Json]:
    source = f"{wording.from_policy}: {card.source}" if card.source != "outside" else wording.not_from_policy
    line = " · ".join(text for text in (source if card.source else "", card.edition) if text)
    if rich.size(line) > _CONTEXT:
        return rich.blocks([rich.Atom("words", ((line, False),))])
    return [{"type": "context", "elements": [rich.plain(line)]}] if line else []


def _rows(choices: Sequence[Choice]) -> Iterator[Json]:
    """Buttons in rows. Each one's id is its value."""
    numbered = [(f"choice-{nth}", choice) for nth, choice in enumerate(choices, 1)]
    for at in range(0, len(numbered), _IN_A_ROW):
        row = numbered[at : at + _IN_A_ROW]
        cut = [rich.Atom("point", ((c.label, False),)) for _, c in row if rich.units(c.label) > _BUTTON]
        yield from rich.blocks(cut)
        buttons = [_button(choice.label, name, choice.id, main=choice.main) for name, choice in row]
        yield {"type": "actions", "elements": buttons}


def _button(label: str, name: str, value: str, *, main: bool = False) -> Json:
    button: Json = {"type": "button", "action_id": name, "text": rich.plain(rich.clip(label, _BUTTON)), "value": value}
    return button | ({"style": "primary"} if main else {})


def _asked_for(form: Form, wording: Wording) -> list[Json]:
    """A form where there can be none: what it says, what was typed and what was wrong with it, and a button that opens it."""
    said = rich.body(form.intro)
    for field in form.fields:
        asked = rich.clean(field.asked)
        if field.error:
            said += rich.strong(f"⚠️ {asked}: {field.error}")
        picked = "; ".join(option.label for option in fields.chosen(field))
        typed = picked or (field.value.reveal() if field.value else "")
        said += rich.fact(asked, typed) if typed else []
    button = _button(wording.form_button, "form", form.id, main=True)
    return [*_header(form.title), *rich.blocks(said), {"type": "actions", "elements": [button]}]


# ---- windows


def _window_title(form: Form | None, parts: Sequence[Part], wording: Wording) -> str:
    """The form's or the first title if it fits, else a fixed one: the whole title stands in the window."""
    first = form.title if form else next((part.title for part in parts if not isinstance(part, Choice)), "")
    return first if 0 < rich.units(first) <= _TITLE else wording.window_title


def _form_window(parts: Sequence[Part], form: Form, wording: Wording) -> list[Json] | None:
    """All blocks of a window with a form, with as many texts kept back as it takes to fit. None if it never does."""
    lengths = {field.key: fields.length(field) for field in form.fields}
    long = sorted((field.key for field in form.fields if fields.is_cut(field)), key=lambda key: lengths[key])
    kept: set[str] = set()

    def draw(one: Form, wording: Wording) -> list[Json]:
        return _inputs(one, wording, kept) if one is form else _asked_for(one, wording)

    while True:
        held = sum(length for key, length in lengths.items() if key not in kept)
        blocks = _flow(parts, wording, draw) if held <= _IN_A_VIEW[1] else None
        if blocks is not None and _fits(blocks, *_IN_A_VIEW):
            return blocks
        if not long:
            return None
        kept.add(long.pop())


def _inputs(form: Form, wording: Wording, kept: Collection[str]) -> list[Json]:
    """What the form says, then its fields, each child's apart from the rest and what is asked of each under their name."""
    lead = [*_header(form.title), *rich.blocks(rich.body(form.intro))] or [{"type": "divider"}]
    blocks = [{**lead[0], "block_id": f"{FORM_MARK}{form.id}"}, *lead[1:]]
    more: Json = {"type": "actions", "elements": [_button(form.another_child, "another-child", form.id)]}
    grouped = [nth for nth, field in enumerate(form.fields) if fields.in_group(field)]
    for nth, field in enumerate(form.fields):
        if fields.begins_group(field):
            blocks.append({"type": "divider"})
        if field.of and (nth == 0 or form.fields[nth - 1].of != field.of):
            blocks += [{"type": "divider"}, *rich.blocks(rich.strong(rich.clean(field.of.reveal())))]
        blocks += fields.draw(field, wording, kept=field.key in kept)
        if grouped and nth == grouped[-1]:
            blocks += [*([more] if form.another_child else []), {"type": "divider"}]
    return [*blocks, more] if form.another_child and not grouped else blocks


def _page(parts: Sequence[Part], page: int, wording: Wording) -> list[Json]:
    found = _pages(parts, wording)
    page = min(max(page, 1), len(found))
    if len(found) == 1:
        return found[0]
    label = wording.window_page.replace("{page}", str(page)).replace("{pages}", str(len(found)))
    ways = (("page-back", wording.window_back, page - 1), ("page-next", wording.window_next, page + 1))
    buttons = [_button(text, name, str(to)) for name, text, to in ways if 1 <= to <= len(found)]
    return [*found[page - 1], *_header(label), {"type": "actions", "elements": buttons}]


def _pages(parts: Sequence[Part], wording: Wording) -> list[list[Json]]:
    blocks = _flow(parts, wording, _asked_for) or rich.blocks(rich.body(wording.message_fallback))
    if _fits(blocks, *_IN_A_VIEW):
        return [blocks]
    return _split(blocks, _IN_A_VIEW[0] - 2, _IN_A_VIEW[1] - 2000, rich.weight)


# ---- limits


def _split(
    blocks: Sequence[Json], most: int, size: int, measure: Callable[[Json], int] = rich.cost
) -> list[list[Json]]:
    """The blocks in as few runs as fit. Buttons stay with what they follow, where that fits too."""
    runs: list[list[Json]] = []
    spent = 0
    for block in blocks:
        price = measure(block) + 1
        if not runs or len(runs[-1]) == most or spent + price > size - 2:
            runs.append(_taken_along(runs, block))
            spent = sum(measure(taken) + 1 for taken in runs[-1])
        runs[-1].append(block)
        spent += price
    return [run for run in runs if run]


def _taken_along(runs: list[list[Json]], block: Json) -> list[Json]:
    """What leads into this block comes along, if something is left where it was: a title, and what buttons are about."""
    taken: list[Json] = []
    lead = {"header", "rich_text", "context"} if block["type"] == "actions" else {"header"}
    while runs and len(runs[-1]) > 1 and runs[-1][-1]["type"] in lead:
        taken.insert(0, runs[-1].pop())
        lead = {"header"}
    return taken


def _fits(blocks: Sequence[Json], most: int, size: int) -> bool:
    return len(blocks) <= most and rich.weight(list(blocks)) <= size
