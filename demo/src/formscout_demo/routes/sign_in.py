"""Signing in and out, and the way back in without a password."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from formscout_demo import auth
from formscout_demo.bodies import read_body
from formscout_demo.database import database_of
from formscout_demo.pages import go, page


async def show_sign_in(request: Request) -> Response:
    """Show the sign-in form."""
    return page(request, "sign_in.html", next=request.query_params.get("next", "/"), error="")


async def sign_in(request: Request) -> Response:
    """Sign a user in and show the page that was asked for first."""
    body = await read_body(request, "email", "password", "next")
    wanted = body["next"] if _is_own_address(body["next"]) else "/"
    user = database_of(request).find("SELECT * FROM user WHERE email = :email", {"email": body["email"].strip().lower()})
    if user is None or not auth.password_fits(body["password"], user["password"]):
        return page(request, "sign_in.html", status=401, next=wanted, error="That e-mail address and password do not match.")
    auth.sign_in(request, user["id"])
    return go(request, wanted)


async def sign_out(request: Request) -> Response:
    """Sign the user out; a plain link, as in many applications, that a crawler must not follow."""
    auth.sign_out(request)
    return go(request, "/sign-in", "You have signed out.")


async def show_recovery(request: Request) -> Response:
    """Show the form that asks for a new password."""
    return page(request, "forgot_password.html")


async def recover(request: Request) -> Response:
    """Promise an e-mail, whether or not the address is known."""
    await read_body(request, required=("email",))
    return go(request, "/forgot-password", "If we know that address, a link is on its way to it.")


def _is_own_address(address: str) -> bool:
    return address.startswith("/") and not address.startswith(("//", "/\\"))


ROUTES = (
    Route("/sign-in", show_sign_in),
    Route("/sign-in", sign_in, methods=["POST"]),
    Route("/sign-out", sign_out),
    Route("/forgot-password", show_recovery),
    Route("/forgot-password", recover, methods=["POST"]),
)
