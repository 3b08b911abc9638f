"""What Signpost tells staff, as frozen models. Unknown keys are refused, so a misspelt key is never ignored."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, time
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from policy_content.wording import Wording

PHONE_PAGE = 1300  # characters of passages in one topic or outcome: two screens of a phone
BUTTON = 60  # characters of a title or label: every chat's button holds it


def _iso_day(value: object) -> object:
    """A day as 2026-11-22. Anything else, a bare number say, would be taken for a time since 1970."""
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value.strip()):
        raise ValueError("a day is written year-month-day, such as 2026-11-22")
    return value


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone “{name}”; in the UK it is Europe/London") from None
    return name


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=BUTTON)]
Number = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^(\+?[0-9][0-9 ]{1,18}|\[.+\])$")]
Confirmed = Annotated[date | None, BeforeValidator(lambda v: _iso_day(v) or None if v else None)]
IsoDay = Annotated[date, BeforeValidator(_iso_day)]
Group = Literal["act", "respond", "recognise", "kinds", "nudes", "policy", "outside", "bot"]
Caution = Literal["now", "today", "note"]

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class Frozen(BaseModel):
    """A model that cannot change and refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Passage(Frozen):
    """One part of a page: what to do first, why, who, or what national guidance adds."""

    heading: Literal["First", "Why", "Who", "National guidance"]
    text: Text
    guidance: str = ""  # the national guidance's name
    line: int  # the first line of its text


class Topic(Frozen):
    """One page of the policy in plain words: what a member of staff does first, why, and who does what."""

    id: str
    file: str
    line: int
    title: Title
    group: Group
    owner: Text
    source: Text  # heading of the policy; "outside" when the policy does not cover it
    edition: Text
    reviewed: IsoDay
    urgent: bool = False
    related: Annotated[tuple[str, ...], Field(max_length=4)] = ()
    retired: bool = False
    passages: tuple[Passage, ...]
    lines: Mapping[tuple[str | int, ...], int]  # where each part of the front matter stands in the file

    def line_of(self, *place: str) -> int:
        """The line of the file on which this part stands."""
        return self.lines.get(place, self.line)


class Option(Frozen):
    """One answer to a triage question; `then` names the next question or an outcome."""

    label: Title
    then: Text


class Question(Frozen):
    """One question of a triage. `passes_on` names what its answer tells the DSL, as an observation."""

    ask: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    help: str = ""
    passes_on: str = ""
    options: Annotated[dict[str, Option], Field(min_length=2, max_length=5)]


class Outcome(Frozen):
    """Where a triage ends: what to do now. It never ranks the behaviour; that is the DSL's to do."""

    title: Title
    caution: Caution
    first: Text
    why: Text
    who: Text
    national: str = ""
    national_source: str = ""
    log: bool = True
    topics: Annotated[tuple[str, ...], Field(max_length=4)] = ()
    about: Literal["", "pupils", "adult", "head", "safeguarding"] = (
        ""  # whom the concern is about, where the triage settled it
    )


class Triage(Frozen):
    """One guided conversation: questions that end in an outcome. There is no expression language."""

    id: str
    file: str
    line: int
    lines: Mapping[tuple[str | int, ...], int]  # where each part stands in the file
    starts: Mapping[tuple[str | int, ...], int]  # where each text begins
    title: Title
    source: Text
    edition: Text
    reviewed: IsoDay
    groups: tuple[str, ...] = ()  # the topics it is offered with; none: all others
    start: Text
    questions: dict[str, Question]
    outcomes: dict[str, Outcome]

    def line_of(self, *place: str) -> int:
        """The line of the file on which this part stands."""
        return self.lines.get(place, self.line)

    def start_of(self, *place: str) -> int:
        """The line of the file on which this text begins."""
        return self.starts.get(place, self.line_of(*place))


class SchoolPerson(Frozen):
    """A person whom staff are sent to. Text in [square brackets] is a placeholder: nobody yet."""

    name: Text
    phone: Number
    email: str = ""
    chats: dict[str, str] = {}  # channel name to their id there

    def ids(self) -> frozenset[str]:
        """Their ids as channels give them: `slack:U024BE7LH`."""
        return frozenset(f"{channel}:{id_}" for channel, id_ in self.chats.items())

    @property
    def placeholder(self) -> bool:
        """True while the school has not said who this is."""
        return "[" in self.name or "[" in self.phone


class People(Frozen):
    """Who holds the roles that the policy names."""

    dsl: SchoolPerson
    deputies: Annotated[tuple[SchoolPerson, ...], Field(min_length=1)]
    head: SchoolPerson
    chair: SchoolPerson

    @model_validator(mode="after")
    def _apart(self) -> People:
        """A head who is the DSL too, or reads their mail, would be told of a concern about themselves. The safeguarding
        team may share a mailbox among themselves: what is about one of them goes to none of them.
        """
        seen: dict[str, tuple[str, str]] = {}
        for role, person in self.everyone():
            team = "team" if role == "dsl" or role.startswith("deputy") else role
            mail = person.email.strip().casefold()
            for address, apart in (*((id_, role) for id_ in sorted(person.ids())), *(((mail, team),) if mail else ())):
                first, other = seen.setdefault(address, (role, apart))
                if other != apart:
                    raise ValueError(
                        f"{first} and {role} share “{address}”: a concern about one of them would be told to them. "
                        "Give each role its own person, and each person their own address"
                    )
        return self

    def everyone(self) -> Iterator[tuple[str, SchoolPerson]]:
        """Each role that can be told, with the person who holds it: dsl, deputy-1, deputy-2, head, chair."""
        yield "dsl", self.dsl
        for number, deputy in enumerate(self.deputies, 1):
            yield f"deputy-{number}", deputy
        yield "head", self.head
        yield "chair", self.chair


class Agency(Frozen):
    """An outside number. `confirmed` is the day somebody at the school rang it; 999 and 101 always stand."""

    name: Text
    number: Number
    dated: str = ""  # the year the number was written down
    confirmed: Confirmed = None
    stands: bool = False
    answers: Literal["always", "school hours", "out of hours"] = "always"
    web: str = ""
    email: str = ""

    @model_validator(mode="after")
    def _dated(self) -> Agency:
        if not (self.stands or self.confirmed or self.dated):
            raise ValueError("a number that nobody has confirmed needs “dated”, the year it was written down")
        return self

    def say(self) -> str:
        """The name and number as staff read them, marked while nobody has confirmed the number."""
        if self.stands:
            return self.number
        mark = "" if self.confirmed else f" (number from {self.dated}, not yet confirmed)"
        return f"{self.name} on {self.number}{mark}"


Minutes = Annotated[int, Field(ge=1, le=10_080)]


class Limits(Frozen):
    """The school's own limits, all in minutes. Only `decide` comes from the policy: its 24 hours."""

    idle: Minutes  # an open conversation is then offered, not continued
    urgent_second: Minutes  # urgent: from logging to the second person, at any hour
    urgent_third: Minutes
    urgent_again: Minutes  # urgent: between one ring of everybody and the next
    second: Minutes  # otherwise, in school hours: from logging to the second person
    third: Minutes
    again: Minutes
    longest_wait: Minutes  # out of hours, holidays included: never longer between two steps
    decide: Minutes  # the policy's limit for deciding and acting: never leave to wait
    decide_reminders: Annotated[tuple[Minutes, ...], Field(min_length=1)]
    quiet_urgent: Minutes  # acknowledged and not opened: the person is asked
    quiet: Minutes  # in school hours
    draft_urgent: Minutes  # an unsent form: the reporter is reminded
    draft: Minutes
    draft_kept: Minutes  # an unsent form is deleted

    @model_validator(mode="after")
    def _in_order(self) -> Limits:
        if self.urgent_third <= self.urgent_second or self.third <= self.second:
            raise ValueError("the third person cannot be told before the second")
        return self


class Day(Frozen):
    """A school day's hours, local time."""

    opens: time
    closes: time

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        """`08:00-16:30`."""
        if not isinstance(value, str):
            return value
        opens, dash, closes = value.partition("-")
        if not dash:
            raise ValueError("hours are written 08:00-16:30")
        return {"opens": opens.strip(), "closes": closes.strip()}

    @model_validator(mode="after")
    def _in_order(self) -> Day:
        if self.closes <= self.opens:
            raise ValueError("the school closes before it opens")
        return self


class Term(Frozen):
    """The first and the last day of a stretch of school days."""

    first: IsoDay
    last: IsoDay


class Calendar(Frozen):
    """When somebody is in school. With no terms written, every weekday counts: that errs towards ringing sooner."""

    hours: dict[Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"], Day]
    terms: tuple[Term, ...] = ()
    closed: tuple[IsoDay, ...] = ()  # bank holidays and staff-only days


def _domain(text: str) -> str:
    domain = text.strip().removeprefix("@").casefold()
    if not re.fullmatch(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+", domain):
        raise ValueError("an email domain is what stands behind the @, such as staff.school.example")
    return domain


class Staff(Frozen):
    """Who counts as staff in a chat that pupils share: members of a team, or addresses of these domains."""

    teams_team: str = ""
    email_domains: tuple[Annotated[str, AfterValidator(_domain)], ...] = ()

    @property
    def known(self) -> bool:
        """True once the school has said who its staff are."""
        return bool(self.teams_team or self.email_domains)


class Retention(Frozen):
    """When a concern that another record system has may be forgotten here. Nothing else is ever forgotten."""

    after_handover_days: Annotated[int, Field(ge=0, le=36_500)] = 30
    automatic: bool = False  # no: it is offered; yes: `signpost serve` does it when the days have passed


class School(Frozen):
    """The people, the numbers and the school's own limits: school.yaml."""

    file: str
    line: int
    name: Text
    short: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,5}$")]
    timezone: Annotated[Text, AfterValidator(_known_zone)] = "Europe/London"
    review_due: IsoDay  # when the policy itself was due for review
    people: People
    staff: Staff = Staff()
    agencies: dict[str, Agency]
    calendar: Calendar
    limits: Limits
    retention: Retention = Retention()
    years: Annotated[tuple[Title, ...], Field(min_length=1, max_length=20)] = tuple(f"Year {n}" for n in range(7, 14))

    def names(self) -> frozenset[str]:
        """What `{…}` may name in content."""
        details = {
            f"{key}-{kind}"
            for key, agency in self.agencies.items()
            for kind in ("web", "email")
            if getattr(agency, kind)
        }
        return frozenset({"dsl", "deputies", "head", "chair", *self.agencies, *details})

    def fill(self, text: str, values: Mapping[str, str]) -> str:
        """`text` with every `{dsl}` or `{first-response}` replaced by the name and number that staff read,
        and every other brace by its value in `values`.
        """
        return _PLACEHOLDER.sub(lambda found: values[found[1]] if found[1] in values else self._said(found[1]), text)

    def placeholders(self) -> list[str]:
        """The roles that nobody holds yet, as their keys in school.yaml."""
        vacant = (role for role, person in self.people.everyone() if person.placeholder)
        return sorted({"deputies" if role.startswith("deputy") else role for role in vacant})

    def unconfirmed(self) -> list[str]:
        """The agencies whose numbers nobody at the school has confirmed."""
        return [key for key, agency in self.agencies.items() if not agency.stands and not agency.confirmed]

    def _said(self, key: str) -> str:
        people = self.people
        match key:
            case "dsl":
                return f"the DSL, {_called(people.dsl)}"
            case "deputies":
                return f"a deputy DSL, {' or '.join(_called(d) for d in people.deputies)}"
            case "head":
                return f"the head, {_called(people.head)}"
            case "chair":
                return f"the chair of governors, {_called(people.chair)}"
            case _ if key in self.agencies:
                return self.agencies[key].say()
            case _:
                agency, _, kind = key.rpartition("-")
                return str(getattr(self.agencies[agency], kind))


def _called(person: SchoolPerson) -> str:
    return f"{person.name} ({person.phone})"


class Library(Frozen):
    """Everything the bot may say, loaded and checked as one. `digest` changes when any word does."""

    topics: Mapping[str, Topic]
    triages: Mapping[str, Triage]
    wording: Wording
    school: School
    retired: frozenset[str] = frozenset()
    digest: str

    def say(self, text: str, **values: str) -> str:
        """`text` as staff read it: people, numbers and `values` in place of its braces."""
        return self.school.fill(text, values)


def placeholders_in(text: str) -> list[str]:
    """The names between braces in `text`, in order."""
    return _PLACEHOLDER.findall(text)
