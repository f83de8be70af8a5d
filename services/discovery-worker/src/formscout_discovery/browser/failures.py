"""Translates what the browser says of a failed navigation into outcomes."""

from typing import Final

from formscout.domain.pages import VisitOutcome
from formscout_discovery.browser.traffic import Doom
from formscout_discovery.gate.upstream import Trouble

_BY_CODE: Final = (
    ("ERR_NAME_NOT_RESOLVED", VisitOutcome.ADDRESS_UNRESOLVED, "The host's name does not resolve."),
    ("ERR_PROXY_CONNECTION_FAILED", VisitOutcome.CRASHED, "The gate between browser and network is gone."),
    ("ERR_CERT_", VisitOutcome.CERTIFICATE_INVALID, "The server's certificate could not be verified."),
    ("ERR_SSL_", VisitOutcome.CERTIFICATE_INVALID, "No secure connection could be made."),
    ("ERR_TIMED_OUT", VisitOutcome.TIMEOUT, "The server did not answer in time."),
    ("ERR_CONNECTION_TIMED_OUT", VisitOutcome.TIMEOUT, "The server did not answer in time."),
    ("Timeout", VisitOutcome.TIMEOUT, "The server did not answer in time."),
    ("ERR_CONNECTION_", VisitOutcome.UNREACHABLE, "The connection was refused or reset."),
    ("ERR_ADDRESS_", VisitOutcome.UNREACHABLE, "The address cannot be reached."),
    ("ERR_EMPTY_RESPONSE", VisitOutcome.UNREACHABLE, "The server closed the connection without an answer."),
    ("ERR_SOCKET", VisitOutcome.UNREACHABLE, "The connection failed."),
    ("ERR_NETWORK_", VisitOutcome.UNREACHABLE, "The network changed or is down."),
    ("ERR_INTERNET_DISCONNECTED", VisitOutcome.UNREACHABLE, "There is no network."),
    ("ERR_UNSAFE_PORT", VisitOutcome.ADDRESS_REFUSED, "The browser refuses this port."),
    ("ERR_TOO_MANY_REDIRECTS", VisitOutcome.ERROR, "It redirects without end."),
    ("ERR_INVALID_RESPONSE", VisitOutcome.UNREACHABLE, "The server's answer is no HTTP."),
    ("ERR_HTTP2", VisitOutcome.UNREACHABLE, "The server broke the protocol."),
    ("ERR_INVALID_HTTP_RESPONSE", VisitOutcome.UNREACHABLE, "The server's answer is no HTTP."),
    ("Download is starting", VisitOutcome.DOWNLOAD, "The address is a file to save."),
    ("crashed", VisitOutcome.CRASHED, "The tab's renderer died."),
    ("has been closed", VisitOutcome.CRASHED, "The tab was closed."),
)

LONGEST_SENTENCE: Final = 200

_BY_TROUBLE: Final = {
    Trouble.REFUSED: (VisitOutcome.ADDRESS_REFUSED, "The outbound guard refuses where it leads."),
    Trouble.UNRESOLVED: (VisitOutcome.ADDRESS_UNRESOLVED, "The host's name does not resolve."),
    Trouble.UNREACHABLE: (VisitOutcome.UNREACHABLE, "The connection was refused or reset."),
    Trouble.TIMEOUT: (VisitOutcome.TIMEOUT, "The server did not answer in time."),
    Trouble.INSECURE: (VisitOutcome.CERTIFICATE_INVALID, "The server's certificate could not be verified."),
    Trouble.INVALID: (VisitOutcome.UNREACHABLE, "The server's answer is no HTTP."),
}


def doom_of_trouble(told: str) -> Doom | None:
    """Return what the gate says of a server that it could not ask; None when it says nothing of the kind."""
    if told not in _BY_TROUBLE:
        return None
    outcome, sentence = _BY_TROUBLE[Trouble(told)]
    return Doom(outcome=outcome, sentence=sentence)


def doom_of(message: str) -> Doom:
    """Return the outcome that an error message of the browser means; first match counts, so longer codes stand first."""
    for code, outcome, sentence in _BY_CODE:
        if code in message:
            return Doom(outcome=outcome, sentence=sentence)
    first_line = message.strip().splitlines()[0] if message.strip() else "unknown"
    return Doom(outcome=VisitOutcome.ERROR, sentence=f"The page could not be opened: {first_line[:LONGEST_SENTENCE]}")
