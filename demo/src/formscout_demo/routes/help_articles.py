"""Help articles, with the newsletter at their foot."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from formscout_demo.bodies import read_body
from formscout_demo.database import database_of
from formscout_demo.pages import go, not_found, page
from formscout_demo.vocabulary import ARTICLES


async def show_list(request: Request) -> Response:
    """List the articles."""
    return page(request, "help.html", articles=ARTICLES)


async def show(request: Request) -> Response:
    """Show an article."""
    article = ARTICLES.get(request.path_params["slug"])
    if article is None:
        raise not_found()
    return page(request, "help_article.html", title=article[0], text=article[1])


async def subscribe(request: Request) -> Response:
    """Add an address to the newsletter."""
    body = await read_body(request, required=("newsletter_email",))
    database_of(request).write("INSERT INTO inbox (kind, content) VALUES ('newsletter', :newsletter_email)", body)
    return go(request, "/help", "You are on the list.")


ROUTES = (
    Route("/help", show_list),
    Route("/help/newsletter", subscribe, methods=["POST"]),
    Route("/help/{slug}", show),
)
