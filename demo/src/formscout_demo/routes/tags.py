"""Tags for customers."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from formscout_demo.bodies import read_body
from formscout_demo.database import database_of
from formscout_demo.pages import go


async def create(request: Request) -> Response:
    """Add a tag."""
    body = await read_body(request, "color", "description", required=("tag_name",))
    database_of(request).write("INSERT INTO tag (name, color) VALUES (:tag_name, :color)", body)
    return go(request, "/customers", f"The tag “{body['tag_name']}” is there.")


ROUTES = (Route("/tags", create, methods=["POST"]),)
