"""What a real Prometheus knows of a real run."""

from tests.support.observed import COMPONENTS, Observed


def test_every_process_is_scraped_and_says_what_it_is(observed: Observed) -> None:
    assert {sample.labels["component"] for sample in observed.query("formscout_build_info == 1")} == set(COMPONENTS)


def test_the_run_is_told_by_its_figures(observed: Observed) -> None:
    forms = sum(sample.value for sample in observed.query("sum(formscout_forms_found_total)"))
    described = sum(sample.value for sample in observed.query("sum(formscout_forms_described_total)"))
    assert forms == described > 0
