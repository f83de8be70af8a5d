"""What a span is to those who open one: a kind, attributes, a block."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol, Self, TypeAlias

Value: TypeAlias = str | bool | int | float
Attributes: TypeAlias = Mapping[str, Value | None]
"""None: not told."""


class Kind(StrEnum):
    """What a span is to the one above it."""

    INTERNAL = "INTERNAL"  # a part of it
    SERVER = "SERVER"  # the answer to its request
    PRODUCER = "PRODUCER"  # writes a row or sends a message that others take up
    CONSUMER = "CONSUMER"  # takes it up


class Span(Protocol):
    """A stretch of work that is told of; use it by `with`."""

    def __enter__(self) -> Self:
        """Begin."""
        ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """End; an exception that passes is told by its type alone."""
        ...
