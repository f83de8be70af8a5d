"""Prices of models: what a call costs by its usage, in whole micro-dollars, and what it can cost at most."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from itertools import pairwise
from typing import Any, Final, Self

from formscout.domain.errors import SettingsError, UnknownModelError

MICRO_DOLLARS: Final = 1_000_000
"""In a dollar; so a price in dollars a million tokens is as many micro-dollars a token."""

SCALE: Final = 10**9
"""Rates are whole billionths of a micro-dollar a token, so that every price of six digits times a multiple of three is exact."""

MOST_TOKENS: Final = 10**9
"""Of one kind in one call: far above every model, and low enough that no sum of them leaves a bigint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The tokens that an answer says it took; the four kinds of prompt tokens never overlap."""

    input_tokens: int = 0  # neither read from nor written to the cache
    output_tokens: int = 0
    cache_write_5m_tokens: int = 0
    cache_write_1h_tokens: int = 0
    cache_read_tokens: int = 0

    @property
    def prompt_tokens(self) -> int:
        """The prompt's length, by which bands go."""
        return self.input_tokens + self.cache_write_5m_tokens + self.cache_write_1h_tokens + self.cache_read_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """The rates for prompts up to a length; each is in billionths of a micro-dollar a token."""

    up_to_prompt_tokens: int | None  # None: any length
    input: int
    output: int
    cache_write_5m: int
    cache_write_1h: int
    cache_read: int

    def cost(self, usage: Usage) -> int:
        """Return what the tokens cost, in micro-dollars; a part of one counts as a whole one, once a call."""
        exact = (
            usage.input_tokens * self.input
            + usage.output_tokens * self.output
            + usage.cache_write_5m_tokens * self.cache_write_5m
            + usage.cache_write_1h_tokens * self.cache_write_1h
            + usage.cache_read_tokens * self.cache_read
        )
        return -(-exact // SCALE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a model costs from a day on."""

    model: str
    since: date
    bands: Sequence[Band]  # the shortest prompts first; the last takes any length

    def cost(self, usage: Usage) -> int:
        """Return what a call cost, in micro-dollars, rounded up once: never less than the invoice says."""
        return self._band(usage.prompt_tokens).cost(usage)

    def upper_bound(self, *, prompt_tokens: int, max_output_tokens: int) -> int:
        """Return the most that a call with so long a prompt can cost, in micro-dollars, whatever of it the cache takes or gives.

        `prompt_tokens` may be an estimate; it has to be one that is not below the truth.
        """
        reachable = self.bands[: self.bands.index(self._band(prompt_tokens)) + 1]
        dearest = max(max(band.input, band.cache_write_5m, band.cache_write_1h, band.cache_read) for band in reachable)
        output = max(band.output for band in reachable)
        return max(1, -(-(prompt_tokens * dearest + max_output_tokens * output) // SCALE))

    def _band(self, prompt_tokens: int) -> Band:
        return next(band for band in self.bands if band.up_to_prompt_tokens is None or prompt_tokens <= band.up_to_prompt_tokens)


class PriceList:
    """All prices by model and day."""

    def __init__(self, prices: Sequence[Price]) -> None:
        self._of: dict[str, list[Price]] = {}
        for price in sorted(prices, key=lambda one: one.since):
            self._of.setdefault(price.model, []).append(price)
        for model, changes in self._of.items():
            if any(one.since == other.since for one, other in pairwise(changes)):
                raise SettingsError(f"The price list has two prices of {model} from one day; leave one.")

    @property
    def models(self) -> tuple[str, ...]:
        """The models that can be paid for, at some day."""
        return tuple(sorted(self._of))

    @property
    def prices(self) -> Sequence[Price]:
        """Every price, by model and day."""
        return [price for model in self.models for price in self._of[model]]

    def price(self, model: str, on: date) -> Price:
        """Return a model's price on a day. Raises `UnknownModelError`: what has no price is refused, never free."""
        changes = self._of.get(model)
        if changes is None:
            raise UnknownModelError(
                f"The price list has no model {model[:100]!r}, so it is not called. Take one of {', '.join(self.models)}, or add its price."
            )
        valid = [price for price in changes if price.since <= on]
        if not valid:
            raise UnknownModelError(f"{model} has a price from {changes[0].since} on only, none for {on}, so it is not called.")
        return valid[-1]

    @classmethod
    def read(cls, text: str) -> Self:
        """Read a list as `prices.toml` writes it; raise `SettingsError` that names the entry which is wrong."""
        try:
            entries = tomllib.loads(text)["price"]
            return cls([price for entry in entries for price in _prices(entry)])
        except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
            raise SettingsError(f"The price list cannot be read ({type(error).__name__}: {error}). See the one that is built in.") from None


def built_in() -> PriceList:
    """Return the prices that this release knows; `prices.toml` says where they are from."""
    return PriceList.read(files("formscout.domain").joinpath("prices.toml").read_text(encoding="utf-8"))


def _prices(entry: Mapping[str, Any]) -> list[Price]:  # Any: a document
    models = entry["models"]
    bands = [_band(entry, band) for band in entry["bands"]]
    lengths = [band.up_to_prompt_tokens for band in bands]
    ends = [length for length in lengths[:-1] if length is not None]
    if not lengths or lengths[-1] is not None or len(ends) != len(lengths) - 1 or sorted(set(ends)) != ends:
        raise SettingsError(f"The bands of {models} are not in order: each but the last needs a greater up_to_prompt_tokens.")
    if not isinstance(entry["from"], date):
        raise SettingsError(f"The price of {models} needs a day as its `from`, such as 2026-10-07.")
    return [Price(model=model, since=entry["from"], bands=tuple(bands)) for model in models]


def _band(entry: Mapping[str, Any], band: Mapping[str, Any]) -> Band:  # Any: as above
    base = _number(entry, band["input"])
    rates = {name: _rate(entry, base * _number(entry, entry[name])) for name in ("cache_write_5m", "cache_write_1h", "cache_read")}
    output = _rate(entry, _number(entry, band["output"]))
    return Band(up_to_prompt_tokens=band.get("up_to_prompt_tokens"), input=_rate(entry, base), output=output, **rates)


def _number(entry: Mapping[str, Any], text: str) -> Decimal:  # Any: as above
    try:
        number = Decimal(text)
    except (InvalidOperation, TypeError):
        number = Decimal(-1)
    if not number.is_finite() or number < 0:
        raise SettingsError(f'The price of {entry["models"]} holds {text!r}; write prices as "1.25", in quotes and not below 0.')
    return number


def _rate(entry: Mapping[str, Any], dollars: Decimal) -> int:  # Any: as above
    """Return dollars a million tokens as billionths of a micro-dollar a token."""
    rate = dollars * SCALE
    if rate != rate.to_integral_value():
        raise SettingsError(f"A rate of {entry['models']}, {dollars}, has more than nine digits behind the point.")
    return int(rate)
