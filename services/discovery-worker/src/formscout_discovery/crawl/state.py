"""A page as it stands, captured and read once for all who look at it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from formscout.domain.forms import FormReading
from formscout.domain.snapshots import Snapshot
from formscout.domain.urls import normalise, origin
from formscout.reading import read_forms, signature
from formscout.reading.locators import Locator
from formscout.reading.regions import is_dialog, is_landmark
from formscout.reading.tree import Tree
from formscout_discovery.crawl.ports import Tab
from formscout_discovery.detection.folding import CALLED, PLACED, SENT, Candidate
from formscout_discovery.detection.scoring import counts
from formscout_discovery.policy.templates import segments_of, template_of

_NUMBER = re.compile(r"\d+")
_CHROME_CLASS = re.compile(
    r"(?:^|[\s_-])(?:navbar|topbar|flyout|masthead|offcanvas|mobile-menu|site-header|main-nav|quick-?search)(?:[\s_-]|$)"
)
_CHROME_WORDS = ("header", "nav", "topbar", "top-menu", "masthead", "sidebar", "footer", "flyout", "quick")


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A snapshot with its tree and its forms."""

    snapshot: Snapshot
    tree: Tree
    locator: Locator
    forms: tuple[FormReading, ...]  # those that count, hidden ones too

    @property
    def key(self) -> str:
        """The address as the frontier knows it."""
        return normalise(self.snapshot.address)

    def shown(self) -> tuple[FormReading, ...]:
        """Return the forms that a person sees."""
        return tuple(form for form in self.forms if form.visible)

    def hidden(self) -> tuple[FormReading, ...]:
        """Return the forms that wait in the DOM for something to show them."""
        return tuple(form for form in self.forms if not form.visible)

    def candidate(self, form: FormReading) -> Candidate:
        """Return what folding compares of a form on this page."""
        path = urlsplit(self.snapshot.address).path or "/"
        called = _NUMBER.sub("#", self.tree.attribute(form.root, "id"))
        button = next((button.label for button in form.buttons), "")
        method = form.method if form.has_form_element else ""
        marks = (f"{SENT}{method} {self._sent_to(form)}", f"{CALLED}{called} {button}".strip(), f"{PLACED}{path}")
        return Candidate(signature=(*signature(form), *marks), address_template=template_of(self.snapshot.address))

    def dialogs(self) -> frozenset[str]:
        """Return the dialogs that stand open, by their place."""
        return frozenset(self.locator.css(node.id) for node in self.snapshot.nodes if node.visible and is_dialog(self.tree, node.id))

    def is_chrome(self, node: int) -> bool:
        """Tell whether the element belongs to what all pages share: header, navigation, side bar, footer."""
        for at in (node, *self.tree.ancestors(node)):
            if is_landmark(self.tree, at):
                return True
            identity = self.tree.attribute(at, "id").lower()
            if identity and any(word in identity for word in _CHROME_WORDS):
                return True
            if _CHROME_CLASS.search(self.tree.attribute(at, "class")):
                return True
        return False

    def _sent_to(self, form: FormReading) -> str:
        """Return where a form is sent to, as an address template; for what all pages share, as far as it stays the same."""
        own = origin(self.snapshot.address) + (urlsplit(self.snapshot.address).path or "/")
        action = template_of(form.action or own).partition("?")[0]
        if not self.is_chrome(form.root):
            return action
        # Without an action of its own a form is sent to whatever page it stands on; with one, to the part of the site that
        # the page belongs to (`/search` here, `/projects/x/search` there).
        named = bool(self.tree.attribute(form.root, "action"))
        last = [part for part in segments_of(action) if not part.startswith("{")][-1:]
        return f"{origin(action)}/*/{'/'.join(last)}" if named else f"{origin(action)}/*"


async def read_state(tab: Tab) -> State:
    """Capture the page of a tab and read it."""
    return state_of(await tab.capture())


def state_of(snapshot: Snapshot) -> State:
    """Read a snapshot."""
    tree = Tree(snapshot)
    read: Sequence[FormReading] = read_forms(snapshot)
    roots = {form.root for form in read if form.has_form_element}
    forms = tuple(form for form in read if counts(form) and not _is_leftover(tree, form, roots))
    return State(snapshot=snapshot, tree=tree, locator=Locator(tree), forms=forms)


def _is_leftover(tree: Tree, form: FormReading, roots: set[int]) -> bool:
    """Tell whether a lone hidden field was only grouped with what is left of the page around whole forms."""
    if form.has_form_element or form.visible or len(form.fields) > 1:
        return False
    return any(tree.within(root, form.root) for root in roots if root != form.root)
