"""Names as the blind index knows them: each word of a name, however it was typed. Pure.

Never the narrative: indexing every word would let whoever holds the database guess text by how often words recur.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from bot.talk import Words

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SHORTEST = 2  # letters: an initial alone finds everybody
# Words that begin sentences oftener than names. One too many costs a search hit, never a record.
_COMMON = frozenset(
    [
        "a",
        "after",
        "also",
        "an",
        "and",
        "another",
        "as",
        "at",
        "because",
        "before",
        "but",
        "by",
        "child",
        "children",
        "dsl",
        "for",
        "from",
        "has",
        "have",
        "he",
        "her",
        "his",
        "i",
        "if",
        "in",
        "it",
        "its",
        "later",
        "mum",
        "dad",
        "my",
        "no",
        "not",
        "now",
        "of",
        "on",
        "one",
        "our",
        "parent",
        "pupil",
        "she",
        "so",
        "some",
        "student",
        "teacher",
        "that",
        "the",
        "their",
        "then",
        "there",
        "they",
        "this",
        "today",
        "tomorrow",
        "two",
        "was",
        "we",
        "were",
        "what",
        "when",
        "who",
        "with",
        "year",
        "yes",
        "yesterday",
        "you",
    ]
)


def words(name: str) -> frozenset[str]:
    """The words of a name, alike however they were typed: case, accents, hyphens and apostrophes do not count."""
    return frozenset(word for found in _WORD.findall(name) if len(word := _plain(found)) >= _SHORTEST)


def of_names(names: Iterable[Words]) -> frozenset[str]:
    """The words of names that stood in a field for names. A class in brackets or a year is not part of one."""
    return frozenset[str]().union(*(words(name.reveal()) - _COMMON for name in names))


def in_text(text: Words) -> frozenset[str]:
    """The words of a text that may be names: those that begin with a capital and seldom begin a sentence.

    A script without capitals gives all its words: better found than missed.
    """
    found = _WORD.findall(text.reveal())
    may_be = (word for word in found if word[0] == word[0].upper())
    return frozenset(plain for word in may_be if len(plain := _plain(word)) >= _SHORTEST) - _COMMON


def _plain(word: str) -> str:
    split = unicodedata.normalize("NFKD", word.casefold())
    return "".join(c for c in split if c.isalpha() or unicodedata.category(c) == "Mc")
