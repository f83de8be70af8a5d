"""The signed-in user's own profile and password."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from formscout_demo import auth
from formscout_demo.bodies import read_body
from formscout_demo.database import database_of
from formscout_demo.pages import go, page
from formscout_demo.vocabulary import TIMEZONES


async def show_profile(request: Request) -> Response:
    """Show the profile form."""
    return page(request, "profile.html", timezones=TIMEZONES)


async def save_profile(request: Request) -> Response:
    """Save the profile."""
    body = await read_body(request, "job_title", "phone", "timezone", "signature", required=("first_name", "last_name"))
    database_of(request).write(
        "UPDATE user SET first_name = :first_name, last_name = :last_name, job_title = :job_title, phone = :phone,"
        " timezone = :timezone, signature = :signature WHERE id = :id",
        body | {"id": auth.user_of(request)["id"]},
    )
    return go(request, "/account/profile", "Your profile is saved.")


async def show_password(request: Request) -> Response:
    """Show the form for a new password."""
    return page(request, "password.html")


async def save_password(request: Request) -> Response:
    """Change the password when the present one is right and the new one was typed twice alike."""
    user = auth.user_of(request)
    body = await read_body(request, required=("current_password", "new_password", "repeat_password"))
    if not auth.password_fits(body["current_password"], user["password"]):
        raise HTTPException(422, "That is not your present password.")
    if body["new_password"] != body["repeat_password"]:
        raise HTTPException(422, "The two new passwords differ.")
    database_of(request).write(
        "UPDATE user SET password = :password WHERE id = :id",
        {"password": auth.hash_password(body["new_password"]), "id": user["id"]},
    )
    return go(request, "/account/password", "Your password is changed.")


ROUTES = (
    Route("/account/profile", show_profile),
    Route("/account/profile", save_profile, methods=["POST"]),
    Route("/account/password", show_password),
    Route("/account/password", save_password, methods=["POST"]),
)
