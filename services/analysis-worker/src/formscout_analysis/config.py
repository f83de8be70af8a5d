"""The analysis worker's settings, read once from the environment."""

from formscout.config import PlatformSettings, SnapshotSettings


class AnalysisSettings(PlatformSettings, SnapshotSettings):
    """What the analysis worker needs: no encryption keys, since it never meets a credential."""
