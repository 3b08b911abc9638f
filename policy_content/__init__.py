"""What Signpost tells staff. `load` is the only door; it gives a whole, checked `Library` or every fault."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from policy_content.checking import Read, faults_in
from policy_content.model import Library, Passage, School, Topic, Triage
from policy_content.reading import ContentError, Fault, M, Report, Source, into, read_text, read_yaml
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
    paths = _paths(school_folder)
    texts = _texts(school_folder, paths, faults.append)
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
    words, wording_source = _whole(Wording, "wording.yaml", texts, faults.append)
    school, _ = _whole(School, "school.yaml", texts, faults.append, file="school.yaml", line=1)
    retired = frozenset(name for name, topic in topics.items() if _retired(topic, faults.append))
    kept = {name: _without(topic, retired) for name, topic in topics.items() if name not in retired}
    led = {name: _leading(triage, retired) for name, triage in triages.items()}
    faults.extend(faults_in(Read(kept, led, words, wording_source, school, topic_ids(school_folder) - retired)))
    if faults or words is None or school is None:
        raise ContentError(faults)
    digest = hashlib.sha256("\0".join(f"{name}\0{text}" for name, text in sorted(texts.items())).encode()).hexdigest()
    return Library(topics=kept, triages=led, wording=words, school=school, retired=retired, digest=digest)


def topic_ids(school_folder: Path | None) -> frozenset[str]:
    """The id of every topic there is a file for, whether or not the file can be read."""
    return frozenset(Path(name).stem for name in _paths(school_folder) if name.startswith("topics/"))


def _paths(school_folder: Path | None) -> dict[str, Path]:
    """Every content file by relative path, the school's own in place of ours."""
    roots = [SHIPPED, *([school_folder] if school_folder else [])]
    return {path.relative_to(root).as_posix(): path for root in roots for path in _files(root)}


def _texts(school_folder: Path | None, paths: Mapping[str, Path], report: Report) -> dict[str, str]:
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


def _files(root: Path) -> Iterator[Path]:
    yield from root.glob("topics/*.md")
    yield from root.glob("triage/*.yaml")
    yield from (root / name for name in ("wording.yaml", "school.yaml") if (root / name).is_file())


def _whole(
    model: type[M], name: str, texts: Mapping[str, str], report: Report, **known: object
) -> tuple[M | None, Source | None]:
    """One whole file as one model, and where its parts stand."""
    text = texts.get(name)
    source = read_yaml(text, name, report) if text is not None else None
    return (into(model, source, report, **known), source) if source else (None, None)


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
    known = {"id": Path(name).stem, "file": name, "line": source.line(("title",)), "lines": dict(source.lines)}
    return into(Topic, source, report, passages=passages, **known)


def _passages(name: str, body: str, first_line: int, report: Report) -> tuple[Passage, ...]:
    found: list[Passage] = []
    headings: list[tuple[str, int]] = []
    for chunk in re.split(r"^(?=## )", body, flags=re.MULTILINE):
        line, first_line = first_line, first_line + chunk.count("\n")
        if not chunk.strip():
            continue
        if not chunk.startswith("## "):
            first = line + _gap(chunk)
            report(
                Fault(
                    name,
                    first,
                    "words before the first ## heading",
                    "they belong to no passage",
                    "put them under ## First",
                )
            )
            continue
        heading, _, text = chunk.removeprefix("## ").partition("\n")
        title, _, guidance = (part.strip() for part in heading.partition(":"))
        headings.append((title, line))
        if _good_passage(name, line, title, guidance, text, report):
            found.append(Passage(heading=title, text=text.strip(), guidance=guidance, line=line + 1 + _gap(text)))
    _check_order(name, headings, first_line, report)
    return tuple(found)


def _gap(text: str) -> int:
    """How many lines stand empty before the text begins."""
    return text[: len(text) - len(text.lstrip())].count("\n")


def _good_passage(name: str, line: int, title: str, guidance: str, text: str, report: Report) -> bool:
    if title not in {*_HEADINGS, "National guidance"}:
        what = f"“{title}” is not a passage"
        why, hint = "a page is First, Why, Who and perhaps National guidance", "use one of these headings"
    elif not text.strip():
        what, why, hint = f"the passage “{title}” is empty", "staff would see nothing", "write it"
    elif (title == "National guidance") != bool(guidance):
        what = "national guidance needs its name after a colon, other passages none"
        why, hint = "staff must see whose words they are", "write `## National guidance: NAME`"
    else:
        return True
    report(Fault(name, line, what, why, hint))
    return False


def _check_order(name: str, headings: list[tuple[str, int]], end: int, report: Report) -> None:
    """First, Why and Who, in that order and once each: the fault is at the first heading that is not the next of them."""
    expected = list(_HEADINGS)
    present = [title for title, _ in headings]
    for title, line in headings:
        if title not in _HEADINGS:
            continue
        if expected and title == expected[0]:
            expected.pop(0)
            continue
        missing = expected and expected[0] not in present
        what = (
            f"the passage “{expected[0]}” is missing before this one"
            if missing
            else "the passages are not First, Why, Who in that order, once each"
        )
        report(Fault(name, line, what, "everybody reads a page in the same order", "give each page First, Why and Who"))
        return
    if expected:
        what = f"the passage “{expected[0]}” is missing"
        report(Fault(name, end, what, "everybody reads a page in the same order", "give each page First, Why and Who"))


def _triage(name: str, text: str, report: Report) -> Triage | None:
    source = read_yaml(text, name, report)
    if source is None or not _good_id(name, report):
        return None
    lines, starts = dict(source.lines), dict(source.starts)
    return into(Triage, source, report, id=Path(name).stem, file=name, line=1, lines=lines, starts=starts)


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
    """True if the school has removed this topic. What a person in danger may need stays, whatever the file now calls it."""
    if not topic.retired:
        return False
    if topic.urgent or topic.id in _KEPT or _shipped_urgent(topic.id):
        report(
            Fault(
                topic.file,
                topic.line_of("retired"),
                "this topic cannot be retired",
                "a person in danger may need it",
                "delete the line `retired:` and change the words instead",
            )
        )
        return False
    return True


def _shipped_urgent(id_: str) -> bool:
    path = SHIPPED / "topics" / f"{id_}.md"
    if not path.is_file():
        return False
    shipped = _topic(f"topics/{id_}.md", path.read_text(encoding="utf-8"), lambda _: None)
    return shipped is not None and shipped.urgent


def _without(topic: Topic, retired: frozenset[str]) -> Topic:
    """The topic without buttons that lead to what the school has retired."""
    return topic.model_copy(update={"related": tuple(name for name in topic.related if name not in retired)})


def _leading(triage: Triage, retired: frozenset[str]) -> Triage:
    outcomes = {
        name: outcome.model_copy(update={"topics": tuple(t for t in outcome.topics if t not in retired)})
        for name, outcome in triage.outcomes.items()
    }
    return triage.model_copy(update={"outcomes": outcomes})


__all__ = ["ContentError", "Fault", "Library", "load", "topic_ids"]
