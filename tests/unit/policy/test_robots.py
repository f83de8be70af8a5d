"""robots.txt and sitemaps are sources of addresses, and hostile input."""

import gzip

from formscout_discovery.policy.robots import MOST_SITEMAP_ADDRESSES, Robots, read_sitemap

BASE = "https://app.example/robots.txt"

TEXT = """
User-agent: *
Disallow: /private/
Crawl-delay: 2
Sitemap: /sitemap.xml
Sitemap: https://app.example/more.xml.gz
"""


def sitemap(*addresses: str, root: str = "urlset") -> bytes:
    entries = "".join(f"<url><loc> {address} </loc></url>" for address in addresses)
    return f'<?xml version="1.0"?><{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</{root}>'.encode()


def test_what_robots_are_asked_to_leave_alone_is_known() -> None:
    robots = Robots(TEXT, base=BASE)
    assert robots.excludes("https://app.example/private/x", agent="Formscout")
    assert not robots.excludes("https://app.example/public", agent="Formscout")
    assert robots.delay(agent="Formscout") == 2.0


def test_sitemaps_are_named_absolutely() -> None:
    assert Robots(TEXT, base=BASE).sitemaps == ("https://app.example/sitemap.xml", "https://app.example/more.xml.gz")


def test_a_sitemap_lists_each_address_once() -> None:
    read = read_sitemap(sitemap("https://app.example/a?x=1&amp;y=2", "/b", "/b"), base="https://app.example/sitemap.xml")
    assert read.addresses == ("https://app.example/a?x=1&y=2", "https://app.example/b")
    assert not read.is_index


def test_an_index_is_told_from_a_sitemap_and_gzip_is_unpacked() -> None:
    read = read_sitemap(gzip.compress(sitemap("/pages.xml", root="sitemapindex")), base="https://app.example/")
    assert read.is_index
    assert read.addresses == ("https://app.example/pages.xml",)


def test_damage_and_excess_are_left_out() -> None:
    assert read_sitemap(b"\x1f\x8bnot gzip", base=BASE).addresses == ()
    assert read_sitemap(b"<urlset><loc>mailto:x@y</loc><loc>/unclosed", base=BASE).addresses == ()
    many = sitemap(*(f"/p/{number}" for number in range(MOST_SITEMAP_ADDRESSES + 10)))
    assert len(read_sitemap(many, base=BASE).addresses) == MOST_SITEMAP_ADDRESSES
