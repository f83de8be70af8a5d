"""The first page after signing in."""

import json

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from formscout_demo.bodies import read_body
from formscout_demo.database import database_of
from formscout_demo.pages import page
from formscout_demo.vocabulary import ORDER_STATUSES

FIGURES = """
    SELECT (SELECT count(*) FROM customer WHERE status = 'active') AS customers,
           (SELECT count(*) FROM sale WHERE status IN ('new', 'packed')) AS open_orders,
           (SELECT count(*) FROM product WHERE stock < 5) AS low_stock,
           (SELECT sum(quantity * price) FROM sale_line) AS turnover
"""
LATEST_ORDERS = """
    SELECT sale.*, customer.name AS customer, (SELECT sum(quantity * price) FROM sale_line WHERE sale_id = sale.id) AS total
    FROM sale JOIN customer ON customer.id = customer_id ORDER BY placed_on DESC, sale.id DESC LIMIT 6
"""
MONTHS = """
    SELECT substr(placed_on, 1, 7) AS month, sum(quantity * price) AS turnover
    FROM sale JOIN sale_line ON sale_id = sale.id GROUP BY month ORDER BY month DESC LIMIT 6
"""


async def show(request: Request) -> Response:
    """Show how the business is doing."""
    database = database_of(request)
    months = database.rows(MONTHS)[::-1]
    return page(
        request,
        "dashboard.html",
        figures=database.row(FIGURES),
        orders=database.rows(LATEST_ORDERS),
        months=months,
        best=max((month["turnover"] for month in months), default=1),
        statuses=ORDER_STATUSES,
        scarce=database.rows("SELECT * FROM product WHERE stock < 5 ORDER BY stock, name LIMIT 5"),
    )


async def take_feedback(request: Request) -> JSONResponse:
    """Keep what was said in the feedback box."""
    body = await read_body(request, "comment", required=("rating",))
    database_of(request).write("INSERT INTO inbox (kind, content) VALUES ('feedback', :content)", {"content": json.dumps(body)})
    return JSONResponse({"message": "Thank you!"})


ROUTES = (Route("/", show), Route("/feedback", take_feedback, methods=["POST"]))
