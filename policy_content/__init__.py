"""What Signpost tells staff. `load` is the only door; it gives a whole, checked `Library` or every fault."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from policy_content.checking import faults_in
from policy_content.model import Library, Passage, School, Topic, Triage
from policy_content.reading import ContentError, Fault, M, Place, Report, Source, into, read_text, read_yaml
from policy_content.wording import Wording

SHIPPED = Path(__file__).parent
_KEPT = frozenset({"contacts"})  # cannot be retired, as urgent topics cannot
_HEADINGS = ("First", "Why", "Who")
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def load(school_folder: Path | None = None) -> Library:
    """Everything staff may be told, from the shipped files and the school's own folder.

    A file of the school's replaces the whole shipped file of the same relative path; a new one adds.
    Raises `ContentError` with every fault found; there is no half-loaded library.
    """
    faults: list[Fault] = []
    texts = _texts(school_folder, faults.append)
    topics = {
        Path(name).stem: topic
        for name, text in texts.items()
        if name.startswith("topics/") and (topic := _topic(name, text, faults.append))
    }
    triages = {
        Path(name).stem: triage
        for name, text in texts.items()
        if name.startswith("triage/") and (triage := _triage(name, text, faults.append))
    }
    words, lines = _whole(Wording, "wording.yaml", texts, faults.append)
    school, _ = _whole(School, "school.yaml", texts, faults.append, file="school.yaml", line=1)
    if words is None or school is None:
        raise ContentError(faults)
    digest = hashlib.sha256("\0".join(f"{name}\0{text}" for name, text in sorted(texts.items())).encode()).hexdigest()
    retired = frozenset(name for name, topic in topics.items() if _retired(topic, faults.append))
    kept = {name: topic for name, topic in topics.items() if name not in retired}
    library = Library(topics=kept, triages=triages, wording=words, school=school, retired=retired, digest=digest)
    faults.extend(faults_in(library, lines, "wording.yaml"))
    if faults:
        raise ContentError(faults)
    return library


def _texts(school_folder: Path | None, report: Report) -> dict[str, str]:
    """The text of every content file by relative path, the school's own in place of ours."""
    paths = {path.relative_to(root).as_posix(): path for root in _roots(school_folder) for path in _files(root)}
    if school_folder is not None and not school_folder.is_dir():
        report(
            Fault(
                str(school_folder),
                1,
                "the school's content folder is not there",
                "SIGNPOST_CONTENT names it",
                "make the folder or correct SIGNPOST_CONTENT",
            )
        )
    read = {name: read_text(path, name, report) for name, path in sorted(paths.items())}
    return {name: text for name, text in read.items() if text is not None}


def _roots(school_folder: Path | None) -> list[Path]:
    return [SHIPPED, *([school_folder] if school_folder else [])]


def _files(root: Path) -> list[Path]:
    named = [root / name for name in ("wording.yaml", "school.yaml") if (root / name).is_file()]
    return [*root.glob("topics/*.md"), *root.glob("triage/*.yaml"), *named]


def _whole(
    model: type[M], name: str, texts: Mapping[str, str], report: Report, **known: object
) -> tuple[M | None, Mapping[Place, int]]:
    """One whole file as one model, with the lines of its parts."""
    text = texts.get(name)
    source = read_yaml(text, name, report) if text is not None else None
    return (into(model, source, report, **known), source.lines) if source else (None, {})


def _topic(name: str, text: str, report: Report) -> Topic | None:
    """One topics/*.md: front matter between two lines of ---, then passages under ## headings."""
    parts = text.split("\n---\n", 1)
    if not text.startswith("---\n") or len(parts) != 2:
        report(
            Fault(
                name,
                1,
                "no front matter between two lines of ---",
                "title, source and the rest stand there",
                "begin the file as the shipped topics begin",
            )
        )
        return None
    source = read_yaml(parts[0].removeprefix("---\n"), name, report, first_line=2)
    body_line = parts[0].count("\n") + 3
    passages = _passages(name, parts[1], body_line, report)
    if source is None or not _good_id(name, report):
        return None
    return into(Topic, source, report, id=Path(name).stem, file=name, line=source.line(("title",)), passages=passages)


def _passages(name: str, body: str, first_line: int, report: Report) -> tuple[Passage, ...]:
    found: list[Passage] = []
    for chunk in re.split(r"^(?=## )", body, flags=re.MULTILINE):
        line = first_line
        first_line += chunk.count("\n")
        heading, _, text = chunk.partition("\n")
        if not chunk.strip():
            continue
        if not heading.startswith("## "):
            report(
                Fault(
                    name,
                    line,
                    "words before the first ## heading",
                    "they belong to no passage",
                    "put them under ## First",
                )
            )
            continue
        title, _, guidance = heading.removeprefix("## ").partition(":")
        title, guidance = title.strip(), guidance.strip()
        if title not in {*_HEADINGS, "National guidance"}:
            report(
                Fault(
                    name,
                    line,
                    f"“{title}” is not a passage",
                    "a page is First, Why, Who and perhaps National guidance",
                    "use one of these headings",
                )
            )
        elif not text.strip():
            report(Fault(name, line, f"the passage “{title}” is empty", "staff would see nothing", "write it"))
        elif (title == "National guidance") != bool(guidance):
            report(
                Fault(
                    name,
                    line,
                    "national guidance needs its name after a colon, other passages none",
                    "staff must see whose words they are",
                    "write `## National guidance: NAME`",
                )
            )
        else:
            found.append(Passage(heading=title, text=text.strip(), guidance=guidance, line=line))
    order = tuple(passage.heading for passage in found if passage.heading in _HEADINGS)
    if order != _HEADINGS:
        missing = [heading for heading in _HEADINGS if heading not in order]
        what = (
            f"the passage “{missing[0]}” is missing"
            if missing
            else "the passages are not First, Why, Who in that order, once each"
        )
        report(
            Fault(
                name, first_line, what, "everybody reads a page in the same order", "give each page First, Why and Who"
            )
        )
    return tuple(found)


def _triage(name: str, text: str, report: Report) -> Triage | None:
    source = read_yaml(text, name, report)
    if source is None or not _good_id(name, report):
        return None
    return into(Triage, source, report, id=Path(name).stem, file=name, line=1, lines=dict(source.lines))


def _good_id(name: str, report: Report) -> bool:
    good = _ID.fullmatch(Path(name).stem) is not None
    if not good:
        report(
            Fault(
                name,
                1,
                "the file's name is not lower-case words with hyphens",
                "it is also the id that everything else uses",
                "rename the file",
            )
        )
    return good


def _retired(topic: Topic, report: Report) -> bool:
    if topic.retired and (topic.urgent or topic.id in _KEPT):
        report(
            Fault(
                topic.file,
                topic.line,
                "this topic cannot be retired",
                "a person in danger may need it",
                "delete the line `retired:` and change the words instead",
            )
        )
    return topic.retired


__all__ = ["ContentError", "Fault", "Library", "Source", "load"]
