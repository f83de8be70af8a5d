"""The outbound guard refuses what is not the public internet, in whatever spelling, and metadata services always."""

import ipaddress
from collections.abc import Sequence

import pytest

from formscout.security.addresses import (
    REMEMBERED_HOSTS,
    AddressGuard,
    AddressKind,
    IPAddress,
    as_literal,
    judge_addresses,
    kind_of,
)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("8.8.8.8", AddressKind.PUBLIC),
        ("2606:4700::1111", AddressKind.PUBLIC),
        ("127.0.0.1", AddressKind.LOOPBACK),
        ("127.8.9.10", AddressKind.LOOPBACK),
        ("::1", AddressKind.LOOPBACK),
        ("10.0.0.1", AddressKind.PRIVATE),
        ("172.31.255.255", AddressKind.PRIVATE),
        ("172.32.0.1", AddressKind.PUBLIC),
        ("192.168.1.1", AddressKind.PRIVATE),
        ("100.64.0.1", AddressKind.PRIVATE),
        ("fd12:3456::1", AddressKind.PRIVATE),
        ("169.254.1.1", AddressKind.LINK_LOCAL),
        ("fe80::1", AddressKind.LINK_LOCAL),
        ("169.254.169.254", AddressKind.METADATA),
        ("100.100.100.200", AddressKind.METADATA),
        ("168.63.129.16", AddressKind.METADATA),
        ("fd00:ec2::254", AddressKind.METADATA),
        ("0.0.0.0", AddressKind.RESERVED),  # noqa: S104 (an address to judge, nothing is bound)
        ("::", AddressKind.RESERVED),
        ("224.0.0.1", AddressKind.RESERVED),
        ("255.255.255.255", AddressKind.RESERVED),
        ("::ffff:127.0.0.1", AddressKind.LOOPBACK),
        ("::ffff:169.254.169.254", AddressKind.METADATA),
        ("64:ff9b::10.0.0.1", AddressKind.PRIVATE),
        ("64:ff9b::8.8.8.8", AddressKind.PUBLIC),
        ("2002:7f00:1::", AddressKind.LOOPBACK),
        ("::7f00:1", AddressKind.LOOPBACK),
    ],
)
def test_an_address_is_told_by_its_number_however_it_is_wrapped(address: str, kind: AddressKind) -> None:
    assert kind_of(ipaddress.ip_address(address)) is kind


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("[::1]", "::1"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_legacy_spellings_of_numbers_are_read(host: str, address: str) -> None:
    assert as_literal(host) == ipaddress.ip_address(address)


@pytest.mark.parametrize("host", ["example.com", "1.example.com", "", "localhost", "3com.com"])
def test_names_are_no_numbers(host: str) -> None:
    assert as_literal(host) is None


def test_one_refused_address_refuses_the_name() -> None:
    mixed = (ipaddress.ip_address("8.8.8.8"), ipaddress.ip_address("10.0.0.1"))
    verdict = judge_addresses("two.example", mixed, allow_private=False)
    assert not verdict.allowed
    assert "10.0.0.1" in verdict.reason


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "fd12::1", "8.8.8.8"])
def test_an_operator_may_open_private_addresses(address: str) -> None:
    assert judge_addresses("x", (ipaddress.ip_address(address),), allow_private=True).allowed


@pytest.mark.parametrize("address", ["169.254.169.254", "169.254.7.7", "fe80::1", "168.63.129.16", "100.100.100.200", "224.0.0.1"])
def test_nobody_may_open_metadata_services_and_link_local_addresses(address: str) -> None:
    assert not judge_addresses("x", (ipaddress.ip_address(address),), allow_private=True).allowed


def test_metadata_services_are_refused_by_name_too() -> None:
    assert not judge_addresses("Metadata.Google.Internal.", (ipaddress.ip_address("8.8.8.8"),), allow_private=True).allowed


class Names:
    """A name service that answers from a table and counts."""

    def __init__(self, **table: str) -> None:
        self.table = table
        self.asked: list[str] = []

    async def __call__(self, host: str) -> Sequence[IPAddress]:
        self.asked.append(host)
        found = self.table.get(host)
        return () if found is None else (ipaddress.ip_address(found),)


async def test_a_name_is_judged_by_what_it_resolves_to_and_remembered() -> None:
    names = Names(inside="10.1.2.3", outside="9.9.9.9")
    guard = AddressGuard(allow_private=False, resolve=names)
    assert [(await guard.judge(host)).allowed for host in ("inside", "outside", "inside", "outside")] == [False, True, False, True]
    assert names.asked == ["inside", "outside"]


async def test_a_number_needs_no_name_service() -> None:
    names = Names()
    guard = AddressGuard(allow_private=False, resolve=names)
    assert not (await guard.judge("0x7f000001")).allowed
    assert names.asked == []


async def test_a_name_that_does_not_resolve_is_left_to_the_browser() -> None:
    assert (await AddressGuard(allow_private=False, resolve=Names()).judge("nowhere")).allowed


async def test_memory_is_bounded_however_many_names_a_page_invents() -> None:
    guard = AddressGuard(allow_private=False, resolve=Names())
    for number in range(REMEMBERED_HOSTS * 2 + 5):
        await guard.judge(f"h{number}.example")
    assert len(guard._known) <= REMEMBERED_HOSTS
