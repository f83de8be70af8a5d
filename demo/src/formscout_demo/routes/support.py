"""Support: a form that stands in a frame of its own."""

import json

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from formscout_demo.bodies import read_body
from formscout_demo.database import database_of
from formscout_demo.pages import go, page
from formscout_demo.vocabulary import SUPPORT_TOPICS


async def show(request: Request) -> Response:
    """Show the page around the frame."""
    return page(request, "support.html")


async def show_form(request: Request) -> Response:
    """Show what stands in the frame."""
    return page(request, "support_form.html", topics=SUPPORT_TOPICS)


async def send(request: Request) -> Response:
    """Keep a message to support."""
    body = await read_body(request, "reply_to", "attachment", "urgency", required=("topic", "subject", "message"))
    database_of(request).write("INSERT INTO inbox (kind, content) VALUES ('support', :content)", {"content": json.dumps(body)})
    return go(request, "/support/form", "Thank you. We answer within a working day.")


ROUTES = (
    Route("/support", show),
    Route("/support/form", show_form),
    Route("/support/form", send, methods=["POST"]),
)
