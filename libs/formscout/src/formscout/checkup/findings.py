"""What is found of a running installation, and how bad it is."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How a thing stands."""

    OK = "ok"  # nothing to do
    WARN = "warn"  # it works, and will not for ever, or not as well as it could
    FAIL = "fail"  # it does not work


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found by one check; the sentences hold no secret, since people paste them into tickets."""

    check: str  # a stable name
    level: Level
    sentence: str
    mend: str | None = None  # what to do; None where all is well


@dataclass(frozen=True, slots=True, kw_only=True)
class NotLookedAt:
    """A check that could not be made, or does not apply here."""

    check: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that was found, in the order of the checks."""

    findings: tuple[Finding, ...]
    not_looked_at: tuple[NotLookedAt, ...] = ()

    @property
    def level(self) -> Level:
        """The worst of all findings."""
        order = list(Level)
        return max((one.level for one in self.findings), key=order.index, default=Level.OK)


def ok(check: str, sentence: str) -> Finding:
    """Say that all is well."""
    return Finding(check=check, level=Level.OK, sentence=sentence)


def warn(check: str, sentence: str, mend: str) -> Finding:
    """Say what should be mended some day."""
    return Finding(check=check, level=Level.WARN, sentence=sentence, mend=mend)


def fail(check: str, sentence: str, mend: str | None = None) -> Finding:
    """Say what must be mended."""
    return Finding(check=check, level=Level.FAIL, sentence=sentence, mend=mend)


def mark(check: str, value: float, *, warn_from: float, fail_from: float, sentence: str, mend: str) -> Finding:
    """Judge a value by the two marks from which it is worth a warning, or a failure."""
    if value >= fail_from:
        return fail(check, sentence, mend)
    return warn(check, sentence, mend) if value >= warn_from else ok(check, sentence)
