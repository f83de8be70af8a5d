"""The discovery worker's settings, read once from the environment."""

import tempfile
from pathlib import Path

from pydantic import Field

from formscout.config import EncryptionSettings, PlatformSettings, SnapshotSettings
from formscout.domain.slices import PAGES_A_SLICE


class DiscoverySettings(PlatformSettings, SnapshotSettings, EncryptionSettings):
    """What the discovery worker needs: keys for sign-ins, and never one of a model."""

    browser: str | None = None
    """Path of a Chromium; by default the system's, else Playwright's own."""
    browser_sandbox: bool | None = None
    """Chromium's own sandbox: on, and the worker refuses to start where it does not work; off; by default on, and for root off."""
    browser_authorities: Path | None = None
    """Certificates, as a PEM file, that the servers of applications may be signed by, beside those that the system trusts."""
    scratch: Path = Path(tempfile.gettempdir()) / "formscout-browsers"
    """Where running browsers are noted, so that a worker can end those of one that was killed."""
    slice_seconds: float = Field(default=600, gt=0, le=3000)
    """How long one slice works before it hands over; platform rules, §2."""
    drain_seconds: float = Field(default=15, ge=0, le=3000)
    """How long a worker that is told to end waits for the visits in hand; then it drops them, and their pages wait for another."""
    pages_a_slice: int = Field(default=PAGES_A_SLICE, ge=1, le=10_000)
    """How many pages that wait justify each slice of a session that works beside others."""
