"""The guided decision as it is filled in, page by page, by whoever of those who have the concern goes on with it.

What was typed is kept after each page, so that nothing is lost; what two people type at once never overwrites each other:
a page carries the draft's version, and an old one is answered with what has happened since and shown back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot import cards, casecards, chronicle, decision, notices, questions
from bot.cards import Parts, when
from bot.concern import Concern
from bot.guidance import Guidance
from bot.ledger import DecisionDraft, Ledger
from bot.talk import Card, Choice, Fact, Form, Message, Reply, Sent, Words
from policy_content.model import Library

CHECK, SAVE = "check", "save"


class Deciding:
    """One decision at a time for each concern."""

    def __init__(self, ledger: Ledger) -> None:
        """`ledger` keeps the draft and, at the end, the decision."""
        self._ledger = ledger

    async def hear(
        self, guide: Guidance, message: Message, concern: Concern, tail: str, sent: Sent | None, now: datetime
    ) -> Reply:
        """What comes of `decide:<concern>:<tail>`. `tail` is empty to begin or go on, else `<page>:<version>`."""
        library = guide.library
        if concern.drill:
            w = library.wording.decision
            told = cards.note(library, library.say(w.drill_title, reference=concern.reference), w.drill)
            return Reply((told, *(casecards.typed_back(library, sent) if sent else ())), dialog=True)
        if concern.stage == "closed":
            return Reply(casecards.not_now(library, concern, library.wording.decision.closed), dialog=True)
        draft = await self._ledger.decision_draft(concern.id)
        page, _, version = tail.partition(":")
        asked = decision.pages(concern.about, values_of(concern, draft))
        if not tail and sent is None:
            return await self._begin(library, message, concern, draft, now)
        if version != str(draft.version) or page not in {*asked, CHECK, SAVE}:
            return await self._stale(library, message, concern, draft, page, sent, now)
        if page == SAVE:
            return await self._save(library, message, concern, draft, now)
        if sent is None:
            return Reply(drawn(library, concern, draft, page), dialog=True)
        return await self._keep(library, message, concern, draft, page, sent, now)

    async def _begin(
        self, library: Library, message: Message, concern: Concern, draft: DecisionDraft, now: datetime
    ) -> Reply:
        """From the first page; or on from where somebody got to. Whoever sees a child's name, or what was typed before, has
        opened it.
        """
        last = concern.latest("decided")
        if not draft.values and last is None:
            page = decision.pages(concern.about, {})[0]
            if _names(library, concern, page):
                concern = await self._ledger.record_opening(message.heard, concern, message.who, now)
            return Reply(drawn(library, concern, draft, page), dialog=True)
        shown = await self._ledger.record_opening(message.heard, concern, message.who, now)
        if draft.values:
            page = _first(library, shown, draft.values, now)
            return Reply(drawn(library, shown, draft, page), dialog=True)
        page = decision.pages(concern.about, values_of(shown, draft))[0]
        return Reply((*_stands(library, shown, now), *drawn(library, shown, draft, page)), dialog=True)

    async def _keep(
        self,
        library: Library,
        message: Message,
        concern: Concern,
        draft: DecisionDraft,
        page: str,
        sent: Sent,
        now: datetime,
    ) -> Reply:
        """Keep a page, complete or not; then the next one, or the same with what is missing."""
        values = {**values_of(concern, draft), **_typed(page, sent)}
        faults = decision.faults(library, concern, page, values, now)
        await self._ledger.keep_decision_draft(message.heard, concern, draft, values, message.who, now)
        kept = DecisionDraft(draft.version + 1, values, message.who.name, now)
        following = page if faults else _after(library, concern, values, page, now)
        return Reply(drawn(library, concern, kept, following, faults), dialog=True)

    async def _save(
        self, library: Library, message: Message, concern: Concern, draft: DecisionDraft, now: datetime
    ) -> Reply:
        w, values = library.wording.decision, values_of(concern, draft)
        missing = decision.incomplete(library, concern, values, now)
        if missing:
            page, faults = missing
            note = cards.note(library, library.say(w.missing_title, reference=concern.reference), w.missing)
            return Reply((note, *drawn(library, concern, draft, page, faults)), dialog=True)
        text = Words(decision.decide(library, concern, values).to_text())
        done = await self._ledger.decide(message.heard, concern, message.who, text, now, draft=draft)
        return Reply(notices.settled(library, "decide", done), dialog=True)

    async def _stale(
        self,
        library: Library,
        message: Message,
        concern: Concern,
        draft: DecisionDraft,
        page: str,
        sent: Sent | None,
        now: datetime,
    ) -> Reply:
        """An old page: what has happened since, what was typed in it, and where the draft stands now."""
        w = library.wording.decision
        title = library.say(w.stale_title, reference=concern.reference)
        typed = _typed_back(library, concern, page, sent) if sent else ()
        back: Parts = (Card(w.stale_typed, facts=typed),) if typed else ()
        if not draft.values and concern.latest("decided") is not None:
            return Reply((*_stands(library, concern, now), *back, *notices.acts(library, concern)), dialog=True)
        opens = bool(draft.values) or _names(library, concern, decision.pages(concern.about, {})[0])
        shown = await self._ledger.record_opening(message.heard, concern, message.who, now) if opens else concern
        by = (Fact(w.stale_by, draft.by),) if draft.by else ()
        said = library.say(w.stale, when=when(library, draft.at or now, now))
        values = values_of(shown, draft)
        at = page if page in decision.pages(shown.about, values) else _first(library, shown, values, now)
        return Reply((Card(title, said, by), *back, *drawn(library, shown, draft, at)), dialog=True)


def _stands(library: Library, concern: Concern, now: datetime) -> Parts:
    """That a decision is recorded, when and by whom."""
    w, last = library.wording.decision, concern.latest("decided")
    if last is None:
        return ()
    title = library.say(w.decided_title, reference=concern.reference)
    said = library.say(w.decided_since, when=when(library, last.at, now))
    return (Card(title, said, (Fact(library.wording.by_label, last.who),)),)


def values_of(concern: Concern, draft: DecisionDraft) -> Mapping[str, str]:
    """What the draft holds; before anything was typed, what the decision holds that it would supersede."""
    if draft.values:
        return draft.values
    last = concern.latest("decided")
    before = decision.recorded(last) if last else None
    return before.draft() if before else {}


def drawn(
    library: Library, concern: Concern, draft: DecisionDraft, page: str, faults: Mapping[str, str] | None = None
) -> Parts:
    """A page as a form with the way back; or check-your-answers, with Save and a way to each page."""
    w, values = library.wording.decision, values_of(concern, draft)
    asked = decision.pages(concern.about, values)

    def to(label: str, where: str, *, main: bool = False) -> Choice:
        return Choice(label, f"decide:{concern.id}:{where}:{draft.version}", main)

    if page == CHECK:
        record = decision.decide(library, concern, values)
        title = library.say(w.check_title, reference=concern.reference)
        return (
            Card(title, library.say(w.check)),
            *chronicle.pages_of(record),
            to(library.wording.save_button, SAVE, main=True),
            *(to(library.say(w.change_button, page=decision.title(library, one))[:75], one) for one in asked),
        )
    number = asked.index(page) + 1
    text = decision.title(library, page)
    title = library.say(w.title, reference=concern.reference, number=f"{number}/{len(asked)}", title=text)
    form = Form(
        f"decide:{concern.id}:{page}:{draft.version}",
        title,
        decision.intro(library, concern, page),
        decision.fields(library, concern, page, values, faults or {}),
        w.next_button,
    )
    return (form, to(w.back_button, asked[number - 2])) if number > 1 else (form,)


def _names(library: Library, concern: Concern, page: str) -> bool:
    """True if this page, still empty, names a child."""
    return any(field.of for field in questions.blank(library, concern, page, {}))


def _typed(page: str, sent: Sent) -> dict[str, str]:
    return {key: value.reveal() for key, value in sent.values.items() if questions.known(page, key)}


def _after(library: Library, concern: Concern, values: Mapping[str, str], page: str, now: datetime) -> str:
    """The page that follows: the next one in order while anything is missing, else check-your-answers."""
    missing = decision.incomplete(library, concern, values, now)
    if missing is None:
        return CHECK
    asked = decision.pages(concern.about, values)
    return asked[asked.index(page) + 1] if page != asked[-1] else missing[0]


def _first(library: Library, concern: Concern, values: Mapping[str, str], now: datetime) -> str:
    missing = decision.incomplete(library, concern, values, now)
    return missing[0] if missing else CHECK


def _typed_back(library: Library, concern: Concern, page: str, sent: Sent) -> tuple[Fact, ...]:
    """What was typed, each under the question that its field asked and after whom it asked about, if the page is ours."""
    values = {key: value.reveal() for key, value in sent.values.items() if questions.known(page, key)}
    drawn = decision.fields(library, concern, page, values, {}) if values else ()
    asked = {field.key: field for field in drawn}
    return tuple(
        Fact(asked[key].label, Words(f"{asked[key].of.reveal()}: {value.reveal()}") if asked[key].of else value)
        if key in asked
        else Fact(library.wording.decision.stale_typed, value)
        for key, value in sent.values.items()
        if value
    )
