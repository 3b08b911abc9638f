"""The phrases shipped are many, ours, and no copies of the questions they are measured by."""

import json
import re
from collections import Counter
from pathlib import Path

from intents import load_intents
from intents.words import words

INTENTS = load_intents(None)
QUESTIONS = [
    json.loads(line)["text"]
    for file in sorted((Path(__file__).parent / "questions").glob("*.jsonl"))
    for line in file.read_text(encoding="utf-8").splitlines()
]
EVERY = [
    phrase
    for shelf in (
        *INTENTS.phrases.values(),
        INTENTS.out_of_scope,
        *((INTENTS.examples.urgent, INTENTS.examples.harmless) if INTENTS.examples else ()),
    )
    for phrase in shelf
]
NAMES = frozenset(
    re.findall(
        r"\w+",
        """
        adam aisha alex ali alice amy anna ben beth callum charlie chloe chris connor daniel dave
        david ella ellie emily ethan fatima george hannah harry jack jake james jamie jayden jess jessica
        joe john josh kate katie kyle lauren leah lewis liam libby lily lucy luke maddie megan
        mia michael mike mohammed molly noah oliver olivia owen paul poppy rachel ruby ryan sarah simon
        sophie steve tyler zoe smith jones khan patel williams wilson
        """,
    ),
)


def bag(text: str) -> frozenset[str]:
    return frozenset(words(text))


def plain(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z0-9']+", text.lower()))


def test_every_topic_has_phrases_and_so_has_what_is_out_of_scope() -> None:
    assert len(INTENTS.phrases) == 52
    assert min(map(len, INTENTS.phrases.values())) >= 200
    assert sum(map(len, INTENTS.phrases.values())) >= 10_000
    assert len(INTENTS.out_of_scope) >= 1_500


def test_no_phrase_is_a_near_copy_of_a_question_that_measures_it() -> None:
    for read in (bag, plain):
        asked = [read(question) for question in QUESTIONS]
        whole = {" ".join(words(question)) for question in QUESTIONS}
        having: dict[str, list[int]] = {}
        for number, theirs in enumerate(asked):
            for word in theirs:
                having.setdefault(word, []).append(number)
        for phrase in EVERY:
            ours = read(phrase)
            assert " ".join(words(phrase)) not in whole, phrase
            shared = Counter(number for word in ours for number in having.get(word, ()) if len(ours) >= 3)
            for number, count in shared.items():
                either = len(ours) + len(asked[number]) - count
                assert len(asked[number]) < 3 or count < 0.75 * either, phrase


def test_no_topic_says_nearly_the_same_twice() -> None:
    for topic, phrases in INTENTS.phrases.items():
        bags = [bag(phrase) for phrase in phrases]
        for place, ours in enumerate(bags):
            for theirs in bags[:place]:
                assert len(ours) < 3 or len(ours & theirs) < 0.8 * len(ours | theirs), (topic, phrases[place])


def test_no_phrase_holds_a_first_name_or_surname() -> None:
    assert [phrase for phrase in EVERY if bag(phrase) & NAMES] == []
