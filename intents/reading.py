"""Files to intents: the shipped phrases and urgent rules, with the school's own files put in place of, or beside, ours.

Everything is read and checked before anything is used, and every fault is told at once, with its file and line.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from intents.match import OUT_OF_SCOPE, Matcher
from intents.opinion import Examples, Opinion
from intents.urgent import Sheet, Urgency
from policy_content.reading import ContentError, Fault, Source, into, read_text, read_yaml

SHIPPED: Final = Path(__file__).parent
_URGENT: Final = "urgent.yaml"
_LEXICON: Final = "lexicon.yaml"
_EXAMPLES: Final = "urgent_examples.yaml"
_PHRASE: Final = re.compile(r'  - "((?:[^"\\]|\\["\\])*)"')
_ESCAPED: Final = re.compile(r"\\(.)")
_SAID: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)*")

Report = Callable[[Fault], None]


class IntentsError(ContentError):
    """Phrases or urgent rules that must not be used. `faults` is every fault found, in order of file and line."""


@dataclass(frozen=True)
class Located:
    """Where a list of phrases stands: the file, relative to its content folder, and the line of `phrases:`."""

    file: str
    line: int


class Lexicon(BaseModel):
    """What lexicon.yaml may hold: concept to its names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    concepts: dict[str, Annotated[tuple[Annotated[str, StringConstraints(min_length=1)], ...], Field(min_length=1)]]


@dataclass(frozen=True)
class Intents:
    """All that says what staff mean: phrases by topic id, phrases that mean no topic, what things are called, the urgent rules, and where each was read.

    `digest` is a hexadecimal SHA-256 of the files' bytes: the same digest always fits the same matcher.
    Whether each key of `phrases` is a topic is for the caller to check; `places` says where it was found.
    """

    phrases: Mapping[str, tuple[str, ...]]
    out_of_scope: tuple[str, ...]
    urgency: Urgency
    digest: str
    places: Mapping[str, Located] = field(default_factory=dict)
    lexicon: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    examples: Examples | None = None

    def matcher(self, cache: Path | None = None) -> Matcher:
        """A matcher fitted from these phrases: some ten to twenty seconds' work, or a second's where the folder `cache` has it from before. So keep it."""
        return Matcher.fit(self.phrases, self.lexicon, self.out_of_scope, cache=cache, lend=self.examples is not None)

    def hearing(self, matcher: Matcher, cache: Path | None = None) -> Urgency:
        """The urgent rules with the second opinion learnt from the examples, over the features of `matcher`; the rules alone where there are no examples."""
        if self.examples is None or matcher.model is None:
            return self.urgency
        shelves = self.examples.shelves(self.phrases, self.out_of_scope)
        return self.urgency.with_opinion(Opinion.learn(matcher.model, shelves, cache))


def load_intents(folder: Path | None = None) -> Intents:
    """The shipped intents, with the school's `folder` laid over them: the same relative path replaces the whole file, a new one adds.

    Raises `IntentsError` with every fault of every file.
    """
    faults: list[Fault] = []
    digest = hashlib.sha256()
    phrases: dict[str, tuple[str, ...]] = {}
    places: dict[str, Located] = {}
    taken: dict[str, str] = {}
    urgency: Urgency | None = None
    lexicon: Mapping[str, tuple[str, ...]] = {}
    examples: Examples | None = None
    for shown, path in sorted(_files(folder).items()):
        text = read_text(path, shown, faults.append)
        source = (_plain_list(text, shown) or read_yaml(text, shown, faults.append)) if text is not None else None
        if text is None or source is None:
            continue
        digest.update(f"{shown}\0{text}\0".encode())
        if shown == _LEXICON:
            read = into(Lexicon, source, faults.append)
            lexicon = read.concepts if read else {}
        elif shown == _EXAMPLES:
            examples = into(Examples, source, faults.append)
        elif shown == _URGENT:
            urgency = _urgency(source, faults.append)
        else:
            topic = Path(shown).stem
            phrases[topic] = _phrases(source, taken, faults.append)
            places[topic] = Located(shown, source.line(("phrases",)))
    if faults or urgency is None:
        raise IntentsError(
            faults
            or [
                Fault(
                    _URGENT, 1, "the file is missing", "nothing else says what is urgent", "put the shipped file back"
                )
            ]
        )
    places.pop(OUT_OF_SCOPE, None)
    out_of_scope = phrases.pop(OUT_OF_SCOPE, ())
    return Intents(
        MappingProxyType(phrases),
        out_of_scope,
        urgency,
        digest.hexdigest(),
        MappingProxyType(places),
        MappingProxyType(dict(lexicon)),
        examples,
    )


def _files(folder: Path | None) -> dict[str, Path]:
    """Shown name to the file that counts: the school's where it has one, else ours."""
    found: dict[str, Path] = {}
    for home in (SHIPPED, folder):
        if home is not None:
            paths = [
                *sorted((home / "phrases").glob("*.yaml")),
                *(path for path in (home / _URGENT, home / _LEXICON, home / _EXAMPLES) if path.is_file()),
            ]
            found.update((path.relative_to(home).as_posix(), path) for path in paths)
    return found


def _plain_list(text: str, shown: str) -> Source | None:
    """A phrases file in its plain form, one quoted phrase a line, read without a YAML parser: a hundred times as fast. None where it holds anything else."""
    phrases: list[str] = []
    places: dict[tuple[str | int, ...], int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not places:
            if line == "phrases:":
                places["phrases",] = number
            elif line and not line.startswith("#"):
                return None
        elif line and not line.lstrip().startswith("#"):
            phrase = _PHRASE.fullmatch(line)
            if phrase is None:
                return None
            places["phrases", len(phrases)] = number
            phrases.append(_ESCAPED.sub(r"\1", phrase[1]))
    return Source(shown, {"phrases": phrases}, places, places) if phrases else None


def _urgency(source: Source, report: Report) -> Urgency | None:
    sheet = into(Sheet, source, report)
    return Urgency(sheet) if sheet is not None else None


def _phrases(source: Source, taken: dict[str, str], report: Report) -> tuple[str, ...]:
    """The phrases of one file, after reporting every one that is empty, not text, or said before in this or another file (`taken`)."""
    shelf = _shelf(source, report)
    kept: list[str] = []
    for number, phrase in enumerate(shelf):
        line = source.line(("phrases", number))
        said = " ".join(_SAID.findall(phrase.casefold())) if isinstance(phrase, str) else ""
        if not isinstance(phrase, str):
            report(
                Fault(
                    source.file,
                    line,
                    "a phrase is not plain text",
                    "each line holds one way of asking",
                    "put the phrase in double quotes",
                )
            )
        elif not said:
            report(
                Fault(
                    source.file, line, "a phrase is empty", "it holds no word to match", "write it, or delete the line"
                )
            )
        elif said in taken:
            report(
                Fault(
                    source.file,
                    line,
                    f"“{phrase}” is said twice",
                    f"it is also at {taken[said]}",
                    "keep it where it belongs best",
                )
            )
        else:
            taken[said] = f"{source.file}:{line}"
            kept.append(phrase)
    return tuple(kept)


def _shelf(source: Source, report: Report) -> list[Any]:
    value = source.value
    if not isinstance(value, dict):
        report(
            Fault(
                source.file,
                source.line(),
                "expected `phrases:` and a list",
                "a phrases file holds one list",
                "compare it with a shipped phrases file",
            )
        )
        return []
    for key in value.keys() - {"phrases"}:
        report(
            Fault(
                source.file,
                source.line((key,)),
                f"“{key}” is not a key of this file",
                "Signpost would never read it",
                "the only key is `phrases:`",
            )
        )
    shelf = value.get("phrases")
    if not isinstance(shelf, list) or not shelf:
        report(
            Fault(
                source.file,
                source.line(("phrases",)),
                "“phrases” is not a list",
                "each phrase is a line that starts with a dash",
                'write `  - "…"` lines',
            )
        )
        return []
    return shelf
