"""Orders: the list with its export, the three-step form, a page an order."""

import csv
import io
import re
from sqlite3 import Row

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from formscout_demo.bodies import as_number, read_body
from formscout_demo.database import database_of
from formscout_demo.pages import Paging, go, not_found, page
from formscout_demo.seeding import TODAY
from formscout_demo.vocabulary import DELIVERY_METHODS, ORDER_STATUSES, PAYMENT_TERMS

FILTER = """
    FROM sale JOIN customer ON customer.id = customer_id
    WHERE (:status = '' OR instr(:status, sale.status) > 0)
        AND (:placed_from = '' OR placed_on >= :placed_from) AND (:placed_to = '' OR placed_on <= :placed_to)
"""
TOTAL = "(SELECT sum(quantity * price) FROM sale_line WHERE sale_id = sale.id) AS total"
COUNT = f"SELECT count(*) AS total {FILTER}"
LIST = f"SELECT sale.*, customer.name AS customer, {TOTAL} {FILTER} ORDER BY sale.id DESC LIMIT :size OFFSET :offset"
EXPORT = f"SELECT sale.id AS number, customer.name AS customer, placed_on, sale.status, {TOTAL} {FILTER}"
ONE = f"""
    SELECT sale.*, customer.name AS customer, {TOTAL} FROM sale JOIN customer ON customer.id = customer_id WHERE sale.id = :id
"""  # noqa: S608 — put together from the constants above only
LINES = "SELECT sale_line.*, product.name FROM sale_line JOIN product ON product.id = product_id WHERE sale_id = :id"
CREATE = """
    INSERT INTO sale (customer_id, placed_on, delivery_method, delivery_date, payment_terms, po_number, packaging, pallets,
        instructions, street, postal_code, city)
    SELECT id, :placed_on, :delivery_method, :delivery_date, :payment_terms, :po_number, :packaging, :pallets,
        :instructions, street, postal_code, city
    FROM customer WHERE id = :customer_id
"""
PACKAGING = ("Loose", "Crate", "Pallet")
COLUMNS = {"number": "Number", "customer": "Customer", "placed_on": "Placed on", "status": "Status", "total": "Total"}
DELIMITERS = {",": "Comma", ";": "Semicolon", "|": "Bar"}


async def show_list(request: Request) -> Response:
    """Show a page of the orders that pass the filter."""
    asked = _asked(request)
    database = database_of(request)
    paging = Paging(request, database.row(COUNT, asked)["total"])
    return page(
        request,
        "orders.html",
        asked=asked,
        paging=paging,
        orders=database.rows(LIST, asked | {"size": paging.size, "offset": paging.offset}),
        statuses=ORDER_STATUSES,
        columns=COLUMNS,
        delimiters=DELIMITERS,
    )


async def export(request: Request) -> Response:
    """Send the orders as a CSV file with the columns that were asked for."""
    chosen = [name for name in request.query_params.getlist("columns") if name in COLUMNS] or list(COLUMNS)
    delimiter = request.query_params.get("delimiter", ",")
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter if delimiter in DELIMITERS else ",")
    if request.query_params.get("header_row"):
        writer.writerow([COLUMNS[name] for name in chosen])
    writer.writerows([row[name] for name in chosen] for row in database_of(request).rows(EXPORT, _asked(request)))
    name = re.sub(r"[^A-Za-z0-9-]+", "-", request.query_params.get("file_name", "")) or "orders"
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(file.getvalue(), media_type="text/csv", headers=headers)


async def show(request: Request) -> Response:
    """Show an order."""
    order = _order(request)
    lines = database_of(request).rows(LINES, {"id": order["id"]})
    return page(request, "order.html", order=order, lines=lines, statuses=ORDER_STATUSES, methods=DELIVERY_METHODS)


async def show_new(request: Request) -> Response:
    """Show the three-step order form."""
    database = database_of(request)
    return page(
        request,
        "order_form.html",
        customers=database.rows("SELECT id, name, city FROM customer WHERE status = 'active' ORDER BY name"),
        products=database.rows("SELECT id, sku, name FROM product ORDER BY sku"),
        methods=DELIVERY_METHODS,
        terms=PAYMENT_TERMS,
        packaging=PACKAGING,
    )


async def create(request: Request) -> Response:
    """Place an order."""
    body = await read_body(
        request,
        *("po_number", "packaging", "pallets", "instructions"),
        required=("customer_id", "delivery_method", "delivery_date", "product_id", "quantity", "payment_terms", "accept_terms"),
    )
    with database_of(request).transaction() as connection:
        sale = connection.execute(CREATE, body | {"placed_on": TODAY.isoformat()}).lastrowid or 0
        connection.execute(
            "INSERT INTO sale_line SELECT :sale, id, :quantity, price FROM product WHERE id = :product_id",
            {"sale": sale, "quantity": int(as_number(body["quantity"])), "product_id": body["product_id"]},
        )
    return go(request, f"/orders/{sale}", "The order is placed.")


async def set_status(request: Request) -> Response:
    """Move an order on."""
    order = _order(request)
    body = await read_body(request, "tracking_number", required=("status",))
    database_of(request).write(
        "UPDATE sale SET status = :status, tracking_number = :tracking_number WHERE id = :id", body | {"id": order["id"]}
    )
    return go(request, f"/orders/{order['id']}", "The status is changed.")


async def set_address(request: Request) -> Response:
    """Send an order elsewhere."""
    order = _order(request)
    body = await read_body(request, required=("street", "postal_code", "city"))
    database_of(request).write(
        "UPDATE sale SET street = :street, postal_code = :postal_code, city = :city WHERE id = :id", body | {"id": order["id"]}
    )
    return go(request, f"/orders/{order['id']}", "The delivery address is changed.")


async def cancel(request: Request) -> Response:
    """Cancel an order."""
    order = _order(request)
    database_of(request).write("UPDATE sale SET status = 'cancelled' WHERE id = :id", {"id": order["id"]})
    return go(request, f"/orders/{order['id']}", "The order is cancelled.")


def _asked(request: Request) -> dict[str, str]:
    asked = {name: request.query_params.get(name, "") for name in ("placed_from", "placed_to")}
    return asked | {"status": ",".join(request.query_params.getlist("status"))}


def _order(request: Request) -> Row:
    order = database_of(request).find(ONE, {"id": request.path_params["id"]})
    if order is None:
        raise not_found()
    return order


ROUTES = (
    Route("/orders", show_list),
    Route("/orders", create, methods=["POST"]),
    Route("/orders/new", show_new),
    Route("/orders/export", export),
    Route("/orders/{id:int}", show),
    Route("/orders/{id:int}/status", set_status, methods=["POST"]),
    Route("/orders/{id:int}/address", set_address, methods=["POST"]),
    Route("/orders/{id:int}/cancel", cancel, methods=["POST"]),
)
