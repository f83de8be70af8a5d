"""Addresses are found wherever a page names them; those that are an action are told apart and never opened."""

import pytest
from tests.support.snapshots import page

from formscout.domain.pages import PageSource
from formscout.domain.urls import normalise
from formscout_discovery.crawl.links import Link, is_asset, links_of

SITE = "https://app.example"


def found(html: str, *, path: str = "/things/") -> list[Link]:
    return list(links_of(page(html, address=SITE + path)))


def only(html: str, *, path: str = "/things/") -> Link:
    (link,) = found(html, path=path)
    return link


@pytest.mark.parametrize(
    ("html", "source"),
    [
        ('<a href="/a/b">A</a>', PageSource.LINK),
        ('<a href="../a/b">A</a>', PageSource.LINK),
        ('<svg><a xlink:href="/a/b">A</a></svg>', PageSource.LINK),
        ('<map><area href="/a/b"></map>', PageSource.LINK),
        ('<iframe src="/a/b"></iframe>', PageSource.LINK),
        ('<object data="/a/b"></object>', PageSource.LINK),
        ('<form action="/a/b"><input name="q"></form>', PageSource.LINK),
        ('<meta http-equiv="refresh" content="5; url=/a/b">', PageSource.LINK),
        ('<link rel="next" href="/a/b">', PageSource.SCRIPT),
        ('<div data-href="/a/b">A</div>', PageSource.SCRIPT),
        ('<div data-edit-url="/a/b">A</div>', PageSource.SCRIPT),
        ("<div onclick=\"location.href = '/a/b'\">A</div>", PageSource.SCRIPT),
        ("<button onclick=\"window.open('/a/b')\">A</button>", PageSource.SCRIPT),
        ("<p>/a/b</p>", PageSource.SCRIPT),
        ('<base href="/a/"><a href="b">A</a>', PageSource.LINK),
    ],
)
def test_every_place_that_names_an_address_is_read(html: str, source: PageSource) -> None:
    link = only(html)
    assert (link.address, link.source, link.hazard) == (f"{SITE}/a/b", source, None)


@pytest.mark.parametrize(
    "html",
    [
        '<a href="javascript:go()">A</a>',
        '<a href="mailto:a@b.example">A</a>',
        '<a href="/report.pdf">A</a>',
        '<form action="/a" method="post"><input name="q"></form>',
        '<link rel="stylesheet" href="/a">',
        '<img src="/a">',
        "<p hidden>/a/b</p>",
        "<p>and/or</p>",
    ],
)
def test_what_is_no_page_is_not_listed(html: str) -> None:
    assert found(html) == []


def test_fragments_that_are_routes_are_pages_and_those_that_scroll_are_not() -> None:
    html = '<a href="#/users">U</a><a href="#!/groups">G</a><a href="#top">T</a><a href="/things/#part">P</a>'
    assert sorted({normalise(link.address) for link in found(html)}) == [
        f"{SITE}/things/",
        f"{SITE}/things/#!/groups",
        f"{SITE}/things/#/users",
    ]


def test_an_address_named_twice_is_listed_once_by_what_a_person_can_press() -> None:
    links = found('<div data-href="/a/b">x</div><a href="/a/b">Open</a><p>/c/d</p>')
    assert [(link.address, link.source) for link in links] == [
        (f"{SITE}/a/b", PageSource.LINK),
        (f"{SITE}/c/d", PageSource.SCRIPT),
    ]


@pytest.mark.parametrize(
    "html",
    [
        '<a href="/users/7/delete">Remove</a>',
        '<a href="/customers/7/archive">Into the cellar</a>',
        '<a href="/people?action=delete&amp;id=7">x</a>',
        '<a href="/logout">Ada Lovelace</a>',
        '<a href="/a1">Sign out</a>',
        '<a href="/a2">Se déconnecter</a>',
        '<a href="/a3">ログアウト</a>',
        '<a href="/a4">Log out of this device</a>',
        '<a href="/users/7" data-method="delete">Ada</a>',
        '<a href="/users/7/lock" data-method="post">Lock</a>',
        '<div data-url="/cache/flush">x</div>',
        '<a href="/users/7/trash"><i class="icon"></i></a>',
    ],
)
def test_addresses_that_are_an_action_are_hazards_and_say_why(html: str) -> None:
    link = only(html)
    assert link.hazard
    skipped = link.skipped()
    assert (skipped.reason, skipped.method) == (link.hazard, "GET")
    assert "?" not in skipped.address


@pytest.mark.parametrize(
    "html",
    [
        '<a href="/archive">Archive</a>',
        '<a href="/password/reset">Forgot password?</a>',
        '<a href="/deleted-items">Deleted</a>',
        '<a href="/sessions">Devices that are signed in</a>',
    ],
)
def test_lists_and_ways_back_in_are_no_hazards(html: str) -> None:
    assert only(html).hazard is None


@pytest.mark.parametrize(
    ("address", "asset"),
    [
        ("/a.css", True),
        ("/A.PDF?x=1", True),
        ("/a.html", False),
        ("/a.php", False),
        ("/users/j.doe", False),
        ("/.env", False),
        ("/", False),
    ],
)
def test_files_are_told_from_pages_by_their_ending(address: str, asset: bool) -> None:
    assert is_asset(SITE + address) is asset
