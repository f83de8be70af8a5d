"""What may be done with companies, products, subscriptions, users and keys."""

from types import EllipsisType

from formscout.domain.companies import ApiKey, Caller, Company, Product, Role, Subscription, User
from formscout.domain.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError, UnauthenticatedError
from formscout.domain.ids import ApiKeyId, CompanyId, ProductId, SubscriptionId, UserId
from formscout.security.keys import KEY_PREFIX, digest_of, given_key, make_key
from formscout.storage.database import Database
from formscout.usecases.unit_of_work import UnitOfWork, unit_of_work


async def authenticate(database: Database, secret: str) -> Caller:
    """Return who holds this key; raise `UnauthenticatedError` if nobody does."""
    if secret.startswith(KEY_PREFIX):
        async with unit_of_work(database) as work:
            caller = await work.companies.find_caller(digest_of(secret))
        if caller is not None:
            return caller
    raise UnauthenticatedError("The key is unknown or revoked. Send a key that is valid as `Authorization: Bearer fsk_…`.")


async def bootstrap_operator(database: Database, email: str, *, again: bool = False, secret: str | None = None) -> str:
    """Make the first operator and return its key's secret, which is shown this once.

    Raises `ConflictError` if there is an operator already, unless `again` is given: then the operator of this address,
    made if it is new, gets one more key (the way back in when every key is lost). With a `secret` made elsewhere, that one is
    the key; if an operator holds it already, nothing is done.
    """
    key = make_key() if secret is None else given_key(secret)
    async with unit_of_work(database) as work:
        there_is_one = await work.companies.has_operator()
        if secret is not None:
            holder = await work.companies.find_caller(key.digest)
            if holder is not None and holder.is_operator:
                return key.secret
        if there_is_one and not again:
            other = "" if secret is None else ", and this is none of its valid keys"
            raise ConflictError(f"There is an operator already{other}. Use its key, or ask for another one with --again.")
        operator = await work.companies.find_operator(email)
        if operator is None:
            operator = await work.companies.add_user(None, email=email, role=Role.OPERATOR)
            assert operator is not None, "no other bootstrap runs beside this one"
        await work.companies.add_key(operator.id, prefix=key.prefix, digest=key.digest, label="bootstrap")
    return key.secret


async def create_company(database: Database, caller: Caller, *, name: str) -> Company:
    """Make a company; operators only."""
    require_operator(caller, "make companies")
    async with unit_of_work(database) as work:
        return await work.companies.add(name)


async def list_companies(database: Database, caller: Caller, *, after: int, limit: int) -> list[Company]:
    """Return the companies that the caller sees, in order of id."""
    async with unit_of_work(database) as work:
        if caller.is_operator:
            return await work.companies.page(after=after, limit=limit)
        own = None if caller.company_id is None else await work.companies.find(caller.company_id)
        return [own] if own is not None and own.id > after else []


async def get_company(database: Database, caller: Caller, *, company_id: CompanyId) -> Company:
    """Return a company that the caller sees."""
    async with unit_of_work(database) as work:
        return await visible_company(work, caller, company_id)


async def change_company(
    database: Database,
    caller: Caller,
    *,
    company_id: CompanyId,
    name: str | None = None,
    weight: int | None = None,
    max_running: int | EllipsisType | None = ...,
) -> Company:
    """Change a company's name (admins), its weight and its cap (operators); what is left out stays. A cap of None: the installation's."""
    async with unit_of_work(database) as work:
        company = await visible_company(work, caller, company_id)
        require_manager(caller, "change the company")
        if weight is not None or max_running is not ...:
            require_operator(caller, "change a company's weight or cap")
        return await work.companies.change(
            company_id,
            name=company.name if name is None else name,
            weight=company.weight if weight is None else weight,
            max_running=company.max_running if isinstance(max_running, EllipsisType) else max_running,
        )


async def create_product(database: Database, caller: Caller, *, name: str) -> Product:
    """Make a product; operators only."""
    require_operator(caller, "make products")
    async with unit_of_work(database) as work:
        product = await work.companies.add_product(name)
        if product is None:
            raise ConflictError(f"There is a product {name!r} already; choose another name.")
        return product


async def list_products(database: Database, caller: Caller, *, after: int, limit: int) -> list[Product]:
    """Return products in order of id; operators only, a company sees its subscriptions instead."""
    require_operator(caller, "list products")
    async with unit_of_work(database) as work:
        return await work.companies.product_page(after=after, limit=limit)


async def create_subscription(
    database: Database,
    caller: Caller,
    *,
    company_id: CompanyId,
    product_id: ProductId,
    monthly_limit: int,
) -> Subscription:
    """Subscribe a company to a product; operators only. `monthly_limit` is in micro-dollars."""
    require_operator(caller, "make subscriptions")
    async with unit_of_work(database) as work:
        await visible_company(work, caller, company_id)
        if await work.companies.find_product(product_id) is None:
            raise NotFoundError("product", product_id)
        subscription = await work.companies.add_subscription(company_id, product_id, monthly_limit=monthly_limit)
        if subscription is None:
            raise ConflictError(f"Company {company_id} has a subscription to product {product_id} already; change that one.")
        return subscription


async def list_subscriptions(
    database: Database,
    caller: Caller,
    *,
    company_id: CompanyId | None,
    after: int,
    limit: int,
) -> list[Subscription]:
    """Return subscriptions in order of id: of the company named, else of all that the caller sees."""
    async with unit_of_work(database) as work:
        if company_id is not None:
            await visible_company(work, caller, company_id)
        seen = company_id if caller.is_operator else caller.company_id
        return await work.companies.subscription_page(seen, after=after, limit=limit)


async def get_subscription(database: Database, caller: Caller, *, subscription_id: SubscriptionId) -> Subscription:
    """Return a subscription that the caller sees."""
    async with unit_of_work(database) as work:
        return await visible_subscription(work, caller, subscription_id)


async def create_user(database: Database, caller: Caller, *, company_id: CompanyId, email: str, role: Role) -> User:
    """Make a user of a company."""
    async with unit_of_work(database) as work:
        await visible_company(work, caller, company_id)
        require_manager(caller, "make users")
        if role is Role.OPERATOR:
            raise InvalidInputError("A company's user is an admin or a member; operators are made by `formscout admin bootstrap`.")
        user = await work.companies.add_user(company_id, email=email, role=role)
        if user is None:
            raise ConflictError(f"Company {company_id} has a user {email} already.")
        return user


async def list_users(database: Database, caller: Caller, *, company_id: CompanyId, after: int, limit: int) -> list[User]:
    """Return a company's users in order of id."""
    async with unit_of_work(database) as work:
        await visible_company(work, caller, company_id)
        return await work.companies.user_page(company_id, after=after, limit=limit)


async def create_key(database: Database, caller: Caller, *, user_id: UserId, label: str) -> tuple[ApiKey, str]:
    """Make a key for a user; return it with its secret, which is shown this once. Members make keys for themselves only."""
    key = make_key()
    async with unit_of_work(database) as work:
        await _managed_user(work, caller, user_id)
        return await work.companies.add_key(user_id, prefix=key.prefix, digest=key.digest, label=label), key.secret


async def list_keys(database: Database, caller: Caller, *, user_id: UserId, after: int, limit: int) -> list[ApiKey]:
    """Return a user's keys in order of id, revoked ones included."""
    async with unit_of_work(database) as work:
        await _managed_user(work, caller, user_id)
        return await work.companies.key_page(user_id, after=after, limit=limit)


async def revoke_key(database: Database, caller: Caller, *, user_id: UserId, key_id: ApiKeyId) -> None:
    """Revoke a user's key; revoking it again changes nothing."""
    async with unit_of_work(database) as work:
        await _managed_user(work, caller, user_id)
        key = await work.companies.find_key(key_id)
        if key is None or key.user_id != user_id:
            raise NotFoundError("key", key_id)
        await work.companies.revoke_key(key_id)


def require_operator(caller: Caller, what: str) -> None:
    """Raise `ForbiddenError` unless the caller runs the installation."""
    if not caller.is_operator:
        raise ForbiddenError(f"Only an operator may {what}. Ask whoever runs this installation.")


def require_manager(caller: Caller, what: str) -> None:
    """Raise `ForbiddenError` unless the caller may change settings."""
    if not caller.may_manage:
        raise ForbiddenError(f"Only an admin or an operator may {what}. Ask an admin of your company.")


async def visible_company(work: UnitOfWork, caller: Caller, company_id: CompanyId) -> Company:
    """Return the company if the caller sees it, else raise `NotFoundError`."""
    company = await work.companies.find(company_id) if caller.may_see(company_id) else None
    if company is None:
        raise NotFoundError("company", company_id)
    return company


async def visible_subscription(work: UnitOfWork, caller: Caller, subscription_id: SubscriptionId, *, lock: bool = False) -> Subscription:
    """Return the subscription if the caller sees it, else raise `NotFoundError`; with `lock` nobody else changes it meanwhile."""
    subscription = await work.companies.find_subscription(subscription_id, lock=lock)
    if subscription is None or not caller.may_see(subscription.company_id):
        raise NotFoundError("subscription", subscription_id)
    return subscription


async def _managed_user(work: UnitOfWork, caller: Caller, user_id: UserId) -> User:
    """Return the user whose keys the caller may handle: itself, an admin those of its company, an operator everybody's."""
    user = await work.companies.find_user(user_id)
    is_visible = user is not None and (caller.is_operator or (user.company_id is not None and user.company_id == caller.company_id))
    if user is None or not is_visible:
        raise NotFoundError("user", user_id)
    if user.id != caller.user_id:
        require_manager(caller, "handle other users' keys")
    return user
