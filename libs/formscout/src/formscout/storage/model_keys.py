"""The store of the companies' own keys for the model's service, sealed."""

from typing import Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from formscout.domain.companies import ModelKey
from formscout.domain.ids import CompanyId, UserId
from formscout.domain.networks import Sealed
from formscout.tables.budgets import model_key

_SHOWN: Final = tuple(column for column in model_key.c if column.name not in ("key_id", "ciphertext"))


class ModelKeyStore:
    """Model keys on one open transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def put(self, company_id: CompanyId, sealed: Sealed, *, hint: str, user_id: UserId | None) -> ModelKey:
        """Write a company's key in place of the one it may have; the company exists."""
        values = {
            "key_id": sealed.key_id,
            "ciphertext": sealed.ciphertext,
            "hint": hint,
            "user_id": user_id,
            "created_at": func.now(),
            "refused_at": None,
            "refused_because": None,
        }
        statement = insert(model_key).values(company_id=company_id, **values)
        statement = statement.on_conflict_do_update(index_elements=["company_id"], set_=values)
        return ModelKey(**(await self._connection.execute(statement.returning(*_SHOWN))).mappings().one())

    async def find(self, company_id: CompanyId) -> ModelKey | None:
        """Return what may be shown of a company's key, or None."""
        row = (await self._connection.execute(select(*_SHOWN).where(model_key.c.company_id == company_id))).mappings().one_or_none()
        return None if row is None else ModelKey(**row)

    async def sealed(self, company_id: CompanyId) -> Sealed | None:
        """Return a company's key, or None."""
        statement = select(model_key.c.key_id, model_key.c.ciphertext).where(model_key.c.company_id == company_id)
        row = (await self._connection.execute(statement)).mappings().one_or_none()
        return None if row is None else Sealed(**row)

    async def remove(self, company_id: CompanyId) -> bool:
        """Forget a company's key; False when there is none."""
        return bool((await self._connection.execute(delete(model_key).where(model_key.c.company_id == company_id))).rowcount)

    async def note_refused(self, company_id: CompanyId, *, hint: str, because: str) -> bool:
        """Write that the service refused this key; False when it was written before, or another key stands there now."""
        mine = (model_key.c.company_id == company_id) & (model_key.c.hint == hint) & model_key.c.refused_at.is_(None)
        values = {"refused_at": func.now(), "refused_because": because}
        return bool((await self._connection.execute(update(model_key).where(mine).values(values))).rowcount)
