"""The model of the hand-over, explored to its end: nothing wrong with all rules, and a way to the wrong without each that is needed."""

import pytest
from docs.models.handover import Rules, explore


@pytest.mark.parametrize(
    ("slices", "faults"),
    [((2, 1), 0), ((2, 1), 1), ((2,), 2), ((1,), 3)],
)
def test_with_all_rules_every_job_ends_once_from_wherever_the_world_may_come_to(slices: tuple[int, ...], faults: int) -> None:
    finding = explore(Rules(slices=slices), faults=faults)
    assert (finding.wrong, finding.trace) == ("", ())
    assert finding.states > 500, "the world is not cut short"


@pytest.mark.parametrize(
    ("rule", "wrong", "by"),
    [
        ("fence_checked", "a write landed whose lease somebody else holds", "a frozen worker goes on"),
        ("reconciled", "work is lost: it can never end", "a worker is killed (working)"),
        ("rows_counted", "work is lost: it can never end", "a message is lost"),
        ("one_transaction", "work is lost: it can never end", "a worker is killed (between)"),
    ],
)
def test_without_a_rule_one_fault_is_enough(rule: str, wrong: str, by: str) -> None:
    finding = explore(Rules().without(rule), faults=1)
    assert finding.wrong == wrong
    assert by in finding.trace


@pytest.mark.parametrize("rule", ["restored", "acked_late"])
def test_what_the_transport_promises_is_not_needed(rule: str) -> None:
    assert explore(Rules().without(rule), faults=1).wrong == ""
