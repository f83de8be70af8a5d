"""The Celery application of whoever only looks on, given Redis alone: `celery -A formscout.queueing.watching flower`."""

from typing import Final

from celery import Celery

from formscout.config import BrokerSettings, read_settings
from formscout.queueing.app import create_app
from formscout.storage.redis_servers import RedisServers

NAME: Final = "formscout"


def create_watching_app(broker_url: str) -> Celery:
    """Return the application; it takes no work, so it needs no door of ours before its queues.

    Flower counts what waits by the name of the transport, and knows Celery's own alone. Behind sentinels only ours will do,
    so there it shows no counts.
    """
    app = create_app(NAME, broker_url, queue=None)
    if RedisServers.parse(broker_url).master is None:
        app.conf.broker_transport = None  # that of the address
    return app


# Celery imports this module to find `app`: it is an entry point.
app = create_watching_app(read_settings(BrokerSettings).redis_url.get_secret_value())
