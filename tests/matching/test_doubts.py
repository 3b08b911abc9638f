"""`signpost check` doubts a phrase that stands in the wrong file, and says so little besides that it is read."""

from functools import cache

from intents import Doubt, Matcher, doubts, load_intents

SHIPPED = load_intents(None)
SOME = sorted(SHIPPED.phrases)[::4]
SAID_AGAIN = "the photographs of a pupil with nothing on"


@cache
def misplaced() -> dict[str, str]:
    """Three long phrases of each of some topics, and the topic in whose file each now stands."""
    taken = {
        topic: [phrase for phrase in SHIPPED.phrases[topic] if len(phrase.split()) > 7][::20][:3] for topic in SOME
    }
    return {phrase: SOME[place - 1] for place, topic in enumerate(SOME) for phrase in taken[topic]}


@cache
def raised() -> tuple[Doubt, ...]:
    """The doubts about those topics, with these phrases in the wrong files and one said twice."""
    moved = misplaced()
    shelves = {topic: [phrase for phrase in SHIPPED.phrases[topic] if phrase not in moved] for topic in SOME}
    for phrase, topic in moved.items():
        shelves[topic].append(phrase)
    shelves[SOME[0]] += [SAID_AGAIN, SAID_AGAIN.replace("photographs", "photograph")]
    return tuple(doubts(Matcher.fit(shelves, SHIPPED.lexicon)))


def test_many_phrases_in_the_wrong_file_are_doubted_and_their_home_is_named() -> None:
    found = [doubt for doubt in raised() if doubt.phrase in misplaced()]
    right = [doubt for doubt in found if doubt.phrase in SHIPPED.phrases[doubt.other_topic]]
    assert len(found) >= len(misplaced()) / 5
    assert len(right) >= 0.8 * len(found)


def test_phrases_in_their_own_files_are_left_alone() -> None:
    planted = {*misplaced(), SAID_AGAIN, SAID_AGAIN.replace("photographs", "photograph")}
    assert len([doubt for doubt in raised() if doubt.phrase not in planted]) <= 5


def test_a_phrase_said_twice_is_doubted_once() -> None:
    again = [doubt.phrase for doubt in raised() if doubt.kind == "said twice"]
    assert again.count(SAID_AGAIN.replace("photographs", "photograph")) == 1
    assert SAID_AGAIN not in again


def test_what_is_shipped_raises_so_few_doubts_that_a_new_one_is_seen() -> None:
    assert len(list(doubts(SHIPPED.matcher()))) <= 5
