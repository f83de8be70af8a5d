"""Addresses of receivers: what is refused before anybody connects, and what is kept as it was given."""

import pytest

from formscout.domain.errors import AddressRefusedError, InvalidInputError
from formscout.security.receivers import require_receiver


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://hooks.example.com", "https://hooks.example.com/"),
        ("https://HOOKS.example.com:443/A/b?x=1&x=2&y#part", "https://hooks.example.com/A/b?x=1&x=2&y"),
        ("https://hooks.example.com:8443/a%20b", "https://hooks.example.com:8443/a%20b"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example/x"),
        ("https://[2606:4700::1111]/x", "https://[2606:4700::1111]/x"),
    ],
)
def test_an_address_keeps_its_path_and_query(given: str, kept: str) -> None:
    assert require_receiver(given, allow_private=False) == kept


@pytest.mark.parametrize(
    "given",
    [
        "https://127.0.0.1/x",
        "https://10.1.2.3/x",
        "https://0x7f.1/x",
        "https://2130706433/x",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[fd00::1]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://100.100.100.200/",
        "https://metadata.google.internal/",
        "https://localhost/",
        "https://LOCALHOST./",
        "https://api.localhost/",
        "https://redis/",
        "https://database.formscout.svc.cluster.local/",
        "https://hooks.corp.internal/",
        "https://0.0.0.0/",
        "https://hooks.example.com:25/",
        "https://hooks.example.com:22/",
    ],
)
def test_what_leads_inside_is_refused(given: str) -> None:
    with pytest.raises(AddressRefusedError):
        require_receiver(given, allow_private=False)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "hooks.example.com",
        "ftp://hooks.example.com/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://hooks.example.com/",
        "https:///x",
        "https://user@hooks.example.com/",
        "https://user:pass@hooks.example.com/",
        "https://@hooks.example.com/",
        "https://hooks.example.com:99999/",
        "https://hooks.example.com:0/",
        "https://hooks.example.com/a b",
        "https://hooks.example.com\\@10.0.0.1/",
        "https://hooks.example.com/\r\nX: y",
        "https://[::1/",
        "https://0177.0.0.1/",
        "https://" + "a" * 300 + "☃\ud800/",
    ],
)
def test_what_is_no_address_is_refused_with_what_to_do(given: str) -> None:
    with pytest.raises(InvalidInputError, match=r"https|its signature says who sends"):
        require_receiver(given, allow_private=False)


def test_an_installation_may_allow_receivers_inside_but_never_a_metadata_service() -> None:
    assert require_receiver("http://10.1.2.3:8080/x", allow_private=True) == "http://10.1.2.3:8080/x"
    assert require_receiver("http://localhost:8080/x", allow_private=True) == "http://localhost:8080/x"
    for given in ("http://169.254.169.254/", "http://metadata.google.internal/", "http://169.254.1.1/"):
        with pytest.raises(AddressRefusedError):
            require_receiver(given, allow_private=True)
