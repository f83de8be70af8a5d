"""What may be done with schedules, and what a due time does: a request for a discovery like any other, made once."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from formscout.domain.companies import Caller, Role
from formscout.domain.crawls import CrawlOptions, CrawlSession
from formscout.domain.errors import FormscoutError, InvalidInputError, NetworkWithoutAddressError, NotFoundError, OverloadedError
from formscout.domain.ids import CompanyId, NetworkId, ProductId, UserId
from formscout.domain.networks import Network
from formscout.domain.schedules import DueOutcome, Schedule
from formscout.storage.database import Connection, Database
from formscout.storage.leadership import LeadershipStore
from formscout.storage.schedules import DueNetwork, ScheduleStore
from formscout.telemetry import traces
from formscout.usecases.companies import require_manager
from formscout.usecases.crawls import CrawlRequest, accept_discovery
from formscout.usecases.cron import check_cron, next_due, ticks
from formscout.usecases.networks import visible_network
from formscout.usecases.unit_of_work import UnitOfWork, unit_of_work

RETRY_SECONDS: Final = 60.0
"""Until a due time is looked at again that could not be worked on at all: a defect, which stays for a while."""

_SUBSCRIPTIONS_LOOKED_AT: Final = 50
"""More than a company has products; past it, it has to say which one is meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleDraft:
    """What somebody wants a network's schedule to be; `options.robots` is the network's own when it runs."""

    cron: str
    time_zone: str = "UTC"
    user_id: UserId | None = None  # None: whoever sets it
    product_id: ProductId | None = None  # None: the one product that the company has an active subscription to
    options: CrawlOptions = field(default_factory=CrawlOptions)


async def set_schedule(database: Database, caller: Caller, *, network_id: NetworkId, draft: ScheduleDraft) -> Schedule:
    """Give a network this schedule in place of the one it may have; it is due next when the line says so."""
    async with unit_of_work(database) as work:
        network = await _managed_network(work, caller, network_id)
        check_cron(draft.cron, draft.time_zone)
        if network.base_url is None:
            raise NetworkWithoutAddressError(
                f"Network {network_id} has no address yet; give it one with PATCH /api/networks/{network_id} before it recurs.",
            )
        schedule = Schedule(
            network_id=network_id,
            cron=" ".join(draft.cron.split()),
            time_zone=draft.time_zone,
            user_id=await _user(work, caller, network.company_id, draft.user_id),
            product_id=await _product(work, network.company_id, draft.product_id),
            options=draft.options,
            next_due_at=next_due(draft.cron, draft.time_zone, after=datetime.now(UTC)),
        )
        await work.schedules.put(schedule)
        return schedule


async def get_schedule(database: Database, caller: Caller, *, network_id: NetworkId) -> Schedule:
    """Return a network's schedule with what came of its latest due time."""
    async with unit_of_work(database) as work:
        await visible_network(work, caller, network_id)
        schedule = await work.schedules.find(network_id)
        if schedule is None:
            raise NotFoundError("schedule of network", network_id)
        return schedule


async def drop_schedule(database: Database, caller: Caller, *, network_id: NetworkId) -> None:
    """Let a network be discovered only when somebody asks; again changes nothing."""
    async with unit_of_work(database) as work:
        await _managed_network(work, caller, network_id)
        await work.schedules.drop(network_id)


async def due_networks(database: Database, *, limit: int) -> list[NetworkId]:
    """Return networks whose due time has come, the one that waits longest first."""
    async with database.begin() as connection:
        return await ScheduleStore(connection).due(limit=limit)


async def run_due(database: Database, network_id: NetworkId) -> DueOutcome | None:
    """Ask for the discovery that a network is due for, in one transaction with the tick's row; None when there was nothing to do.

    Of several ticks that were missed the latest runs. A network that is being discovered is joined. What cannot be done is noted where
    the network's owner sees it: what he has to change waits for the next due time, what is too much now is tried again soon.
    """
    try:
        async with database.begin() as connection:
            due = await ScheduleStore(connection).lock_due(network_id)
            if due is None:
                return None
            with traces.span("scheduled discovery", {"formscout.network.id": network_id}):
                return await _run(connection, due)
    except OverloadedError as error:
        return await postpone(database, network_id, seconds=error.retry_after, note=error.message)


async def postpone(database: Database, network_id: NetworkId, *, seconds: float, note: str) -> DueOutcome:
    """Look at a network's due time again after `seconds`."""
    async with database.begin() as connection:
        await ScheduleStore(connection).postpone(network_id, seconds=seconds, note=note)
    return DueOutcome.WAITING


async def _run(connection: Connection, due: DueNetwork) -> DueOutcome | None:
    schedule = due.schedule
    latest, following = ticks(schedule.cron, schedule.time_zone, due_at=due.due_at, now=due.now)
    if not await LeadershipStore(connection).add_due(f"network:{schedule.network_id}", latest):
        await ScheduleStore(connection).skip(schedule.network_id, next_due_at=following)
        return None  # this tick was run before
    outcome, session, note = await _ask(connection, due)
    await ScheduleStore(connection).advance(
        schedule.network_id,
        due_at=latest,
        next_due_at=following,
        outcome=outcome,
        session_id=None if session is None else session.id,
        note=note,
    )
    return outcome


async def _ask(connection: Connection, due: DueNetwork) -> tuple[DueOutcome, CrawlSession | None, str | None]:
    schedule = due.schedule
    caller = Caller(user_id=schedule.user_id, company_id=due.company_id, role=Role.MEMBER)
    request = CrawlRequest(
        project_id=due.project_id,
        network_id=schedule.network_id,
        user_id=schedule.user_id,
        company_id=due.company_id,
        product_id=schedule.product_id,
        options=schedule.options,
    )
    try:
        session, joined = await accept_discovery(connection, caller, request)
    except OverloadedError:
        raise
    except FormscoutError as error:  # whatever the owner has to mend: a user, a subscription or an address that is gone
        return DueOutcome.REFUSED, None, error.message
    if joined:
        return DueOutcome.JOINED, session, "It was being discovered already; that session counts for this due time."
    return DueOutcome.STARTED, session, None


async def _managed_network(work: UnitOfWork, caller: Caller, network_id: NetworkId) -> Network:
    """Return the network, locked against due times and requests, if the caller may change it."""
    await visible_network(work, caller, network_id)
    require_manager(caller, "set or drop schedules")
    await work.networks.lock(network_id)
    return await visible_network(work, caller, network_id)


async def _user(work: UnitOfWork, caller: Caller, company_id: CompanyId, user_id: UserId | None) -> UserId:
    if user_id is None and caller.company_id is None:
        raise InvalidInputError("An operator's key belongs to no company; say with user_id in whose name it shall run.")
    meant = caller.user_id if user_id is None else user_id
    user = await work.companies.find_user(meant)
    if user is None or user.company_id != company_id:
        raise NotFoundError("user", meant)
    return meant


async def _product(work: UnitOfWork, company_id: CompanyId, product_id: ProductId | None) -> ProductId:
    subscriptions = await work.companies.subscription_page(company_id, after=0, limit=_SUBSCRIPTIONS_LOOKED_AT)
    active = [one.product_id for one in subscriptions if one.active]
    if product_id is None:
        if len(active) != 1:
            raise InvalidInputError(f"The company has {len(active)} active subscriptions; say with product_id which product is meant.")
        return active[0]
    if product_id not in active:
        raise NotFoundError("subscription to product", product_id)
    return product_id
