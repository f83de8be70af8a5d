"""Prices: exact by hand, never below the invoice, bounded before the call, and refused where there is none."""

from datetime import date
from fractions import Fraction
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formscout.domain.errors import SettingsError, UnknownModelError
from formscout.domain.prices import SCALE, Price, PriceList, Usage, built_in

DAY: Final = date(2026, 11, 24)

PRICES: Final = built_in()


def price(model: str) -> Price:
    return PRICES.price(model, DAY)


@pytest.mark.parametrize(
    ("model", "usage", "cost"),
    [
        ("claude-opus-5-5", Usage(input_tokens=1_000_000), 4_000_000),
        ("claude-opus-5-5", Usage(output_tokens=1_000_000), 20_000_000),
        ("claude-opus-5-5", Usage(cache_write_5m_tokens=1_000_000), 5_000_000),
        ("claude-opus-5-5", Usage(cache_write_1h_tokens=1_000_000), 8_000_000),
        ("claude-opus-5-5", Usage(cache_read_tokens=1_000_000), 200_000),
        ("claude-sonnet-5-5", Usage(input_tokens=1_000, output_tokens=100), 3_000),
        ("claude-sonnet-5-5", Usage(cache_write_5m_tokens=1_000, cache_read_tokens=1_000), 2_600),
        ("claude-haiku-4-5", Usage(input_tokens=7, output_tokens=3), 22),
        ("claude-haiku-4-5", Usage(cache_read_tokens=1), 1),  # a tenth of a micro-dollar is paid as one
        ("claude-haiku-4-5", Usage(cache_read_tokens=11), 2),
        ("claude-haiku-5-5", Usage(input_tokens=100_000), 10_000),
        ("claude-haiku-5-5", Usage(input_tokens=100_001), 50_001),  # 50,000.5, all of it at the longer band's price
        ("claude-haiku-5-5", Usage(input_tokens=1, cache_read_tokens=100_000, output_tokens=10), 5_026),
        ("claude-opus-5-5", Usage(), 0),
    ],
)
def test_a_call_costs_what_its_usage_says(model: str, usage: Usage, cost: int) -> None:
    assert price(model).cost(usage) == cost


def test_a_part_of_a_micro_dollar_is_rounded_up_once_a_call() -> None:
    ten_kinds = Usage(input_tokens=1, cache_read_tokens=1, output_tokens=1)  # 0.1 + 0.01 + 0.5
    assert price("claude-haiku-5-5").cost(ten_kinds) == 1


@given(
    model=st.sampled_from(PRICES.models),
    parts=st.lists(st.integers(min_value=0, max_value=200_000), min_size=4, max_size=4),
    output=st.integers(min_value=0, max_value=64_000),
    slack=st.integers(min_value=0, max_value=50_000),
)
def test_the_upper_bound_covers_whatever_the_cache_does_and_the_cost_is_the_exact_one_rounded_up(
    model: str, parts: list[int], output: int, slack: int
) -> None:
    fresh, short, long, read = parts
    usage = Usage(input_tokens=fresh, output_tokens=output, cache_write_5m_tokens=short, cache_write_1h_tokens=long, cache_read_tokens=read)
    one = price(model)
    cost = one.cost(usage)
    assert cost <= one.upper_bound(prompt_tokens=usage.prompt_tokens + slack, max_output_tokens=output)
    band = next(b for b in one.bands if b.up_to_prompt_tokens is None or usage.prompt_tokens <= b.up_to_prompt_tokens)
    rates = (band.input, band.output, band.cache_write_5m, band.cache_write_1h, band.cache_read)
    exact = sum((Fraction(count * rate, SCALE) for count, rate in zip((fresh, output, short, long, read), rates, strict=True)), Fraction(0))
    assert exact <= cost < exact + 1


def test_a_model_without_a_price_is_refused_with_the_models_that_have_one() -> None:
    with pytest.raises(UnknownModelError, match=r"no model 'claude-opus-9'.*claude-opus-5-5"):
        PRICES.price("claude-opus-9", DAY)


def test_a_day_before_the_first_price_is_refused() -> None:
    with pytest.raises(UnknownModelError, match="from 2026-10-07 on only, none for 2026-10-06"):
        PRICES.price("claude-opus-5-5", date(2026, 10, 6))


ENTRY: Final = """
[[price]]
models = ["m"]
from = {since}
cache_write_5m = "1.25"
cache_write_1h = "2"
cache_read = "0.1"
bands = {bands}
"""

ONE: Final = '[{input = "1", output = "2"}]'


def test_a_price_holds_from_its_day_until_the_next() -> None:
    prices = PriceList.read(
        ENTRY.format(since="2026-12-01", bands='[{input = "3", output = "2"}]') + ENTRY.format(since="2026-01-01", bands=ONE)
    )
    thousand = Usage(input_tokens=1000)
    costs = [prices.price("m", day).cost(thousand) for day in (date(2026, 1, 1), date(2026, 11, 30), date(2026, 12, 1))]
    assert costs == [1000, 1000, 3000]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[[price]", "cannot be read"),
        ("[[price]]\nmodels = ['m']", "cannot be read"),
        (ENTRY.format(since='"soon"', bands=ONE), "needs a day"),
        (ENTRY.format(since="2026-01-01", bands="[]"), "not in order"),
        (ENTRY.format(since="2026-01-01", bands='[{up_to_prompt_tokens = 5, input = "1", output = "2"}]'), "not in order"),
        (ENTRY.format(since="2026-01-01", bands='[{input = "1", output = "2"}, {input = "1", output = "2"}]'), "not in order"),
        (ENTRY.format(since="2026-01-01", bands='[{input = "-1", output = "2"}]'), "not below 0"),
        (ENTRY.format(since="2026-01-01", bands='[{input = "a lot", output = "2"}]'), "a lot"),
        (ENTRY.format(since="2026-01-01", bands='[{input = "0.00000000001", output = "2"}]'), "nine digits"),
        (ENTRY.format(since="2026-01-01", bands=ONE) * 2, "two prices of m from one day"),
    ],
)
def test_a_price_list_that_is_wrong_says_where(text: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        PriceList.read(text)
