"""What may be done with networks and the credentials that sign a crawl in."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from formscout.domain.companies import Caller
from formscout.domain.errors import ForbiddenError, InvalidInputError, NotFoundError, SecretUnreadableError
from formscout.domain.ids import CompanyId, NetworkId, ProjectId
from formscout.domain.networks import Credentials, Environment, Network, Politeness, Scope, Sealed, SignIn, SignInKind
from formscout.domain.urls import origin, require_http, resolve
from formscout.security.encryption import KeyRing
from formscout.storage.database import Database
from formscout.usecases.companies import require_manager, visible_company
from formscout.usecases.projects import visible_project
from formscout.usecases.unit_of_work import UnitOfWork, unit_of_work


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkDraft:
    """What somebody wants a network to be; every part is given."""

    name: str
    base_url: str | None = None
    environment: Environment = Environment.TEST
    scope: Scope = field(default_factory=Scope)
    politeness: Politeness = field(default_factory=Politeness)
    sign_in: SignIn = field(default_factory=SignIn)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkChanges:
    """What shall be different; None, or a part's field that is not named, stays as it is."""

    name: str | None = None
    base_url: str | None = None
    environment: Environment | None = None
    # Any: values of the fields of Scope, Politeness and SignIn, by name; the door has checked their types.
    scope: Mapping[str, Any] = field(default_factory=dict)
    politeness: Mapping[str, Any] = field(default_factory=dict)
    sign_in: Mapping[str, Any] = field(default_factory=dict)


async def create_network(
    database: Database,
    caller: Caller,
    *,
    keys: KeyRing,
    project_id: ProjectId,
    draft: NetworkDraft,
    credentials: Credentials | None = None,
) -> Network:
    """Make a network of a project; `credentials` are kept sealed."""
    async with unit_of_work(database) as work:
        project = await visible_project(work, caller, project_id)
        require_manager(caller, "make networks")
        checked = _checked(draft)
        _refuse_private(checked, caller, before=None)
        network = await work.networks.add(
            project.company_id,
            project.id,
            name=checked.name,
            base_url=checked.base_url,
            environment=checked.environment,
            scope=checked.scope,
            politeness=checked.politeness,
            sign_in=_signed_in(checked.sign_in, credentials, kept=None),
        )
        if credentials is not None:
            await work.networks.put_credentials(network.id, seal_credentials(keys, network.id, credentials))
        return network


async def list_networks(
    database: Database,
    caller: Caller,
    *,
    company_id: CompanyId,
    project_id: ProjectId | None,
    after: int,
    limit: int,
) -> list[Network]:
    """Return a company's networks in order of id, of one project if it is named."""
    async with unit_of_work(database) as work:
        await visible_company(work, caller, company_id)
        if project_id is not None and (await visible_project(work, caller, project_id)).company_id != company_id:
            raise NotFoundError("project", project_id)
        return await work.networks.page(company_id, project_id=project_id, after=after, limit=limit)


async def get_network(database: Database, caller: Caller, *, network_id: NetworkId) -> Network:
    """Return a network that the caller sees."""
    async with unit_of_work(database) as work:
        return await visible_network(work, caller, network_id)


async def change_network(
    database: Database,
    caller: Caller,
    *,
    keys: KeyRing,
    network_id: NetworkId,
    changes: NetworkChanges,
    credentials: Credentials | None = None,
) -> Network:
    """Change a network; `credentials`, if given, take the place of those it has.

    A new base address on another origin drops the credentials that were kept: whoever may change the address must not
    thereby have another application told the password.
    """
    async with unit_of_work(database) as work:
        found = await visible_network(work, caller, network_id)
        require_manager(caller, "change networks")
        checked = _checked(_changed(found, changes))
        _refuse_private(checked, caller, before=found)
        kept = await work.networks.credentials(network_id)
        if kept is not None and (checked.sign_in.kind is SignInKind.NONE or _tells_another(found, checked)):
            await work.networks.drop_credentials(network_id)
            kept = None
        sign_in = _signed_in(checked.sign_in, credentials, kept=kept)
        if credentials is not None:
            await work.networks.put_credentials(network_id, seal_credentials(keys, network_id, credentials))
        changed = replace(
            found,
            name=checked.name,
            base_url=checked.base_url,
            environment=checked.environment,
            scope=checked.scope,
            politeness=checked.politeness,
            sign_in=sign_in,
        )
        return await work.networks.replace(changed)


async def find_credentials(database: Database, keys: KeyRing, network_id: NetworkId) -> Credentials | None:
    """Return a network's credentials in clear, or None if it has none; for the worker that signs in, behind no door."""
    async with unit_of_work(database) as work:
        sealed = await work.networks.credentials(network_id)
    return None if sealed is None else open_credentials(keys, network_id, sealed)


def seal_credentials(keys: KeyRing, network_id: NetworkId, credentials: Credentials) -> Sealed:
    """Seal credentials so that only the same network's row opens."""
    return keys.seal(msgspec.json.encode(credentials), purpose=_purpose(network_id))


def open_credentials(keys: KeyRing, network_id: NetworkId, sealed: Sealed) -> Credentials:
    """Open what `seal_credentials` sealed; raise `SecretUnreadableError` if that cannot be."""
    clear = keys.open(sealed, purpose=_purpose(network_id))
    try:
        return msgspec.json.decode(clear, type=Credentials)
    except msgspec.MsgspecError:
        raise SecretUnreadableError(f"The credentials of network {network_id} have an unknown shape; write them anew.") from None


async def visible_network(work: UnitOfWork, caller: Caller, network_id: NetworkId) -> Network:
    """Return the network if the caller sees it, else raise `NotFoundError`."""
    network = await work.networks.find(network_id)
    if network is None or not caller.may_see(network.company_id):
        raise NotFoundError("network", network_id)
    return network


def _purpose(network_id: NetworkId) -> str:
    return f"network:{network_id}"


def _changed(network: Network, changes: NetworkChanges) -> NetworkDraft:
    return NetworkDraft(
        name=network.name if changes.name is None else changes.name,
        base_url=network.base_url if changes.base_url is None else changes.base_url,
        environment=changes.environment or network.environment,
        scope=replace(network.scope, **changes.scope),
        politeness=replace(network.politeness, **changes.politeness),
        sign_in=replace(network.sign_in, **changes.sign_in),
    )


def _checked(draft: NetworkDraft) -> NetworkDraft:
    """Return the draft with its addresses normalised; raise if one is no address."""
    base_url = None if draft.base_url is None else require_http(draft.base_url)
    scope = replace(
        draft.scope,
        include=tuple(require_http(address) for address in draft.scope.include),
        exclude=tuple(require_http(address) for address in draft.scope.exclude),
        allow_requests=tuple(require_http(address) for address in draft.scope.allow_requests),
    )
    sign_in = draft.sign_in
    if sign_in.sign_in_url is not None:
        address = sign_in.sign_in_url if base_url is None else resolve(base_url, sign_in.sign_in_url)
        sign_in = replace(sign_in, sign_in_url=require_http(address or sign_in.sign_in_url))
    return replace(draft, base_url=base_url, scope=scope, sign_in=sign_in)


def _refuse_private(draft: NetworkDraft, caller: Caller, *, before: Network | None) -> None:
    """Raise unless an operator stands behind a network that may reach private addresses, and behind which ones."""
    if not draft.scope.allow_private or caller.is_operator:
        return
    if before is None or not before.scope.allow_private:
        raise ForbiddenError(
            "Only an operator may set scope.allow_private, which lets a crawl reach loopback and private addresses. "
            "Leave it out, or ask whoever runs this installation.",
        )
    places = (before.base_url, before.scope.include, before.sign_in.sign_in_url)
    if places != (draft.base_url, draft.scope.include, draft.sign_in.sign_in_url):
        raise ForbiddenError(
            "This network may reach private addresses, so only an operator may change where it leads. "
            "Set scope.allow_private to false, or ask whoever runs this installation.",
        )


def _signed_in(sign_in: SignIn, credentials: Credentials | None, *, kept: Sealed | None) -> SignIn:
    """Return the sign-in as it is kept; raise if what it needs is not there."""
    if sign_in.kind is SignInKind.NONE:
        if credentials is not None:
            raise InvalidInputError('Credentials need sign_in.kind "password"; set it, or leave the password out.')
        return SignIn()
    if not sign_in.username:
        raise InvalidInputError('sign_in.kind "password" needs sign_in.username.')
    if credentials is None and kept is None:
        raise InvalidInputError(
            'sign_in.kind "password" needs sign_in.password, once more if the address leads to another application now.'
        )
    return sign_in if credentials is None else replace(sign_in, has_totp=credentials.totp_secret is not None)


def _tells_another(before: Network, after: NetworkDraft) -> bool:
    """Tell whether the password would be typed in somewhere else than before."""
    places = ((before.base_url, before.sign_in.sign_in_url), (after.base_url, after.sign_in.sign_in_url))
    origins = [{origin(address) for address in addresses if address is not None} for addresses in places]
    return not origins[1] <= origins[0]
