"""Products: a form whose choices and fields depend on each other, and a stock count."""

from sqlite3 import Row

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from formscout_demo.bodies import as_number, read_body
from formscout_demo.database import Value, database_of
from formscout_demo.pages import Paging, go, not_found, page
from formscout_demo.vocabulary import CATEGORIES, STOCK_REASONS, STORAGE

FILTER = """
    FROM product
    WHERE (:name = '' OR name LIKE '%' || :name || '%') AND (:category = '' OR category = :category)
        AND (:availability = '' OR (:availability = 'in' AND stock > 0) OR (:availability = 'out' AND stock = 0))
"""
COUNT = f"SELECT count(*) AS total {FILTER}"
LIST = f"SELECT * {FILTER} ORDER BY sku LIMIT :size OFFSET :offset"
CREATE = """
    INSERT INTO product (sku, name, category, subcategory, storage, expiry_date, un_number, price, stock, supplier_id, description)
    VALUES (:sku, :name, :category, :subcategory, :storage, :expiry_date, :un_number, :price, :stock, :supplier_id, :description)
"""
UPDATE = """
    UPDATE product SET sku = :sku, name = :name, category = :category, subcategory = :subcategory, storage = :storage,
        expiry_date = :expiry_date, un_number = :un_number, price = :price, stock = :stock, supplier_id = :supplier_id,
        description = :description
    WHERE id = :id
"""
AVAILABILITY = {"": "All", "in": "In stock", "out": "Sold out"}


async def show_list(request: Request) -> Response:
    """Show a page of the products that pass the filter."""
    asked = {name: request.query_params.get(name, "") for name in ("name", "category", "availability")}
    database = database_of(request)
    paging = Paging(request, database.row(COUNT, asked)["total"], size=20)
    return page(
        request,
        "products.html",
        asked=asked,
        paging=paging,
        products=database.rows(LIST, asked | {"size": paging.size, "offset": paging.offset}),
        categories=CATEGORIES,
        availability=AVAILABILITY,
    )


async def show(request: Request) -> Response:
    """Show a product and its stock."""
    product = _product(request)
    database = database_of(request)
    return page(
        request,
        "product.html",
        product=product,
        supplier=database.find("SELECT * FROM supplier WHERE id = :id", {"id": product["supplier_id"]}),
        changes=database.rows("SELECT * FROM stock_change WHERE product_id = :id ORDER BY id DESC", {"id": product["id"]}),
        reasons=STOCK_REASONS,
        storage=STORAGE,
    )


async def show_new(request: Request) -> Response:
    """Show the empty product form."""
    return _form(request, {"storage": "durable"})


async def show_edit(request: Request) -> Response:
    """Show the product form, filled in."""
    return _form(request, _product(request))


async def create(request: Request) -> Response:
    """Add a product."""
    key = database_of(request).write(CREATE, await _read(request))
    return go(request, f"/products/{key}", "The product is added.")


async def update(request: Request) -> Response:
    """Save a product."""
    product = _product(request)
    database_of(request).write(UPDATE, await _read(request) | {"id": product["id"]})
    return go(request, f"/products/{product['id']}", "The product is saved.")


async def adjust_stock(request: Request) -> Response:
    """Add to a product's stock, or take away from it."""
    product = _product(request)
    body = await read_body(request, "comment", required=("quantity", "reason"))
    change = {"id": product["id"], "quantity": int(as_number(body["quantity"]))}
    with database_of(request).transaction() as connection:
        connection.execute("UPDATE product SET stock = max(0, stock + :quantity) WHERE id = :id", change)
        connection.execute(
            "INSERT INTO stock_change (product_id, quantity, reason, comment) VALUES (:id, :quantity, :reason, :comment)",
            body | change,
        )
    return go(request, f"/products/{product['id']}", "The stock is adjusted.")


async def delete(request: Request) -> Response:
    """Delete a product."""
    product = _product(request)
    database_of(request).write("DELETE FROM product WHERE id = :id", {"id": product["id"]})
    return go(request, "/products", f"{product['name']} is deleted.")


def _product(request: Request) -> Row:
    product = database_of(request).find("SELECT * FROM product WHERE id = :id", {"id": request.path_params["id"]})
    if product is None:
        raise not_found()
    return product


def _form(request: Request, product: Row | dict[str, str]) -> Response:
    suppliers = database_of(request).rows("SELECT id, name FROM supplier ORDER BY name")
    return page(request, "product_form.html", product=product, suppliers=suppliers, categories=CATEGORIES, storage=STORAGE)


async def _read(request: Request) -> dict[str, Value]:
    body = await read_body(
        request,
        *("storage", "expiry_date", "un_number", "stock", "supplier_id", "description"),
        required=("sku", "name", "category", "subcategory", "price"),
    )
    return body | {"price": as_number(body["price"]), "stock": int(as_number(body["stock"]))}


ROUTES = (
    Route("/products", show_list),
    Route("/products", create, methods=["POST"]),
    Route("/products/new", show_new),
    Route("/products/{id:int}", show),
    Route("/products/{id:int}", update, methods=["POST"]),
    Route("/products/{id:int}/edit", show_edit),
    Route("/products/{id:int}/stock", adjust_stock, methods=["POST"]),
    Route("/products/{id:int}/delete", delete, methods=["POST"]),
)
