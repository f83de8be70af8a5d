"""API keys as they are made and kept."""

from formscout.security.keys import KEY_PREFIX, digest_of, make_key


def test_a_key_is_found_by_the_digest_of_its_secret() -> None:
    key = make_key()
    assert digest_of(key.secret) == key.digest
    assert len(key.digest) == 32


def test_a_key_says_what_it_is_and_carries_256_random_bits() -> None:
    key = make_key()
    assert key.secret.startswith(KEY_PREFIX)
    assert len(key.secret) == len(KEY_PREFIX) + 43  # 32 bytes in base64url without padding


def test_the_part_that_is_shown_tells_keys_apart_and_opens_nothing() -> None:
    keys = [make_key() for _ in range(50)]
    assert len({key.prefix for key in keys}) == len(keys)
    assert all(key.secret.startswith(key.prefix) and len(key.secret) - len(key.prefix) >= 35 for key in keys)


def test_a_new_key_does_not_show_its_secret_when_it_is_logged() -> None:
    key = make_key()
    assert key.secret not in repr(key)
    assert repr(key) == f"NewKey({key.prefix}…)"
