"""A concern on paper: a PDF with real text, bookmarks, the reference and page number on each page, and who printed it."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont

from adapters.export import fonts
from bot import Words
from bot.cards import full
from bot.export import Decided, Record
from policy_content.model import Library

Row = tuple[str, str]  # label, text
_INK, _PALE, _LINE = (26, 32, 38), (92, 102, 112), (205, 211, 217)
_MARGIN = 20.0  # millimetres
for _name in ("fpdf", "fontTools"):  # they would log characters of what is drawn
    logging.getLogger(_name).setLevel(logging.ERROR)


def to_pdf(library: Library, record: Record) -> bytes:
    """The whole concern as a PDF. Raises `OSError` if its fonts cannot be written for a moment."""
    with tempfile.TemporaryDirectory(prefix="signpost-fonts-") as folder:
        faces, bold = fonts.ours(Path(folder))
        text = "".join(f"{label}{said}" for _, rows in _sections(library, record) for label, said in rows)
        text += record.printed_by.reveal() + record.school
        lacking = fonts.missing(text, frozenset[int]().union(*(face.drawn for face in faces)))
        faces += fonts.of_machine(lacking) if lacking else []
        drawn = frozenset[int]().union(*(face.drawn for face in faces))
        holes = bool(fonts.missing(text, drawn))
        # Drawn twice: only then is it known how many pages there are. A mark to be replaced later could be typed by somebody.
        counted = _draw(library, record, faces, bold, drawn, holes=holes, pages=0)
        paper = _draw(library, record, faces, bold, drawn, holes=holes, pages=counted.page_no())
        made = bytes(paper.output())
        counted.let_go()
        paper.let_go()
    return made


class _Paper(FPDF):
    """A4, with a foot on each page."""

    def __init__(self, foot: str, by: str, pages: int) -> None:
        super().__init__(format="A4")
        self._foot, self._by, self._pages = foot, by, pages

    def let_go(self) -> None:
        """Close the font files."""
        for font in self.fonts.values():
            if isinstance(font, TTFFont):
                font.ttfont.close()

    def footer(self) -> None:
        """The reference and page, and who printed it when."""
        self.set_y(-16)
        self.set_font("body", size=8)
        self.set_text_color(*_PALE)
        self.cell(0, 4, self._foot.replace("\0", str(self.page_no())).replace("\1", str(self._pages)), align="L")
        self.set_x(_MARGIN)
        self.cell(0, 4, self._by, align="R")


def _draw(
    library: Library,
    record: Record,
    faces: list[fonts.Face],
    bold: Path,
    drawn: frozenset[int],
    *,
    holes: bool,
    pages: int,
) -> _Paper:
    w = library.wording.handing
    by = fonts.visible(record.printed_by.reveal(), drawn)
    printed = library.say(w.print_by, name=by, when=full(library, record.printed_at))
    foot = library.say(w.print_page, reference=record.reference, page="\0", pages="\1")
    paper = _Paper(foot, printed, pages)
    paper.alias_nb_pages("")
    for face in faces:
        paper.add_font(face.name, fname=face.path)
    paper.add_font("body", "B", bold)
    paper.set_fallback_fonts([face.name for face in faces[1:]], exact_match=False)
    paper.set_text_shaping(use_shaping_engine=True)
    paper.set_margins(_MARGIN, _MARGIN)
    paper.set_auto_page_break(auto=True, margin=22)
    paper.set_lang("en-GB")
    title = library.say(w.print_title, reference=record.reference)
    paper.set_title(title)
    paper.set_author(record.school)
    paper.set_creation_date(record.printed_at)
    paper.add_page()
    _line(paper, title, 18, style="B")
    _line(paper, fonts.visible(record.school, drawn), 11, pale=True)
    _line(paper, printed, 9, pale=True)
    _line(paper, library.say(w.print_private), 9, style="B")
    if holes:
        _line(paper, library.say(w.print_missing), 9, style="B")
    for heading, rows in _sections(library, record):
        _section(paper, heading, [(fonts.visible(label, drawn), fonts.visible(said, drawn)) for label, said in rows])
    return paper


def _section(paper: FPDF, heading: str, rows: Iterable[Row]) -> None:
    """A heading in the text and among the bookmarks, then each label with what stands under it."""
    if paper.will_page_break(30):
        paper.add_page()
    paper.ln(5)
    paper.set_draw_color(*_LINE)
    paper.line(_MARGIN, paper.get_y(), paper.w - _MARGIN, paper.get_y())
    paper.ln(3)
    paper.start_section(heading)
    _line(paper, heading, 13, style="B")
    for label, said in rows:
        if paper.will_page_break(12):
            paper.add_page()
        paper.ln(1.5)
        if said:
            _line(paper, label, 8.5, pale=True)
            _line(paper, said, 10.5)
        else:  # a page of a decision, or what became of it
            paper.ln(1.5)
            _line(paper, label, 10.5, style="B")


def _line(paper: FPDF, text: str, size: float, *, style: str = "", pale: bool = False) -> None:
    paper.set_font("body", style, size)
    paper.set_text_color(*(_PALE if pale else _INK))
    paper.multi_cell(0, size * 0.5, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


# ---- what stands where


def _sections(library: Library, record: Record) -> Iterator[tuple[str, list[Row]]]:
    """Every section: its heading, and its rows."""
    w, words = library.wording, library.wording.handing
    yield (
        words.print_concern,
        [
            (words.print_about, record.labels["about"]),
            (words.print_stage, record.labels["stage"]),
            (words.print_urgent, record.labels["urgent"]),
            (words.print_reporter, record.reporter.reveal()),
            (words.print_logged, full(library, record.logged_at)),
            *(
                [(w.entry_handed_over, ": ".join(part.reveal() for part in record.handed_over))]
                if record.handed_over
                else []
            ),
            *((w.case.linked, f"{one.reference}: {one.why.reveal()}") for one in record.links),
        ],
    )
    told = [(line.label, line.value.reveal()) for line in record.account]
    yield words.print_account, told + list(record.observations)
    for one in record.decisions:
        at = full(library, one.at)
        heading = library.say(words.print_decision, number=str(one.number), when=at)
        yield heading, list(_decision(library, one))
    if record.actions:
        rows = [
            (f"{a.nth}. {a.due.day} {a.due:%B %Y}, {record.labels['done' if a.done else 'open']}", a.what.reveal())
            for a in record.actions
        ]
        yield words.print_actions, rows
    yield (
        w.open_chronology,
        [(f"{one.number}. {one.label}, {full(library, one.at)}", _by(one.who, one.said)) for one in record.chronology],
    )


def _decision(library: Library, one: Decided) -> Iterator[Row]:
    w = library.wording
    later = one.superseded_at
    text = library.say(w.decision.superseded, when=full(library, later)) if later else library.say(w.decision.stands)
    yield text, ""
    yield w.handing.print_by_whom, one.who.reveal()
    if one.text:
        yield w.entry_decided, one.text.reveal()
    for title, given in one.pages:
        yield title, ""
        yield from ((answer.asked, answer.shown()) for answer in given)


def _by(who: Words, said: Words) -> str:
    return f"{who.reveal()}: {said.reveal()}" if said else who.reveal()
