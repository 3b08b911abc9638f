"""What a person typed is shown to nobody by accident: not by a log, a traceback, a format string or a dump."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import pprint
import traceback
from datetime import UTC, datetime

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot import Card, Fact, Field, Form, Message, Person, Reply, Sent, Words
from bot.concern import Account, Concern, Entry, Line, NewConcern
from bot.ledger import Due
from bot.triage import Answer, Conversation

MARK = "zqmarkqz"
WORDS = Words(MARK)
PERSON = Person("web:teacher", WORDS, staff=True)
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
ACCOUNT = Account(WORDS, (Line("What happened?", WORDS),))
CONCERN = Concern(
    "1", "TA-2026-0001", "pupils", True, "logged", 1, "web:t", NOW, ACCOUNT, (Entry(NOW, WORDS, "logged"),), frozenset()
)
FIELD = Field("happened", "What happened?", "text", value=WORDS)

HOLDERS = {
    "words": WORDS,
    "person": PERSON,
    "message": Message("e", PERSON, words=WORDS),
    "form sent": Message("e", PERSON, form=Sent("form:1:1:pupils", {"happened": WORDS})),
    "reply": Reply((Card("Title", facts=(Fact("What happened?", WORDS),)), Form("f", "t", "i", (FIELD,), "s"))),
    "account": ACCOUNT,
    "new concern": NewConcern("pupils", True, "web:t", ACCOUNT, "c"),
    "concern": CONCERN,
    "alert leased": Due("k", "concern", "dsl", "web", 1, NOW, None, CONCERN),
    "open conversation": Conversation("c", "web:t", (Answer("start", "concern"),), {"happened": MARK}),
}


@given(st.text())
def test_no_way_of_formatting_shows_the_text(text):
    words = Words(f"zq{text}zq")
    shown = [repr(words), str(words), f"{words}", f"{words!r:>90}", format(words, "s"), "%s %r" % (words, words)]  # noqa: UP031
    shown += ["{0} {0!r:.400}".format(words), str([words]), str({words: words}), pprint.pformat({"typed": words})]  # noqa: UP032
    assert not [one for one in shown if "zq" in one]


@pytest.mark.parametrize("holder", HOLDERS.values(), ids=HOLDERS)
def test_nothing_that_holds_words_shows_them(holder):
    assert MARK not in f"{holder!r} {holder} {pprint.pformat(holder)}"


def test_a_traceback_shows_no_words_even_with_its_local_variables():
    def stumble(typed):
        raise ValueError(typed)

    try:
        stumble(WORDS)
    except ValueError as error:
        plain = "".join(traceback.format_exception(error))
        local = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
        assert "ValueError: ‹words›" in plain
        assert MARK not in plain + local


def test_no_log_shows_words(caplog, capsys):
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("a.library").debug("heard %s and %r", WORDS, WORDS, extra={"typed": WORDS})
        logging.getLogger("a.library").info("heard %s", PERSON)
    structlog.get_logger("signpost.test").info("heard", typed=WORDS, who=PERSON)
    structlog.wrap_logger(structlog.PrintLogger(), processors=[structlog.processors.JSONRenderer()]).info("h", w=WORDS)
    printed = capsys.readouterr()
    assert "‹words›" in caplog.text + printed.out
    assert MARK not in caplog.text + printed.out + printed.err


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_words_are_never_pickled(protocol):
    with pytest.raises(TypeError) as refused:
        pickle.dumps(WORDS, protocol)
    assert MARK not in str(refused.value)


def test_words_are_never_dumped_as_json():
    with pytest.raises(TypeError) as refused:
        json.dumps({"typed": WORDS})
    assert MARK not in str(refused.value)
    assert json.dumps({"typed": WORDS}, default=str, ensure_ascii=False) == '{"typed": "‹words›"}'


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy])
def test_a_copy_of_words_is_refused_or_as_silent_as_they_are(make):
    try:
        shown = repr(make({"typed": WORDS}))
    except TypeError as refused:
        shown = str(refused)
    assert MARK not in shown


def test_words_are_as_typed_when_they_are_asked_for():
    assert Words("Zoë said “نعم” 👩‍👧\n\tand <b>left</b>").reveal() == "Zoë said “نعم” 👩‍👧\n\tand <b>left</b>"


@given(st.text(st.characters(exclude_categories=())))
def test_any_words_can_be_stored_and_drawn(text):
    kept = Words(text).reveal()
    assert kept.encode().decode() == kept
    assert not [c for c in kept if c < " " and c not in "\n\t"]
    assert Words(kept).reveal() == kept


def test_line_ends_are_one_kind():
    assert Words("a\r\nb\rc\nd").reveal() == "a\nb\nc\nd"


@pytest.mark.parametrize("blank", ["", " ", "\n\t ", "\0\x07\x1b"])
def test_nothing_typed_is_nothing(blank):
    assert not Words(blank)


def test_equal_words_are_equal_and_nothing_else_is():
    assert Words("a") == Words("a")
    assert len({Words("a"), Words("a"), Words("b")}) == 2
    assert Words("a") != "a"


def test_a_message_is_words_or_a_choice_or_a_form():
    for wrong in ({}, {"words": WORDS, "choice": "home"}, {"choice": "home", "form": Sent("f", {})}):
        with pytest.raises(ValueError, match="exactly one"):
            Message("e", PERSON, **wrong)
