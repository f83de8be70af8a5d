"""Answers that are given once: what a request with an `Idempotency-Key` led to, and how long that is remembered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

REMEMBERED_HOURS: Final = 24
"""How long the answer to an `Idempotency-Key` is given again; a client that tries for longer has given up, or is a person."""

LONGEST_KEY: Final = 255
"""Characters of an `Idempotency-Key`: a UUID has 36, and the primary key's index stays small."""

FIRST_ERROR_STATUS: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a client got: status, headers and the body's bytes."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes

    @property
    def is_refusal(self) -> bool:
        """Whether nothing came of the request, so that nothing is remembered and it may be tried again."""
        return self.status >= FIRST_ERROR_STATUS
