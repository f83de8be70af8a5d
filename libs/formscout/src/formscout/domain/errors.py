"""The tree of errors that Formscout raises, each with a stable code and a sentence that says what to do."""

from collections.abc import Mapping
from typing import ClassVar


class FormscoutError(Exception):
    """The root; `code` is stable and documented, the message says what happened and what to do."""

    code: ClassVar[str] = "internal"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidInputError(FormscoutError):
    """What was sent cannot be taken as it is."""

    code = "invalid_input"


class NetworkWithoutAddressError(InvalidInputError):
    """A discovery was asked for a network that nobody gave an address yet."""

    code = "network_without_address"


class AddressRefusedError(InvalidInputError):
    """An address leads where nothing of ours may connect to."""

    code = "address_refused"


class NotFoundError(FormscoutError):
    """No such thing, or it is another company's: the two are never told apart."""

    code = "not_found"

    def __init__(self, noun: str, key: object) -> None:
        super().__init__(f"There is no {noun} {key} here; check the id and the company that the key belongs to.")
        self.noun = noun
        self.key = key


class ConflictError(FormscoutError):
    """It contradicts what is already there."""

    code = "conflict"


class UnauthenticatedError(FormscoutError):
    """No key, or one that is unknown or revoked."""

    code = "unauthenticated"


class ForbiddenError(FormscoutError):
    """The key is good, its role does not allow this."""

    code = "forbidden"


class IdempotencyKeyReusedError(FormscoutError):
    """The key of an earlier request came with another one."""

    code = "idempotency_key_reused"


class OverloadedError(FormscoutError):
    """More work waits than the installation admits; `retry_after` is in seconds."""

    code = "overloaded"

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class QuotaExceededError(FormscoutError):
    """A company asked for more than its quota; `retry_after` is in seconds, `headers` say how the quota stands."""

    code = "quota_exceeded"

    def __init__(self, message: str, *, retry_after: int, headers: Mapping[str, str]) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.headers = headers


class TooManyFollowersError(FormscoutError):
    """A user follows as many discoveries at once as one process lets it."""

    code = "too_many_followers"


class BudgetExhaustedError(FormscoutError):
    """The month's budget does not cover the upper bound of what was asked."""

    code = "budget_exhausted"


class UnknownModelError(InvalidInputError):
    """A model has no price, or none on that day: it is refused, never free."""

    code = "unknown_model"


class LeaseLostError(FormscoutError):
    """Another worker holds the job now: stop at once and write nothing more."""

    code = "lease_lost"


class SchemaOutdatedError(FormscoutError):
    """The database's schema is not the one this release works on."""

    code = "schema_outdated"


class SchemaNewerError(FormscoutError):
    """The database's schema is of a newer release, and this one was asked to set it."""

    code = "schema_newer"


class SnapshotDamagedError(FormscoutError):
    """A stored snapshot does not match its checksum or cannot be read."""

    code = "snapshot_damaged"


class SecretUnreadableError(FormscoutError):
    """A sealed secret does not open: its key is not here, or it was changed."""

    code = "secret_unreadable"


class StoreUnavailableError(FormscoutError):
    """A store cannot be reached at the moment; nothing was done."""

    code = "store_unavailable"


class SettingsError(FormscoutError):
    """A setting is missing or contradicts another."""

    code = "settings"


class PlatformError(FormscoutError):
    """The embedded platform, or the platform that a command talks to, cannot do it; the message says what to do."""

    code = "platform"


class CrawlError(FormscoutError):
    """A crawl session as a whole cannot go on; `reason` is one of `domain.crawls.FailureReason`'s values."""

    code = "crawl_failed"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
