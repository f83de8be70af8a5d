"""Routes of budgets, spending, the ledger, limits and companies' own model keys."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from formscout.domain.budgets import LedgerEntry, SpendBy
from formscout.domain.ids import CompanyId, SubscriptionId
from formscout.usecases import limits, model_keys
from formscout.usecases.ledgers import LEDGER_COLUMNS, cells_of
from formscout_api.dependencies import LARGEST_ID, SIGNED, Listed, Signed, Wired, page_of
from formscout_api.idempotency import OnceRoute
from formscout_api.schemas.budgets import (
    BudgetOut,
    LedgerEntryOut,
    LimitChangeOut,
    LimitIn,
    ModelKeyIn,
    ModelKeyOut,
    SpendingOut,
    SpendOut,
)
from formscout_api.schemas.companies import SubscriptionOut
from formscout_api.schemas.shapes import Page, PathId

router = APIRouter(prefix="/api", tags=["budgets"], dependencies=SIGNED, route_class=OnceRoute)

Month = Annotated[str | None, Query(max_length=10, examples=["2026-11"], description="Year and month in UTC; this month when left out.")]

_CSV: Final[dict[int | str, dict[str, Any]]] = {  # Any: FastAPI's own type
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "The lines."}
}


@router.get("/subscriptions/{subscription_id}/budget")
async def get_budget(subscription_id: PathId, caller: Signed, wiring: Wired, month: Month = None) -> BudgetOut:
    """Show how a subscription's month stands."""
    meant = limits.parse_month(month)
    return BudgetOut.of(await limits.get_budget(wiring.database, caller, subscription_id=SubscriptionId(subscription_id), month=meant))


@router.get("/subscriptions/{subscription_id}/spend")
async def get_spend(
    subscription_id: PathId, caller: Signed, wiring: Wired, by: SpendBy = SpendBy.PROJECT, month: Month = None
) -> SpendingOut:
    """Show what a subscription spent in a month, by project, model or day."""
    meant = limits.parse_month(month)
    found = await limits.get_spend(wiring.database, caller, subscription_id=SubscriptionId(subscription_id), month=meant, by=by)
    return SpendingOut(by=by, items=[SpendOut.of(one) for one in found])


@router.get("/subscriptions/{subscription_id}/ledger")
async def get_ledger(subscription_id: PathId, caller: Signed, wiring: Wired, place: Listed, month: Month = None) -> Page[LedgerEntryOut]:
    """List the lines of a month's ledger, in the order in which they were written."""
    found = await limits.list_ledger(
        wiring.database,
        caller,
        subscription_id=SubscriptionId(subscription_id),
        month=limits.parse_month(month),
        after=place.start,
        limit=place.wanted,
    )
    return page_of(found, place, LedgerEntryOut.of)


@router.get("/subscriptions/{subscription_id}/ledger.csv", response_class=StreamingResponse, responses=_CSV)
async def get_ledger_csv(
    subscription_id: PathId,
    caller: Signed,
    wiring: Wired,
    month: Month = None,
    after: Annotated[int, Query(ge=0, le=LARGEST_ID, description="Only lines with an id above it.")] = 0,
) -> StreamingResponse:
    """Export a month's ledger as CSV, streamed; one that broke off goes on after the `id` of the last line that came."""
    batches = limits.export_ledger(
        wiring.database, caller, subscription_id=SubscriptionId(subscription_id), month=limits.parse_month(month), after=after
    )
    first: Sequence[LedgerEntry] = await anext(batches, [])  # what is wrong with the request is said before the answer begins
    return StreamingResponse(
        _csv(first, batches),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="ledger-{subscription_id}.csv"'},
    )


@router.put("/subscriptions/{subscription_id}/limit")
async def put_limit(subscription_id: PathId, body: LimitIn, caller: Signed, wiring: Wired) -> SubscriptionOut:
    """Set a subscription's limit, at once or from the next month on (admins up to what was granted, operators)."""
    found = await limits.set_limit(
        wiring.database,
        caller,
        subscription_id=SubscriptionId(subscription_id),
        limit=body.limit,
        next_month=body.next_month,
        note=body.note,
    )
    return SubscriptionOut.model_validate(found)


@router.get("/subscriptions/{subscription_id}/limit-changes")
async def get_limit_changes(subscription_id: PathId, caller: Signed, wiring: Wired, place: Listed) -> Page[LimitChangeOut]:
    """List who changed a subscription's limit, newest first."""
    found = await limits.list_limit_changes(
        wiring.database, caller, subscription_id=SubscriptionId(subscription_id), before=place.after, limit=place.wanted
    )
    return page_of(found, place, LimitChangeOut.of)


@router.put("/companies/{company_id}/model-key")
async def put_model_key(company_id: PathId, body: ModelKeyIn, caller: Signed, wiring: Wired) -> ModelKeyOut:
    """Let a company pay for calls to the model by a key of its own (admins): they are metered, and no limit holds for them."""
    found = await model_keys.set_model_key(
        wiring.database, caller, keys=wiring.keys, company_id=CompanyId(company_id), secret=body.key.get_secret_value()
    )
    return ModelKeyOut.model_validate(found)


@router.get("/companies/{company_id}/model-key")
async def get_model_key(company_id: PathId, caller: Signed, wiring: Wired) -> ModelKeyOut:
    """Show whether a company has a key of its own, and whether the model's service takes it (admins)."""
    return ModelKeyOut.model_validate(await model_keys.get_model_key(wiring.database, caller, company_id=CompanyId(company_id)))


@router.delete("/companies/{company_id}/model-key", status_code=HTTPStatus.NO_CONTENT)
async def delete_model_key(company_id: PathId, caller: Signed, wiring: Wired) -> None:
    """Forget a company's own key (admins): its subscription's budget pays again. Again changes nothing."""
    await model_keys.drop_model_key(wiring.database, caller, company_id=CompanyId(company_id))


async def _csv(first: Sequence[LedgerEntry], batches: AsyncIterator[Sequence[LedgerEntry]]) -> AsyncIterator[str]:
    yield _lines([LEDGER_COLUMNS])
    yield _lines([cells_of(one) for one in first])
    async for batch in batches:
        yield _lines([cells_of(one) for one in batch])


def _lines(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)  # RFC 4180
    return text.getvalue()
