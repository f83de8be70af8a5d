"""A worker written for tests: it does by the real use cases what the real workers do, on pages that it makes up."""

from collections.abc import Sequence
from datetime import UTC, datetime

from formscout.domain.crawls import JudgedRequest, RequestVerdict
from formscout.domain.forms import FieldDescription, FieldReading, FormDescription, FormReading, NewForm, NewFormPage
from formscout.domain.jobs import Claim, Finished, Queue
from formscout.domain.pages import NewPage, PageSource, VisitOutcome, VisitReport
from formscout.domain.paths import Action, Locators, Step, Verification, VerificationStatus
from formscout.domain.snapshots import Snapshot
from formscout.storage.database import Database
from formscout.storage.snapshots import SnapshotStore
from formscout.usecases import forms, jobs, slices
from formscout.usecases.unit_of_work import unit_of_work

PNG = b"\x89PNG\r\n\x1a\n made up"


async def claim(database: Database, queue: Queue) -> Claim:
    """Take the job that comes next; there is one."""
    async with unit_of_work(database) as work:
        taken = await work.jobs.claim(queue, worker="test@host")
    assert taken is not None, f"nothing waits on {queue}"
    return taken


async def visit(
    database: Database,
    slice_claim: Claim,
    *,
    titles: Sequence[str] = (),
    links: Sequence[str] = (),
    outcome: VisitOutcome = VisitOutcome.OK,
) -> None:
    """Visit the page that comes next: it shows one form for each title, and leads to the links."""
    page = await slices.next_page(database, slice_claim)
    assert page is not None, "no page waits"
    found = [await form_page(database, slice_claim, page.address, titles)] if titles else []
    pages = tuple(NewPage(key=link, address=link, template=link, source=PageSource.LINK, depth=page.depth + 1) for link in links)
    report = VisitReport(outcome=outcome, sentence="Read.", address=page.address, title="Home", status=200, clicks=2, pages=pages)
    held_back = JudgedRequest(verdict=RequestVerdict.HELD_BACK, method="POST", address=f"{page.address}track", reason="not_read_only")
    await slices.finish_visit(
        database,
        slice_claim,
        page,
        report,
        form_pages=found,
        sightings=[],
        requests=[held_back],
        seconds=0.5,
    )


async def begin(database: Database) -> Claim:
    """Take up the slice that comes next."""
    taken = await claim(database, Queue.DISCOVERY)
    await slices.begin_slice(database, taken)
    return taken


async def end(database: Database, taken: Claim) -> None:
    """End a job with its result."""
    await jobs.finish_job(database, taken, Finished())


async def describe(database: Database, *, purpose: str = "login") -> None:
    """Describe the form page that comes next."""
    taken = await claim(database, Queue.ANALYSIS)
    found = await forms.find_work(database, taken)
    assert found is not None, "it waits for its description"
    descriptions = {form.id: description(form.title, purpose=purpose) for form in found.forms}
    await forms.keep_descriptions(database, taken, found.page, descriptions)
    await end(database, taken)


async def run_session(database: Database, *, titles: Sequence[str] = ("Sign in",)) -> None:
    """Work off the session that comes next: one visit, one form page, its description."""
    taken = await begin(database)
    await visit(database, taken, titles=titles)
    await end(database, taken)
    if titles:
        await describe(database)


def description(title: str, *, purpose: str) -> FormDescription:
    """Return a description of a form with one field."""
    email = FieldReading(node=2, name="email", label="E-mail", type="email", required=True, evidence=("it is an input",))
    return FormDescription(
        reading=FormReading(root=1, title=title, method="post", action="https://app.example.com/login", fields=(email,), hidden=("csrf",)),
        purpose=purpose,
        confidence=0.9,
        fields=(FieldDescription(key="email", reading=email, semantic_type="email", confidence=0.8),),
        input_schema={"type": "object", "properties": {"email": {"type": "string", "format": "email"}}, "required": ["email"]},
        ui_schema={"type": "VerticalLayout"},
    )


async def form_page(database: Database, slice_claim: Claim, address: str, titles: Sequence[str]) -> NewFormPage:
    """Store a made-up snapshot and return its form page with one form for each title."""
    store = SnapshotStore.connect("database:", database)
    session_id = slices.session_of(slice_claim)
    snapshot = Snapshot(address=address, title="Home", captured_at=datetime.now(UTC), width=1280, height=800)
    opened = Step(action=Action.OPEN, value=address, expects=address)
    pressed = Step(action=Action.PRESS, locators=Locators(role="button", label="Open", css="#open"), expects="Sign in")
    return NewFormPage(
        address=address,
        title="Home",
        path=(opened, pressed),
        verification=Verification(status=VerificationStatus.VERIFIED, at=datetime.now(UTC)),
        snapshot=await store.put_snapshot(session_id, snapshot),
        screenshot=await store.put_screenshot(session_id, PNG),
        forms=tuple(
            NewForm(
                fingerprint=f"{address}#{title}",
                root=1,
                address=address,
                address_template=address,
                title=title,
                signature=("email",),
            )
            for title in titles
        ),
    )
