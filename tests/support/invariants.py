"""What must hold of jobs, pages, sessions and events at any moment, and between two moments; read from the rows alone."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

VIOLATIONS: Final = {
    "a session that is not final has work that is queued or running": """
        SELECT s.id FROM crawl_session s WHERE s.state IN ('queued', 'running')
        AND NOT EXISTS (SELECT FROM job j WHERE j.session_id = s.id AND j.state IN ('queued', 'running', 'set_aside'))""",
    "open pages have a slice that will come to them": """
        SELECT s.id FROM crawl_session s WHERE s.state IN ('queued', 'running') AND s.pages_open > 0
        AND NOT EXISTS (SELECT FROM job j WHERE j.session_id = s.id AND j.kind = 'discover_slice'
            AND j.state IN ('queued', 'running', 'set_aside'))""",
    "a form page that waits has a job that will describe it": """
        SELECT p.id FROM form_page p JOIN crawl_session s ON s.id = p.session_id
        WHERE s.state IN ('queued', 'running') AND p.state = 'pending'
        AND NOT EXISTS (SELECT FROM job j WHERE j.form_page_id = p.id AND j.state IN ('queued', 'running', 'set_aside'))""",
    "a session that was cancelled has a slice at work, or has ended": """
        SELECT s.id FROM crawl_session s WHERE s.state IN ('queued', 'running') AND s.cancel_requested
        AND NOT EXISTS (SELECT FROM job j WHERE j.session_id = s.id AND j.kind = 'discover_slice' AND j.state = 'running')""",
    "an ended session has no work and no page left": """
        SELECT s.id FROM crawl_session s WHERE NOT s.state IN ('queued', 'running') AND (
            EXISTS (SELECT FROM job j WHERE j.session_id = s.id AND j.state IN ('queued', 'running'))
            OR EXISTS (SELECT FROM frontier_page p WHERE p.session_id = s.id AND p.state IN ('waiting', 'leased')))""",
    "a session that succeeded has every form page described or failed": """
        SELECT s.id FROM crawl_session s JOIN form_page p ON p.session_id = s.id
        WHERE s.state = 'succeeded' AND p.state = 'pending'""",
    "a page is leased to a slice of its own session": """
        SELECT p.id FROM frontier_page p LEFT JOIN job j ON j.id = p.holder_job
        WHERE p.state = 'leased' AND (j.id IS NULL OR j.session_id <> p.session_id OR p.holder_fence > j.fence)""",
    "a visited page has its one visit, and no other page has one": """
        SELECT p.id FROM frontier_page p LEFT JOIN visit v ON v.page_id = p.id GROUP BY p.id, p.state
        HAVING count(v.id) <> (p.state = 'done')::int""",
    "the counts of a session equal its rows": """
        SELECT s.id FROM crawl_session s WHERE (s.pages_open, s.pages_known, s.visits, s.pages_found, s.form_pages_open, s.forms_found) <> (
            (SELECT count(*) FROM frontier_page p WHERE p.session_id = s.id AND p.state IN ('waiting', 'leased')),
            (SELECT count(*) FROM frontier_page p WHERE p.session_id = s.id),
            (SELECT count(*) FROM visit v WHERE v.session_id = s.id),
            (SELECT count(*) FROM form_page p WHERE p.session_id = s.id),
            (SELECT count(*) FROM form_page p WHERE p.session_id = s.id AND p.state = 'pending'),
            (SELECT count(*) FROM form f WHERE f.session_id = s.id AND f.description IS NOT NULL))""",
    "events are numbered without gap, and the session knows the last": """
        SELECT s.id FROM crawl_session s LEFT JOIN session_event e ON e.session_id = s.id GROUP BY s.id, s.last_event
        HAVING count(e.sequence) <> s.last_event OR coalesce(max(e.sequence), 0) <> s.last_event""",
    "an ended session has a terminal event, its last; a live one has none, but for those after which an operator reopened it": """
        SELECT s.id FROM crawl_session s LEFT JOIN session_event e ON e.session_id = s.id GROUP BY s.id
        HAVING count(*) FILTER (WHERE e.kind = 'ended') <> count(*) FILTER (WHERE e.kind = 'reopened')
            + (s.state NOT IN ('queued', 'running'))::int
        OR s.state NOT IN ('queued', 'running') AND max(e.sequence) FILTER (WHERE e.kind = 'ended') <> s.last_event""",
    "a running job has a lease and a worker, and no other job has a lease that runs": """
        SELECT j.id FROM job j WHERE (j.state = 'running') AND (j.lease_until IS NULL OR j.worker IS NULL OR j.fence = 0)
        OR j.state = 'queued' AND j.lease_until IS NOT NULL""",
    "a job has an end exactly when it has ended": """
        SELECT j.id FROM job j WHERE (j.ended_at IS NULL) <> (j.state IN ('queued', 'running'))""",
}
"""What nobody may ever find: a sentence that must hold, and the statement that returns the ids for which it does not."""

_ALL = text(" UNION ALL ".join(f"SELECT '{name}', id FROM ({query}) AS broken(id)" for name, query in VIOLATIONS.items()))  # noqa: S608 (ours)

_FINAL = "state NOT IN ('queued', 'running')"

_MOMENT = text(
    f"""
    SELECT 'job', id, fence, 0, CASE WHEN {_FINAL} AND state <> 'set_aside' THEN md5(t::text) END, md5(t::text) FROM job t
    UNION ALL SELECT 'page', id, fence, 0, CASE WHEN state IN ('done', 'skipped') THEN md5(t::text) END, md5(t::text) FROM frontier_page t
    UNION ALL SELECT 'session', id, version, progress, CASE WHEN {_FINAL} THEN md5(t::text) END, md5(t::text) FROM crawl_session t
    UNION ALL SELECT 'form page', id, 0, 0, CASE WHEN state <> 'pending' THEN md5(t::text) END, md5(t::text) FROM form_page t
    UNION ALL SELECT 'visit', id, 0, 0, md5(t::text), md5(t::text) FROM visit t
    UNION ALL SELECT 'events of session', session_id, max(sequence), 0, NULL, md5(string_agg(t::text, '' ORDER BY sequence))
        FROM session_event t GROUP BY session_id
    """,  # noqa: S608 (ours)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row as it stands: what may only grow, what it is once it is final, and a digest of all of it."""

    fence: int  # a version or the last sequence number, where there is no fence
    progress: int
    final: str | None  # a digest, when nothing may change any more
    digest: str


Moment = dict[tuple[str, int], Row]
"""Every row of the work, by table and id."""


async def violations(connection: AsyncConnection) -> list[str]:
    """Return what does not hold now, as sentences with ids."""
    return [f"not so: {name} (id {broken})" for name, broken in await connection.execute(_ALL)]


async def moment(connection: AsyncConnection) -> Moment:
    """Return all rows as they stand."""
    return {
        (table, number): Row(fence=fence, progress=progress, final=final, digest=digest)
        for table, number, fence, progress, final, digest in await connection.execute(_MOMENT)
    }


def setbacks(before: Moment, after: Moment) -> list[str]:
    """Return what went back between two moments: a fence or a progress that fell, an end that was taken back, a row that is gone."""
    found = []
    for (table, number), row in before.items():
        name, now = f"{table} {number}", after.get((table, number))
        if now is None:
            found.append(f"{name} is gone")
        elif now.fence < row.fence or now.progress < row.progress:
            found.append(f"{name} went back: {row} → {now}")
        elif row.final is not None and now.final != row.final:
            found.append(f"{name} had ended and changed: {row} → {now}")
    return found
