"""What the gate answers in a server's place."""

import json
from typing import Final

import h11

TOLD_BY: Final = "X-Formscout-Gate"
"""The header by which the tab learns that an answer is the gate's, and why; a server's own header of that name is taken out."""

HELD_BACK: Final = "held-back"

HOP_BY_HOP: Final = frozenset(
    {
        b"connection", b"keep-alive", b"proxy-connection", b"proxy-authenticate", b"proxy-authorization", b"te", b"trailer",
        b"transfer-encoding", b"upgrade", TOLD_BY.lower().encode(),
    }
)  # fmt: skip
"""RFC 9110 §7.6.1: what is said to the next one on the way only."""

Headers = list[tuple[bytes, bytes]]


def end_to_end(headers: Headers, *, also: frozenset[bytes] = frozenset()) -> Headers:
    """Return the headers that go on, but for those that the message itself names as meant for us, and `also`."""
    named = {word.strip().lower() for name, value in headers if name.lower() == b"connection" for word in value.split(b",")}
    return [(name, value) for name, value in headers if name.lower() not in HOP_BY_HOP | named | also]


def held_back(request: h11.Request) -> list[h11.Event]:
    """Return a 403 that scripts of any origin may read, as if the server had refused; a navigation gets a 204, which leaves the page.

    A network error would feed the queues of applications that send again later; a 401 would sign them out.
    """
    given = dict(request.headers)
    origin = given.get(b"origin", b"*")
    headers: Headers = [
        (b"Access-Control-Allow-Origin", origin),
        (b"Access-Control-Allow-Credentials", b"true"),
        (b"Access-Control-Allow-Methods", b"*"),
        (b"Access-Control-Allow-Headers", b"*"),
        (b"Cache-Control", b"no-store"),
        (TOLD_BY.encode(), HELD_BACK.encode()),
    ]
    if _navigates(given):
        return [h11.Response(status_code=204, headers=headers), h11.EndOfMessage()]
    return _with_body(403, headers, "held back: only reading is allowed here")


def failed(trouble: str, message: str) -> list[h11.Event]:
    """Return why a server could not be asked."""
    return _with_body(502, [(b"Cache-Control", b"no-store"), (TOLD_BY.encode(), trouble.encode())], message)


def _navigates(headers: dict[bytes, bytes]) -> bool:
    """Tell whether a request is for a document; plain http origins do not get the header that says so."""
    mode = headers.get(b"sec-fetch-mode")
    return mode == b"navigate" if mode is not None else headers.get(b"upgrade-insecure-requests") == b"1"


def _with_body(status: int, headers: Headers, error: str) -> list[h11.Event]:
    body = json.dumps({"error": error}).encode()
    told = [*headers, (b"Content-Type", b"application/json"), (b"Content-Length", str(len(body)).encode())]
    return [h11.Response(status_code=status, headers=told), h11.Data(data=body), h11.EndOfMessage()]
