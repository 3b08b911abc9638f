"""File to model: every scalar is text, duplicate keys are refused, every fault has a file, a line and a hint.

Nothing stops at the first fault: a person who mends a content file wants the whole list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

Place = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)
_DEEPEST = 12  # levels: far more than any content file has


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong in a content file, in four parts. `file` is relative to its content folder; `line` counts from 1."""

    file: str
    line: int
    what: str
    why: str
    hint: str

    def __str__(self) -> str:
        """`file:line: what — why — hint` on one line: one shape, so that one regular expression finds them all."""
        return " ".join(f"{self.file}:{self.line}: {self.what} — {self.why} — {self.hint}".split())


class ContentError(Exception):
    """Content that must not be used. `faults` is every fault found, in order of file and line."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass(frozen=True, slots=True)
class Source:
    """What a YAML text said, as dicts, lists and strings: the line on which each key stands, and the line on
    which each text begins (under its key, for a block of text).
    """

    file: str
    value: Any
    lines: Mapping[Place, int]
    starts: Mapping[Place, int]

    def line(self, place: Place = ()) -> int:
        """The line of the value at `place`, or of the nearest value around it that is there."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f]")

Report = Callable[[Fault], None]


def read_text(path: Path, shown: str, report: Report) -> str | None:
    r"""The file's text, or None after reporting why it cannot be read. Line ends become `\\n`."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        report(
            Fault(
                shown,
                1,
                "the file cannot be read",
                error.strerror or "the disk refused",
                "check that it exists and may be read",
            )
        )
        return None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        report(
            Fault(
                shown,
                line,
                "the file is not UTF-8 text",
                "its letters cannot be known for certain",
                "save it again as UTF-8",
            )
        )
        return None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    bad = _CONTROL.search(text)
    if bad is not None:
        line = text.count("\n", 0, bad.start()) + 1
        report(
            Fault(
                shown,
                line,
                "a control character is in the text",
                "no chat can show it",
                "delete it and type the words again",
            )
        )
        return None
    return text


def read_yaml(text: str, shown: str, report: Report, *, first_line: int = 1) -> Source | None:
    """The YAML in `text`, or None after reporting what is wrong with it.

    `first_line` is the line of the file on which `text` starts, for front matter.
    """
    try:
        node = _composed(text)
    except _StrangeError as error:
        line = first_line + error.line
        report(Fault(shown, line, error.what, "content is plain lists and keys", "write it out plainly"))
        return None
    except yaml.YAMLError as error:
        line, problem = _where(error, text)
        report(
            Fault(
                shown,
                first_line + line,
                f"not YAML: {problem}",
                "the file cannot be understood from here on",
                'check indents, and put text that holds ": " or starts with a sign in quotes',
            )
        )
        return None
    if node is None:
        report(
            Fault(
                shown,
                first_line,
                "the file is empty",
                "it should hold content",
                "copy the shipped file and change that",
            )
        )
        return None
    lines: dict[Place, int] = {}
    starts: dict[Place, int] = {}
    value = _plain(node, (), (lines, starts), shown, first_line, report)
    return Source(shown, value, lines, starts)


class _StrangeError(Exception):
    """What YAML allows and content does not. `line` counts from 0."""

    def __init__(self, line: int, what: str) -> None:
        self.line, self.what = line, what
        super().__init__(what)


def _composed(text: str) -> yaml.Node | None:
    """The nodes of `text`; an empty file has none. Raises `yaml.YAMLError`, `_StrangeError`.

    By libyaml where it is there, ten times as fast; what that refuses is read again by PyYAML's own parser, which
    says why in words.
    """
    try:
        return _checked(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError:
        return _checked(text, yaml.SafeLoader)


def _checked(text: str, loader: Any) -> yaml.Node | None:
    """The nodes, unless a name stands for other parts or the depth has no end."""
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.AliasEvent):
            raise _StrangeError(_line(event), "a name with * stands for another part of the file")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise _StrangeError(_line(event), "brackets or indents go too deep")
    node: yaml.Node | None = yaml.compose(text, Loader=loader)
    return node


def _line(event: yaml.Event) -> int:
    return event.start_mark.line if event.start_mark else 0


def _where(error: yaml.YAMLError, text: str) -> tuple[int, str]:
    """The line, from 0, at which YAML gave up, and what it said."""
    if isinstance(error, yaml.reader.ReaderError):
        return text.count("\n", 0, error.position), "a character that cannot be shown"
    mark = getattr(error, "problem_mark", None)
    return mark.line if mark else 0, getattr(error, "problem", None) or "not readable"


def _plain(
    node: yaml.Node,
    place: Place,
    found_at: tuple[dict[Place, int], dict[Place, int]],
    shown: str,
    first_line: int,
    report: Report,
) -> Any:
    """The node as dict, list or string, noting lines and refusing a key that is there twice."""
    lines, starts = found_at
    lines[place] = node.start_mark.line + first_line
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            line = key_node.start_mark.line + first_line
            if key in found:
                report(
                    Fault(
                        shown,
                        line,
                        f"“{key}” is here twice",
                        "only one of them could count",
                        "keep one and delete the other",
                    )
                )
                continue
            found[key] = _plain(value_node, (*place, key), found_at, shown, first_line, report)
            lines[(*place, key)] = line
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*place, i), found_at, shown, first_line, report) for i, item in enumerate(node.value)]
    block = isinstance(node, yaml.ScalarNode) and node.style in {"|", ">"}
    starts[place] = lines[place] + 1 if block else lines[place]
    return node.value


def into(model: type[M], source: Source, report: Report, **known: Any) -> M | None:
    """`source` as a `model`, or None after reporting every way in which it does not fit.

    `known` is what the reader adds itself (id, file, line, passages); content files may not set it.
    """
    if not isinstance(source.value, dict):
        report(
            Fault(
                source.file,
                source.line(),
                "expected `key: value` lines",
                "this file describes one thing by its keys",
                "compare it with the shipped file of the same name",
            )
        )
        return None
    for key in known.keys() & source.value.keys():
        report(
            Fault(
                source.file,
                source.line((key,)),
                f"“{key}” is not a key of this file",
                "it is taken from the file's name and place",
                "delete the line",
            )
        )
    try:
        return model.model_validate({**source.value, **known})
    except ValidationError as error:
        for problem in error.errors():
            report(_fault(source, problem))
        return None


def _fault(source: Source, problem: Any) -> Fault:
    """Pydantic's complaint in words for a person who edits content."""
    place = tuple(problem["loc"])
    name = next((str(part) for part in reversed(place) if isinstance(part, str) and part != "[key]"), "this file")
    what, why, hint = {
        "missing": (f"“{name}” is missing", "it is needed", f"add a line `{name}: …`"),
        "extra_forbidden": (
            f"“{name}” is not a key of this file",
            "Signpost would never read it",
            "check its spelling against policy_content/README.md, or delete it",
        ),
        "string_too_short": (
            f"“{name}” is empty",
            "staff would see nothing",
            "write it, or delete the line if it may be left out",
        ),
        "string_too_long": (
            f"“{name}” is too long: {_limit(problem)} characters at most",
            "it is shown on a phone and on buttons",
            "say it in fewer words",
        ),
        "literal_error": (
            f"“{problem['input']}” cannot be “{name}”",
            f"it must be one of {_expected(problem)}",
            "choose one of them",
        ),
        "bool_parsing": (f"“{name}” is neither yes nor no", "it is a plain yes or no", "write yes or no"),
        "too_long": (
            f"“{name}” has too many entries: {_limit(problem)} at most",
            "more do not fit on a phone",
            "keep the most important ones",
        ),
        "too_short": (f"“{name}” has too few entries", "nobody could choose from it", "add to it"),
    }.get(
        problem["type"],
        (
            f"“{name}”: {_said(problem)}",
            "it does not fit what is expected here",
            "compare it with policy_content/README.md",
        ),
    )
    return Fault(source.file, source.line(place), what, why, hint)


def _said(problem: Any) -> str:
    """Pydantic's own sentence, or ours where its own would show how the check is made."""
    if problem["type"] == "string_pattern_mismatch":
        return "it is not written as this is written"
    return str(problem["msg"]).removeprefix("Value error, ").removeprefix("Input ")


def _limit(problem: Any) -> str:
    return str(problem.get("ctx", {}).get("max_length", ""))


def _expected(problem: Any) -> str:
    return str(problem.get("ctx", {}).get("expected", "")).replace("'", "")
