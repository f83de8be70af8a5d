"""What robots.txt and sitemaps say: addresses to look at, and addresses that robots are asked to leave alone."""

import gzip
import html
import re
import zlib
from dataclasses import dataclass
from typing import Final

from protego import Protego

from formscout.domain.urls import resolve

MOST_SITEMAP_BYTES: Final = 10_000_000
"""Of a sitemap, unpacked; the format allows 50 MB, and a few thousand addresses are more than a session visits."""

MOST_SITEMAP_ADDRESSES: Final = 5_000

_GZIP_MAGIC: Final = b"\x1f\x8b"
# Not an XML parser: a sitemap is hostile input, and `loc` is all that is wanted of it.
_LOC = re.compile(r"<(?:[\w-]+:)?loc\s*>\s*(?:<!\[CDATA\[)?\s*(.*?)\s*(?:\]\]>)?\s*</(?:[\w-]+:)?loc\s*>", re.DOTALL | re.IGNORECASE)
_INDEX = re.compile(r"<(?:[\w-]+:)?sitemapindex[\s>]", re.IGNORECASE)


class Robots:
    """The rules of one robots.txt."""

    def __init__(self, text: str, *, base: str) -> None:
        self._rules = Protego.parse(text)
        self._base = base

    def excludes(self, address: str, *, agent: str) -> bool:
        """Tell whether this user agent is asked to leave the address alone."""
        return not self._rules.can_fetch(address, agent)

    @property
    def sitemaps(self) -> tuple[str, ...]:
        """The sitemaps that it names, absolute."""
        found = (resolve(self._base, reference) for reference in self._rules.sitemaps)
        return tuple(address for address in found if address is not None)

    def delay(self, *, agent: str) -> float:
        """Return the seconds it asks for between two requests, 0 when it does not say."""
        return float(self._rules.crawl_delay(agent) or 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitemap:
    """The addresses of a sitemap: pages, or further sitemaps when it is an index."""

    is_index: bool
    addresses: tuple[str, ...]


def read_sitemap(body: bytes, *, base: str) -> Sitemap:
    """Read a sitemap or sitemap index, gzipped or not; what is damaged is left out."""
    text = _unpacked(body).decode("utf-8", errors="replace")
    found: dict[str, None] = {}
    for match in _LOC.finditer(text):
        address = resolve(base, html.unescape(match[1]))
        if address is not None:
            found[address] = None
        if len(found) >= MOST_SITEMAP_ADDRESSES:
            break
    return Sitemap(is_index=bool(_INDEX.search(text)), addresses=tuple(found))


def _unpacked(body: bytes) -> bytes:
    if not body.startswith(_GZIP_MAGIC):
        return body[:MOST_SITEMAP_BYTES]
    try:
        return zlib.decompressobj(wbits=31).decompress(body, MOST_SITEMAP_BYTES)
    except (zlib.error, gzip.BadGzipFile):
        return b""
