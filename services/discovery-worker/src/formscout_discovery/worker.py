"""The discovery worker: `celery -A formscout_discovery.worker worker -Q discovery`."""

from functools import partial

from formscout.config import read_settings
from formscout.domain.jobs import Queue
from formscout.queueing.app import create_app
from formscout.queueing.child import Child
from formscout.telemetry.logs import configure_logs
from formscout.usecases.jobs import finish_job
from formscout_discovery import tasks
from formscout_discovery.config import DiscoverySettings
from formscout_discovery.wiring import check_browser, wire

# Celery imports this module to find `app`: it is an entry point, the one place that reads settings at import.
settings = read_settings(DiscoverySettings)
configure_logs(log_format=settings.log_format, log_level=settings.log_level)
app = create_app("formscout-discovery", settings.redis_url.get_secret_value(), queue=Queue.DISCOVERY)
child = Child(
    app,
    queue=Queue.DISCOVERY,
    settings=settings,
    wire=partial(wire, settings),
    finish=finish_job,
    check=partial(check_browser, settings),
)
tasks.register(app, child)
