"""The store of companies with their products, subscriptions, users and keys."""

from typing import Any

from sqlalchemy import RowMapping, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from formscout.domain.companies import ApiKey, Caller, Company, Product, Role, Subscription, User
from formscout.domain.ids import ApiKeyId, CompanyId, ProductId, SubscriptionId, UserId
from formscout.tables.companies import api_key, company, product, subscription, user_account

_COMPANY = tuple(column for column in company.c if column.name != "deleted_at")
_ALIVE = company.c.deleted_at.is_(None)
_SUBSCRIPTION = (
    subscription.c.id,
    subscription.c.company_id,
    subscription.c.product_id,
    subscription.c.monthly_limit,
    subscription.c.granted_limit,
    subscription.c.active,
)
_USER = (user_account.c.id, user_account.c.company_id, user_account.c.email, user_account.c.role)


def _user(row: RowMapping) -> User:
    return User(**{**row, "role": Role(row["role"])})


class CompanyStore:
    """Companies, and what belongs to each, on one open transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, name: str) -> Company:
        """Write a company."""
        statement = insert(company).values(name=name).returning(*_COMPANY)
        return Company(**await self._one(statement))

    async def find(self, company_id: CompanyId) -> Company | None:
        """Return the company, or None; one that is deleted is not there."""
        row = await self._maybe(select(*_COMPANY).where(company.c.id == company_id, _ALIVE))
        return None if row is None else Company(**row)

    async def page(self, *, after: int, limit: int) -> list[Company]:
        """Return up to `limit` companies with ids above `after`, in order of id."""
        statement = select(*_COMPANY).where(company.c.id > after, _ALIVE).order_by(company.c.id).limit(limit)
        return [Company(**row) for row in await self._many(statement)]

    async def change(self, company_id: CompanyId, *, name: str, weight: int, max_running: int | None) -> Company:
        """Change a company's name and its part of the workers; the company exists."""
        values = {"name": name, "weight": weight, "max_running": max_running}
        return Company(**await self._one(update(company).where(company.c.id == company_id).values(values).returning(*_COMPANY)))

    async def add_product(self, name: str) -> Product | None:
        """Write a product; None if one of this name is there."""
        statement = upsert(product).values(name=name).on_conflict_do_nothing(index_elements=["name"]).returning(product)
        row = await self._maybe(statement)
        return None if row is None else Product(**row)

    async def find_product(self, product_id: ProductId) -> Product | None:
        """Return the product, or None."""
        row = await self._maybe(select(product).where(product.c.id == product_id))
        return None if row is None else Product(**row)

    async def product_page(self, *, after: int, limit: int) -> list[Product]:
        """Return up to `limit` products with ids above `after`, in order of id."""
        return [Product(**row) for row in await self._many(select(product).where(product.c.id > after).order_by(product.c.id).limit(limit))]

    async def add_subscription(self, company_id: CompanyId, product_id: ProductId, *, monthly_limit: int) -> Subscription | None:
        """Write a company's subscription to a product; None if it has one. Company and product exist."""
        statement = (
            upsert(subscription)
            .values(company_id=company_id, product_id=product_id, monthly_limit=monthly_limit, granted_limit=monthly_limit)
            .on_conflict_do_nothing(index_elements=["company_id", "product_id"])
            .returning(*_SUBSCRIPTION)
        )
        row = await self._maybe(statement)
        return None if row is None else Subscription(**row)

    async def find_subscription(self, subscription_id: SubscriptionId, *, lock: bool = False) -> Subscription | None:
        """Return the subscription of any company, or None; a deleted company has none. With `lock` nobody else changes it meanwhile."""
        statement = select(*_SUBSCRIPTION).join(company).where(subscription.c.id == subscription_id, _ALIVE)
        row = await self._maybe(statement.with_for_update(of=subscription, key_share=True) if lock else statement)
        return None if row is None else Subscription(**row)

    async def subscription_page(self, company_id: CompanyId | None, *, after: int, limit: int) -> list[Subscription]:
        """Return up to `limit` subscriptions with ids above `after`, in order of id: a company's, or everybody's."""
        listed = select(*_SUBSCRIPTION).join(company).where(subscription.c.id > after, _ALIVE)
        statement = listed.order_by(subscription.c.id).limit(limit)
        if company_id is not None:
            statement = statement.where(subscription.c.company_id == company_id)
        return [Subscription(**row) for row in await self._many(statement)]

    async def change_subscription(self, changed: Subscription) -> Subscription:
        """Write a subscription's limits and whether it is active; the subscription exists."""
        values = {"monthly_limit": changed.monthly_limit, "granted_limit": changed.granted_limit, "active": changed.active}
        statement = update(subscription).where(subscription.c.id == changed.id).values(values)
        return Subscription(**await self._one(statement.returning(*_SUBSCRIPTION)))

    async def add_user(self, company_id: CompanyId | None, *, email: str, role: Role) -> User | None:
        """Write a user of a company, or an operator without one; None if there is one of this address."""
        statement = (
            upsert(user_account)
            .values(company_id=company_id, email=email, role=role.value)
            .on_conflict_do_nothing(index_elements=["company_id", "email"])
            .returning(*_USER)
        )
        row = await self._maybe(statement)
        return None if row is None else _user(row)

    async def find_user(self, user_id: UserId) -> User | None:
        """Return the user of any company, or None; a deleted company has none."""
        row = await self._maybe(select(*_USER).outerjoin(company).where(user_account.c.id == user_id, _ALIVE))
        return None if row is None else _user(row)

    async def user_page(self, company_id: CompanyId, *, after: int, limit: int) -> list[User]:
        """Return up to `limit` users of a company with ids above `after`, in order of id."""
        statement = select(*_USER).where(user_account.c.company_id == company_id, user_account.c.id > after)
        return [_user(row) for row in await self._many(statement.order_by(user_account.c.id).limit(limit))]

    async def find_operator(self, email: str) -> User | None:
        """Return the operator of this address, or None."""
        row = await self._maybe(select(*_USER).where(user_account.c.company_id.is_(None), user_account.c.email == email))
        return None if row is None else _user(row)

    async def has_operator(self) -> bool:
        """Tell whether the installation has an operator, and keep other bootstraps out until this transaction ends."""
        await self._connection.execute(select(func.pg_advisory_xact_lock(func.hashtext("formscout.bootstrap_operator"))))
        return await self._maybe(select(user_account.c.id).where(user_account.c.company_id.is_(None)).limit(1)) is not None

    async def add_key(self, user_id: UserId, *, prefix: str, digest: bytes, label: str) -> ApiKey:
        """Write a key; the user exists."""
        statement = insert(api_key).values(user_id=user_id, prefix=prefix, digest=digest, label=label).returning(api_key)
        return ApiKey(**await self._one(statement))

    async def find_key(self, key_id: ApiKeyId) -> ApiKey | None:
        """Return the key of any user, or None."""
        row = await self._maybe(select(api_key).where(api_key.c.id == key_id))
        return None if row is None else ApiKey(**row)

    async def key_page(self, user_id: UserId, *, after: int, limit: int) -> list[ApiKey]:
        """Return up to `limit` keys of a user with ids above `after`, in order of id, revoked ones included."""
        statement = select(api_key).where(api_key.c.user_id == user_id, api_key.c.id > after).order_by(api_key.c.id).limit(limit)
        return [ApiKey(**row) for row in await self._many(statement)]

    async def revoke_key(self, key_id: ApiKeyId) -> None:
        """Revoke a key; one that is revoked keeps its moment."""
        await self._connection.execute(
            update(api_key).where(api_key.c.id == key_id, api_key.c.revoked_at.is_(None)).values(revoked_at=func.now()),
        )

    async def find_caller(self, digest: bytes) -> Caller | None:
        """Return whose key has this digest, or None if there is no such key, it is revoked, or its company is deleted."""
        statement = (
            select(user_account.c.id.label("user_id"), user_account.c.company_id, user_account.c.role)
            .join(api_key, api_key.c.user_id == user_account.c.id)
            .outerjoin(company, company.c.id == user_account.c.company_id)
            .where(api_key.c.digest == digest, api_key.c.revoked_at.is_(None), _ALIVE)
        )
        row = await self._maybe(statement)
        return None if row is None else Caller(**{**row, "role": Role(row["role"])})

    # Any: SQLAlchemy's selects and returning inserts share no public type that execute() takes.
    async def _one(self, statement: Any) -> RowMapping:
        return (await self._connection.execute(statement)).mappings().one()

    async def _maybe(self, statement: Any) -> RowMapping | None:
        return (await self._connection.execute(statement)).mappings().one_or_none()

    async def _many(self, statement: Any) -> list[RowMapping]:
        return list((await self._connection.execute(statement)).mappings())
