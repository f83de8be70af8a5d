"""The settings of the scheduler and of its upkeep worker, read once from the environment."""

from pydantic import Field

from formscout.config import EncryptionSettings, PlatformSettings, SnapshotSettings, WebhookSettings
from formscout.usecases.retention import Retention


class SchedulerSettings(PlatformSettings):
    """How often the scheduler looks; times in seconds."""

    dispatch_seconds: float = Field(default=0.25, gt=0)
    """Between two looks for runnable jobs: what a job waits at most before a message rings for it."""
    reconcile_seconds: float = Field(default=5.0, gt=0)
    """Between two looks for leases that ran out."""
    recur_seconds: float = Field(default=5.0, gt=0)
    """Between two looks for networks that are due by their schedules."""
    remove_seconds: float = Field(default=5.0, gt=0)
    """Between two looks for what was deleted and is to be removed."""
    leader_seconds: float = Field(default=15.0, ge=1)
    """Within it a second replica takes over from a leader that fell silent."""


class BeatSettings(SchedulerSettings, SnapshotSettings, EncryptionSettings, WebhookSettings):
    """What the scheduler itself needs beside: it signs webhooks, so it opens their secrets; the upkeep worker has no keys."""

    database_pool_size: int = Field(default=4, ge=1, le=100)
    """Connections; the dispatcher must not wait behind upkeep."""
    age_seconds: float = Field(default=60.0, gt=0)
    """Between two looks for what is old enough to go."""
    keep_session_days: float = Field(default=365.0, ge=0)
    """Sessions with all that they found, from their end on; 0 keeps them for ever, here and below."""
    keep_snapshot_days: float = Field(default=90.0, ge=0)
    """Snapshots and screenshots: by far the largest part."""
    keep_event_days: float = Field(default=30.0, ge=0)
    """Events of sessions, but for the last one."""
    keep_job_days: float = Field(default=30.0, ge=0)
    """Jobs that ended, but for those set aside."""
    keep_tick_days: float = Field(default=90.0, ge=0)
    """What was due and when, but for the latest of each schedule."""
    webhook_seconds: float = Field(default=0.5, gt=0)
    """Between two looks for webhook deliveries that are due, in every replica."""

    @property
    def retention(self) -> Retention:
        """How long what is kept."""
        return Retention(
            sessions=self.keep_session_days,
            snapshots=self.keep_snapshot_days,
            events=self.keep_event_days,
            jobs=self.keep_job_days,
            ticks=self.keep_tick_days,
        )
