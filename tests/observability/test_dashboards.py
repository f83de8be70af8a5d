"""Every panel of every dashboard, asked of a real Prometheus after a real run."""

import pytest
from tests.support.dashboards import Query, queries
from tests.support.observed import Observed

QUIET = {
    "What failed and why, a minute": "no analysis and no upkeep fails in this run; a discovery does",
    "Leases lost": "no worker dies or hangs in this run",
    "Passes that broke off, a minute": "no store is away in this run",
    "Pages ended without a visit, a minute": "what the first pages of the demo lead to lies all in its scope",
}
"""Panels that may have nothing to show after a run in which all goes well, and why; each has its counter among the declared ones."""


@pytest.mark.parametrize("query", tuple(queries()), ids=str)
def test_a_panel_has_something_to_show(observed: Observed, query: Query) -> None:
    found = observed.query_range(query.expression)
    assert query.panel in QUIET or any(series.is_finite for series in found), f"{query.expression}: {found}"


def test_what_failed_is_shown_with_its_code(observed: Observed) -> None:
    query = next(one for one in queries() if (one.board, one.panel) == ("overview", "What fails and why, a minute"))
    found = observed.query_range(query.expression)
    assert any(series.labels["queue"] == "discovery" and max(value for _, value in series.points) > 0 for series in found), found
