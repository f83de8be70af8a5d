"""The words and components that a case is written with: plain English ones for seed 0, others for each other seed."""

import re
import unicodedata
from collections.abc import Callable
from html import escape
from random import Random
from typing import Final

from tests.support.playground.html import Field, Form
from tests.support.playground.words import ENGLISH, LANGUAGES

PLAIN: Final = 0
"""The seed of the cases as they are written; every other makes a variant."""

LABELLINGS: Final = ("for", "wrap", "aria", "described")
NAMES: Final[tuple[Callable[[str], str], ...]] = (
    lambda name: name,
    lambda name: f"record[{name}]",
    lambda name: f"entry.{name}",
    lambda name: f"{name}_value",
    lambda name: f"ctl00_{name.title()}",
)
CLASSES: Final = ("row", "panel", "MuiBox-root css-1x2y3z", "col-md-6", "q-pa-md", "flex gap-2", "ant-space", "x9f619")


class Kit:
    """Gives out words once each, and writes components in the style of its seed."""

    def __init__(self, seed: int = PLAIN) -> None:
        self.seed = seed
        self.random = Random(seed)  # noqa: S311 (a variant is to come again, not to be a secret)
        self.language = ENGLISH if seed == PLAIN else self.random.choice(LANGUAGES)
        self._fields = self._shuffled(self.language.fields)
        self._topics = self._shuffled(self.language.topics)
        self._labelling = LABELLINGS[0] if seed == PLAIN else self.random.choice(LABELLINGS)
        self._naming = NAMES[0] if seed == PLAIN else self.random.choice(NAMES)
        self._depth = 0 if seed == PLAIN else self.random.randint(0, 4)
        self._button = BUTTONS[0] if seed == PLAIN else self.random.choice(BUTTONS)
        self._link = LINKS[0] if seed == PLAIN else self.random.choice(LINKS)
        self._chrome = seed != PLAIN and self.random.random() < 0.5

    def form(self, count: int = 2, *, action: str = "/save", method: str = "post") -> Form:
        """Return a form with words that no other form of this kit has."""
        topic = self._topics.pop()
        return Form(
            topic=topic,
            path=f"/{slug(topic)}",
            fields=tuple(self.field() for _ in range(count)),
            submit=self.say(self.language.save),
            action=action,
            method=method,
        )

    def forms(self, many: int, count: int = 2) -> list[Form]:
        """Return several forms."""
        return [self.form(count) for _ in range(many)]

    def field(self) -> Field:
        """Return a field with words that no other field of this kit has."""
        name, _, label = self._fields.pop().partition("|")
        return Field(name=self._naming(name), label=label, labelling=self._labelling)

    def say(self, words: tuple[str, ...]) -> str:
        """Return one of the words, the first for the plain kit."""
        return words[0] if self.seed == PLAIN else self.random.choice(words)

    @property
    def show(self) -> str:
        """What a control is called that opens something."""
        return self.say(self.language.show)

    def link(self, form: Form, *, href: str | None = None) -> str:
        """Return a link to the form's page."""
        return self._link(href or form.path, escape(form.topic))

    def button(self, attributes: str, label: str | None = None) -> str:
        """Return something that looks like a button and may be pressed; `attributes` say what it does."""
        return self._button(attributes, escape(label or self.show))

    def page(self, body: str) -> str:
        """Return a whole page around a body."""
        for _ in range(self._depth):
            body = f'<div class="{self.random.choice(CLASSES)}">{body}</div>'
        if self._chrome:
            body = f"<header><h2>{escape(self.language.show[-1])}</h2></header><main>{body}</main><footer><p>© 2026</p></footer>"
        return (
            f'<!doctype html><html lang="{self.language.code}"><meta charset="utf-8"><title>{title(body)}</title><body>{body}</body></html>'
        )

    def _shuffled(self, words: tuple[str, ...]) -> list[str]:
        if self.seed == PLAIN:
            return list(reversed(words))
        return self.random.sample(words, len(words))


BUTTONS: Final[tuple[Callable[[str, str], str], ...]] = (
    lambda attributes, label: f'<button type="button" {attributes}>{label}</button>',
    lambda attributes, label: f'<button type="button" class="btn" {attributes}><i class="icon"></i><span>{label}</span></button>',
    lambda attributes, label: f'<div role="button" tabindex="0" {attributes}>{label}</div>',
    lambda attributes, label: f'<a role="button" tabindex="0" style="cursor:pointer" {attributes}>{label}</a>',
    lambda attributes, label: f'<span class="action" style="cursor:pointer" {attributes}>{label}</span>',
)

LINKS: Final[tuple[Callable[[str, str], str], ...]] = (
    lambda href, label: f'<p><a href="{href}">{label}</a></p>',
    lambda href, label: f'<ul><li><a href="{href}"><span>{label}</span></a></li></ul>',
    lambda href, label: f'<nav><a class="nav-link" href="{href}">{label}</a></nav>',
    lambda href, label: f'<a href="{href}"><article><h3>{label}</h3><p>…</p></article></a>',
    lambda href, label: f'<table><tr><td><a href="{href}">{label}</a></td></tr></table>',
)


def slug(text: str) -> str:
    """Return a word as part of an address."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or f"p{sum(text.encode()) % 9973}"


def title(body: str) -> str:
    """Return the first heading of a body, or a word that says nothing."""
    heading = re.search(r"<h[12][^>]*>(.*?)</h", body, re.DOTALL)
    return re.sub(r"<[^>]+>", "", heading[1]) if heading else "Page"
