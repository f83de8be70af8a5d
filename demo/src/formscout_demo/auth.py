"""Who is signed in: password hashes, sign-ins kept in the database, the guard before every page."""

import hashlib
import hmac
import secrets
from pathlib import Path
from sqlite3 import Row
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from formscout_demo.database import Database, database_of

# Far below what a real application needs: a demo has to start at once.
HASH_ROUNDS = 20_000
OPEN_TO_ALL = ("/sign-in", "/forgot-password", "/static/", "/_demo/")


def hash_password(password: str, salt: str | None = None) -> str:
    """Return `salt$hash`, with a new salt unless one is given."""
    salt = salt or secrets.token_hex(8)
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), HASH_ROUNDS)
    return f"{salt}${digest.hex()}"


def password_fits(password: str, stored: str) -> bool:
    """Whether a password is the one that was hashed."""
    return hmac.compare_digest(hash_password(password, stored.partition("$")[0]), stored)


def session_key(data_dir: Path) -> str:
    """Return the key that signs session cookies, made on first use and kept beside the database."""
    path = data_dir / "session.key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32))
    return path.read_text()


def sign_in(request: Request, user_id: int) -> None:
    """Remember this browser as the user's."""
    token = secrets.token_urlsafe(24)
    database_of(request).write("INSERT INTO signed_in (token, user_id) VALUES (:token, :user_id)", {"token": token, "user_id": user_id})
    request.session["token"] = token


def sign_out(request: Request) -> None:
    """Forget the sign-in in the database too, so that a copy of the cookie is worth nothing afterwards."""
    database_of(request).write("DELETE FROM signed_in WHERE token = :token", {"token": request.session.get("token", "")})
    request.session.clear()


def user_of(request: Request) -> Row:
    """Return the signed-in user of a page behind the guard."""
    user: Row = request.state.user
    return user


class RequireSignIn:
    """Sends whoever is not signed in to the sign-in page, and back afterwards."""

    def __init__(self, app: ASGIApp, database: Database) -> None:
        self.app = app
        self.database = database

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on if its page is open to all or its user is known."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        user = self.database.find(
            "SELECT user.* FROM user JOIN signed_in ON signed_in.user_id = user.id WHERE token = :token",
            {"token": request.session.get("token", "")},
        )
        request.state.user = user
        if user is not None or request.url.path.startswith(OPEN_TO_ALL):
            await self.app(scope, receive, send)
        elif request.url.path.startswith("/api/"):
            await JSONResponse({"error": "Sign in first"}, status_code=401)(scope, receive, send)
        else:
            wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            await RedirectResponse(f"/sign-in?next={quote(wanted)}", status_code=303)(scope, receive, send)
