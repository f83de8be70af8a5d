"""Customers: the long list, the hundreds of pages behind it, their notes."""

import csv
import io
from sqlite3 import Row

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from formscout_demo.auth import user_of
from formscout_demo.bodies import as_number, read_body
from formscout_demo.database import Value, database_of
from formscout_demo.pages import Paging, go, not_found, page
from formscout_demo.seeding import TODAY
from formscout_demo.vocabulary import CITIES, COUNTRIES, CUSTOMER_STATUSES, NOTE_TOPICS, ORDER_STATUSES

FILTER = """
    FROM customer
    WHERE (:status = '' OR status = :status) AND (:city = '' OR city = :city)
        AND (:since_from = '' OR since >= :since_from) AND (:since_to = '' OR since <= :since_to)
"""
COUNT = f"SELECT count(*) AS total {FILTER}"
LIST = f"""
    SELECT * {FILTER}
    ORDER BY CASE :sort WHEN 'city' THEN city WHEN 'since' THEN since ELSE name END, name LIMIT :size OFFSET :offset
"""
OPTIONAL = ("phone", "kind", "vat_number", "street", "postal_code", "country", "status", "remarks")
CREATE = """
    INSERT INTO customer (name, kind, email, phone, vat_number, street, postal_code, city, country, status, credit_limit,
        newsletter, remarks, since)
    VALUES (:name, :kind, :email, :phone, :vat_number, :street, :postal_code, :city, :country, :status, :credit_limit,
        :newsletter, :remarks, :since)
"""
UPDATE = """
    UPDATE customer SET name = :name, kind = :kind, email = :email, phone = :phone, vat_number = :vat_number,
        street = :street, postal_code = :postal_code, city = :city, country = :country, status = :status,
        credit_limit = :credit_limit, newsletter = :newsletter, remarks = :remarks
    WHERE id = :id
"""
NEW = {"kind": "company", "country": "GB", "status": "active"}


async def show_list(request: Request) -> Response:
    """Show a page of the customers that pass the filter."""
    asked = {name: request.query_params.get(name, "") for name in ("status", "city", "since_from", "since_to", "sort")}
    database = database_of(request)
    paging = Paging(request, database.row(COUNT, asked)["total"])
    return page(
        request,
        "customers.html",
        asked=asked,
        paging=paging,
        customers=database.rows(LIST, asked | {"size": paging.size, "offset": paging.offset}),
        tags=database.rows("SELECT * FROM tag ORDER BY name"),
        statuses=CUSTOMER_STATUSES,
        cities=CITIES,
    )


async def export(request: Request) -> Response:
    """Send all customers as a CSV file."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(("name", "email", "city", "status"))
    writer.writerows(tuple(row) for row in database_of(request).rows("SELECT name, email, city, status FROM customer"))
    headers = {"Content-Disposition": 'attachment; filename="customers.csv"'}
    return Response(file.getvalue(), media_type="text/csv", headers=headers)


async def show(request: Request) -> Response:
    """Show a customer with orders and notes."""
    customer = _customer(request)
    database, key = database_of(request), {"id": customer["id"]}
    return page(
        request,
        "customer.html",
        customer=customer,
        orders=database.rows("SELECT * FROM sale WHERE customer_id = :id ORDER BY placed_on DESC LIMIT 8", key),
        notes=database.rows("SELECT * FROM note WHERE customer_id = :id ORDER BY pinned DESC, id DESC", key),
        topics=NOTE_TOPICS,
        order_statuses=ORDER_STATUSES,
        countries=COUNTRIES,
        statuses=CUSTOMER_STATUSES,
    )


async def show_new(request: Request) -> Response:
    """Show the empty customer form."""
    return page(request, "customer_form.html", customer=NEW, countries=COUNTRIES, statuses=CUSTOMER_STATUSES)


async def show_edit(request: Request) -> Response:
    """Show the customer form, filled in."""
    return page(request, "customer_form.html", customer=_customer(request), countries=COUNTRIES, statuses=CUSTOMER_STATUSES)


async def create(request: Request) -> Response:
    """Add a customer."""
    key = database_of(request).write(CREATE, await _read(request) | {"since": TODAY.isoformat()})
    return go(request, f"/customers/{key}", "The customer is added.")


async def update(request: Request) -> Response:
    """Save a customer."""
    customer = _customer(request)
    database_of(request).write(UPDATE, await _read(request) | {"id": customer["id"]})
    return go(request, f"/customers/{customer['id']}", "The customer is saved.")


async def archive_by_link(request: Request) -> Response:
    """Archive a customer; a GET that changes something, as some links of real applications do."""
    return go(request, "/customers", f"{_archive(request)} is archived.")


async def archive(request: Request) -> JSONResponse:
    """Archive a customer from the list."""
    return JSONResponse({"message": f"{_archive(request)} is archived."})


async def delete(request: Request) -> Response:
    """Delete a customer."""
    customer = _customer(request)
    database_of(request).write("DELETE FROM customer WHERE id = :id", {"id": customer["id"]})
    return go(request, "/customers", f"{customer['name']} is deleted.")


async def add_note(request: Request) -> Response:
    """Add a note to a customer."""
    customer, user = _customer(request), user_of(request)
    body = await read_body(request, "topic", "pinned", required=("body",))
    database_of(request).write(
        "INSERT INTO note (customer_id, topic, body, pinned, author) VALUES (:id, :topic, :body, :pinned <> '', :author)",
        body | {"id": customer["id"], "author": f"{user['first_name']} {user['last_name']}"},
    )
    return go(request, f"/customers/{customer['id']}", "The note is added.")


def _customer(request: Request) -> Row:
    customer = database_of(request).find("SELECT * FROM customer WHERE id = :id", {"id": request.path_params["id"]})
    if customer is None:
        raise not_found()
    return customer


def _archive(request: Request) -> str:
    customer = _customer(request)
    database_of(request).write("UPDATE customer SET status = 'archived' WHERE id = :id", {"id": customer["id"]})
    return str(customer["name"])


async def _read(request: Request) -> dict[str, Value]:
    body = await read_body(request, *OPTIONAL, "credit_limit", "newsletter", required=("name", "email", "city"))
    return body | {"credit_limit": as_number(body["credit_limit"]), "newsletter": bool(body["newsletter"])}


ROUTES = (
    Route("/customers", show_list),
    Route("/customers", create, methods=["POST"]),
    Route("/customers/new", show_new),
    Route("/customers/export.csv", export),
    Route("/customers/{id:int}", show),
    Route("/customers/{id:int}", update, methods=["POST"]),
    Route("/customers/{id:int}/edit", show_edit),
    Route("/customers/{id:int}/archive", archive_by_link),
    Route("/customers/{id:int}/archive", archive, methods=["POST"]),
    Route("/customers/{id:int}/delete", delete, methods=["POST"]),
    Route("/customers/{id:int}/notes", add_note, methods=["POST"]),
)
