"""What is drawn: every card, choice and form the core can say, made from content and the record. Pure.

Choice ids, all of them: `home`, `topics`, `group:<group>`, `topic:<id>`, `none`, `log`, `emergency`,
`triage:<id>`, `step:<conversation>:<version>:<value>`, `ack:<concern>`, `open:<concern>`,
`add:<concern>`, `read:<concern>`, `mine`, `list`, `front`, `find`, `code`, and the acts of `bot.casework` (`decide:<concern>`, …).
A step's `version` is the conversation's when it was drawn, so that an old card is recognised.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot import intake
from bot.concern import Line
from bot.guidance import Guidance
from bot.talk import Card, Choice, Fact, Form, Message, Part, Words
from bot.triage import ABOUT, AtAbout, AtCheck, AtForm, AtOutcome, AtQuestion, Conversation, Observation, Position
from policy_content.model import Library, Topic, Triage

BACK, AGAIN, STOP, LOG, SEND, CHANGE, RESUME = ".back", ".again", ".stop", ".log", ".send", ".change", ".resume"
Parts = tuple[Part, ...]


def when(library: Library, at: datetime, now: datetime) -> str:
    """A time as people at the school say it: `16:52`, or with the date if that is another day."""
    zone = ZoneInfo(library.school.timezone)
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    return f"{local:%H:%M}" if local.date() == today else f"{local:%H:%M} on {local.day} {local:%B}"


def full(library: Library, at: datetime) -> str:
    """A time as it stands in a record: `16:52 on 2 March 2026`."""
    local = at.astimezone(ZoneInfo(library.school.timezone))
    return f"{local:%H:%M} on {local.day} {local:%B %Y}"


# ---- guidance


def topic_card(library: Library, topic: Topic, now: datetime) -> Card:
    """One page of the policy."""
    w = library.wording
    heads = {"First": "", "Why": f"## {w.why}\n", "Who": f"## {w.who}\n"}
    blocks = [
        heads.get(p.heading, f"## {library.say(w.national, guidance=p.guidance)}\n") + p.text for p in topic.passages
    ]
    return Card(
        topic.title,
        library.say("\n\n".join(blocks)),
        source=topic.source,
        edition=_edition(library, topic.edition, now),
        tone="urgent" if topic.urgent else "plain",
    )


def answer(library: Library, topic: Topic, triage: Triage, now: datetime) -> Parts:
    """A page, and where to go from it."""
    w = library.wording
    related = (library.topics[name] for name in topic.related[:2])
    return (
        topic_card(library, topic, now),
        Choice(w.log_button, "log", main=True),
        Choice(w.triage_button, f"triage:{triage.id}"),
        *(Choice(other.title, f"topic:{other.id}") for other in related),
    )


def clarify(library: Library, topics: Sequence[str]) -> Parts:
    """A close race: at most three pages to choose from, and none of these."""
    w = library.wording
    return (
        Card(w.clarify_title, library.say(w.clarify)),
        *(Choice(library.topics[name].title, f"topic:{name}", main=True) for name in topics),
        Choice(w.none_of_these, "none"),
    )


def unknown(library: Library, triage: Triage) -> Parts:
    """Nothing near: says so, names the DSL, and offers ways on."""
    w = library.wording
    return (
        Card(w.unknown_title, library.say(w.unknown)),
        Choice(w.log_button, "log", main=True),
        Choice(w.triage_button, f"triage:{triage.id}"),
        Choice(w.topics_button, "topics"),
    )


def groups(library: Library) -> Parts:
    """The topic list, first by group."""
    w = library.wording
    present = {topic.group for topic in library.topics.values()}
    return (
        Card(w.topics_title, library.say(w.topics)),
        *(Choice(label, f"group:{group}") for group, label in w.groups.items() if group in present),
    )


def group(library: Library, name: str) -> Parts:
    """The topics of one group, by title."""
    members = sorted((t for t in library.topics.values() if t.group == name), key=lambda t: t.title)
    return (
        Card(library.wording.groups.get(name, name), library.say(library.wording.topics)),
        *(Choice(topic.title, f"topic:{topic.id}") for topic in members),
    )


def welcome(library: Library, triage: Triage) -> Parts:
    """What a person sees before they have typed anything."""
    w = library.wording
    return (
        Card(w.welcome_title, library.say(w.welcome)),
        Choice(w.log_button, "log", main=True),
        Choice(w.triage_button, f"triage:{triage.id}"),
        Choice(w.topics_button, "topics"),
        Choice(w.emergency_button, "emergency"),
    )


def numbers(library: Library) -> Card:
    """Whom to ring, as the school has it."""
    return Card(library.wording.numbers_title, library.say(library.wording.numbers))


def ring_now(library: Library, told: str) -> Card:
    """Who to ring now. It leads every reply to urgent words. `told` is whom a concern of this kind goes to."""
    w = library.wording
    ring = library.say(getattr(w, f"ring_{told}"))
    return Card(w.ring_now_title, library.say(w.ring_now, ring=ring), tone="urgent")


def lead(guide: Guidance, message: Message, told: str) -> Parts:
    """Who to ring now, if any words of the message are urgent. `told` is whom this concern goes to."""
    typed = [message.words] if message.words else []
    if message.form is not None:
        typed = list(message.form.values.values())
    telling = message.form is not None
    urgent = any(guide.hears_urgent(words.reveal(), telling=telling) for words in typed)
    return (ring_now(guide.library, told),) if urgent else ()


def note(library: Library, title: str, text: str, **values: str) -> Card:
    """A short card in the bot's own voice."""
    return Card(title, library.say(text, **values))


# ---- conversations


def step(library: Library, talk: Conversation, position: Position, now: datetime, faults: Mapping[str, str]) -> Parts:
    """The open step of a conversation, as it stands."""
    return tuple(_step(library, talk, position, now, faults))


def step_id(talk: Conversation, position: Position, value: str) -> str:
    """The id of a choice that answers this step. Once it is known whom the concern is about, the id
    says so, because then even a reply without a database can name whom to ring.
    """
    about = f":{position.step.about}" if isinstance(position.step, AtForm | AtCheck) else ""
    return f"step:{talk.id}:{talk.version}:{value}{about}"


def unfinished(library: Library, talk: Conversation, position: Position, typed: str = "") -> Parts:
    """An open conversation, offered rather than continued. `typed` is what was typed just now: shown back, not kept."""
    w = library.wording
    facts = (Fact(w.unfinished_typed, Words(typed)),) if typed else ()
    return (
        Card(w.unfinished_title, library.say(w.unfinished), facts),
        Choice(w.carry_on_button, step_id(talk, position, RESUME), main=True),
        Choice(w.throw_away_button, step_id(talk, position, STOP)),
    )


def _step(
    library: Library, talk: Conversation, position: Position, now: datetime, faults: Mapping[str, str]
) -> Iterator[Part]:
    w, at = library.wording, position.step

    def choice(label: str, value: str, *, main: bool = False) -> Choice:
        return Choice(label, step_id(talk, position, value), main)

    match at:
        case AtQuestion(triage, _, question):
            number = str(len(position.observations) + 1)
            title = library.say(w.question_title, triage=triage.title, number=number)
            help_ = f"\n\n{question.help}" if question.help else ""
            yield Card(title, library.say(f"**{question.ask}**{help_}"))
            yield from (choice(option.label, key, main=True) for key, option in question.options.items())
        case AtOutcome(triage, outcome):
            yield _outcome_card(library, at, now)
            if outcome.log:
                yield choice(w.log_these_answers, LOG, main=True)
            yield from (Choice(library.topics[name].title, f"topic:{name}") for name in outcome.topics[:2])
        case AtAbout():
            yield Card(w.about_title, library.say(w.about_help))
            yield from (choice(getattr(w, f"about_{about}"), about, main=True) for about in ABOUT)
        case AtForm(about):
            intro = w.form_intro if about == "pupils" else w.form_intro_staff
            more = w.form_another_child if intake.children(talk.draft) < intake.MOST_CHILDREN else ""
            yield Form(
                f"form:{talk.id}:{talk.version}:{about}",
                w.form_title,
                library.say(intro),
                intake.fields(library, about, talk.draft, faults),
                w.form_submit,
                more,
            )
        case AtCheck(about):
            facts = tuple(Fact(line.label, line.value) for line in account_lines(library, about, talk))
            yield Card(w.check_title, library.say(w.check), facts)
            yield from observed(library, position.observations)
            yield choice(w.send_button, SEND, main=True)
            yield choice(w.change_button, CHANGE)
    if not isinstance(at, AtCheck) and len(position.answers) > 1:
        yield choice(w.back_button, BACK)
    yield choice(w.stop_button, STOP)


def _outcome_card(library: Library, at: AtOutcome, now: datetime) -> Card:
    w, o = library.wording, at.outcome
    blocks = [o.first, f"## {w.why}\n{o.why}", f"## {w.who}\n{o.who}"]
    if o.national:
        blocks.append(f"## {library.say(w.national, guidance=o.national_source)}\n{o.national}")
    return Card(
        o.title,
        library.say("\n\n".join(block.strip() for block in blocks)),
        source=at.triage.source,
        edition=_edition(library, at.triage.edition, now),
        tone="urgent" if o.caution == "now" else "plain",
    )


def observed(library: Library, observations: Sequence[Observation]) -> Parts:
    """What the guided questions learnt, as asked and answered: passed on, never ranked."""
    facts = tuple(Fact(o.asked, Words(o.answered)) for o in observations)
    return (Card(library.wording.observations_title, facts=facts),) if facts else ()


def account_lines(library: Library, about: str, talk: Conversation) -> tuple[Line, ...]:
    """The form as sent, who it is about first."""
    w = library.wording
    first = Line(w.about_title, Words(getattr(w, f"about_{about}")), "about")
    return (first, *intake.lines(library, about, talk.draft))


def _edition(library: Library, edition: str, now: datetime) -> str:
    due = library.school.review_due
    if now.date() <= due:
        return edition
    return library.say(library.wording.overdue, edition=edition, due=f"{due:%B %Y}")
