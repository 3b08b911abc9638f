"""Words to plant wherever a person can type, each in one place alone, and a way to find them again however they are wrapped."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from tests.core.conftest import MARK as NAME  # in the name of everybody who writes

# By what was typed: a word that is in no content, no name and no path.
PLANTED = {
    "name": NAME,
    "question": "Quillonby",
    "triage": "Trenhaloweth",
    "outsider": "Oxterforth",
    "draft": "Drumlinsay",
    "child": "Quillfeather",
    "words": "Brackenmoor",
    "added": "Addlestropp",
    "decision": "Dunwhistle",
    "note": "Nettlecombe",
    "message": "Mossgarvie",
    "answer": "Anstruffer",
    "action": "Ackerthwaite",
    "done": "Doddlestone",
    "link": "Lindlefoot",
    "escalated": "Eskdalemere",
    "reopened": "Rookhampton",
    "close": "Clovermarsh",
    "review": "Ravenglassby",
    "search": "Sorrelditch",
    "system": "Sallowfield",
    "there": "Thistlewick",
    "stays": "Stavordale",  # why it was forgotten: its form says that this stays, and to name nobody
    "linked child": "Larkspurley",
    "kept child": "Kestrelhope",
    "kept words": "Kittiwakely",
    "kept why": "Kelmscottie",
    "walled adult": "Wigglesmarsh",
    "walled words": "Wolverdingle",
}


def forms(word: str) -> list[bytes]:
    """This word as bytes, plainly and in the ways that text is usually wrapped, in small letters."""
    whole = word.encode()
    wrapped = [whole, word.encode("utf-16-le"), whole.hex().encode(), word[::-1].encode()]
    # Base64 of the middle of the word, at each of the three places it can begin in a group.
    wrapped += [base64.b64encode(whole[skip : skip + 3 * ((len(whole) - skip) // 3)]) for skip in range(3)]
    return [form.lower() for form in wrapped]


def found_in(held: object, planted: Mapping[str, str] = PLANTED) -> set[str]:
    """Which of these stand in it: bytes, or anything else as it shows itself."""
    small = (held if isinstance(held, bytes) else str(held).encode()).lower()
    return {what for what, word in planted.items() if any(form in small for form in forms(word))}
