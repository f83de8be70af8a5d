"""The analysis worker: `celery -A formscout_analysis.worker worker -Q analysis`."""

from functools import partial

from formscout.config import read_settings
from formscout.domain.jobs import Queue
from formscout.queueing.app import create_app
from formscout.queueing.child import Child
from formscout.telemetry.logs import configure_logs
from formscout.usecases.jobs import finish_job
from formscout_analysis import tasks
from formscout_analysis.config import AnalysisSettings
from formscout_analysis.wiring import wire

# Celery imports this module to find `app`: it is an entry point, the one place that reads settings at import.
settings = read_settings(AnalysisSettings)
configure_logs(log_format=settings.log_format, log_level=settings.log_level)
app = create_app("formscout-analysis", settings.redis_url.get_secret_value(), queue=Queue.ANALYSIS)
child = Child(app, queue=Queue.ANALYSIS, settings=settings, wire=partial(wire, settings), finish=finish_job)
tasks.register(app, child)
