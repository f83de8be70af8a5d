"""What analysis reads and writes: a form page with its forms in, their descriptions out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from formscout.domain.forms import Form, FormDescription, FormPage, FormPageState
from formscout.domain.ids import FormId
from formscout.domain.jobs import Claim
from formscout.storage.database import Database
from formscout.usecases.unit_of_work import unit_of_work


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPageWork:
    """A form page that waits for its description, with the forms first met on it."""

    page: FormPage
    forms: Sequence[Form]


async def find_work(database: Database, claim: Claim) -> FormPageWork | None:
    """Return what a claimed analysis job is about; None when the page was described already."""
    assert claim.job.form_page_id is not None, "an analysis job names its form page"
    async with unit_of_work(database) as work:
        page = await work.forms.find_page(claim.job.form_page_id)
        if page is None or page.state is not FormPageState.PENDING:
            return None
        return FormPageWork(page=page, forms=await work.forms.of_page(page.id))


async def keep_descriptions(database: Database, claim: Claim, page: FormPage, descriptions: Mapping[FormId, FormDescription]) -> None:
    """Write the descriptions of a page's forms and mark it described; nothing is written when it was already."""
    async with unit_of_work(database) as work:
        await work.crawls.lock(page.session_id)
        await work.jobs.hold(claim)
        if not await work.forms.end_page(page.id, FormPageState.DESCRIBED):
            return
        for form_id, description in descriptions.items():
            await work.forms.describe(form_id, description)
        await work.crawls.count(page.session_id, form_pages_open=-1, forms_found=len(descriptions))
        await work.crawls.refresh_progress(page.session_id)
