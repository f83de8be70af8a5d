"""The ticket board: one page that a script draws, and the JSON behind it."""

import json
from sqlite3 import Row

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from formscout_demo.auth import user_of
from formscout_demo.database import database_of
from formscout_demo.pages import not_found, page
from formscout_demo.vocabulary import LANES, PEOPLE, PRIORITIES

CREATE = """
    INSERT INTO ticket (title, lane, priority, assignee, due_on, details, blocked_by)
    VALUES (:title, 'To do', :priority, :assignee, :due_on, :details, :blocked_by)
"""
UPDATE = """
    UPDATE ticket SET title = :title, priority = :priority, assignee = :assignee, due_on = :due_on, details = :details,
        blocked_by = :blocked_by
    WHERE id = :id
"""
WRITABLE = ("title", "priority", "assignee", "due_on", "details", "blocked_by")


async def show(request: Request) -> Response:
    """Show the empty page in which the script draws the board or a ticket, by the address."""
    return page(request, "board.html", lanes=LANES, people=PEOPLE, priorities=PRIORITIES)


async def list_tickets(request: Request) -> JSONResponse:
    """List all tickets."""
    return JSONResponse([dict(row) for row in database_of(request).rows("SELECT * FROM ticket ORDER BY id")])


async def read_ticket(request: Request) -> JSONResponse:
    """Read one ticket with its comments."""
    ticket = _ticket(request)
    comments = database_of(request).rows("SELECT * FROM ticket_comment WHERE ticket_id = :id", {"id": ticket["id"]})
    return JSONResponse(dict(ticket) | {"comments": [dict(row) for row in comments]})


async def create_ticket(request: Request) -> JSONResponse:
    """Add a ticket."""
    return JSONResponse({"id": database_of(request).write(CREATE, await _read(request))}, status_code=201)


async def update_ticket(request: Request) -> JSONResponse:
    """Save a ticket."""
    ticket = _ticket(request)
    database_of(request).write(UPDATE, await _read(request) | {"id": ticket["id"]})
    return JSONResponse({"id": ticket["id"]})


async def delete_ticket(request: Request) -> JSONResponse:
    """Delete a ticket."""
    database_of(request).write("DELETE FROM ticket WHERE id = :id", {"id": _ticket(request)["id"]})
    return JSONResponse({})


async def add_comment(request: Request) -> JSONResponse:
    """Add a comment to a ticket."""
    ticket, user = _ticket(request), user_of(request)
    sent = json.loads(await request.body())
    database_of(request).write(
        "INSERT INTO ticket_comment (ticket_id, body, author) VALUES (:id, :body, :author)",
        {"id": ticket["id"], "body": str(sent.get("body", "")), "author": f"{user['first_name']} {user['last_name']}"},
    )
    return JSONResponse({}, status_code=201)


def _ticket(request: Request) -> Row:
    ticket = database_of(request).find("SELECT * FROM ticket WHERE id = :id", {"id": request.path_params["id"]})
    if ticket is None:
        raise not_found()
    return ticket


async def _read(request: Request) -> dict[str, str]:
    sent = json.loads(await request.body())
    return {name: str(sent.get(name, "")) for name in WRITABLE}


ROUTES = (
    Route("/board", show),
    Route("/board/tickets/new", show),
    Route("/board/tickets/{id:int}", show),
    Route("/api/tickets", list_tickets),
    Route("/api/tickets", create_ticket, methods=["POST"]),
    Route("/api/tickets/{id:int}", read_ticket),
    Route("/api/tickets/{id:int}", update_ticket, methods=["PUT"]),
    Route("/api/tickets/{id:int}", delete_ticket, methods=["DELETE"]),
    Route("/api/tickets/{id:int}/comments", add_comment, methods=["POST"]),
)
