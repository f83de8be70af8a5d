"""A page as it stands, captured and read once for all who look at it."""

from collections.abc import Iterable
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
from formscout_discovery.detection.folding import Candidate, is_tiny
from formscout_discovery.detection.scoring import counts
from formscout_discovery.policy.templates import segments_of, template_of

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
        fields = signature(form)
        mark = self._mark(form) if is_tiny(fields) else ""
        return Candidate(signature=fields, address_template=template_of(self.snapshot.address), mark=mark)

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
        return False

    def _mark(self, form: FormReading) -> str:
        """Return where a tiny form is sent to, as far as it stays the same from page to page."""
        own = origin(self.snapshot.address) + (urlsplit(self.snapshot.address).path or "/")
        action = form.action or own
        button = next((b.label for b in form.buttons), "")
        if self.is_chrome(form.root):
            last = [part for part in segments_of(action) if not part.startswith("{")][-1:]
            # Without an action of its own a form is sent to whatever page it stands on.
            named = bool(self.tree.attribute(form.root, "action"))
            return f"shared {form.method} {'/'.join(last) if named else ''}"
        return f"{form.method} {template_of(action).partition('?')[0].removeprefix(origin(action))} {button}"


async def read_state(tab: Tab) -> State:
    """Capture the page of a tab and read it."""
    return state_of(await tab.capture())


def state_of(snapshot: Snapshot) -> State:
    """Read a snapshot."""
    tree = Tree(snapshot)
    forms: Iterable[FormReading] = read_forms(snapshot)
    return State(snapshot=snapshot, tree=tree, locator=Locator(tree), forms=tuple(form for form in forms if counts(form)))
