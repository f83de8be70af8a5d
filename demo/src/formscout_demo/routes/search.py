"""Search over customers, orders and products."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from formscout_demo.database import database_of
from formscout_demo.pages import page

FIND = """
    SELECT * FROM (
        SELECT 'customers' AS kind, '/customers/' || id AS address, name AS title, city AS detail, status FROM customer
        UNION ALL SELECT 'orders', '/orders/' || sale.id, 'Order ' || sale.id, customer.name, sale.status
            FROM sale JOIN customer ON customer.id = customer_id
        UNION ALL SELECT 'products', '/products/' || id, name, sku, '' FROM product
    )
    WHERE :q <> '' AND (title LIKE '%' || :q || '%' OR detail LIKE '%' || :q || '%')
        AND (:kind = '' OR kind = :kind) AND (:archived <> '' OR status <> 'archived')
    LIMIT 50
"""
KINDS = {"": "Everything", "customers": "Customers", "orders": "Orders", "products": "Products"}


async def show(request: Request) -> Response:
    """Show what was found, and a form to narrow it down."""
    asked = {name: request.query_params.get(name, "") for name in ("q", "kind", "archived")}
    return page(request, "search.html", asked=asked, kinds=KINDS, found=database_of(request).rows(FIND, asked))


ROUTES = (Route("/search", show),)
