"""Decides from the head of a response whether it is a page to load."""

from collections.abc import Mapping
from typing import Final

from formscout.domain.pages import VisitOutcome
from formscout_discovery.browser.traffic import Doom

MAX_DOCUMENT_BYTES: Final = 20 * 1024 * 1024
"""A larger document is no page that a person reads; loading it would cost ten times as much memory."""

PAGE_TYPES: Final = frozenset({"text/html", "application/xhtml+xml"})

FILE_TYPES: Final = (
    "application/octet-stream",
    "application/zip",
    "application/x-",
    "application/vnd.",
    "application/pdf",
    "application/msword",
    "text/csv",
)
"""Types that a browser saves or hands to another program."""

TOO_LARGE_SENTENCE: Final = f"The document is larger than {MAX_DOCUMENT_BYTES // (1024 * 1024)} MB."

_NO_CONTENT: Final = frozenset({204, 205})
_FIRST_ERROR: Final = 400
_REDIRECTS: Final = range(300, 400)


def refusal_of_response(status: int, headers: Mapping[str, str]) -> Doom | None:
    """Return why a main document should not be loaded, or None; header names in lower case."""
    if status in _REDIRECTS:
        return None
    if status in _NO_CONTENT:
        return Doom(outcome=VisitOutcome.NOT_A_PAGE, sentence="The server answered without content.")
    if headers.get("content-disposition", "").strip().lower().startswith("attachment"):
        return Doom(outcome=VisitOutcome.DOWNLOAD, sentence="The address is a file to save.")
    length = headers.get("content-length", "")
    if length.isdigit() and int(length) > MAX_DOCUMENT_BYTES:
        return Doom(outcome=VisitOutcome.TOO_LARGE, sentence=TOO_LARGE_SENTENCE)
    # What an error says of itself in another format is still an error, and told as one.
    return None if status >= _FIRST_ERROR else _refusal_of_type(headers.get("content-type", ""))


def _refusal_of_type(content_type: str) -> Doom | None:
    kind = content_type.split(";", 1)[0].strip().lower()
    if not kind or kind in PAGE_TYPES:
        return None
    if kind.startswith(FILE_TYPES):
        return Doom(outcome=VisitOutcome.DOWNLOAD, sentence=f"The address is a file of type {kind}.")
    return Doom(outcome=VisitOutcome.NOT_A_PAGE, sentence=f"The address is of type {kind}, not a page.")
