"""The Celery application, the same for every deployable but for the queue that it serves."""

from celery import Celery

from formscout.domain.jobs import Queue
from formscout.queueing.intake import SENTINEL_TRANSPORT, TRANSPORT, sentinel_options
from formscout.queueing.messages import QUEUE_OF_TASK
from formscout.queueing.queues import RULES, UNROUTED, celery_queues, transport_options
from formscout.storage.redis_servers import RedisServers


def create_app(name: str, broker_url: str, *, queue: Queue | None) -> Celery:
    """Return the application of a worker that serves `queue`, or of a process that only sends (None).

    The settings are those of the platform rules, §3. There is no result backend: status is read from PostgreSQL.
    """
    servers = RedisServers.parse(broker_url)
    app = Celery(name, broker=servers.url)
    app.conf.update(
        broker_transport=TRANSPORT if servers.master is None else SENTINEL_TRANSPORT,
        broker_use_ssl=servers.tls_options or False,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_acks_on_failure=True,
        task_acks_on_timeout=True,
        worker_prefetch_multiplier=1,
        task_ignore_result=True,
        task_create_missing_queues=False,
        task_queues=celery_queues(),
        task_default_queue=UNROUTED,
        task_routes={task: {"queue": str(served)} for task, served in QUEUE_OF_TASK.items()},
        task_serializer="json",
        accept_content=["json"],
        worker_send_task_events=True,
        task_send_sent_event=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        # What Redis refuses (out of memory, a replica's writes, a right taken away) is no lost connection to Celery, and would end the
        # main process at the first acknowledgement. A message is a nudge: connect anew, until Redis takes it again.
        broker_channel_error_retry=True,
        # True with a dead backend loses the job in Celery 5.7.0.
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_transport_options=transport_options(queue) | sentinel_options(servers),
        timezone="UTC",
        enable_utc=True,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
    )
    if queue is not None:
        rules = RULES[queue]
        app.conf.update(
            task_soft_time_limit=rules.soft_time_limit,
            task_time_limit=rules.time_limit,
            worker_max_tasks_per_child=rules.max_tasks_per_child,
        )
    return app
