"""What may be said: an address by which a person finds a page again, and never what lets somebody in."""

from dataclasses import dataclass

import pytest
from pydantic import SecretBytes, SecretStr

from formscout.domain.networks import Credentials, Sealed
from formscout.telemetry.redaction import HIDDEN, safe, safe_address, safe_text


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://app.example.com/orders", "https://app.example.com/orders"),
        ("http://app.example.com:8080/", "http://app.example.com:8080/"),
        ("https://app.example.com/orders?status=open&page=2", "https://app.example.com/orders?status=…&page=…"),
        ("https://user:hush@app.example.com/", "https://app.example.com/"),
        ("https://app.example.com/?flag", "https://app.example.com/?flag"),
        ("https://app.example.com/reset/9f8e7d6c5b4a39281706/now", "https://app.example.com/reset/…/now"),
        ("https://app.example.com/a-rather-long-but-harmless-name", "https://app.example.com/a-rather-long-but-harmless-name"),
        ("https://app.example.com/#/orders/7?token=hush", "https://app.example.com/#/orders/7"),
        ("https://app.example.com/#access_token=hush", "https://app.example.com/"),
        ("https://[broken/", HIDDEN),
    ],
)
def test_an_address_says_where_and_not_with_what(address: str, shown: str) -> None:
    assert safe_address(address) == shown


@dataclass(frozen=True)
class Holder:
    key: SecretStr


@pytest.mark.parametrize(
    "value",
    [
        SecretStr("hush"),
        SecretBytes(b"hush"),
        b"hush",
        bytearray(b"hush"),
        Credentials(password="hush", totp_secret="hush"),
        Sealed(key_id="a", ciphertext=b"hush"),
        Holder(key=SecretStr("hush")),
        [SecretStr("hush"), {"deep": (b"hush",)}],
        ValueError(SecretStr("hush")),
    ],
)
def test_a_secret_is_known_by_its_type_whatever_it_is_called(value: object) -> None:
    assert "hush" not in str(safe("harmless", value))


def test_a_number_under_a_secrets_name_is_hidden_and_any_other_is_said() -> None:
    assert safe("password", 1234) == HIDDEN
    assert safe("attempts", 3) == 3
    assert safe("password", None) is None


def test_addresses_inside_a_text_lose_their_values() -> None:
    text = 'Page.goto: net::ERR at "http://app.test/reset?token=hush&next=hush2#key=hush3", then <https://b.test/?q=hush4>'
    assert safe_text(text) == 'Page.goto: net::ERR at "http://app.test/reset?token=…&next=…#key=…", then <https://b.test/?q=…>'
