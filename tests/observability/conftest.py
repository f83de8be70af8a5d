"""A platform that is watched by a real Prometheus, and what it has done; once a run."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.observed import Observed, observed_platform
from tests.support.observed_run import run


@pytest.fixture(scope="session")
def observed() -> Iterator[Observed]:
    """Yield the platform after a discovery of the demo application, and whatever goes with it, has come to its end."""
    with tempfile.TemporaryDirectory(prefix="formscout-observed-") as name, observed_platform(Path(name)) as platform:
        status = run(platform)
        assert status["state"] == "SUCCESS", status
        yield platform
