"""The installation that is looked at, as its settings name it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from formscout.config import PlatformSettings, SnapshotSettings, WebhookSettings, find_variable, read_settings
from formscout.domain.errors import SettingsError


@dataclass(frozen=True, kw_only=True)
class Installation:
    """Where everything is; None: not known here."""

    database_url: str | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)
    redis_ca: Path | None = None
    inspector_url: str | None = field(default=None, repr=False)  # of Redis, with more rights
    encryption_keys: str | None = field(default=None, repr=False)
    snapshot_store: str | None = field(default=None, repr=False)
    api_url: str | None = field(default=None, repr=False)
    browser: Path | None = None
    sandbox: bool = True
    cap: int | None = None  # of each company's running jobs, as the scheduler has it
    problem: str | None = None  # what is wrong with its settings

    @classmethod
    def of_environment(cls, *, api_url: str | None, browser: Path | None, sandbox: bool) -> Self:
        """Read it as our processes do; what is wrong with one setting keeps no other from being looked at."""
        problem, cap, snapshot_store = None, None, None
        try:
            cap = read_settings(PlatformSettings).max_running
            snapshot_store = read_settings(SnapshotSettings).snapshot_store
            read_settings(WebhookSettings)
        except SettingsError as error:
            problem = error.message
        authorities = find_variable("FORMSCOUT_REDIS_CA")
        return cls(
            database_url=find_variable("DATABASE_URL"),
            redis_url=find_variable("REDIS_URL"),
            redis_ca=Path(authorities) if authorities else None,
            inspector_url=find_variable("FORMSCOUT_DOCTOR_REDIS_URL"),
            encryption_keys=find_variable("FORMSCOUT_ENCRYPTION_KEYS"),
            snapshot_store=snapshot_store or find_variable("FORMSCOUT_SNAPSHOT_STORE"),
            api_url=api_url or find_variable("FORMSCOUT_URL"),
            browser=browser,
            sandbox=sandbox,
            cap=cap,
            problem=problem,
        )
