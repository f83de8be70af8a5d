"""Suppliers: added in a dialog, edited on a page of their own."""

from sqlite3 import Row

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from formscout_demo.bodies import as_number, read_body
from formscout_demo.database import Value, database_of
from formscout_demo.pages import go, not_found, page

CREATE = """
    INSERT INTO supplier (name, contact, email, phone, lead_time_days, preferred)
    VALUES (:name, :contact, :email, :phone, :lead_time_days, :preferred)
"""
UPDATE = """
    UPDATE supplier SET name = :name, contact = :contact, email = :email, phone = :phone, lead_time_days = :lead_time_days,
        preferred = :preferred
    WHERE id = :id
"""


async def show_list(request: Request) -> Response:
    """Show all suppliers."""
    return page(request, "suppliers.html", suppliers=database_of(request).rows("SELECT * FROM supplier ORDER BY name"))


async def show(request: Request) -> Response:
    """Show a supplier and what comes from there."""
    supplier = _supplier(request)
    products = database_of(request).rows("SELECT * FROM product WHERE supplier_id = :id ORDER BY sku", {"id": supplier["id"]})
    return page(request, "supplier.html", supplier=supplier, products=products)


async def show_edit(request: Request) -> Response:
    """Show the supplier form, filled in."""
    return page(request, "supplier_form.html", supplier=_supplier(request))


async def create(request: Request) -> Response:
    """Add a supplier."""
    key = database_of(request).write(CREATE, await _read(request))
    return go(request, f"/suppliers/{key}", "The supplier is added.")


async def update(request: Request) -> Response:
    """Save a supplier."""
    supplier = _supplier(request)
    database_of(request).write(UPDATE, await _read(request) | {"id": supplier["id"]})
    return go(request, f"/suppliers/{supplier['id']}", "The supplier is saved.")


async def delete(request: Request) -> Response:
    """Delete a supplier."""
    supplier = _supplier(request)
    database_of(request).write("DELETE FROM supplier WHERE id = :id", {"id": supplier["id"]})
    return go(request, "/suppliers", f"{supplier['name']} is deleted.")


def _supplier(request: Request) -> Row:
    supplier = database_of(request).find("SELECT * FROM supplier WHERE id = :id", {"id": request.path_params["id"]})
    if supplier is None:
        raise not_found()
    return supplier


async def _read(request: Request) -> dict[str, Value]:
    body = await read_body(request, "contact", "phone", "lead_time_days", "preferred", required=("name", "email"))
    return body | {"lead_time_days": int(as_number(body["lead_time_days"])), "preferred": bool(body["preferred"])}


ROUTES = (
    Route("/suppliers", show_list),
    Route("/suppliers", create, methods=["POST"]),
    Route("/suppliers/{id:int}", show),
    Route("/suppliers/{id:int}", update, methods=["POST"]),
    Route("/suppliers/{id:int}/edit", show_edit),
    Route("/suppliers/{id:int}/delete", delete, methods=["POST"]),
)
