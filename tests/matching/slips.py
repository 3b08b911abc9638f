"""Slips of the keyboard, made as fingers make them: the same slips for the same text, on every machine."""

import random
import re

_BESIDE = {
    "a": "qwsz", "b": "vghn", "c": "xdfv", "d": "serfcx", "e": "wsdr", "f": "drtgvc", "g": "ftyhbv", "h": "gyujnb",
    "i": "ujko", "j": "huikmn", "k": "jiolm", "l": "kop", "m": "njk", "n": "bhjm", "o": "iklp", "p": "ol",
    "q": "wa", "r": "edft", "s": "awedxz", "t": "rfgy", "u": "yhji", "v": "cfgb", "w": "qase", "x": "zsdc",
    "y": "tghu", "z": "asx",
}  # fmt: skip


def with_slips(text: str, share: float = 0.2) -> str:
    """`text` with one slip in about `share` of its words of three letters or more: a letter left out, doubled, swapped or missed."""
    chance = random.Random(text)  # seeded by a text: the same in every process
    return re.sub(r"[A-Za-z]{3,}", lambda word: _slip(word[0], chance) if chance.random() < share else word[0], text)


def _slip(word: str, chance: random.Random) -> str:
    place = chance.randrange(len(word) - 1)
    kind = chance.randrange(4)
    if kind == 0:
        return word[:place] + word[place + 1 :]
    if kind == 1:
        return word[:place] + word[place] + word[place:]
    if kind == 2:
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return word[:place] + chance.choice(_BESIDE[word[place].lower()]) + word[place + 1 :]
