"""The application's addresses, one module a noun."""

from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from formscout_demo.pages import STATIC_FILES
from formscout_demo.routes import (
    account,
    board,
    customers,
    dashboard,
    demo,
    help_articles,
    orders,
    products,
    search,
    settings,
    sign_in,
    suppliers,
    support,
    tags,
)


def all_routes() -> list[BaseRoute]:
    """Return every route of the application."""
    modules = (
        account, board, customers, dashboard, demo, help_articles, orders, products, search, settings, sign_in, suppliers,
        support, tags,
    )  # fmt: skip
    static = Mount("/static", StaticFiles(directory=str(STATIC_FILES)), name="static")
    return [static, *(route for module in modules for route in module.ROUTES)]
