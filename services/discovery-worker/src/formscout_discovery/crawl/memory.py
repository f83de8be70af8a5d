"""What a slice remembers from visit to visit, bounded whatever the size of the site."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from formscout.domain.forms import Findings, FormSighting, KnownForm, NewFormPage
from formscout.domain.pages import TemplateTally
from formscout.domain.urls import normalise
from formscout_discovery.crawl.controls import Control
from formscout_discovery.detection.folding import Candidate, fingerprint_of, fold
from formscout_discovery.policy.templates import TemplateLearner, path_template

INSTANCES_OF_A_TEMPLATE: Final = 3
"""Pages of one template that are looked at without finding a new form."""

QUERIES_OF_A_PATH: Final = 8
"""Pages of one path with ever other queries that are looked at without finding a new form: facets and sort links."""

WAITING_OF_A_TEMPLATE: Final = 40
"""Pages of one template that are put on the frontier at all."""

BARREN_PRESSES: Final = 2
"""A control that led to nothing this often, on whatever pages, is not pressed again."""

BARREN_OF_A_KIND: Final = 4
"""After so many different controls that look alike and led to nothing, their like is left alone: field menus, column heads."""


@dataclass(slots=True, kw_only=True)
class Pressed:
    """What came of pressing one kind of control."""

    times: int = 0
    fruitful: int = 0


class SliceMemory:
    """Known forms, templates, states and controls of one slice; only ever touched by its event loop."""

    def __init__(self) -> None:
        self.learner = TemplateLearner()
        self.sign_in_lock = asyncio.Lock()
        self.sign_in_generation = 0  # grows with each successful sign-in
        self.sign_in_fields: frozenset[str] = frozenset()
        self.sign_in_address = ""
        self._forms: dict[str, KnownForm] = {}
        self._waiting: Counter[str] = Counter()
        self._keys: set[str] = set()
        self._visited: set[str] = set()
        self._states: set[str] = set()
        self._barren: Counter[str] = Counter()
        self._grown: Counter[str] = Counter()
        self._pressed: dict[str, Pressed] = {}
        self._kinds: dict[str, Pressed] = {}
        self._pressed_here: set[tuple[str, str]] = set()
        self._listed: set[tuple[str, str]] = set()
        self._sightings: set[tuple[str, str]] = set()
        self._written: set[str] = set()
        self._parked: dict[str, list[FormSighting]] = {}
        self._renamed: dict[str, str] = {}  # forms claimed here that another slice wrote first, by what it calls them

    # Forms

    def learn_forms(self, forms: Iterable[KnownForm]) -> None:
        """Take over what the record knows, other slices' forms too."""
        for form in forms:
            self._forms.setdefault(form.fingerprint, form)
            self._written.add(form.fingerprint)

    def known(self, candidate: Candidate) -> str | None:
        """Return the fingerprint of the known form that this is, or None."""
        return fold(candidate, self._forms.values(), generalise=self.learner.template)

    def claim(self, candidate: Candidate) -> str:
        """Take a new form for the visit that met it first and return its fingerprint."""
        fingerprint = fingerprint_of(candidate)
        self._forms[fingerprint] = KnownForm(
            fingerprint=fingerprint, address_template=candidate.address_template, signature=candidate.signature
        )
        return fingerprint

    def disclaim(self, fingerprints: Iterable[str]) -> None:
        """Give back forms whose visit was never written."""
        for fingerprint in fingerprints:
            self._forms.pop(fingerprint, None)

    def refold(self, findings: Findings, news: Sequence[KnownForm]) -> Findings:
        """Return the findings as they are once the forms that other slices wrote meanwhile are known."""
        self.learn_forms(news)
        form_pages: list[NewFormPage] = []
        sightings = list(findings.sightings)
        for form_page in findings.form_pages:
            kept = []
            for form in form_page.forms:
                candidate = Candidate(signature=form.signature, address_template=form.address_template)
                same = fold(candidate, news, generalise=self.learner.template)
                if same is None or same == form.fingerprint:
                    kept.append(form)
                else:
                    self._renamed[form.fingerprint] = same
                    self._forms.pop(form.fingerprint, None)
                    sightings += [FormSighting(fingerprint=same, address=form.address), *self._parked.pop(form.fingerprint, ())]
            if kept:
                form_pages.append(replace(form_page, forms=tuple(kept)))
        written = {form.fingerprint for form_page in form_pages for form in form_page.forms}
        return Findings(form_pages=form_pages, sightings=self.ready(sightings, writing=written))

    def first_sighting(self, fingerprint: str, address: str) -> bool:
        """Tell whether this form was not yet met at this address in this slice."""
        key = (fingerprint, normalise(address))
        if key in self._sightings:
            return False
        self._sightings.add(key)
        return True

    def ready(self, sightings: Iterable[FormSighting], *, writing: Iterable[str]) -> list[FormSighting]:
        """Return the sightings that can be written together with the forms `writing`.

        Those of a form that another visit has claimed and not yet written are kept until it is.
        """
        fresh = set(writing)
        self._written |= fresh
        out = [sighting for fingerprint in fresh for sighting in self._parked.pop(fingerprint, ())]
        for met in sightings:
            sighting = replace(met, fingerprint=self._renamed.get(met.fingerprint, met.fingerprint))
            if sighting.fingerprint in self._written:
                out.append(sighting)
            else:
                self._parked.setdefault(sighting.fingerprint, []).append(sighting)
        return out

    # Pages

    def admits(self, key: str, template: str) -> bool:
        """Tell whether a page is new here and its template is not yet crowded on the frontier; counts it."""
        if key in self._keys or self._waiting[template] >= WAITING_OF_A_TEMPLATE:
            return False
        self._keys.add(key)
        self._waiting[template] += 1
        return True

    def instances(self, template: str) -> int:
        """Count the pages of this template that were put on the frontier."""
        return self._waiting[template]

    def visited(self, key: str) -> bool:
        """Tell whether a page of this key was read."""
        return key in self._visited

    def note_visit(self, keys: Sequence[str], template: str, *, fruitful: bool) -> None:
        """Remember a finished visit and whether it showed a form never seen before."""
        self._visited.update(keys)
        for name in {template, path_template(template)}:
            self._barren[name] = 0 if fruitful else self._barren[name] + 1
            self._grown[name] += fruitful

    def spent(self, template: str, tally: TemplateTally) -> bool:
        """Tell whether enough pages of the template were looked at; `tally` is that of all slices, by the name it had when found."""
        path = path_template(template)
        if path != template and max(self._barren[path], tally.path_barren) >= QUERIES_OF_A_PATH:
            return True
        # A template that this slice has found fruitful under a wider name is judged by that name alone.
        everywhere = tally.barren if template == tally.template or not self._grown[template] else 0
        return tally.visits >= INSTANCES_OF_A_TEMPLATE and max(self._barren[template], everywhere) >= INSTANCES_OF_A_TEMPLATE

    def first_listing(self, address: str, reason: str) -> bool:
        """Tell whether an address left alone was not yet listed for this reason; a menu names it on every page."""
        if (address, reason) in self._listed:
            return False
        self._listed.add((address, reason))
        return True

    def first_state(self, fingerprint: str) -> bool:
        """Tell whether a state of this fingerprint was never read in this slice; remembers it."""
        if fingerprint in self._states:
            return False
        self._states.add(fingerprint)
        return True

    # Controls

    def worth_pressing(self, control: Control, template: str) -> bool:
        """Tell whether pressing the control may show something: not pressed here, nor barren elsewhere, nor of a barren kind.

        Shared controls stand on every page (navigation, header): once a slice is enough.
        """
        kind = self._kinds.get(control.kind)
        if kind is not None and not kind.fruitful and kind.times >= BARREN_OF_A_KIND:
            return False
        pressed = self._pressed.get(control.key)
        if pressed is None:
            return True
        if control.shared or (control.key, template) in self._pressed_here:
            return False
        return pressed.fruitful > 0 or pressed.times < BARREN_PRESSES

    def note_press(self, control: Control, template: str) -> None:
        """Remember that a control was pressed."""
        self._pressed.setdefault(control.key, Pressed()).times += 1
        self._kinds.setdefault(control.kind, Pressed()).times += 1
        self._pressed_here.add((control.key, template))

    def credit(self, controls: Iterable[Control]) -> None:
        """Remember that pressing these, one after the other, led to a form or a page not known before."""
        for control in controls:
            self._pressed.setdefault(control.key, Pressed()).fruitful += 1
            self._kinds.setdefault(control.kind, Pressed()).fruitful += 1
