"""What a case is: a small application, and the truth about its forms and about what must not happen to it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from tests.support.playground.html import Form
from tests.support.playground.kit import Kit

OBSERVE: Final = "observe"
SUBMIT: Final = "submit"
BOTH: Final = (OBSERVE, SUBMIT)

VISITS_OF_A_SMALL_SITE: Final = 20
"""No case that is no trap has more than eight pages."""

Document = dict[str, Any]  # Any: JSON


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A request as a page's function sees it."""

    method: str
    path: str
    query: dict[str, str]
    sent: dict[str, str]  # fields of a form or of a JSON body
    cookies: dict[str, str]
    headers: dict[str, str]
    memory: dict[str, Any]  # the site's own, for as long as it runs


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A response; text that is HTML without a doctype is put into the kit's page."""

    body: str | bytes = ""
    status: int = 200
    type: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0  # until it is given


def away(address: str, status: int = 302, **headers: str) -> Answer:
    """Return a redirect."""
    return Answer(status=status, headers={"Location": address, **headers})


def script(text: str, **headers: str) -> Answer:
    """Return a script."""
    return Answer(body=text, type="text/javascript", headers=headers)


def told(text: str, type_: str = "application/json", **headers: str) -> Answer:
    """Return something that is no page."""
    return Answer(body=text, type=type_, headers=headers)


Page = str | Answer | Callable[[Ask], "str | Answer"]


@dataclass(frozen=True, kw_only=True)
class Truth:
    """A form that is there; `where` are paths with `{…}` for a segment, `*` for any address."""

    where: tuple[str, ...]
    fields: tuple[Document, ...]
    exact: bool = False  # every field, and no other
    optional: bool = False  # neither demanded nor held against anyone
    modes: tuple[str, ...] = BOTH

    def document(self) -> Document:
        """Return it in the format of the scorer."""
        names = ", ".join(str(one["name"] or one["label"]) for one in self.fields)
        return {"id": f"{self.where[0]} ({names})", "where": list(self.where), "fields": list(self.fields), "optional": self.optional}


@dataclass(frozen=True, kw_only=True)
class Account:
    """Whom the site lets in, and what a crawl is told of it."""

    user: str = "ada@example.org"
    password: str = "correct horse"
    tells: str | None = None  # the password that the crawl is given, where it is a wrong one
    totp: str | None = None
    sign_in_path: str | None = None


@dataclass(kw_only=True)
class Site:
    """One application."""

    pages: dict[str, Page]  # by path; `/a/*` is everything below, `other:/a` the same site under its other name
    forms: tuple[Truth, ...] = ()
    harmful: tuple[str, ...] = ()  # patterns of `METHOD path?query` that must not be asked for, in any mode
    allowed: tuple[str, ...] = ()  # the same of requests that are no reads and yet no harm
    frames_allowed: bool = False  # WebSocket messages that are no harm
    at_most: dict[str, int] = field(default_factory=dict)  # the same, how often at most
    at_least: dict[str, int] = field(default_factory=dict)  # what must be asked for: the page needs it, or a person would see it
    most_visits: int = VISITS_OF_A_SMALL_SITE
    most_clicks: int = 120
    account: Account | None = None
    failure: str | None = None  # the session is to fail, with this code
    outcomes: dict[str, str] = field(default_factory=dict)  # path: how its visit is to end
    held: tuple[str, ...] = ()  # `METHOD path` that the result is to list as held back
    skipped: tuple[str, ...] = ()  # paths that the result is to list as skipped
    start: str = "/"
    allow_requests: tuple[str, ...] = ()  # paths on the network's allow list
    environment: str = "test"
    robots: str = "ignore"
    modes: tuple[str, ...] = BOTH


def at(form: Form, *where: str, exact: bool = False, optional: bool = False, modes: tuple[str, ...] = BOTH) -> Truth:
    """Say where a form stands."""
    fields = tuple({"name": one.name, "label": one.label, "type": one.type} for one in form.fields)
    return Truth(where=where or (form.path,), fields=fields, exact=exact, optional=optional, modes=modes)


def form(*fields: str, where: str = "/", exact: bool = True, optional: bool = False, modes: tuple[str, ...] = BOTH) -> Truth:
    """Return the truth of a form written by hand: fields as `name=Label`, `name:type=Label`, a `?` first for one shown later."""
    read: list[Document] = []
    for entry in fields:
        conditional = entry.startswith("?")
        left, _, label = entry.removeprefix("?").partition("=")
        name, _, kind = left.partition(":")
        read.append({"name": name, "label": label, "type": kind or "text"} | ({"conditional": True} if conditional else {}))
    return Truth(where=(where,), fields=tuple(read), exact=exact, optional=optional, modes=modes)


def site(home: Page, *forms: Form, also: tuple[Truth, ...] = (), pages: dict[str, Page] | None = None, **more: Any) -> Site:
    """Return a site whose first page is `home` and whose forms stand on a page of their own each; `more` are fields of `Site`."""
    return Site(pages={"/": home, **{one.path: one.html for one in forms}, **(pages or {})}, forms=(*map(at, forms), *also), **more)


def here(home: Page, *forms: Form, also: tuple[Truth, ...] = (), pages: dict[str, Page] | None = None, **more: Any) -> Site:
    """Return a site whose forms all stand on its first page; `more` are fields of `Site`."""
    return Site(pages={"/": home, **(pages or {})}, forms=(*(at(one, "/") for one in forms), *also), **more)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A mechanism and the function that writes a site with it."""

    group: str
    name: str
    title: str
    write: Callable[[Kit], Site]

    @property
    def id(self) -> str:
        return f"{self.group}/{self.name}"


@dataclass(frozen=True)
class Group:
    """The cases of one kind of mechanism."""

    name: str
    cases: list[Case] = field(default_factory=list)

    def case(self, title: str) -> Callable[[Callable[[Kit], Site]], Callable[[Kit], Site]]:
        """Register the function below as a case; its name is the case's."""

        def register(write: Callable[[Kit], Site]) -> Callable[[Kit], Site]:
            self.cases.append(Case(group=self.name, name=write.__name__.replace("_", "-").strip("-"), title=title, write=write))
            return write

        return register
