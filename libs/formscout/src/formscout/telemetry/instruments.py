"""Instruments for figures: declared by name, meaning and labels; live in a process that exposes them, and free of cost in others."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from functools import partial
from typing import ClassVar, Final, Generic, Literal, TypeVar

import prometheus_client
from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase


class Component(StrEnum):
    """A kind of process, as the figures name it."""

    API = "api"
    SCHEDULER = "scheduler"
    DISCOVERY = "discovery"
    ANALYSIS = "analysis"
    UPKEEP = "upkeep"


Across = Literal["livesum", "max"]
"""What a gauge of a worker is, of those of its pool processes: the sum of those that live, or the greatest."""

DECLARED: Final[list["Instrument[MetricWrapperBase]"]] = []
"""Every instrument there is, in the order in which they are declared."""

Live_co = TypeVar("Live_co", bound=MetricWrapperBase, covariant=True)


class Instrument(Generic[Live_co]):
    """What counters, gauges and histograms have in common."""

    kind: ClassVar[str]

    def __init__(self, name: str, meaning: str, *, labels: Sequence[str] = (), by: Iterable[Component]) -> None:
        self.name: Final = name
        self.meaning: Final = meaning
        self.labels: Final = tuple(labels)
        self.by: Final = frozenset(by)
        self._live: Live_co | None = None
        DECLARED.append(self)

    @property
    def is_live(self) -> bool:
        """Whether anybody counts: what is dear to find out need not be found out otherwise."""
        return self._live is not None

    def make(self, registry: CollectorRegistry | None) -> Live_co:
        """Return a live one in a registry of its own, for processes that hold several."""
        raise NotImplementedError

    def go_live(self, registry: CollectorRegistry | None) -> None:
        """Count from now on."""
        self._live = self.make(registry)

    def _of(self, labels: dict[str, str]) -> Live_co | None:
        return self._live if self._live is None or not self.labels else self._live.labels(**labels)


class Counter(Instrument[prometheus_client.Counter]):
    """Grows; its name ends in `_total`."""

    kind = "counter"

    def make(self, registry: CollectorRegistry | None) -> prometheus_client.Counter:
        """See above."""
        return prometheus_client.Counter(self.name, self.meaning, self.labels, registry=registry)

    def inc(self, amount: float = 1, **labels: str) -> None:
        """Add."""
        if (live := self._of(labels)) is not None:
            live.inc(amount)


class Gauge(Instrument[prometheus_client.Gauge]):
    """Goes up and down."""

    kind = "gauge"

    def __init__(self, name: str, meaning: str, *, labels: Sequence[str] = (), by: Iterable[Component], across: Across = "livesum") -> None:
        super().__init__(name, meaning, labels=labels, by=by)
        self._across: Final = across

    def make(self, registry: CollectorRegistry | None) -> prometheus_client.Gauge:
        """See above."""
        return prometheus_client.Gauge(self.name, self.meaning, self.labels, registry=registry, multiprocess_mode=self._across)

    def set(self, value: float, **labels: str) -> None:
        """Set."""
        if (live := self._of(labels)) is not None:
            live.set(value)

    def follow(self, value: Callable[[], float], **labels: str) -> None:
        """Ask for the value whenever somebody reads it; not in a worker."""
        if (live := self._of(labels)) is not None:
            live.set_function(value)

    def follow_each(self, values: Callable[[], Mapping[str, float]], label: str) -> None:
        """Ask for several values at once, by this label, whenever somebody reads one; not in a worker."""
        if self._live is not None:
            follow_each(self._live, values, label)

    def clear(self) -> None:
        """Say nothing any more: what was said last is no longer known to be so."""
        if self._live is not None:
            self._live.clear()


class Histogram(Instrument[prometheus_client.Histogram]):
    """Counts by size."""

    kind = "histogram"

    def __init__(self, name: str, meaning: str, *, labels: Sequence[str] = (), by: Iterable[Component], buckets: Sequence[float]) -> None:
        super().__init__(name, meaning, labels=labels, by=by)
        self.buckets: Final = tuple(buckets)

    def make(self, registry: CollectorRegistry | None) -> prometheus_client.Histogram:
        """See above."""
        return prometheus_client.Histogram(self.name, self.meaning, self.labels, registry=registry, buckets=self.buckets)

    def prepare(self, **labels: str) -> None:
        """Say that there was none yet: of a series that begins with a count nobody sees that it rose."""
        self._of(labels)

    def observe(self, value: float, **labels: str) -> None:
        """Count one of this size."""
        if (live := self._of(labels)) is not None:
            live.observe(value)


def follow_each(live: prometheus_client.Gauge, values: Callable[[], Mapping[str, float]], label: str) -> None:
    """Have a live gauge ask for several values, by this label."""
    for name in values():
        live.labels(**{label: name}).set_function(partial(_one_of, values, name))


def _one_of(values: Callable[[], Mapping[str, float]], name: str) -> float:
    return values()[name]


def go_live(component: Component, registry: CollectorRegistry | None) -> None:
    """Let everything count that processes of this kind expose."""
    prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # it doubles the series of counters, and says what the scraper knows
    for instrument in DECLARED:
        if component in instrument.by:
            instrument.go_live(registry)
