"""The phrases shipped are many, ours, and no copies of the questions they are measured by."""

import json
import re
from pathlib import Path

from intents import load_intents
from intents.words import words

INTENTS = load_intents(None)
QUESTIONS = [
    json.loads(line)["text"]
    for line in (Path(__file__).parent / "questions" / "dev.jsonl").read_text(encoding="utf-8").splitlines()
]
EVERY = [phrase for shelf in (*INTENTS.phrases.values(), INTENTS.out_of_scope) for phrase in shelf]
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
    assert min(map(len, INTENTS.phrases.values())) >= 70
    assert len(INTENTS.out_of_scope) >= 400


def test_no_phrase_is_a_near_copy_of_a_question_that_measures_it() -> None:
    for read in (bag, plain):
        asked = [(read(question), " ".join(words(question))) for question in QUESTIONS]
        for phrase in EVERY:
            ours, same = read(phrase), " ".join(words(phrase))
            for theirs, question in asked:
                assert same != question, phrase
                if len(ours) >= 3 and len(theirs) >= 3:
                    assert len(ours & theirs) < 0.75 * len(ours | theirs), (phrase, question)


def test_no_phrase_holds_a_first_name_or_surname() -> None:
    assert [phrase for phrase in EVERY if bag(phrase) & NAMES] == []
