"""The addresses that a page names, wherever in its elements they stand."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from formscout.domain.crawls import JudgedRequest, RequestVerdict
from formscout.domain.pages import PageSource
from formscout.domain.snapshots import TEXT, Node, Snapshot
from formscout.domain.urls import resolve, without_query
from formscout_discovery.policy.hazards import Hazard, hazard_of_address, hazard_of_control
from formscout_discovery.policy.templates import template_of

FRAMES: Final = frozenset({"iframe", "frame", "embed", "object"})
LINK_RELATIONS: Final = frozenset({"canonical", "alternate", "next", "prev", "search", "start", "help", "contents", "index"})

_ASSETS: Final = """
css js mjs map json xml rss atom csv tsv pdf zip gz tgz tar bz2 7z rar png jpg jpeg gif svg webp avif ico bmp tif tiff woff woff2 ttf
otf eot mp3 mp4 m4a ogg wav webm mov avi doc docx xls xlsx ppt pptx odt ods txt ics vcf exe dmg deb rpm apk jar wasm webmanifest diff
patch md sql log eml
"""
ASSETS: Final = frozenset(_ASSETS.split())
"""File name endings that are no pages; opening them would only start downloads."""

MOST_LINKS: Final = 3_000
"""Of one page; what lists more is an export."""

_DATA_WITH_ADDRESS = re.compile(r"data-(.*-)?(href|url|link|route|path|uri|location|page|remote)(-.*)?")
_SCRIPTED = re.compile(r"(?:location(?:\.href)?\s*=|location\.(?:assign|replace)\(|window\.open\(|navigate\()\s*['\"]([^'\"]+)['\"]")
_REFRESH = re.compile(r"^\s*\d+\s*[;,]\s*(?:url\s*=\s*)?['\"]?([^'\"]+)", re.IGNORECASE)
_WRITTEN = re.compile(r"https?://[^\s\"'<>]+|/[a-z][\w-]*(?:/[\w-]+)+/?")
_RECORD_PARAMETER = re.compile(r"(?:^|&)[^=]*id[^=]*=\{", re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An address that a page names."""

    address: str
    label: str
    source: PageSource
    hazard: str | None = None  # why it is never opened

    def skipped(self) -> JudgedRequest:
        """Return the entry that lists it among what was left alone."""
        return JudgedRequest(verdict=RequestVerdict.SKIPPED, method="GET", address=without_query(self.address), reason=self.hazard or "")


def links_of(snapshot: Snapshot) -> tuple[Link, ...]:
    """Return every address that the page names, each once, what a person can press first."""
    bases = {frame.id: frame.address for frame in snapshot.frames} or {0: snapshot.address}
    for node in snapshot.nodes:
        if node.tag == "base" and node.attributes.get("href"):
            bases[node.frame] = resolve(bases.get(node.frame, snapshot.address), node.attributes["href"]) or snapshot.address
    found: dict[str, Link] = {}
    for node in snapshot.nodes:
        for reference, source in _references(node):
            address = resolve(bases.get(node.frame, snapshot.address), reference)
            if address is None or is_asset(address):
                continue
            label = _label(snapshot, node)
            known = found.get(address)
            if known is None or (known.source is PageSource.SCRIPT and source is PageSource.LINK):
                found[address] = Link(address=address, label=label, source=source, hazard=_hazard(node, label, address, source))
        if len(found) >= MOST_LINKS:
            break
    return tuple(sorted(found.values(), key=lambda link: link.source is PageSource.SCRIPT))


def is_asset(address: str) -> bool:
    """Tell whether the address is that of a file rather than a page, by its ending."""
    last = urlsplit(address).path.rpartition("/")[2]
    stem, dot, ending = last.rpartition(".")
    return bool(stem and dot) and ending.lower() in ASSETS


def _references(node: Node) -> Iterator[tuple[str, PageSource]]:
    if node.tag == TEXT:
        written = _WRITTEN.fullmatch(node.text.strip()) if node.visible else None
        if written:
            yield written[0], PageSource.SCRIPT
        return
    yield from _of_the_element(node)
    for name, value in node.attributes.items():
        if _DATA_WITH_ADDRESS.fullmatch(name) and value.startswith(("/", "http://", "https://", "./", "#/")):
            yield value, PageSource.SCRIPT
        elif name.startswith("on"):
            for scripted in _SCRIPTED.findall(value):
                yield scripted, PageSource.SCRIPT


def _of_the_element(node: Node) -> Iterator[tuple[str, PageSource]]:
    """Yield what the element refers to by its own nature."""
    attributes = node.attributes
    link = attributes.get("href") or attributes.get("xlink:href") or ""
    match node.tag:
        case "a" | "area" if link:
            yield link, PageSource.LINK
        case "link" if LINK_RELATIONS & set(attributes.get("rel", "").lower().split()):
            yield link, PageSource.SCRIPT
        case "form" if attributes.get("method", "get").lower() == "get" and attributes.get("action"):
            yield attributes["action"], PageSource.LINK
        case "meta" if attributes.get("http-equiv", "").lower() == "refresh":
            refresh = _REFRESH.match(attributes.get("content", ""))
            if refresh:
                yield refresh[1], PageSource.LINK
        case tag if tag in FRAMES and (source := attributes.get("src") or attributes.get("data")):
            yield source, PageSource.LINK
        case _:
            return


def _label(snapshot: Snapshot, node: Node) -> str:
    if node.name:
        return node.name
    spoken = node.attributes.get("aria-label") or node.attributes.get("title")
    if spoken or node.tag == TEXT:
        return spoken or ""
    below = snapshot.nodes[node.id + 1 : node.id + 12]
    return " ".join(
        child.text.strip() for child in below if child.tag == TEXT and child.parent is not None and child.parent >= node.id
    ).strip()


def _hazard(node: Node, label: str, address: str, source: PageSource) -> str | None:
    """Return why the address is never opened: the control and the address together speak, without a control the address alone."""
    method = node.attributes.get("data-method", "get").lower()
    if method != "get":
        return f"the link sends {method.upper()}"
    by_address = hazard_of_address(address)
    if by_address and _acts_on_a_record(address):
        return f"{by_address}, on one record"
    # A sign-out ends everything, and its link may carry the user's own name: here the address is enough.
    if by_address is Hazard.SIGN_OUT or source is PageSource.SCRIPT or not _LETTER.search(label):
        return by_address
    by_control = hazard_of_control(label, node.role or "link", node.attributes)
    # The other way round, too: "Sign out" is never pressed, wherever it leads.
    return by_control if by_address or by_control is Hazard.SIGN_OUT else None


def _acts_on_a_record(address: str) -> bool:
    """Tell whether the address ends in a record and a word (`/customers/7/archive`), or names a record in its query.

    There a word of action is a verb, whatever the link is called; `/archive` alone may as well be a list.
    """
    template = template_of(address)
    segments = urlsplit(template).path.strip("/").split("/")
    return "{" in "/".join(segments[-2:-1]) or bool(_RECORD_PARAMETER.search(urlsplit(template).query))
