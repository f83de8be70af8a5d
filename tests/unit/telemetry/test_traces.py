"""Tracing as a process meets it: off, on, and asked for wrongly."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from tests.support.otlp import VARIABLES

from formscout.domain.errors import SettingsError
from formscout.telemetry import traces
from formscout.telemetry.instruments import Component
from formscout.telemetry.spans import Kind

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
UNSAMPLED = PARENT[:-1] + "0"
NOWHERE = "http://127.0.0.1:9"
"""Nobody listens there: what is sent is lost."""


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*traces.ENDPOINTS, *traces.PROTOCOLS, "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG", "OTEL_SDK_DISABLED"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Trace in this process, every trace, to nobody."""
    for name, value in {**VARIABLES, "OTEL_EXPORTER_OTLP_ENDPOINT": NOWHERE, "OTEL_BSP_SCHEDULE_DELAY": "3600000"}.items():
        monkeypatch.setenv(name, value)
    traces.start(Component.API)
    yield
    traces._tracing = None  # nobody is there to send anything to


def test_a_process_that_does_not_trace_has_nothing_in_memory_for_it() -> None:
    script = """
import sys
import formscout_api.main, formscout_discovery.slices, formscout_analysis.wiring, formscout.queueing.child, formscout_scheduler.wiring
from formscout.telemetry import traces
from formscout.telemetry.instruments import Component
traces.check()
traces.start(Component.API)
with traces.span("a") as one, traces.span_of("x", "b", kind=None) as two, traces.job_span(None, "c", link=None) as three:
    assert one is two is three
    traces.note({"a": 1}), traces.fail("a"), traces.link("a"), traces.rename("a")
    assert traces.here() is traces.beside() is traces.ids() is None
    assert not traces.is_on() and not traces.is_recorded() and not traces.is_sampled("x")
traces.stop()
import threading
assert threading.active_count() == 1
# redis-py looks for OpenTelemetry's figures by itself, where the packages are installed; of traces there is nothing.
print([name for name in sys.modules if name.startswith(("formscout.telemetry.sdk", "opentelemetry.sdk.trace", "opentelemetry.exporter"))])
"""
    environment = {"PATH": "", "PYTHONWARNINGS": "ignore"}
    said = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)  # noqa: S603 (ours)
    assert said.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("variables", "asked"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": NOWHERE}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{NOWHERE}/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": NOWHERE, "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": NOWHERE, "OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
def test_an_endpoint_is_what_switches_it_on(variables: dict[str, str], asked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert traces.is_asked_for() is asked


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:none"}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": NOWHERE, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "OTEL_EXPORTER_OTLP_PROTOCOL"),
    ],
)
def test_what_cannot_work_is_refused_by_name(variables: dict[str, str], named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"^{named}"):
        traces.check()


@pytest.mark.parametrize(
    ("variables", "ratio"),
    [({}, "0.05"), ({"OTEL_TRACES_SAMPLER_ARG": "0.5"}, "0.5"), ({"OTEL_TRACES_SAMPLER": "parentbased_always_on"}, "AlwaysOn")],
)
def test_one_trace_in_twenty_is_kept_unless_the_environment_says_otherwise(
    variables: dict[str, str], ratio: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from formscout.telemetry import sdk  # noqa: PLC0415 (as the code does)

    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    sampler = sdk._sampler()
    if sampler is None:
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 (as above)

        sampler = TracerProvider(shutdown_on_exit=False).sampler
    described = sampler.get_description()
    assert described.startswith("ParentBased")
    assert ratio in described.partition(",")[0]


@pytest.mark.usefixtures("started")
def test_a_trace_is_followed_from_where_it_comes_to_where_it_goes_on() -> None:
    with traces.span_of(PARENT, "request", kind=Kind.SERVER):
        request = traces.here()
        with traces.span("inner"):
            inner = traces.here()
            assert traces.ids() == (PARENT[3:35], inner[36:52] if inner else "")
        assert traces.here() == request
    assert traces.here() is None
    assert request is not None
    assert inner is not None
    assert request[:35] == inner[:35] == PARENT[:35]
    assert len({PARENT[36:52], request[36:52], inner[36:52]}) == 3


@pytest.mark.usefixtures("started")
def test_what_is_not_sampled_above_is_not_sampled_below_and_says_so_on() -> None:
    with traces.span_of(UNSAMPLED, "request", kind=Kind.SERVER), traces.span("inner"):
        assert not traces.is_recorded()
        here = traces.here()
        assert here is not None
        assert here[3:35] == PARENT[3:35]
        assert here.endswith("-00")
    with traces.job_span(here, "job", link=None):
        assert not traces.is_recorded()
        assert traces.beside() == here


@pytest.mark.usefixtures("started")
@pytest.mark.parametrize("parent", [None, "", "nonsense", PARENT.replace("4bf92f3577b34da6a3ce929d0e0e4736", "0" * 32), PARENT + "-more"])
def test_what_is_no_parent_begins_a_trace(parent: str | None) -> None:
    with traces.job_span(parent, "job", link=parent):
        here = traces.here()
        assert here is not None
        assert PARENT[3:35] not in here
        assert traces.beside() == here, "what follows the job goes below its first run"


@pytest.mark.usefixtures("started")
def test_work_beside_a_job_goes_below_what_the_job_itself_is_below() -> None:
    with traces.job_span(PARENT, "job", link=None), traces.span("slice"), traces.span("visit"):
        assert traces.beside() == PARENT
        assert traces.here() != PARENT
