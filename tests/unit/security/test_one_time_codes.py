"""Codes of the second factor: those of RFC 6238's own table, and secrets as people paste them."""

import base64

import pytest

from formscout.security.one_time_codes import code, key_of

SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_codes_are_those_of_the_standard(at: int, expected: str) -> None:
    assert code(SECRET, at=at) == expected


@pytest.mark.parametrize("pasted", ["JBSWY3DPEHPK3PXP", "jbsw y3dp ehpk 3pxp", "JBSW-Y3DP-EHPK-3PXP", " JBSWY3DPEHPK3PXP\n"])
def test_a_secret_of_80_bits_is_read_however_it_was_pasted(pasted: str) -> None:
    assert key_of(pasted) == b"Hello!\xde\xad\xbe\xef"


def test_padding_may_be_there_or_not() -> None:
    assert key_of("MFRGG===") == key_of("MFRGG") == b"abc"


@pytest.mark.parametrize("wrong", ["", "   ", "0189", "A", "ü"])
def test_what_is_no_secret_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="base32"):
        key_of(wrong)


def test_a_secret_that_is_refused_is_not_quoted() -> None:
    with pytest.raises(ValueError, match="base32") as refused:
        key_of("geheim!")
    assert "geheim" not in str(refused.value)
