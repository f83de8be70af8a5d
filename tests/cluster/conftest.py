"""The platform on a real control plane: the cluster that KUBECONFIG names, with KEDA in it; `make cluster-test`."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from tests.support.cluster import images, release
from tests.support.cluster.client import Api, make_company
from tests.support.cluster.kube import Kube, connected
from tests.support.cluster.release import NAME, NAMESPACE, NODE_SETUP, Release, helm
from tests.support.cluster.timeline import Timeline
from tests.support.cluster.watching import watching

ORDER: Final = ("install", "worker_pods", "scaling", "scale_in", "drain", "redis", "upgrade", "uninstall")
"""Of the files: each test finds the platform idle and whole, and the last one takes it away."""

ANSWER_SECONDS: Final = 3.0
"""What a page of the orchard takes: so long that a pod which is hit at any moment has pages on their way, at next to no CPU."""

RESTRICTED: Final = {"pod-security.kubernetes.io/enforce": "restricted"}
PRIVILEGED: Final = {"pod-security.kubernetes.io/enforce": "privileged"}

REPORT: Final = Path(os.environ.get("CLUSTER_REPORT", ".formscout/cluster"))

FIGURES: Final = pytest.StashKey[list[dict[str, Any]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what `make cluster-test` asks for; no other run of the tests has a cluster."""
    group = parser.getgroup("cluster")
    group.addoption("--cluster", action="store_true", help="run the tests on the cluster that KUBECONFIG names")
    group.addoption("--reuse", action="store_true", help="take images and installation as they are, and leave them")


def pytest_configure(config: pytest.Config) -> None:
    """Let followed logs and watches end with the run: a stream that is cut off by its end is no fault."""
    config.stash[FIGURES] = []
    if asked_for(config, "cluster"):
        for kind in ("PytestUnraisableExceptionWarning", "PytestUnhandledThreadExceptionWarning"):
            config.addinivalue_line("filterwarnings", f"ignore::pytest.{kind}")


def asked_for(config: pytest.Config, option: str) -> bool:
    """Return whether an option was given; it is unknown where this directory is only found by collecting."""
    given: bool = config.getoption(option, default=False)
    return given


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tests out unless a cluster was promised, and put them in their order."""
    ours = [item for item in items if Path(__file__).parent in item.path.parents]
    others = [item for item in items if item not in ours]
    if not asked_for(config, "cluster"):
        config.hook.pytest_deselected(items=ours)
        items[:] = others
        return
    items[:] = others + sorted(ours, key=lambda item: ORDER.index(item.path.stem.removeprefix("test_")))


@pytest.fixture(scope="session")
def kube() -> Iterator[Kube]:
    """Connect to the cluster."""
    assert os.environ.get("KUBECONFIG"), "KUBECONFIG must name the cluster: nothing is installed into one by accident"
    with connected(NAMESPACE) as found:
        yield found


@pytest.fixture(scope="session")
def ready(kube: Kube, request: pytest.FixtureRequest) -> float:
    """Build and load the images, install the chart into new namespaces, and return how long the installation took; 0: it was there."""
    if asked_for(request.config, "reuse") and kube.find(kube.path("secrets", f"{NAME}-operator")):
        return 0.0
    if not asked_for(request.config, "reuse"):
        images.build()
        images.load()
    for name, labels in ((NAMESPACE, RESTRICTED), (NODE_SETUP, PRIVILEGED)):
        kube.kubectl("delete", "namespace", name, "--ignore-not-found", "--wait=true")
        kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
    began = time.monotonic()
    options = release.chart_options(images.TAG)
    helm("install", NAME, str(release.CHART), "--wait", f"--timeout={release.INSTALL_MINUTES}m", *options)
    return time.monotonic() - began


@pytest.fixture(scope="session")
def installed(kube: Kube, ready: float, request: pytest.FixtureRequest) -> Iterator[Release]:
    """Return the installed platform, watched, with a company that discovers."""
    REPORT.mkdir(parents=True, exist_ok=True)
    release.admit_tests(kube)
    release.start_orchard(kube, answer_seconds=ANSWER_SECONDS)
    timeline = Timeline()
    with watching(kube, timeline) as watcher:
        operator = Api(kube=kube, service=f"{NAME}-api", port=80, key=release.secret(kube, f"{NAME}-operator", "FORMSCOUT_API_KEY"))
        company = make_company(operator, f"Cluster test {time.time()}")
        found = Release(
            kube=kube, watcher=watcher, timeline=timeline, report=REPORT, install_seconds=ready, operator=operator, company=company
        )
        found.start_observer()
        yield found
        timeline.write(REPORT / "everything.jsonl")
        watcher.write_logs(REPORT / "logs")
        request.config.stash[FIGURES] = timeline.of("figure")
        operator.close()
    if not asked_for(request.config, "reuse"):
        with suppress(httpx.HTTPError, AssertionError):
            helm("uninstall", NAME, check=False)
            kube.kubectl("delete", "namespace", NAMESPACE, NODE_SETUP, "--ignore-not-found", "--wait=false")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the figures, and where their data lie."""
    figures = config.stash.get(FIGURES, [])
    if figures:
        terminalreporter.section("figures")
        for figure in figures:
            terminalreporter.write_line(", ".join(f"{name}: {value}" for name, value in figure.items() if name not in {"at", "kind"}))
        terminalreporter.write_line(f"timelines: {REPORT}/*.jsonl, pictures: {REPORT}/*.svg")
