"""What worker and gate say to each other over the gate's standard input and output: one JSON object a line."""

from collections.abc import Sequence

import msgspec

from formscout.domain.crawls import CrawlMode, RequestVerdict
from formscout.domain.networks import Environment
from formscout_discovery.policy.requests import JudgeSettings


class Open(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Open a lane: a port of the loopback, whose requests are judged by these rules."""

    id: int
    allow_private: bool
    environment: Environment
    mode: CrawlMode
    allow_requests: Sequence[str]

    @property
    def judging(self) -> JudgeSettings:
        """The rules as the judge takes them."""
        return JudgeSettings(environment=self.environment, mode=self.mode, allow_requests=tuple(self.allow_requests))


class Permit(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Let one request, or one frame of a WebSocket, pass that a tab has judged by its cause."""

    id: int
    lane: int
    method: str
    url: str
    digest: str  # of the body, as `permits.digest_of` has it; empty: any


class Close(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Close a lane with all its connections."""

    id: int
    lane: int


class Ready(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The gate is there: what browsers need to know."""

    port: int  # of a lane on which everything is refused
    fingerprint: str  # of the key that the gate shows


class Done(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What was asked for is done."""

    id: int
    port: int = 0  # of the lane, if one was opened; it is the lane's name, too


class Judged(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Requests that the gate itself held back, or let through, alike in all but time."""

    lane: int
    verdict: RequestVerdict
    method: str
    url: str
    reason: str
    count: int


Order = Open | Permit | Close
Report = Ready | Done | Judged

orders = msgspec.json.Decoder(Order)
reports = msgspec.json.Decoder(Report)


def line_of(message: Order | Report) -> bytes:
    """Return a message as it goes over the pipe."""
    return msgspec.json.encode(message) + b"\n"
