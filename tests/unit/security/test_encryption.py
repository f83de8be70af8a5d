"""Secrets at rest: who may open them, and what a failure says."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formscout.domain.errors import SecretUnreadableError, SettingsError
from formscout.security.encryption import KeyRing, make_key_entry

OLD, NEW = make_key_entry("2025"), make_key_entry("2026")


@given(st.binary(max_size=500), st.text(max_size=40))
def test_what_was_sealed_opens_again(secret: bytes, purpose: str) -> None:
    ring = KeyRing.parse(NEW)
    assert ring.open(ring.seal(secret, purpose=purpose), purpose=purpose) == secret


def test_a_secret_opens_for_its_own_purpose_only() -> None:
    ring = KeyRing.parse(NEW)
    sealed = ring.seal(b"hunter2", purpose="network:1")
    with pytest.raises(SecretUnreadableError):
        ring.open(sealed, purpose="network:2")


@given(st.integers(min_value=0))
def test_a_changed_bit_anywhere_is_noticed(position: int) -> None:
    ring = KeyRing.parse(NEW)
    sealed = ring.seal(b"hunter2", purpose="network:1")
    changed = bytearray(sealed.ciphertext)
    changed[position % len(changed)] ^= 1 << (position % 8)
    with pytest.raises(SecretUnreadableError):
        ring.open(replace(sealed, ciphertext=bytes(changed)), purpose="network:1")


@given(st.binary(max_size=20))
def test_bytes_that_are_no_ciphertext_are_refused(junk: bytes) -> None:
    ring = KeyRing.parse(NEW)
    sealed = replace(ring.seal(b"", purpose="network:1"), ciphertext=junk)
    with pytest.raises(SecretUnreadableError):
        ring.open(sealed, purpose="network:1")


def test_the_same_secret_never_looks_the_same_twice() -> None:
    ring = KeyRing.parse(NEW)
    assert ring.seal(b"hunter2", purpose="network:1") != ring.seal(b"hunter2", purpose="network:1")


def test_keys_rotate_without_losing_what_the_older_one_sealed() -> None:
    sealed = KeyRing.parse(OLD).seal(b"hunter2", purpose="network:1")
    both = KeyRing.parse(f"{NEW},{OLD}")
    assert both.open(sealed, purpose="network:1") == b"hunter2"
    assert not both.is_current(sealed)
    again = both.seal(b"hunter2", purpose="network:1")
    assert both.is_current(again)
    assert KeyRing.parse(NEW).open(again, purpose="network:1") == b"hunter2"


def test_a_key_that_is_gone_is_named_and_the_sentence_says_what_to_do() -> None:
    sealed = KeyRing.parse(OLD).seal(b"hunter2", purpose="network:1")
    with pytest.raises(SecretUnreadableError, match=r"network:1.*key 2025.*FORMSCOUT_ENCRYPTION_KEYS"):
        KeyRing.parse(NEW).open(sealed, purpose="network:1")


def test_another_key_under_the_same_id_does_not_open() -> None:
    sealed = KeyRing.parse(make_key_entry("a")).seal(b"hunter2", purpose="network:1")
    with pytest.raises(SecretUnreadableError):
        KeyRing.parse(make_key_entry("a")).open(sealed, purpose="network:1")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no encryption key"),
        (" , ", "no encryption key"),
        ("c2VjcmV0LXZhbHVl", "Entry 1"),
        (":c2VjcmV0LXZhbHVl", "Entry 1"),
        (f"{NEW},secret-value", "Entry 2"),
        ("a:secret-value", "not base64"),
        ("a:c2VjcmV0LXZhbHVl", "12 bytes"),
        (f"{NEW},{NEW}", "stands twice"),
    ],
)
def test_wrong_settings_are_refused_with_a_reason_that_quotes_no_key(text: str, complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint) as raised:
        KeyRing.parse(text)
    for entry in text.split(","):
        secret = entry.partition(":")[2] or entry
        assert not secret.strip() or secret not in raised.value.message


def test_a_key_ring_shows_no_key_when_it_is_logged() -> None:
    assert repr(KeyRing.parse(f"{NEW},{OLD}")) == "KeyRing(2026, 2025)"
