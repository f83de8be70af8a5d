"""Settings of the business, a tab and a form for each section."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from formscout_demo.bodies import read_body
from formscout_demo.database import database_of
from formscout_demo.pages import go, not_found, page
from formscout_demo.seeding import seed
from formscout_demo.vocabulary import MONTHS

SECTIONS = {
    "company": ("company_name", "email", "phone", "website", "currency", "year_starts", "logo"),
    "notifications": ("events", "digest", "quiet_from", "quiet_to", "by_text_message", "mobile"),
    "appearance": ("theme", "accent", "density", "date_format"),
}
EVENTS = {"order": "New order", "stock": "Low stock", "payment": "Late payment", "ticket": "Ticket assigned to me"}


async def show(request: Request) -> Response:
    """Show all sections, one at a time."""
    rows = database_of(request).rows("SELECT * FROM setting")
    values = {section: {row["name"]: row["value"] for row in rows if row["section"] == section} for section in SECTIONS}
    return page(request, "settings.html", values=values, events=EVENTS, months=MONTHS)


async def save(request: Request) -> Response:
    """Save a section."""
    section = request.path_params["section"]
    if section not in SECTIONS:
        raise not_found()
    body = await read_body(request, *SECTIONS[section])
    with database_of(request).transaction() as connection:
        connection.executemany("INSERT OR REPLACE INTO setting VALUES (?, ?, ?)", [(section, name, value) for name, value in body.items()])
    return go(request, "/settings", "The settings are saved.")


async def reset(request: Request) -> Response:
    """Put the sample data back; this signs everyone out."""
    seed(database_of(request))
    return go(request, "/sign-in", "The demo data is as it was.")


ROUTES = (
    Route("/settings", show),
    Route("/settings/reset", reset, methods=["POST"]),
    Route("/settings/{section}", save, methods=["POST"]),
)
