"""The forms of a state: known ones are sighted again, new ones become form pages with a verified way to them."""

from collections.abc import Sequence
from datetime import UTC, datetime

from formscout.domain.forms import FormReading, FormSighting, NewForm, NewFormPage
from formscout.domain.paths import NavigationPath, Verification, VerificationStatus
from formscout.domain.snapshots import BlobRef
from formscout_discovery.crawl.harvest import Harvest
from formscout_discovery.crawl.plan import Slice
from formscout_discovery.crawl.ports import Tab
from formscout_discovery.crawl.probing import probe
from formscout_discovery.crawl.replay import NOT_REVEALED, Replayed, verify
from formscout_discovery.crawl.state import State
from formscout_discovery.detection.folding import Candidate

Met = tuple[str, Candidate, FormReading]
"""A form met for the first time: its fingerprint, what folding compares, and how it reads."""

Way = tuple[NavigationPath, Verification]
"""How to get to a form, and whether that was replayed."""


async def inspect(work: Slice, tab: Tab, state: State, harvest: Harvest, *, paths: Sequence[NavigationPath]) -> int:
    """Bring home the forms that the state shows; return how many are new.

    `paths` lead here, shortest first; the first that can be replayed in a fresh tab is kept.
    """
    new = _sort(work, state, state.shown(), harvest)
    if not new:
        return 0
    fresh = await work.browser.new_tab()
    try:
        replayed = await verify(fresh, paths, [(fingerprint, candidate) for fingerprint, candidate, _ in new])
        await _keep_verified(work, fresh, replayed, new, harvest=harvest)
        harvest.requests.extend(fresh.requests())
    finally:
        await fresh.close()
    found = {fingerprint for fingerprint, _ in replayed.found}
    missing = [one for one in new if one[0] not in found]
    if missing:
        verification = replayed.verification
        if found:  # the path is good, these forms did not come again
            verification = Verification(status=VerificationStatus.UNVERIFIED, code="form_absent", at=datetime.now(UTC))
        await _keep(work, tab, state, missing, harvest=harvest, way=(replayed.path, verification))
    return len(new)


async def keep_hidden(work: Slice, tab: Tab, state: State, harvest: Harvest, *, path: NavigationPath) -> int:
    """Bring home forms that stand in the page and that nothing pressed has shown."""
    new = _sort(work, state, state.hidden(), harvest)
    if new:
        verification = Verification(status=VerificationStatus.UNVERIFIED, code=NOT_REVEALED, at=datetime.now(UTC))
        await _keep(work, tab, state, new, harvest=harvest, way=(path, verification))
    return len(new)


def _sort(work: Slice, state: State, forms: Sequence[FormReading], harvest: Harvest) -> list[Met]:
    """Sight the known forms and claim the new ones."""
    new: list[Met] = []
    for form in forms:
        candidate = state.candidate(form)
        fingerprint = work.memory.known(candidate)
        if fingerprint is None:
            fingerprint = work.memory.claim(candidate)
            harvest.claimed.append(fingerprint)
            work.memory.first_sighting(fingerprint, state.snapshot.address)
            new.append((fingerprint, candidate, form))
        elif work.memory.first_sighting(fingerprint, state.snapshot.address):
            harvest.sightings.append(FormSighting(fingerprint=fingerprint, address=state.snapshot.address))
    return new


async def _keep_verified(work: Slice, fresh: Tab, replayed: Replayed, new: list[Met], *, harvest: Harvest) -> None:
    state = replayed.state
    if state is None:
        return
    candidates = {fingerprint: candidate for fingerprint, candidate, _ in new}
    met = [(fingerprint, candidates[fingerprint], form) for fingerprint, form in replayed.found]
    screenshot = await _screenshot(work, fresh, state, met)
    snapshot = await probe(fresh, state, tuple(form for _, _, form in met), stop=work.stop)
    blob = await work.record.keep_snapshot(snapshot)
    harvest.form_pages.append(_form_page(state, met, (replayed.path, replayed.verification), blobs=(blob, screenshot)))


async def _keep(work: Slice, tab: Tab, state: State, met: list[Met], *, harvest: Harvest, way: Way) -> None:
    screenshot = await _screenshot(work, tab, state, met)
    blob = await work.record.keep_snapshot(state.snapshot)
    harvest.form_pages.append(_form_page(state, met, way, blobs=(blob, screenshot)))


async def _screenshot(work: Slice, tab: Tab, state: State, met: list[Met]) -> BlobRef | None:
    image = await tab.screenshot([form.root for _, _, form in met], of=state.snapshot)
    return await work.record.keep_screenshot(image) if image else None


def _form_page(state: State, met: list[Met], way: Way, *, blobs: tuple[BlobRef, BlobRef | None]) -> NewFormPage:
    return NewFormPage(
        address=state.snapshot.address,
        title=state.snapshot.title,
        path=way[0],
        verification=way[1],
        snapshot=blobs[0],
        screenshot=blobs[1],
        forms=tuple(
            NewForm(
                fingerprint=fingerprint,
                root=form.root,
                address=state.snapshot.address,
                address_template=candidate.address_template,
                title=form.title,
                signature=candidate.signature,
            )
            for fingerprint, candidate, form in met
        ),
    )
