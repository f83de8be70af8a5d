"""The upkeep worker: `celery -A formscout_scheduler.worker worker -Q budget`."""

from formscout.config import read_settings
from formscout.domain.jobs import Queue
from formscout.queueing.app import create_app
from formscout.queueing.child import Child
from formscout.telemetry.logs import configure_logs
from formscout.usecases.jobs import finish_job
from formscout_scheduler import tasks
from formscout_scheduler.config import SchedulerSettings
from formscout_scheduler.wiring import wire

# Celery imports this module to find `app`: it is an entry point, the one place that reads settings at import.
settings = read_settings(SchedulerSettings)
configure_logs(log_format=settings.log_format, log_level=settings.log_level)
app = create_app("formscout-upkeep", settings.redis_url.get_secret_value(), queue=Queue.BUDGET)
child = Child(app, queue=Queue.BUDGET, settings=settings, wire=wire, finish=finish_job)
tasks.register(app, child)
