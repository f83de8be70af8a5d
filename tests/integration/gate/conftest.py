"""A gate for the tests of its group, and an authority that signs the certificates of the servers behind it."""

from collections.abc import AsyncIterator

import pytest
from tests.support.tls import Authority

from formscout_discovery.gate.messages import Judged
from formscout_discovery.gate.process import Gate, Lane, running_gate
from formscout_discovery.policy.requests import JudgeSettings


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("authority"), "ours")


@pytest.fixture(scope="session")
async def gate(authority: Authority) -> AsyncIterator[Gate]:
    async with running_gate(authority.file) as started:
        yield started


@pytest.fixture
def judged() -> list[Judged]:
    """Return the list of what the gate tells."""
    return []


@pytest.fixture
async def lane(gate: Gate, judged: list[Judged]) -> AsyncIterator[Lane]:
    async with gate.lane(JudgeSettings(), allow_private=True, told=judged.append) as opened:
        yield opened
