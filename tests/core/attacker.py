"""Somebody who has every report that there can be of a school year, knows the rule, and subtracts whatever can be subtracted.

What is known of a count is an interval. From what was published each interval begins as wide as the rule leaves it; then
everything that must hold between counts narrows them, until nothing narrows any more:

- a row is no more than its total; in a table where one concern stands once, all rows together are no more than it;
- a pair is no more than either of its parts, and the pairs of one kind over all places no more than the kind;
- of two reports on the same year, the later one counts at least what the earlier did, and no more has been added to a row
  than to the total.
"""

from __future__ import annotations

from bot.learning import SINGLE, STEP

TOTAL = ("total", "")
ASKED = ("asked", "")


class Attacker:
    """`published` are the reports, earliest first. `nothing_unrecorded` is what they cannot know: that tables add up."""

    def __init__(self, published, *, nothing_unrecorded=False):
        self.low, self.high = {}, {}
        self.adds_up = nothing_unrecorded
        for when, year in enumerate(published):
            for cell, step in cells(year):
                self.low[when, cell] = step or 0
                self.high[when, cell] = (step or 0) + STEP - 1
        self.reports = range(len(published))
        self._deduce()

    def knows(self, when, cell):
        """The interval to which they have narrowed this count."""
        return self.low[when, cell], self.high[when, cell]

    def added(self, cell):
        """The interval of what each report but the first adds to a count."""
        for when in self.reports[1:]:
            low = max(0, self.low[when, cell] - self.high[when - 1, cell])
            yield when, low, self.high[when, cell] - self.low[when - 1, cell]

    def _deduce(self):
        narrowed = True
        while narrowed:
            narrowed = any([self._within(), self._summed(), self._later()])

    def _within(self):
        found = False
        for (when, cell), _ in list(self.low.items()):
            for whole in wholes(cell):
                if (when, whole) in self.low:
                    found |= self._no_more((when, cell), (when, whole))
        return found

    def _summed(self):
        """Rows of which one concern is in one only: what all the others must leave."""
        found = False
        for when in self.reports:
            for whole, rows in self._groups(when):
                least = sum(self.low[row] for row in rows)
                found |= self._raise(whole, least)
                most = sum(self.high[row] for row in rows)
                for row in rows:
                    found |= self._lower(row, self.high[whole] - least + self.low[row])
                    if self.adds_up and row[1][0] == "levels":
                        found |= self._raise(row, self.low[whole] - most + self.high[row])
        return found

    def _groups(self, when):
        mine = [cell for at, cell in self.low if at == when]
        for table in SINGLE:
            rows = [(when, cell) for cell in mine if cell[0] == table]
            yield (when, ASKED if table == "topics" else TOTAL), rows
        for first in {cell[1].partition("\t")[0] for cell in mine if cell[0] == "repeated"}:
            rows = [(when, cell) for cell in mine if cell[0] == "repeated" and cell[1].startswith(f"{first}\t")]
            for table in ("kinds", "years"):
                if (when, (table, first)) in self.low:
                    yield (when, (table, first)), rows

    def _later(self):
        found = False
        for when in self.reports[1:]:
            for cell in {cell for at, cell in self.low if at == when} & {
                cell for at, cell in self.low if at == when - 1
            }:
                found |= self._no_more((when - 1, cell), (when, cell))
        return found

    def _no_more(self, part, whole):
        return self._raise(whole, self.low[part]) | self._lower(part, self.high[whole])

    def _raise(self, one, low):
        if low <= self.low[one]:
            return False
        self.low[one] = low
        return True

    def _lower(self, one, high):
        if high >= self.high[one]:
            return False
        self.high[one] = high
        return True


def cells(year):
    """Every count of a report, hidden ones too, by table and row."""
    yield TOTAL, year.concerns
    yield ASKED, year.questions
    yield ("unanswered", ""), year.unanswered
    for table, rows in year.tables.items():
        for row, step in rows.items():
            yield (table, row), step


def wholes(cell):
    table, row = cell
    if table in {"topics", "unanswered"}:
        return [ASKED]
    if table == "repeated":
        first, _, place = row.partition("\t")
        return [TOTAL, ("kinds", first), ("years", first), ("places", place)]
    return [] if cell in {TOTAL, ASKED} else [TOTAL]
