"""The columns of the CSV, in order: what each is called, and where its text comes from.

One row for each child of each concern (one row for a concern that names none), because record systems keep what they
hold under a child. The same concern's rows share its reference and differ in the child alone.

Arranged so that the import wizards of record systems used in UK schools (MyConcern, CPOMS, SIMS) can be pointed at it
column by column: each of them lets whoever imports say which column is the pupil, which the date, which the category and
which the text. None of them has certified or tried this file. Try it with one concern, in a test area, first.
Their own keys for a pupil (UPN, admission number) are not known to Signpost: match by name, and check each match.

To reorder or rename columns for your system, change this list: nothing else knows it. Old imports rely on the order, so
add new columns at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bot.export import Decided, Record

Child = tuple[str, str]  # name, role
Column = tuple[str, Callable[[Record, Child], str]]


def children(record: Record) -> Iterator[Child]:
    """Each child of a record, by name and role; one of nobody where none is named."""
    yield from ((name.reveal(), role.reveal()) for name, role in record.children)
    if not record.children:
        yield "", ""


def _standing(record: Record) -> Decided | None:
    return record.decisions[-1] if record.decisions else None


def _decision(record: Record) -> str:
    """The decision that stands, question by question, on one line each; what was asked of each child, after their name."""
    one = _standing(record)
    if one is None:
        return ""
    lines = [f"{answer.asked}: {answer.shown()}" for _, given in one.pages for answer in given]
    return "\n".join(lines) or one.text.reveal()


def _chronology(record: Record) -> str:
    """Every entry on a line, oldest first."""
    lines = []
    for one in record.chronology:
        who, said = one.who.reveal(), one.said.reveal()
        lines.append(f"{record.local(one.at):%Y-%m-%d %H:%M} {one.label}: {who}{f': {said}' if said else ''}")
    return "\n".join(lines)


def _account(record: Record) -> str:
    """The whole form as it was sent: what concerns sent before fields had keys hold stands here alone."""
    told = [f"{line.label}: {line.value.reveal()}" for line in record.account]
    return "\n".join([*told, *(f"{asked}: {answered}" for asked, answered in record.observations)])


def _closing(record: Record) -> str:
    closed = record.last("closed")
    return closed.said.reveal() if closed else ""


def _handed(record: Record, part: int) -> str:
    return record.handed_over[part].reveal() if record.handed_over else ""


COLUMNS: tuple[Column, ...] = (
    # The key of the row. In the other system: an external or previous reference.
    ("Signpost reference", lambda r, _: r.reference),
    # The pupil. MyConcern and CPOMS match on the name shown; SIMS wants it beside a date of birth, which we do not hold.
    ("Child", lambda _, c: c[0]),
    # Harmed, alleged to have harmed, saw it, not sure. In CPOMS and MyConcern: whether linked or subject.
    ("Child's part in it", lambda _, c: c[1]),
    # Pupils, an adult, the head, the safeguarding team. What is not about pupils belongs in no pupil's file.
    ("About", lambda r, _: r.labels["about"]),
    ("Urgent", lambda r, _: r.labels["urgent"]),
    # The date and time on which it was logged, school time, as year-month-day: no import takes it for the American way.
    ("Date logged", lambda r, _: f"{r.local(r.logged_at):%Y-%m-%d}"),
    ("Time logged", lambda r, _: f"{r.local(r.logged_at):%H:%M}"),
    ("Logged by", lambda r, _: r.reporter.reveal()),
    # The incident itself, as the reporter gave it; empty if they did not.
    ("Date it happened", lambda r, _: r.said("date")),
    ("Time it happened", lambda r, _: r.said("time")),
    ("Where", lambda r, _: r.said("where") or r.place),
    # Category. The other system has its own list: map each of ours to one of those.
    ("Kinds", lambda r, _: "; ".join(r.kinds)),
    ("Place", lambda r, _: r.place),
    ("Year groups", lambda r, _: "; ".join(r.years)),
    # The incident text.
    ("What happened", lambda r, _: r.said("happened")),
    ("What was said", lambda r, _: r.said("said")),
    ("Done so far", lambda r, _: r.said("done")),
    ("Whole account", lambda r, _: _account(r)),
    # The decision that stands. Superseded ones are in the chronology, in the PDF and in the JSON.
    ("Level", lambda r, _: d.level.reveal() if (d := _standing(r)) else ""),
    ("Routes", lambda r, _: d.routes.reveal() if (d := _standing(r)) else ""),
    ("Decided at", lambda r, _: f"{r.local(d.at):%Y-%m-%d %H:%M}" if (d := _standing(r)) else ""),
    ("Decided by", lambda r, _: d.who.reveal() if (d := _standing(r)) else ""),
    ("Decision", lambda r, _: _decision(r)),
    ("Stage", lambda r, _: r.labels["stage"]),
    ("Closed because", lambda r, _: _closing(r)),
    # Actions taken, as MyConcern and CPOMS keep them: the text of an action log.
    ("Chronology", lambda r, _: _chronology(r)),
    ("Handed over to", lambda r, _: _handed(r, 0)),
    ("Reference there", lambda r, _: _handed(r, 1)),
    ("Exported at", lambda r, _: f"{r.local(r.printed_at):%Y-%m-%d %H:%M}"),
    ("Exported by", lambda r, _: r.printed_by.reveal()),
    # What the school learns: the policy's nine questions at closing, each as it was last answered. Record systems have no
    # field for them: leave them out of an import. They are there to be read one below the other, over many concerns.
    ("Learnt about places", lambda r, _: r.learnt("place")),
    ("Learnt about gender norms and equality", lambda r, _: r.learnt("norms")),
    ("Learnt about staff training", lambda r, _: r.learnt("training")),
    ("Learnt from past cases", lambda r, _: r.learnt("past")),
    ("Learnt for the curriculum", lambda r, _: r.learnt("curriculum")),
    ("Learnt about work with parents", lambda r, _: r.learnt("parents")),
    ("Learnt about other schools and agencies", lambda r, _: r.learnt("schools")),
    ("Learnt about children's confidence", lambda r, _: r.learnt("confidence")),
    ("Learnt about earlier intervention", lambda r, _: r.learnt("earlier")),
)
