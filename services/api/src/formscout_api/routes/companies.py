"""Routes of companies, products, subscriptions, users and keys."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response

from formscout.domain.ids import ApiKeyId, CompanyId, ProductId, SubscriptionId, UserId
from formscout.usecases import companies as usecases
from formscout.usecases import limits
from formscout_api.dependencies import SIGNED, Listed, Signed, Wired, page_of
from formscout_api.idempotency import OnceRoute
from formscout_api.schemas.companies import (
    CompanyIn,
    CompanyOut,
    CompanyPatch,
    KeyIn,
    KeyOut,
    NewKeyOut,
    ProductIn,
    ProductOut,
    SubscriptionIn,
    SubscriptionOut,
    SubscriptionPatch,
    UserIn,
    UserOut,
)
from formscout_api.schemas.shapes import Page, PathId

router = APIRouter(prefix="/api", tags=["companies"], dependencies=SIGNED, route_class=OnceRoute)


@router.post("/companies", status_code=HTTPStatus.CREATED)
async def post_company(body: CompanyIn, caller: Signed, wiring: Wired, response: Response) -> CompanyOut:
    """Make a company (operators)."""
    company = await usecases.create_company(wiring.database, caller, name=body.name)
    response.headers["Location"] = f"/api/companies/{company.id}"
    return CompanyOut.model_validate(company)


@router.get("/companies")
async def get_companies(caller: Signed, wiring: Wired, place: Listed) -> Page[CompanyOut]:
    """List the companies that the key sees."""
    found = await usecases.list_companies(wiring.database, caller, after=place.start, limit=place.wanted)
    return page_of(found, place, CompanyOut.model_validate)


@router.get("/companies/{company_id}")
async def get_company(company_id: PathId, caller: Signed, wiring: Wired) -> CompanyOut:
    """Show a company."""
    return CompanyOut.model_validate(await usecases.get_company(wiring.database, caller, company_id=CompanyId(company_id)))


@router.patch("/companies/{company_id}")
async def patch_company(company_id: PathId, body: CompanyPatch, caller: Signed, wiring: Wired) -> CompanyOut:
    """Rename a company (admins), or change its part of the workers (operators)."""
    changes = body.model_dump(exclude_unset=True)
    return CompanyOut.model_validate(await usecases.change_company(wiring.database, caller, company_id=CompanyId(company_id), **changes))


@router.post("/products", status_code=HTTPStatus.CREATED)
async def post_product(body: ProductIn, caller: Signed, wiring: Wired) -> ProductOut:
    """Make a product (operators)."""
    return ProductOut.model_validate(await usecases.create_product(wiring.database, caller, name=body.name))


@router.get("/products")
async def get_products(caller: Signed, wiring: Wired, place: Listed) -> Page[ProductOut]:
    """List products (operators)."""
    found = await usecases.list_products(wiring.database, caller, after=place.start, limit=place.wanted)
    return page_of(found, place, ProductOut.model_validate)


@router.post("/subscriptions", status_code=HTTPStatus.CREATED)
async def post_subscription(body: SubscriptionIn, caller: Signed, wiring: Wired, response: Response) -> SubscriptionOut:
    """Subscribe a company to a product (operators)."""
    subscription = await usecases.create_subscription(
        wiring.database,
        caller,
        company_id=CompanyId(body.company_id),
        product_id=ProductId(body.product_id),
        monthly_limit=body.monthly_limit,
    )
    response.headers["Location"] = f"/api/subscriptions/{subscription.id}"
    return SubscriptionOut.model_validate(subscription)


@router.get("/subscriptions")
async def get_subscriptions(
    caller: Signed,
    wiring: Wired,
    place: Listed,
    company_id: Annotated[PathId | None, Query()] = None,
) -> Page[SubscriptionOut]:
    """List the subscriptions that the key sees, of one company if it is named."""
    company = None if company_id is None else CompanyId(company_id)
    found = await usecases.list_subscriptions(wiring.database, caller, company_id=company, after=place.start, limit=place.wanted)
    return page_of(found, place, SubscriptionOut.model_validate)


@router.get("/subscriptions/{subscription_id}")
async def get_subscription(subscription_id: PathId, caller: Signed, wiring: Wired) -> SubscriptionOut:
    """Show a subscription."""
    found = await usecases.get_subscription(wiring.database, caller, subscription_id=SubscriptionId(subscription_id))
    return SubscriptionOut.model_validate(found)


@router.patch("/subscriptions/{subscription_id}")
async def patch_subscription(subscription_id: PathId, body: SubscriptionPatch, caller: Signed, wiring: Wired) -> SubscriptionOut:
    """Change a subscription's limit, or switch it on or off (operators)."""
    subscription = await limits.change_subscription(
        wiring.database,
        caller,
        subscription_id=SubscriptionId(subscription_id),
        monthly_limit=body.monthly_limit,
        active=body.active,
    )
    return SubscriptionOut.model_validate(subscription)


@router.post("/companies/{company_id}/users", status_code=HTTPStatus.CREATED)
async def post_user(company_id: PathId, body: UserIn, caller: Signed, wiring: Wired) -> UserOut:
    """Make a user of a company (admins)."""
    user = await usecases.create_user(wiring.database, caller, company_id=CompanyId(company_id), email=body.email, role=body.role)
    return UserOut.model_validate(user)


@router.get("/companies/{company_id}/users")
async def get_users(company_id: PathId, caller: Signed, wiring: Wired, place: Listed) -> Page[UserOut]:
    """List a company's users."""
    company = CompanyId(company_id)
    found = await usecases.list_users(wiring.database, caller, company_id=company, after=place.start, limit=place.wanted)
    return page_of(found, place, UserOut.model_validate)


@router.post("/users/{user_id}/keys", status_code=HTTPStatus.CREATED)
async def post_key(user_id: PathId, body: KeyIn, caller: Signed, wiring: Wired) -> NewKeyOut:
    """Make a key for a user (itself, or an admin); its secret is shown this once."""
    key, secret = await usecases.create_key(wiring.database, caller, user_id=UserId(user_id), label=body.label or "")
    return NewKeyOut(**KeyOut.model_validate(key).model_dump(), secret=secret)


@router.get("/users/{user_id}/keys")
async def get_keys(user_id: PathId, caller: Signed, wiring: Wired, place: Listed) -> Page[KeyOut]:
    """List a user's keys, revoked ones included."""
    found = await usecases.list_keys(wiring.database, caller, user_id=UserId(user_id), after=place.start, limit=place.wanted)
    return page_of(found, place, KeyOut.model_validate)


@router.delete("/users/{user_id}/keys/{key_id}", status_code=HTTPStatus.NO_CONTENT)
async def delete_key(user_id: PathId, key_id: PathId, caller: Signed, wiring: Wired) -> None:
    """Revoke a key; it stops working within five seconds. Again changes nothing."""
    await usecases.revoke_key(wiring.database, caller, user_id=UserId(user_id), key_id=ApiKeyId(key_id))
