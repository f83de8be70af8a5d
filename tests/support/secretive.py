"""A small application that is full of secrets: what must come into no log line and no span."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import parse_qs, urlsplit

PASSWORD: Final = "canary-of-the-password"
IN_QUERY: Final = "canary-of-the-query"
IN_PAGE: Final = "canary-of-the-page"
IN_COOKIE: Final = "canary-of-the-cookie"
SECRETS: Final = (PASSWORD, IN_QUERY, IN_PAGE, IN_COOKIE)

FORM_PAGES: Final = 3
"""The sign-in, the contact form, and the one behind a token."""

_SIGN_IN: Final = """<h1>Sign in</h1><form method="post" action="/sign-in"><label>E-mail <input name="email" type="email"></label>
<label>Password <input name="password" type="password"></label><button>Sign in</button></form>"""
_HOME: Final = f"""<h1>Welcome</h1><p>Your key is {IN_PAGE}.</p><a href="/contact">Contact</a>
<a href="/share?token={IN_QUERY}">Share</a> <a href="/broken?token={IN_QUERY}">Broken</a>"""
_CONTACT: Final = f"""<h1>Contact</h1><form method="post"><input type="hidden" name="csrf" value="{IN_PAGE}">
<label>Subject <input name="subject" value="{IN_PAGE}"></label><button>Send</button></form>"""
_SHARE: Final = f"""<h1>Share</h1><form method="post" action="/share?token={IN_QUERY}"><label>With whom <input name="friend"></label>
<button>Share</button></form>"""
_PAGES: Final = {"/": _HOME, "/contact": _CONTACT, "/share": _SHARE}


@contextmanager
def running_secretive() -> Iterator[str]:
    """Serve it on a free port of the loopback and yield its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="secretive")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Show a page to whoever is signed in, else the way in."""
        path = urlsplit(self.path).path
        if path == "/broken":
            self.close_connection = True  # nothing comes: the browser says so, with the address
            return
        if f"session={IN_COOKIE}" not in self.headers.get("Cookie", ""):
            self._answer(200, _SIGN_IN)
        else:
            self._answer(200 if path in _PAGES else 404, _PAGES.get(path, "<h1>Not here</h1>"))

    def do_POST(self) -> None:
        """Let in who knows the password."""
        given = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if urlsplit(self.path).path == "/sign-in" and given.get("password") == [PASSWORD]:
            self._answer(303, "", Location="/", **{"Set-Cookie": f"session={IN_COOKIE}; Path=/"})
        else:
            self._answer(403, "<h1>No</h1>")

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, status: int, body: str, **headers: str) -> None:
        page = f"<!doctype html><html lang=en><title>Secretive</title><body>{body}</body></html>".encode()
        self.send_response(status)
        for name, value in {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(page)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(page)
