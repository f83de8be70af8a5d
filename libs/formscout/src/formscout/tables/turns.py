"""Functions in the database for what is asked of the queues at every turn: one round trip each, planned on the indexes once and for all.

A claim is exact because claims of one queue come one by one: each statement of a function sees what was committed before it, so the counts
are read after the lock is held. The lock lives no longer than the call, so a worker that freezes cannot keep it.
"""

from typing import Final

PLANS: Final = "SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off"
"""A connection plans once and lives for hours: one that planned while the table was empty would read 100,000 rows from then on."""

# The companies that wait (0: the installation's own work), each with its oldest job: one step down the index a company.
_WAITING: Final = """
    waiting AS (
        (SELECT coalesce(company_id, 0) AS tenant, available_at, id FROM job WHERE queue = _queue AND state = 'queued'
         ORDER BY coalesce(company_id, 0), available_at, id LIMIT 1)
        UNION ALL
        SELECT next.* FROM waiting CROSS JOIN LATERAL (
            SELECT coalesce(company_id, 0), available_at, id FROM job
            WHERE queue = _queue AND state = 'queued' AND coalesce(company_id, 0) > waiting.tenant
            ORDER BY coalesce(company_id, 0), available_at, id LIMIT 1
        ) AS next
    ), in_hand AS (
        SELECT coalesce(company_id, 0) AS tenant, count(*) AS jobs FROM job WHERE queue = _queue AND state = 'running' GROUP BY 1
    )"""

CLAIM_JOB: Final = f"""
CREATE FUNCTION claim_job(_queue text, _worker text, _lease_seconds double precision, _cap integer) RETURNS SETOF job
    LANGUAGE plpgsql {PLANS} AS $$
DECLARE
    _now timestamptz;
    _next record;
    _taken job;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('formscout.claim.' || _queue));
    _now := clock_timestamp();
    FOR _next IN
        WITH RECURSIVE {_WAITING}, latest AS (SELECT coalesce(max(place), 0) AS place FROM queue_turn WHERE queue = _queue)
        SELECT waiting.tenant,
            -- Whoever was served lately comes later, by its weight; whoever comes new gets no credit for having been away.
            greatest(latest.place, queue_turn.place + 1.0 / coalesce(company.weight, 1)) AS place
        FROM waiting CROSS JOIN latest
        LEFT JOIN in_hand ON in_hand.tenant = waiting.tenant
        LEFT JOIN company ON company.id = waiting.tenant
        LEFT JOIN queue_turn ON queue_turn.queue = _queue AND coalesce(queue_turn.company_id, 0) = waiting.tenant
        WHERE waiting.available_at <= _now AND (
            waiting.tenant = 0 OR coalesce(company.max_running, _cap) IS NULL
            OR coalesce(in_hand.jobs, 0) < coalesce(company.max_running, _cap)
        )
        ORDER BY coalesce(in_hand.jobs, 0)::float8 / coalesce(company.weight, 1), 2, waiting.available_at, waiting.id
    LOOP
        UPDATE job SET state = 'running', fence = fence + 1, worker = _worker, heartbeat_at = _now,
            lease_until = _now + make_interval(secs => _lease_seconds), started_at = coalesce(started_at, _now),
            error_code = NULL, error = NULL  -- of an attempt before; a crash's is kept in job_crash
        WHERE id = (
            SELECT id FROM job
            WHERE queue = _queue AND state = 'queued' AND coalesce(company_id, 0) = _next.tenant AND available_at <= _now
            ORDER BY available_at, id LIMIT 1 FOR UPDATE SKIP LOCKED  -- a cancel may hold it: the next one then
        ) RETURNING * INTO _taken;
        IF FOUND THEN
            INSERT INTO queue_turn (queue, company_id, place) VALUES (_queue, _taken.company_id, _next.place)
            ON CONFLICT (queue, coalesce(company_id, 0)) DO UPDATE SET place = excluded.place;
            RETURN NEXT _taken;
            RETURN;
        END IF;
    END LOOP;
END $$
"""  # noqa: S608 (only texts of ours are set in)

RUNNABLE_JOBS: Final = f"""
CREATE FUNCTION runnable_jobs(_queue text, _bound integer, _cap integer) RETURNS SETOF job LANGUAGE plpgsql STABLE {PLANS} AS $$
BEGIN
    RETURN QUERY
    WITH RECURSIVE {_WAITING}
    SELECT ready.* FROM waiting
    LEFT JOIN in_hand ON in_hand.tenant = waiting.tenant
    LEFT JOIN company ON company.id = waiting.tenant
    CROSS JOIN LATERAL (
        SELECT * FROM job
        WHERE queue = _queue AND state = 'queued' AND coalesce(company_id, 0) = waiting.tenant AND available_at <= now()
        ORDER BY available_at, id
        -- A message for a job that its company's cap holds back would find nothing, and be sent again at once.
        LIMIT CASE WHEN waiting.tenant = 0 OR coalesce(company.max_running, _cap) IS NULL THEN _bound
            ELSE least(_bound, greatest(coalesce(company.max_running, _cap) - coalesce(in_hand.jobs, 0), 0)) END
    ) AS ready
    LIMIT _bound;
END $$
"""  # noqa: S608 (as above)

FAR: Final = 1000
"""Places that are worked out: to know more exactly how far off one is would cost more than it tells."""

QUEUE_PLACE: Final = f"""
CREATE FUNCTION queue_place(_session_id bigint) RETURNS double precision[] LANGUAGE plpgsql STABLE {PLANS} AS $$
DECLARE
    _queue text := 'discovery';
    _job job;
    _tenant bigint;
    _before bigint;
    _others bigint;
    _running bigint;
    _seconds double precision;
BEGIN
    SELECT * INTO _job FROM job WHERE session_id = _session_id AND state = 'queued' AND queue = _queue ORDER BY id LIMIT 1;
    IF NOT FOUND OR _job.available_at > now() THEN RETURN NULL; END IF;
    _tenant := coalesce(_job.company_id, 0);
    SELECT count(*) INTO _before FROM (
        SELECT FROM job WHERE queue = _queue AND state = 'queued' AND coalesce(company_id, 0) = _tenant
            AND (available_at, id) < (_job.available_at, _job.id) LIMIT {FAR}
    ) AS own;
    -- Another company comes first with the jobs that it could start with less weighted work in hand, or as much.
    WITH RECURSIVE {_WAITING}, own AS (
        SELECT (coalesce((SELECT jobs FROM in_hand WHERE tenant = _tenant), 0) + _before)::float8
            / coalesce((SELECT weight FROM company WHERE id = _tenant), 1) AS load
    )
    SELECT count(*) INTO _others FROM (
        SELECT FROM waiting CROSS JOIN own
        LEFT JOIN in_hand ON in_hand.tenant = waiting.tenant
        LEFT JOIN company ON company.id = waiting.tenant
        CROSS JOIN LATERAL (
            SELECT FROM job WHERE queue = _queue AND state = 'queued' AND coalesce(company_id, 0) = waiting.tenant AND available_at <= now()
            LIMIT greatest(0, floor(own.load * coalesce(company.weight, 1) - coalesce(in_hand.jobs, 0)) + 1)::bigint
        ) AS first
        WHERE waiting.tenant <> _tenant LIMIT {FAR}
    ) AS others;
    IF _before + _others >= {FAR} THEN RETURN NULL; END IF;
    SELECT avg(extract(epoch FROM ended_at - started_at)) INTO _seconds FROM (
        SELECT ended_at, started_at FROM job
        WHERE queue = _queue AND started_at IS NOT NULL AND ended_at > now() - interval '1 hour' ORDER BY ended_at DESC LIMIT 100
    ) AS lately;
    SELECT count(*) INTO _running FROM job WHERE queue = _queue AND state = 'running';
    RETURN ARRAY[_before + _others + 1, (_before + _others + 1) * _seconds / nullif(_running, 0)];
END $$
"""  # noqa: S608 (as above)
"""Which one of the queue a waiting session's slice is, and in how many seconds a worker may take it, each null where it is not known.

The seconds are what slices lately took, by as many as run now.
"""

FUNCTIONS: Final = {
    "claim_job(text, text, double precision, integer)": CLAIM_JOB,
    "runnable_jobs(text, integer, integer)": RUNNABLE_JOBS,
    "queue_place(bigint)": QUEUE_PLACE,
}
"""By their signatures."""
