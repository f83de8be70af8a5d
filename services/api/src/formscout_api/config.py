"""The API's settings, read once from the environment."""

from pydantic import Field

from formscout.config import EncryptionSettings, PlatformSettings, SnapshotSettings, WebhookSettings


class ApiSettings(PlatformSettings, SnapshotSettings, EncryptionSettings, WebhookSettings):
    """Where the API listens, beside what every deployable needs; variables are `FORMSCOUT_…`."""

    api_host: str = "127.0.0.1"
    api_port: int = Field(default=8000, ge=0, le=65535)
    database_pool_size: int = Field(default=8, ge=1, le=100)
    """Connections; statements take some 1 ms, so 8 carry thousands of requests a second."""
    max_backlog: int = Field(default=250_000, ge=1, le=10_000_000)
    """Discoveries that may wait for a worker, of all companies; past it requests are told to come again."""
    discoveries_per_minute: int = Field(default=60_000, ge=1)
    """What a company may ask for; the default is what one process can accept."""
    followers_per_user: int = Field(default=500, ge=1, le=100_000)
    """Event streams and waiting polls that one user may have open on one process."""
    longest_wait_seconds: int = Field(default=60, ge=1, le=600)
    """How long a poll with `Prefer: wait=N` waits at most; shorter than what proxies in front allow a silent request."""
    key_cache_seconds: float = Field(default=5.0, ge=0, le=5)
    """How long a key that was good is taken for good: polling does not look it up each time, a revoked one ends within it."""
