"""The one place where the scheduler and its upkeep worker construct what they work with."""

from collections.abc import Callable, Mapping

from formscout.domain.errors import NotFoundError
from formscout.domain.jobs import Claim, Failed, Finished, JobKind, Outcome
from formscout.queueing.app import create_app
from formscout.queueing.execution import Handler
from formscout.queueing.heartbeat import Pulse
from formscout.security.encryption import KeyRing
from formscout.security.outbound import SystemResolver
from formscout.storage.database import Database
from formscout.storage.redis_servers import RedisServers
from formscout.usecases.budgets import check_budget, reset_monthly_budgets
from formscout_scheduler.config import BeatSettings, SchedulerSettings
from formscout_scheduler.dispatcher import Dispatcher
from formscout_scheduler.posting import Poster
from formscout_scheduler.reconciler import Reconciler
from formscout_scheduler.webhooks import WebhookSender


def connect(settings: SchedulerSettings) -> tuple[Database, Dispatcher, Reconciler]:
    """Construct what the scheduler's loops work with."""
    database = Database.connect(settings.database_url.get_secret_value(), pool_size=settings.database_pool_size)
    url = settings.redis_url.get_secret_value()
    client = RedisServers.parse(url).async_client(socket_timeout=5, socket_connect_timeout=5)
    app = create_app("formscout-scheduler", url, queue=None)
    dispatcher = Dispatcher(app=app, database=database, redis=client, cap=settings.max_running)
    return database, dispatcher, Reconciler(database=database)


def connect_sender(settings: BeatSettings, database: Database, *, holder: str) -> WebhookSender:
    """Construct the sender of webhooks; raise `SettingsError` for keys that are none."""
    keys = KeyRing.parse(settings.encryption_keys.get_secret_value())
    poster = Poster(allow_private=settings.webhooks_allow_private, resolve=SystemResolver())
    return WebhookSender(database=database, keys=keys, poster=poster, holder=holder)


def wire(database: Database, _draining: Callable[[], bool]) -> Mapping[JobKind, Handler]:
    """Construct what the jobs of one pool process of the upkeep worker work with; each is one short transaction."""

    async def check(claim: Claim, pulse: Pulse) -> Outcome:
        del pulse  # one short transaction
        assert claim.job.subscription_id is not None, "a budget check names its subscription"
        try:
            await check_budget(database, claim.job.subscription_id)
        except NotFoundError as error:
            return Failed(code=error.code, message=error.message)
        return Finished()

    async def reset(claim: Claim, pulse: Pulse) -> Outcome:
        del claim, pulse  # one short transaction
        await reset_monthly_budgets(database)
        return Finished()

    return {JobKind.CHECK_BUDGET: check, JobKind.RESET_BUDGETS: reset}
