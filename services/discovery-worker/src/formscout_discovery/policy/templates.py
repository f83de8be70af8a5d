"""Address templates: which parts of an address are parameters."""

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from formscout.domain.urls import is_route_fragment, origin

_ROUTER_KEYS: Final = """
a act action area cmd controller do m mod mode module op option p page panel r route section step sub tab task type view
"""
ROUTER_KEYS: Final = frozenset(_ROUTER_KEYS.split())
"""Query parameters by which applications choose a screen: a word in them is part of the route, not a parameter."""

_RECORD_ROUTES: Final = """
+ add change clone copy create delete destroy detail details duplicate edit export history index inspect list move new order
permissions preview print remove rename revisions show summary unpublish update usage versions view
"""
RECORD_ROUTES: Final = frozenset(_RECORD_ROUTES.split())
"""What applications do to one record; siblings that share only these are record types, not records."""

SHARED_ROUTES_OF_A_RECORD: Final = 3
"""Siblings below a plural that share this many screens of their own are records of one kind (`/projects/x/{wiki,files,news}`)."""

SIBLINGS_OF_A_CROWD: Final = 40
"""More different words than this in one place are no navigation a person wrote: they are slugs."""

MOST_LEARNED: Final = 20_000
"""Addresses that the learner looks at; bounds its memory on endless sites."""

_INTEGER = re.compile(r"[-+]?\d+")
_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)
_HEX = re.compile(r"(?=.*\d)[0-9a-f]{8,}", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d{1,2}(-\d{1,2})?|\d{1,2}[.-]\d{1,2}[.-]\d{4}")
_NUMBERED = re.compile(r"(?:.*[-_.~:,])?[a-z]*\d{2,}(?:[-_.~:,].*)?", re.IGNORECASE)
_TOKEN = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9_-]{16,}={0,2}")
_DIGIT = re.compile(r"\d+")
_WORD = re.compile(r"[A-Za-z][A-Za-z_./-]*\d?")
_EXTENSION = re.compile(r"(?P<stem>.+)(?P<dot>\.[A-Za-z]{2,5})")
_PARAMETER = re.compile(r"\{.*\}")


def template_of(address: str) -> str:
    """Return the address with the parts that are parameters by their look as `{…}`; a template is its own template."""
    return _assemble(address, [_segment(part) for part in _parts(urlsplit(address).path)])


def segments_of(address: str) -> tuple[str, ...]:
    """Return the path of an address as segments, those that are parameters by their look as `{…}`."""
    return tuple(_segment(part) for part in _parts(urlsplit(address).path))


def path_template(template: str) -> str:
    """Return a template without its query: what facets and sort links of one page have in common."""
    head, _, rest = template.partition("?")
    _, mark, fragment = rest.partition("#")
    return head + mark + fragment


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part]


def _assemble(address: str, segments: list[str]) -> str:
    parts = urlsplit(address)
    path = "/" + "/".join(segments) + ("/" if segments and parts.path.endswith("/") else "")
    query = "&".join(sorted({_query_part(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True)}))
    fragment = ""
    if is_route_fragment(parts.fragment):
        lead = "/" if parts.fragment.startswith("/") else ""
        route = parts.fragment.partition("?")[0]
        fragment = "#" + lead + "/".join(_segment(part) for part in _parts(route))
    return origin(address) + path + (f"?{query}" if query else "") + fragment


def _query_part(key: str, value: str) -> str:
    plain = re.sub(r"\d+", "#", key)
    if _PARAMETER.fullmatch(value):
        return f"{plain}={value}"
    if plain.lower() in ROUTER_KEYS and _WORD.fullmatch(value):
        return f"{plain}={value}"
    return f"{plain}={{{plain}}}"


def _segment(part: str) -> str:
    if _PARAMETER.fullmatch(part):
        return part
    extension = _EXTENSION.fullmatch(part)
    if extension and _is_parameter(extension["stem"]):
        return "{id}" + extension["dot"]
    return "{id}" if _is_parameter(part) else part


def _is_parameter(part: str) -> bool:
    return any(pattern.fullmatch(part) for pattern in (_INTEGER, _UUID, _HEX, _DATE, _TOKEN, _NUMBERED))


@dataclass(slots=True)
class _Place:
    """One position of the path tree."""

    children: dict[str, "_Place"] = field(default_factory=dict)

    def routes(self) -> frozenset[str]:
        return frozenset(name for name in self.children if not _PARAMETER.fullmatch(name) and name.lower() not in RECORD_ROUTES)


class TemplateLearner:
    """Learns slugs from siblings: words in one place of the path that are records, not screens.

    Cautious, for a wrong guess would take different record types for one: siblings must stand below a plural and share
    several screens of their own, or be a crowd.
    """

    def __init__(self) -> None:
        self._roots: dict[str, _Place] = {}
        self._learned = 0

    def learn(self, address: str) -> None:
        """Take note of an address that the application uses."""
        if self._learned >= MOST_LEARNED:
            return
        self._learned += 1
        place = self._roots.setdefault(origin(address), _Place())
        for name in segments_of(address):
            place = place.children.setdefault(name, _Place())

    def template(self, address: str) -> str:
        """Return the template of the address by its look and by what was learned so far."""
        place: _Place | None = self._roots.get(origin(address))
        out: list[str] = []
        before = ""
        for name in segments_of(address):
            out.append("{slug}" if place is not None and _is_slug(place, name, before) else name)
            place = place.children.get(name) if place is not None else None
            before = name
        return _assemble(address, out)


def _is_slug(place: _Place, name: str, before: str) -> bool:
    if _PARAMETER.fullmatch(name) or name.lower() in RECORD_ROUTES or name not in place.children:
        return False
    if len(place.routes()) > SIBLINGS_OF_A_CROWD:
        return True
    if not before.lower().endswith("s") or _PARAMETER.fullmatch(before):
        return False
    if _DIGIT.search(name) and any(sibling != name and _DIGIT.sub("#", sibling) == _DIGIT.sub("#", name) for sibling in place.children):
        return True
    own = place.children[name].routes()
    return any(
        len(own & other.routes()) >= SHARED_ROUTES_OF_A_RECORD
        for sibling, other in place.children.items()
        if sibling != name and not _PARAMETER.fullmatch(sibling)
    )
