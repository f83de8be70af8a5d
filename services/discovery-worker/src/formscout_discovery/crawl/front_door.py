"""What the application's first address must give: an answer; else the session as a whole cannot go on."""

from typing import Final

from formscout.domain.crawls import FailureReason
from formscout.domain.errors import CrawlError
from formscout.domain.pages import VisitOutcome

FATAL: Final = {
    VisitOutcome.UNREACHABLE: FailureReason.UNREACHABLE,
    VisitOutcome.TIMEOUT: FailureReason.UNREACHABLE,
    VisitOutcome.ADDRESS_UNRESOLVED: FailureReason.ADDRESS_UNRESOLVED,
    VisitOutcome.ADDRESS_REFUSED: FailureReason.ADDRESS_REFUSED,
    VisitOutcome.CERTIFICATE_INVALID: FailureReason.CERTIFICATE_INVALID,
}


def require_answer(address: str, outcome: VisitOutcome, sentence: str) -> None:
    """Raise `CrawlError` when opening the address ended in a way that no other page will mend."""
    if outcome in FATAL:
        raise CrawlError(FATAL[outcome], f"{address}: {sentence or 'It did not open.'}")


def outcome_of(error: CrawlError) -> VisitOutcome:
    """Return how the visit to the first address ended, when the session failed on the way in."""
    return next((outcome for outcome, reason in FATAL.items() if reason == error.reason), VisitOutcome.SIGNED_OUT)
