"""The store behind the two requests that clients repeat: asking for a discovery, and polling its status; few, fixed statements."""

from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, Boolean, Text, Uuid, bindparam, column, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from formscout.domain.crawls import CrawlOptions, CrawlSession, CrawlState, CrawlStatus, FailureReason
from formscout.domain.ids import CompanyId, NetworkId, ProductId, ProjectId, TaskId, UserId
from formscout.domain.networks import RobotsPolicy
from formscout.domain.pages import NewPage
from formscout.storage.crawls import Target, session_of_row
from formscout.storage.database import Database
from formscout.storage.frontier import digest_of
from formscout.tables.crawls import crawl_session

_IDS: Final = tuple(bindparam(name, type_=BigInteger) for name in ("company_id", "project_id", "network_id", "user_id", "product_id"))

# Named one by one and typed by position: SQLAlchemy then works out once what a row looks like, not at each execution.
_SESSION: Final = ", ".join(one.name for one in crawl_session.c)

# The lock lets two requests for one network come one by one; a statement after it sees what the first one wrote.
_LOCK: Final = text(
    """
    SELECT (SELECT id FROM company WHERE id = :company_id AND deleted_at IS NULL) AS company,
        (SELECT id FROM project WHERE id = :project_id AND company_id = :company_id AND deleted_at IS NULL) AS project,
        (SELECT id FROM user_account WHERE id = :user_id AND company_id = :company_id) AS "user",
        (SELECT id FROM subscription WHERE company_id = :company_id AND product_id = :product_id AND active) AS subscription,
        id AS network, base_url, politeness ->> 'robots' AS robots
    FROM network WHERE id = :network_id AND company_id = :company_id AND project_id = :project_id AND deleted_at IS NULL
    FOR NO KEY UPDATE
    """,
).bindparams(*_IDS)

_ACCEPT: Final = (
    text(
        f"""
        WITH live AS (
            SELECT {_SESSION} FROM crawl_session
            WHERE network_id = :network_id AND state IN ('queued', 'running') AND NOT :force ORDER BY id LIMIT 1
        ), fresh AS (
            INSERT INTO crawl_session (task_id, company_id, project_id, network_id, user_id, product_id, state, options, sentence,
                pages_known, pages_open)
            SELECT :task_id, :company_id, :project_id, :network_id, :user_id, :product_id, 'queued', :options, :sentence, 1, 1
            WHERE :admit AND NOT EXISTS (SELECT FROM live) RETURNING {_SESSION}
        ), first_page AS (
            INSERT INTO frontier_page (session_id, key_digest, key, address, template, source, depth, priority, path, state)
            SELECT id, :key_digest, :key, :address, :template, :source, 0, :priority, '[]', 'waiting' FROM fresh
        ), first_slice AS (
            INSERT INTO job (kind, queue, state, company_id, session_id, trace_parent)
            SELECT 'discover_slice', 'discovery', 'queued', company_id, id, :trace_parent FROM fresh
        )
        SELECT {_SESSION}, false AS joined FROM fresh UNION ALL SELECT {_SESSION}, true FROM live
        """,  # noqa: S608 (only our own column names are set in)
    )
    .bindparams(
        *_IDS,
        bindparam("task_id", type_=Uuid),
        bindparam("force", type_=Boolean),
        bindparam("admit", type_=Boolean),
        bindparam("options", type_=JSONB),
        bindparam("priority", type_=BigInteger),
        *(bindparam(name, type_=Text) for name in ("sentence", "key_digest", "key", "address", "template", "source", "trace_parent")),
    )
    .columns(*crawl_session.c, column("joined", Boolean))
)

# In the order of `CrawlStatus`: the row is taken over by position, since clients poll it. Running slices are found among the company's
# running jobs, for which there is an index: a session's jobs may be thousands.
_STATUS: Final = """
    SELECT id, company_id, version, state, progress, sentence, pages_found, forms_found, attempt,
        CASE WHEN state = 'queued' THEN queue_place(id) END AS place,
        CASE WHEN state = 'running' THEN (
            SELECT count(*) FROM job
            WHERE job.queue = 'discovery' AND job.state = 'running'
                AND job.company_id = crawl_session.company_id AND job.session_id = crawl_session.id
        ) ELSE 0 END AS slices_running,
        heartbeat_at, failure_code, failure_message
    FROM crawl_session
    WHERE task_id = $1 AND NOT EXISTS (SELECT FROM network WHERE network.id = network_id AND deleted_at IS NOT NULL)
"""


_BACKLOG: Final = """
    SELECT count(*) AS waiting FROM (SELECT FROM job WHERE queue = 'discovery' AND state = 'queued' LIMIT $1) AS counted
"""


async def count_backlog(database: Database, *, at_most: int) -> int:
    """Return how many slices wait for a worker, no more than `at_most`: an index is read as far as that."""
    row = await database.find_row(_BACKLOG, at_most)
    assert row is not None, "an aggregate has a row"
    waiting: int = row["waiting"]
    return waiting


async def find_status(database: Database, task_id: UUID) -> CrawlStatus | None:
    """Return how the session that a task id names stands, or None."""
    row = await database.find_row(_STATUS, task_id)
    if row is None:
        return None
    session_id, company_id, version, state, progress, sentence, pages, forms, attempt, place, slices, heartbeat_at, code, message = (
        row.values()
    )
    return CrawlStatus(
        session_id=session_id,
        company_id=company_id,
        version=version,
        state=CrawlState(state),
        progress=progress,
        sentence=sentence,
        pages_found=pages,
        forms_found=forms,
        attempt=attempt,
        slices_running=slices,
        queue_position=None if place is None else int(place[0]),
        estimated_wait_seconds=None if place is None else place[1],
        heartbeat_at=heartbeat_at,
        failure_code=None if code is None else FailureReason(code),
        failure_message=message,
    )


class RequestStore:
    """Requests for discoveries on one open transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def lock_target(
        self,
        *,
        company_id: CompanyId,
        project_id: ProjectId,
        network_id: NetworkId,
        user_id: UserId,
        product_id: ProductId,
    ) -> Target | None:
        """Look all ids of a request up and lock the network; None where there is no such network in the project."""
        values = {
            "company_id": company_id,
            "project_id": project_id,
            "network_id": network_id,
            "user_id": user_id,
            "product_id": product_id,
        }
        row = (await self._connection.execute(_LOCK, values)).mappings().one_or_none()
        return None if row is None else Target(**{**row, "robots": RobotsPolicy(row["robots"] or RobotsPolicy.IGNORE)})

    async def accept(
        self,
        task_id: TaskId,
        *,
        company_id: CompanyId,
        project_id: ProjectId,
        network_id: NetworkId,
        user_id: UserId,
        product_id: ProductId,
        options: CrawlOptions,
        sentence: str,
        first_page: NewPage,
        force: bool,
        admit: bool,
        trace_parent: str | None,
    ) -> tuple[CrawlSession, bool] | None:
        """Write a queued session with its first page and first slice, or find the live one of its network (unless `force`).

        Returns the session and whether it was there before; None when there is none to join and no new one is admitted.
        The network is locked.
        """
        values = {
            "task_id": task_id,
            "company_id": company_id,
            "project_id": project_id,
            "network_id": network_id,
            "user_id": user_id,
            "product_id": product_id,
            "options": msgspec.to_builtins(options),
            "sentence": sentence,
            "key_digest": digest_of(first_page),
            "key": first_page.key,
            "address": first_page.address,
            "template": first_page.template,
            "source": first_page.source.value,
            "priority": first_page.priority,
            "force": force,
            "admit": admit,
            "trace_parent": trace_parent,
        }
        row = (await self._connection.execute(_ACCEPT, values)).mappings().one_or_none()
        return None if row is None else (session_of_row(row), row["joined"])
