"""Work that is done once for each `Idempotency-Key`: its answer is kept in the transaction that does it, and given again."""

from collections.abc import Awaitable, Callable

from formscout.domain.answers import LONGEST_KEY, Answer
from formscout.domain.companies import Caller
from formscout.domain.errors import IdempotencyKeyReusedError, InvalidInputError
from formscout.security.encryption import KeyRing
from formscout.storage.database import Database
from formscout.storage.idempotency import IdempotencyStore
from formscout.usecases.unit_of_work import unit_of_work


class _RefusedError(Exception):
    """Carries a refusal out of the transaction, which is rolled back by it: the key is free again."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


async def answer_once(
    database: Database,
    keys: KeyRing,
    caller: Caller,
    *,
    key: str,
    fingerprint: bytes,
    work: Callable[[Database], Awaitable[Answer]],
) -> tuple[Answer, bool]:
    """Do the work on one transaction and keep its answer; or return the answer that was kept, and True.

    `work` gets a database on which every transaction is part of this one. A request with the same key that comes meanwhile waits.
    Raises `IdempotencyKeyReusedError` when the key stands for another request, and whatever the work raises; then nothing is kept.
    """
    purpose = f"idempotency:{caller.user_id}:{key}"
    try:
        async with database.begin() as connection:
            store = IdempotencyStore(connection)
            if not await store.claim(caller.user_id, key, fingerprint=fingerprint):
                kept = await store.find(caller.user_id, key)
                if kept.fingerprint != fingerprint:
                    raise IdempotencyKeyReusedError(
                        "This Idempotency-Key was sent before with another request. Use a new key for a new request, "
                        "or send the first request again as it was to get its answer.",
                    )
                return Answer(status=kept.status, headers=kept.headers, body=keys.open(kept.body, purpose=purpose)), True
            answer = await work(database.joined(connection))
            if answer.is_refusal:
                raise _RefusedError(answer)  # noqa: TRY301 (it is what rolls the transaction back)
            sealed = keys.seal(answer.body, purpose=purpose)
            await store.keep(caller.user_id, key, status=answer.status, headers=answer.headers, body=sealed)
    except _RefusedError as refused:
        return refused.answer, False
    return answer, False


def require_key(sent: list[str]) -> str:
    """Return the one key that a request's headers carry; raise `InvalidInputError` that says what a key looks like."""
    hint = "Send one Idempotency-Key for each request that you make, a UUID for example, and the same one when you try that request again."
    if len(sent) != 1:
        raise InvalidInputError(f"The request has {len(sent)} Idempotency-Key headers. {hint}")
    key = sent[0]
    if not key.strip():
        raise InvalidInputError(f"The Idempotency-Key is empty. {hint}")
    if len(key) > LONGEST_KEY:
        raise InvalidInputError(f"The Idempotency-Key has {len(key)} characters, {LONGEST_KEY} are taken. {hint}")
    if not (key.isascii() and key.isprintable()):
        raise InvalidInputError(f"The Idempotency-Key has characters other than printable ASCII. {hint}")
    return key


async def forget_answers(database: Database) -> int:
    """Forget a batch of answers whose time is over; returns how many."""
    async with unit_of_work(database) as work:
        return await work.idempotency.drop_expired()
