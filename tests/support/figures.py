"""Metrics as a scraper reads them, and what must hold for every process' answer."""

import re
import time
from collections.abc import Callable, Collection, Mapping
from typing import Final

import httpx
from prometheus_client.parser import text_string_to_metric_families
from tests.support.processes import START_SECONDS, Service
from tests.support.tenants import Tenant

from formscout.domain.prices import built_in
from formscout.telemetry.instruments import DECLARED

FOREIGN: Final = ("process_", "python_")
"""How the names begin that `prometheus_client` itself tells of a process."""

LIBRARY_LABELS: Final = {"le", "implementation", "major", "minor", "patchlevel", "version", "generation"}
"""Labels that it adds: buckets, Python's version, the generation of its garbage."""

NUMBERS: Final = {"attempt", "level", "status", "threshold"}
"""Our labels whose values are numbers, and few."""


def fetch(port: int) -> str:
    """Return what a process tells."""
    answer = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=START_SECONDS)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain")
    return answer.text


def read(text: str) -> dict[str, float]:
    """Return the value of each series, named as the text names it."""
    return {
        sample.name
        + ("{" + ",".join(f'{label}="{value}"' for label, value in sorted(sample.labels.items())) + "}") * bool(sample.labels): (
            sample.value
        )
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def wait_for(port: int, holds: Callable[[Mapping[str, float]], bool], *services: Service) -> str:
    """Read a process' figures until they are so, and return the text."""
    ends = time.monotonic() + START_SECONDS
    text = ""
    while time.monotonic() < ends:
        for service in services:
            assert service.alive, service.said
        try:
            text = fetch(port)
        except httpx.TransportError:
            text = ""
        if text and holds(read(text)):
            return text
        time.sleep(0.05)
    raise AssertionError("\n".join((text, *(service.said for service in services))))


def check_labels(text: str, tenant: Tenant) -> None:
    """Assert that every family is declared, with help, and that no label tells of the tenant: no id, no address, no name."""
    check_families(text, (tenant.company.name, tenant.project.name, tenant.network.name, tenant.admin.email, tenant.network.base_url or ""))


def check_families(text: str, names: Collection[str]) -> None:
    """Assert that every family is declared, with help, and that no label is any of these names, or an id."""
    declared = {one.name.removesuffix("_total"): one for one in DECLARED}
    for family in text_string_to_metric_families(text):
        if family.name.startswith(FOREIGN):
            continue
        one = declared[family.name]
        assert family.documentation == one.meaning
        assert family.type == one.kind
        for sample in family.samples:
            assert set(sample.labels) <= {*one.labels, *LIBRARY_LABELS}, sample
            for label in one.labels:
                _check_value(label, sample.labels[label], names)


def _check_value(label: str, value: str, names: Collection[str]) -> None:
    assert not any(name and name.lower() in value.lower() for name in names), (label, value)
    if label == "route":
        assert re.fullmatch(r"unmatched|(/[a-z._-]+|/\{[a-z_]+\})+", value), "a template, never what stood in its place"
    elif label == "version":
        assert re.fullmatch(r"\d+\.\d+\.\d+[\w.+-]*", value)
    elif label == "model":
        assert value in built_in().models, "one of the price list"
    elif label in NUMBERS:
        assert re.fullmatch(r"\d{1,3}", value), (label, value)
    else:
        assert re.fullmatch(r"[A-Za-z_]+", value), (label, value)
