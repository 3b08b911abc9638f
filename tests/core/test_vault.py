"""What is sealed opens for its owner, at its place, with its key; and for nothing else."""

from __future__ import annotations

import base64
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import KeyTextError, Vault, new_master_key
from bot.vault import SealBrokenError

MARK = "zqmarkqz"
KEY_TEXT = new_master_key("2026")
OWNER, PLACE = "concerns/1", "account"
VAULT = Vault.from_text(KEY_TEXT)
WRAPPED = VAULT.new_data_key(OWNER)
SEALED = VAULT.seal(WRAPPED, OWNER, PLACE, MARK)


def key_of(text):
    return text.partition(":")[2]


def refused(vault, wrapped, owner, place, sealed):
    """Claim that this does not open, and that what is said of it shows nothing."""
    with pytest.raises(SealBrokenError) as broken:
        vault.open(wrapped, owner, place, sealed)
    shown = "".join(traceback.format_exception(broken.value)) + repr(broken.value)
    assert MARK not in shown
    assert key_of(KEY_TEXT) not in shown
    return str(broken.value)


@given(st.text())
def test_any_text_opens_as_it_was_sealed(text):
    sealed = VAULT.seal(WRAPPED, OWNER, PLACE, text)
    assert VAULT.open(WRAPPED, OWNER, PLACE, sealed) == text


@pytest.mark.parametrize("text", ["", "👩‍👧‍👦", "אמרה לי שהוא", "a\0b", "x" * 500_000])
def test_emoji_right_to_left_nothing_and_much_open_as_they_were_sealed(text):
    assert VAULT.open(WRAPPED, OWNER, PLACE, VAULT.seal(WRAPPED, OWNER, PLACE, text)) == text


def test_the_sealed_text_is_not_in_what_is_stored():
    assert MARK.encode() not in SEALED
    assert VAULT.seal(WRAPPED, OWNER, PLACE, MARK) != SEALED


@pytest.mark.parametrize(
    ("owner", "place"),
    [("concerns/2", PLACE), (OWNER, "chronology/1"), ("concerns", "1/account"), ("", ""), (OWNER, "")],
)
def test_what_was_moved_to_another_owner_or_place_does_not_open(owner, place):
    refused(VAULT, WRAPPED, owner, place, SEALED)


def test_a_row_that_took_anothers_key_and_ciphertext_does_not_open():
    other = VAULT.new_data_key("concerns/2")
    theirs = VAULT.seal(other, "concerns/2", PLACE, "theirs")
    refused(VAULT, other, OWNER, PLACE, theirs)
    refused(VAULT, WRAPPED, OWNER, PLACE, theirs)
    refused(VAULT, other, "concerns/2", PLACE, SEALED)


@given(st.integers(0, len(SEALED) - 1), st.integers(1, 255))
def test_one_byte_changed_does_not_open(at, by):
    changed = bytearray(SEALED)
    changed[at] ^= by
    refused(VAULT, WRAPPED, OWNER, PLACE, bytes(changed))


@given(st.integers(0, len(WRAPPED) - 1), st.integers(1, 255))
def test_one_byte_of_the_wrapped_key_changed_does_not_open(at, by):
    changed = bytearray(WRAPPED)
    changed[at] ^= by
    refused(VAULT, bytes(changed), OWNER, PLACE, SEALED)


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_bytes_that_were_never_sealed_do_not_open(wrapped, sealed):
    refused(VAULT, wrapped, OWNER, PLACE, SEALED)
    refused(VAULT, WRAPPED, OWNER, PLACE, sealed)


@given(st.integers(0, len(SEALED) - 1))
def test_what_was_cut_short_does_not_open(length):
    refused(VAULT, WRAPPED, OWNER, PLACE, SEALED[:length])


@pytest.mark.parametrize("name", ["2026", "2027"])
def test_another_master_key_does_not_open_it_whatever_it_is_called(name):
    refused(Vault.from_text(new_master_key(name)), WRAPPED, OWNER, PLACE, SEALED)


def test_a_missing_master_key_is_named_as_that():
    said = refused(Vault.from_text(new_master_key("2027")), WRAPPED, OWNER, PLACE, SEALED)
    assert "SIGNPOST_KEYS" in said


def test_old_master_keys_still_open_and_the_newest_seals():
    new_text = new_master_key("2027")
    both, newest_only = Vault.from_text(f"{new_text},{KEY_TEXT}"), Vault.from_text(new_text)
    assert both.open(WRAPPED, OWNER, PLACE, SEALED) == MARK
    fresh = both.new_data_key(OWNER)
    assert newest_only.open(fresh, OWNER, PLACE, both.seal(fresh, OWNER, PLACE, MARK)) == MARK
    refused(VAULT, fresh, OWNER, PLACE, both.seal(fresh, OWNER, PLACE, MARK))


def test_what_was_sealed_under_an_old_key_can_still_be_added_to():
    both = Vault.from_text(f"{new_master_key('2027')},{KEY_TEXT}")
    assert VAULT.open(WRAPPED, OWNER, PLACE, both.seal(WRAPPED, OWNER, PLACE, MARK)) == MARK


def test_every_new_master_key_is_another():
    assert len({new_master_key("1") for _ in range(20)}) == 20


def test_nothing_about_a_vault_shows_a_key():
    raw = base64.urlsafe_b64decode(key_of(KEY_TEXT) + "=")
    shown = f"{VAULT!r} {VAULT}"
    assert key_of(KEY_TEXT) not in shown
    assert repr(raw)[2:-1] not in shown


# ---- SIGNPOST_KEYS as it is typed


@pytest.mark.parametrize("text", [f" {KEY_TEXT} ", f"{KEY_TEXT},", f"\n{KEY_TEXT}\n,\n", f"{KEY_TEXT}="])
def test_white_space_spare_commas_and_padding_do_no_harm(text):
    assert Vault.from_text(text).open(WRAPPED, OWNER, PLACE, SEALED) == MARK


def test_a_key_may_be_written_in_either_base64():
    raw = b"\xfb\xff" * 16
    url, plain = (
        Vault.from_text(f"k:{encode(raw).decode()}") for encode in (base64.urlsafe_b64encode, base64.b64encode)
    )
    wrapped = url.new_data_key(OWNER)
    assert plain.open(wrapped, OWNER, PLACE, url.seal(wrapped, OWNER, PLACE, MARK)) == MARK


SECRET = key_of(new_master_key("x"))
FAULTY = {
    "empty": "",
    "only commas": " , ,",
    "no id": f":{SECRET}",
    "no colon": SECRET,
    "no key": "2026:",
    "the wrong way round": f"{SECRET}:2026",
    "too short": f"2026:{SECRET[:-2]}",
    "too long": f"2026:{SECRET}AAAA",
    "a space within": f"2026:{SECRET[:9]} {SECRET[9:]}",
    "not base64": f"2026:{SECRET[:-1]}!",
    "quoted": f'"2026:{SECRET}"',
    "a semicolon between": f"2026:{SECRET};2027:{SECRET}",
    "the same id twice": f"2026:{SECRET},2026:{SECRET}",
    "good, then bad": f"2026:{SECRET},2027:{SECRET[:-3]}",
    "letters no key has": f"2026:{SECRET[:-1]}é",
    "an id too long to be written beside what it seals": f"{'k' * 300}:{SECRET}",
}


@pytest.mark.parametrize("text", FAULTY.values(), ids=FAULTY)
def test_keys_wrongly_written_are_refused_and_not_shown(text):
    with pytest.raises(KeyTextError) as fault:
        Vault.from_text(text)
    said = str(fault.value)
    assert said
    pieces = {SECRET[at : at + 8] for at in range(len(SECRET) - 7)}
    assert not [piece for piece in pieces if piece in said + repr(fault.value)]


@given(st.text(max_size=80))
def test_any_text_is_keys_or_a_fault_that_says_so(text):
    try:
        vault = Vault.from_text(text)
    except KeyTextError:
        return
    assert vault.new_data_key(OWNER)


@given(st.binary(max_size=40).filter(lambda raw: len(raw) != 32))
def test_a_key_of_another_length_is_refused(raw):
    with pytest.raises(KeyTextError):
        Vault.from_text(f"k:{base64.urlsafe_b64encode(raw).decode()}")


def test_no_keys_at_all_are_refused():
    with pytest.raises(KeyTextError):
        Vault({})


def test_data_keys_are_never_the_same():
    assert len({VAULT.new_data_key(OWNER) for _ in range(20)}) == 20
