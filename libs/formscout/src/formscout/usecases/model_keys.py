"""A company's own key for the model's service: sealed, shown by its last characters only, metered and never capped."""

import re
from typing import Final

from formscout.domain.budgets import PAUSED_BUDGET
from formscout.domain.companies import Caller, ModelKey
from formscout.domain.errors import ConflictError, InvalidInputError, NotFoundError
from formscout.domain.ids import CompanyId
from formscout.domain.webhooks import EventType
from formscout.security.encryption import KeyRing
from formscout.storage.database import Database
from formscout.usecases.companies import require_manager, visible_company
from formscout.usecases.deliveries import announce_event
from formscout.usecases.unit_of_work import unit_of_work

HINT_LENGTH: Final = 4
"""Characters of a key that are shown: enough to tell two keys apart, of no use to anybody."""

_KEY: Final = re.compile(r"[\x21-\x7e]{20,300}")

REASON_LENGTH: Final = 500
"""Characters kept of what the service said when it refused a key."""


async def set_model_key(database: Database, caller: Caller, *, keys: KeyRing, company_id: CompanyId, secret: str) -> ModelKey:
    """Give a company a key of its own in place of the one it may have; admins and operators."""
    if _KEY.fullmatch(secret) is None:
        raise InvalidInputError("That is no key of the model's service: it has 20 to 300 visible characters and no space. Copy it whole.")
    async with unit_of_work(database) as work:
        await visible_company(work, caller, company_id)
        require_manager(caller, "set the company's model key")
        sealed = keys.seal(secret.encode(), purpose=_purpose(company_id))
        user_id = caller.user_id if caller.user_id > 0 else None
        found = await work.model_keys.put(company_id, sealed, hint=secret[-HINT_LENGTH:], user_id=user_id)
        await work.jobs.wake(PAUSED_BUDGET, company_id=company_id)
        return found


async def get_model_key(database: Database, caller: Caller, *, company_id: CompanyId) -> ModelKey:
    """Return what may be shown of a company's own key; admins and operators."""
    async with unit_of_work(database) as work:
        await visible_company(work, caller, company_id)
        require_manager(caller, "see the company's model key")
        found = await work.model_keys.find(company_id)
        if found is None:
            raise NotFoundError("model key of company", company_id)
        return found


async def drop_model_key(database: Database, caller: Caller, *, company_id: CompanyId) -> None:
    """Forget a company's own key, so that calls are paid for by its subscription's budget again; again changes nothing."""
    async with unit_of_work(database) as work:
        await visible_company(work, caller, company_id)
        require_manager(caller, "remove the company's model key")
        await work.model_keys.remove(company_id)


async def open_model_key(database: Database, *, keys: KeyRing, company_id: CompanyId) -> str | None:
    """Return a company's own key for a call, or None when it has none; for whoever calls the model.

    Raises `ConflictError` for one that the service refused: the company wants to pay itself, so its budget is not taken instead.
    """
    async with unit_of_work(database) as work:
        shown = await work.model_keys.find(company_id)
        sealed = await work.model_keys.sealed(company_id)
    if shown is None or sealed is None:
        return None
    if shown.refused_at is not None:
        raise ConflictError(f"The model's service refused the company's own key …{shown.hint}. Set a good one, or remove it.")
    return keys.open(sealed, purpose=_purpose(company_id)).decode()


async def note_key_refused(database: Database, *, company_id: CompanyId, secret: str, because: str) -> None:
    """Write that the service refused a company's own key, and tell the company once; nothing is asked with it from then on."""
    reason = "".join(one if one.isprintable() else " " for one in because)[:REASON_LENGTH]
    hint = secret[-HINT_LENGTH:]
    async with unit_of_work(database) as work:
        if await work.model_keys.note_refused(company_id, hint=hint, because=reason):
            data = {"company_id": company_id, "hint": hint, "model_key_url": f"/api/companies/{company_id}/model-key"}
            await announce_event(work, company_id, EventType.MODEL_KEY_REFUSED, data)


def _purpose(company_id: CompanyId) -> str:
    return f"model_key:{company_id}"
