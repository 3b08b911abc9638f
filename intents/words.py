"""Text to words: one plain reading of what a person typed, shared by the matcher and the urgent rules.

Any string is safe here and the work is linear in its length: nothing backtracks, and what lies past `MOST_CHARACTERS`
is left out by whoever reads (see `opened`).
"""

import re
import unicodedata
from typing import Final

MOST_CHARACTERS: Final = 40_000
"""How much of a text is read, in characters. A chat message is shorter than this by far."""

_QUOTES: Final = str.maketrans(dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4\u0060\u02bc\uff07", "'"))
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff]")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")
_TAG: Final = re.compile(r"<[^<>]{0,200}>")
_WORD: Final = re.compile(r"[^\W_]+(?:(?:'|(?<!\d)\*(?!\d))[^\W_]+)*")  # "f*ck" is one word, "6*4" is two
_YEAR: Final = re.compile(r"(?:y|yr|year|yrs|years)(\d{1,2})s?")

# Whole words that stand for others: contractions typed without the apostrophe, and what people type on a phone.
_SHORT: Final = {
    short: tuple(long.split())
    for short, long in {
        "can't": "can not",
        "won't": "will not",
        "shan't": "shall not",
        "ain't": "is not",
        "cannot": "can not",
        "cant": "can not",
        "wont": "will not",
        "dont": "do not",
        "doesnt": "does not",
        "didnt": "did not",
        "isnt": "is not",
        "wasnt": "was not",
        "werent": "were not",
        "arent": "are not",
        "havent": "have not",
        "hasnt": "has not",
        "hadnt": "had not",
        "couldnt": "could not",
        "wouldnt": "would not",
        "shouldnt": "should not",
        "aint": "is not",
        "he's": "he is",
        "she's": "she is",
        "it's": "it is",
        "that's": "that is",
        "what's": "what is",
        "who's": "who is",
        "where's": "where is",
        "when's": "when is",
        "how's": "how is",
        "there's": "there is",
        "here's": "here is",
        "someone's": "someone is",
        "somebody's": "somebody is",
        "everyone's": "everyone is",
        "im": "i am",
        "ive": "i have",
        "hes": "he is",
        "shes": "she is",
        "theyre": "they are",
        "theyve": "they have",
        "thats": "that is",
        "whats": "what is",
        "wheres": "where is",
        "whos": "who is",
        "whens": "when is",
        "theres": "there is",
        "u": "you",
        "ur": "your",
        "r": "are",
        "wat": "what",
        "wot": "what",
        "pls": "please",
        "plz": "please",
        "ppl": "people",
        "gonna": "going to",
        "gona": "going to",
        "gunna": "going to",
        "wanna": "want to",
        "wana": "want to",
        "gotta": "got to",
        "cos": "because",
        "cuz": "because",
        "coz": "because",
        "bc": "because",
        "b4": "before",
        "2day": "today",
        "2nite": "tonight",
        "tonite": "tonight",
        "2moro": "tomorrow",
        "tmrw": "tomorrow",
        "tmr": "tomorrow",
        "rn": "right now",
        "yr": "year",
        "yrs": "year",
        "sumone": "someone",
        "sum1": "someone",
        "some1": "someone",
        "thx": "thanks",
        "msg": "message",
        "msgs": "messages",
        "abt": "about",
    }.items()
}
_ENDINGS: Final = (("n't", "not"), ("'re", "are"), ("'ve", "have"), ("'ll", "will"), ("'m", "am"), ("'d", "would"))


def opened(text: str) -> str:
    """`text` as plain folded characters: NFKC, case folded, straight quotes, no controls, marks or tags; at most `MOST_CHARACTERS`."""
    plain = text[:MOST_CHARACTERS].encode("utf-8", "replace").decode("utf-8", "replace")
    plain = unicodedata.normalize("NFKC", plain)[:MOST_CHARACTERS].casefold().translate(_QUOTES)
    plain = _INVISIBLE.sub("", plain)
    return _TAG.sub(" ", _CONTROL.sub(" ", plain))


def words(text: str) -> list[str]:
    """The words of `text`, in order, contractions opened ("can't" is "can", "not") and year groups parted ("y9" is "year", "9")."""
    found: list[str] = []
    for word in _WORD.findall(opened(text)):
        year = _YEAR.fullmatch(word)
        if year:
            found += ("year", year[1])
        else:
            found += _SHORT.get(word) or _parted(word)
    return found


def _parted(word: str) -> tuple[str, ...]:
    if "'" not in word:
        return (word,)
    for ending, meaning in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending):
            return (*_SHORT.get(word[: -len(ending)], (word[: -len(ending)].replace("'", ""),)), meaning)
    return (word.removesuffix("'s").replace("'", ""),)


def stem(word: str) -> str:
    """`word` without its commonest endings, so that "kicked", "kicking" and "kicks" meet. Light: it never looks inside a short word."""
    if len(word) < 4:
        return word
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith("sses"):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            return word[:-1] if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz" else word
    if word.endswith("ly") and len(word) > 5:
        word = word[:-2]
    return word[:-1] if word.endswith("e") and len(word) > 3 else word
