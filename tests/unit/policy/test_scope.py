"""A tab stays in the application; a sign-in may leave it."""

import pytest

from formscout.domain.networks import Scope
from formscout_discovery.policy.scope import ScopeRules

BASE = "https://app.example/start"


def rules(*, include: tuple[str, ...] = (), exclude: tuple[str, ...] = ()) -> ScopeRules:
    return ScopeRules(base=BASE, scope=Scope(include=include, exclude=exclude))


@pytest.mark.parametrize("address", ["https://app.example/", "https://APP.example:443/a?b#/c", "https://app.example/start/deeper"])
def test_without_prefixes_the_whole_origin_is_the_application(address: str) -> None:
    assert rules().navigates(address)


@pytest.mark.parametrize(
    "address",
    ["https://other.example/", "http://app.example/", "https://app.example:8443/", "mailto:a@app.example", "javascript:void 0", "https://"],
)
def test_another_origin_or_scheme_is_not(address: str) -> None:
    assert not rules().navigates(address)


def test_a_prefix_ends_at_a_boundary() -> None:
    narrowed = rules(include=("https://app.example/shop",))
    assert narrowed.navigates("https://app.example/shop")
    assert narrowed.navigates("https://app.example/shop/1?x=2")
    assert narrowed.navigates("https://app.example/shop?x=2")
    assert not narrowed.navigates("https://app.example/shopping")
    assert not narrowed.navigates("https://app.example/")


def test_an_excluded_prefix_wins_over_an_included_one() -> None:
    narrowed = rules(include=("https://app.example/",), exclude=("https://app.example/legal/",))
    assert narrowed.navigates("https://app.example/about")
    assert not narrowed.navigates("https://app.example/legal/terms")


def test_a_base_that_moves_to_www_or_tls_takes_the_application_along() -> None:
    plain = ScopeRules(base="http://app.example/", scope=Scope())
    moved = plain.arrived_at("https://www.app.example/home")
    assert moved.navigates("https://www.app.example/x")
    assert moved.navigates("http://app.example/x")
    assert not plain.arrived_at("https://elsewhere.example/").navigates("https://elsewhere.example/")


def test_signing_in_may_lead_to_a_provider_over_tls_only() -> None:
    assert rules().signs_in("https://login.provider.example/authorize")
    assert not rules().signs_in("http://login.provider.example/authorize")
