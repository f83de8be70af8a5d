"""The store of networks and their sealed credentials."""

import msgspec
from sqlalchemy import RowMapping, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from formscout.domain.ids import CompanyId, NetworkId, ProjectId
from formscout.domain.networks import Environment, Network, Politeness, Scope, Sealed, SignIn
from formscout.tables.networks import network, network_credentials

_COLUMNS = tuple(column for column in network.c if column.name != "deleted_at")


def _network(row: RowMapping) -> Network:
    return Network(
        **{
            **row,
            "environment": Environment(row["environment"]),
            "scope": msgspec.convert(row["scope"], Scope),
            "politeness": msgspec.convert(row["politeness"], Politeness),
            "sign_in": msgspec.convert(row["sign_in"], SignIn),
        },
    )


class NetworkStore:
    """Networks on one open transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(
        self,
        company_id: CompanyId,
        project_id: ProjectId,
        *,
        name: str,
        base_url: str | None,
        environment: Environment,
        scope: Scope,
        politeness: Politeness,
        sign_in: SignIn,
    ) -> Network:
        """Write a network; the project exists and is the company's."""
        statement = insert(network).values(
            company_id=company_id,
            project_id=project_id,
            name=name,
            base_url=base_url,
            environment=environment.value,
            scope=msgspec.to_builtins(scope),
            politeness=msgspec.to_builtins(politeness),
            sign_in=msgspec.to_builtins(sign_in),
        )
        return _network((await self._connection.execute(statement.returning(*_COLUMNS))).mappings().one())

    async def find(self, network_id: NetworkId) -> Network | None:
        """Return the network of any company, or None; one that is deleted is not there."""
        statement = select(*_COLUMNS).where(network.c.id == network_id, network.c.deleted_at.is_(None))
        row = (await self._connection.execute(statement)).mappings().one_or_none()
        return None if row is None else _network(row)

    async def lock(self, network_id: NetworkId) -> None:
        """Keep whoever else locks the network out until this transaction ends: requests for discoveries do."""
        await self._connection.execute(select(network.c.id).where(network.c.id == network_id).with_for_update(key_share=True))

    async def page(self, company_id: CompanyId, *, project_id: ProjectId | None = None, after: int, limit: int) -> list[Network]:
        """Return up to `limit` networks of a company, or of one of its projects, with ids above `after`, in order of id."""
        listed = (network.c.company_id == company_id) & (network.c.id > after) & network.c.deleted_at.is_(None)
        statement = select(*_COLUMNS).where(listed).order_by(network.c.id).limit(limit)
        if project_id is not None:
            statement = statement.where(network.c.project_id == project_id)
        return [_network(row) for row in (await self._connection.execute(statement)).mappings()]

    async def replace(self, changed: Network) -> Network:
        """Write what may change of a network: all but its ids and the moment it was made; the network exists."""
        statement = (
            update(network)
            .where(network.c.id == changed.id)
            .values(
                name=changed.name,
                base_url=changed.base_url,
                environment=changed.environment.value,
                scope=msgspec.to_builtins(changed.scope),
                politeness=msgspec.to_builtins(changed.politeness),
                sign_in=msgspec.to_builtins(changed.sign_in),
            )
            .returning(*_COLUMNS)
        )
        return _network((await self._connection.execute(statement)).mappings().one())

    async def credentials(self, network_id: NetworkId) -> Sealed | None:
        """Return the network's sealed credentials, or None if it has none."""
        statement = select(network_credentials.c.key_id, network_credentials.c.ciphertext).where(
            network_credentials.c.network_id == network_id,
        )
        row = (await self._connection.execute(statement)).mappings().one_or_none()
        return None if row is None else Sealed(**row)

    async def put_credentials(self, network_id: NetworkId, sealed: Sealed) -> None:
        """Write the network's sealed credentials in place of those it may have."""
        values = {"key_id": sealed.key_id, "ciphertext": sealed.ciphertext, "changed_at": func.now()}
        statement = upsert(network_credentials).values(network_id=network_id, **values)
        await self._connection.execute(statement.on_conflict_do_update(index_elements=["network_id"], set_=values))

    async def drop_credentials(self, network_id: NetworkId) -> None:
        """Forget the network's credentials, if it has any."""
        await self._connection.execute(delete(network_credentials).where(network_credentials.c.network_id == network_id))
