"""A tab's word lets one request pass: the one it saw."""

import pytest

from formscout_discovery.gate.permits import ANY_BODY, Permits, digest_of, key_of


@pytest.mark.parametrize(
    ("tabs", "gates"),
    [
        ("http://App.example", "http://app.example:80/"),
        ("https://app.example/a?b=c#d", "https://app.example:443/a?b=c"),
        ("ws://app.example/line", "ws://app.example:80/line"),
        ("wss://app.example/line", "wss://app.example:443/line"),
        ("http://jane:secret@app.example/x", "http://app.example/x"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
    ],
)
def test_tab_and_gate_spell_an_address_alike(tabs: str, gates: str) -> None:
    assert key_of("POST", tabs) == key_of("POST", gates)


@pytest.mark.parametrize("other", ["https://app.example/a", "http://app.example:81/a", "http://app.example/b", "http://app.example/a?b"])
def test_other_addresses_stay_others(other: str) -> None:
    assert key_of("POST", "http://app.example/a") != key_of("POST", other)


def test_a_word_holds_once() -> None:
    permits = Permits()
    permits.grant("POST", "http://app.example/a", digest_of(b"x"))
    assert not permits.use("POST", "http://app.example/a", b"y")
    assert not permits.use("POST", "http://app.example/a", None)
    assert not permits.use("PUT", "http://app.example/a", b"x")
    assert permits.use("POST", "http://app.example/a", b"x")
    assert not permits.use("POST", "http://app.example/a", b"x")


def test_a_body_that_the_tab_could_not_see_is_any() -> None:
    permits = Permits()
    permits.grant("POST", "http://app.example/a", ANY_BODY)
    assert permits.use("POST", "http://app.example/a", None)


def test_a_word_grows_old(monkeypatch: pytest.MonkeyPatch) -> None:
    permits = Permits()
    permits.grant("POST", "http://app.example/a", ANY_BODY)
    monkeypatch.setattr("formscout_discovery.gate.permits.VALID_SECONDS", -1.0)
    assert not permits.use("POST", "http://app.example/a", b"")
