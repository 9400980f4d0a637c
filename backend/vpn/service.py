"""Keys on servers: where they are, what is leased, what was applied."""

import json
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit.db import Database
from backend.kit.errors import NotFound, Refused
from backend.kit.jobs import Job, enqueue
from backend.kit.tokens import Vault, new_id
from backend.vpn.models import Endpoint, Server, VpnKey
from backend.vpn.panels.base import Inbound, PanelAccess, PanelFacts
from backend.vpn.rules import Place, place, read_host

log = structlog.get_logger()

LEASE = timedelta(seconds=60)  # longer than any one call to a panel may take (5 s to connect, 30 s to read)
NOW = datetime.fromisoformat("1970-01-01T00:00:00+00:00")  # sync_after of a key that must be synced
NEVER = datetime.fromisoformat("9999-01-01T00:00:00+00:00")  # and of one that agrees


class ServerNotFound(NotFound):
    """There is no such server."""


class NoEndpoint(Refused):
    """No inbound of this panel can carry keys: it needs an enabled local VLESS + TCP + REALITY inbound."""


@dataclass(frozen=True)
class ComparePanel(Job):
    """Look whether one panel has what its keys should be."""

    server_id: int


async def choose_servers(session: AsyncSession) -> Sequence[int]:
    """Ids of the servers that a subscription gets keys on."""
    servers = await session.scalars(select(Server))
    return place(Place(s.id, s.weight, s.retired_at is not None) for s in servers)


async def want_keys(session: AsyncSession, subscription_id: UUID, server_ids: Sequence[int]) -> None:
    """Insert the keys that are missing and mark all keys of the subscription for sync.

    A key's name at the panel is chosen here, once, before any call.
    """
    for server_id in server_ids:
        await session.execute(
            insert(VpnKey)
            .values(
                id=new_id(),
                subscription_id=subscription_id,
                server_id=server_id,
                email=f"s-{secrets.token_hex(8)}",
                sync_after=NOW,
            )
            .on_conflict_do_nothing(index_elements=[VpnKey.subscription_id, VpnKey.server_id])
        )
    await session.execute(
        update(VpnKey).where(VpnKey.subscription_id == subscription_id).values(sync_after=NOW, sync_attempts=0)
    )


async def all_servers(session: AsyncSession) -> Sequence[int]:
    """Every server, also those that get no new keys."""
    return (await session.scalars(select(Server.id).order_by(Server.id))).all()


async def emails_on(session: AsyncSession, server_id: int) -> set[str]:
    """What the keys of this server are called at its panel."""
    return set(await session.scalars(select(VpnKey.email).where(VpnKey.server_id == server_id)))


async def servers_of(session: AsyncSession, subscription_id: UUID) -> Sequence[int]:
    query = select(VpnKey.server_id).where(VpnKey.subscription_id == subscription_id).order_by(VpnKey.server_id)
    return (await session.scalars(query)).all()


async def applied_keys(session: AsyncSession, subscription_id: UUID, uuid: UUID) -> Sequence[VpnKey]:
    """Keys of the subscription that a panel was once given with this UUID."""
    query = select(VpnKey).where(VpnKey.subscription_id == subscription_id, VpnKey.applied_uuid == uuid)
    return (await session.scalars(query)).all()


async def acknowledge(session: AsyncSession, key_id: UUID, *, version: int, uuid: UUID, newest: bool) -> None:
    """Note what was applied. The caller holds the subscription's row, so `newest` cannot be outdated."""
    await session.execute(
        update(VpnKey)
        .where(VpnKey.id == key_id, VpnKey.applied_version <= version)
        .values(
            applied_version=version,
            applied_uuid=uuid,
            sync_attempts=0,
            last_error=None,
            sync_after=NEVER if newest else NOW,
        )
    )


async def postpone_key(session: AsyncSession, key_id: UUID, until: datetime, error: str) -> None:
    await session.execute(
        update(VpnKey)
        .where(VpnKey.id == key_id)
        .values(sync_attempts=VpnKey.sync_attempts + 1, sync_after=until, last_error=error[:500])
    )


async def lease_server(db: Database, server_id: int, holder: UUID, now: datetime) -> bool:
    """Become or stay the only one who writes to this panel. False: somebody else is."""
    async with db.transaction() as session:
        leased = await session.scalar(
            update(Server)
            .where(
                Server.id == server_id,
                or_(
                    Server.sync_lease_until.is_(None),
                    Server.sync_lease_until < now,
                    Server.sync_lease_by == holder,
                ),
            )
            .values(sync_lease_until=now + LEASE, sync_lease_by=holder)
            .returning(Server.id)
        )
    return leased is not None


async def release_server(db: Database, server_id: int, holder: UUID) -> None:
    async with db.transaction() as session:
        await session.execute(
            update(Server)
            .where(Server.id == server_id, Server.sync_lease_by == holder)
            .values(sync_lease_until=None, sync_lease_by=None)
        )


async def note_health(session: AsyncSession, server_id: int, now: datetime, error: str | None) -> None:
    """Remember since when a panel fails, or that it works again."""
    server = await get_server(session, server_id)
    if error is None:
        if server.failing_since is not None:
            log.info("panel.recovered", server=server_id)
        server.failing_since = server.last_error = None
    else:
        server.failing_since, server.last_error = server.failing_since or now, error[:500]


async def get_server(session: AsyncSession, server_id: int) -> Server:
    """Raises ServerNotFound."""
    server = await session.get(Server, server_id)
    if server is None:
        raise ServerNotFound(server=server_id)
    return server


def access(server: Server, vault: Vault) -> PanelAccess:
    """How to reach a server's panel, its secret opened."""
    secret = json.loads(vault.open(server.secret_sealed, f"server:{server.name}"))
    return PanelAccess(url=server.url, verify_tls=server.verify_tls, **secret)


async def save_server(
    session: AsyncSession, vault: Vault, now: datetime, *, name: str, panel: str, access: PanelAccess
) -> Server:
    """Add a server, or change the address and secret of the one with this name. If it was never read, it is now."""
    secret = {"token": access.token, "username": access.username, "password": access.password}
    sealed = vault.seal(json.dumps(secret), f"server:{name}")
    server = (await session.scalars(select(Server).where(Server.name == name))).one_or_none()
    if server is None:
        server = Server(name=name, panel=panel, titles={}, created_at=now)
        session.add(server)
    server.read_after = now
    server.url, server.secret_sealed, server.verify_tls = access.url, sealed, access.verify_tls
    await session.flush()
    return server


async def save_endpoints(
    session: AsyncSession,
    server: Server,
    facts: PanelFacts,
    now: datetime,
    *,
    panel_host: str,
) -> None:
    """Keep what people connect to, as the panel has it now.

    `panel_host` is the last resort for the address. Where the inbounds are other ones than before, or have another
    key, the panel may be a new one that lacks every key: it is compared at once.

    Raises:
        NoEndpoint: there is no such inbound, or nowhere to reach it.
    """
    known = {e.inbound_id: e for e in await session.scalars(select(Endpoint).where(Endpoint.server_id == server.id))}
    chosen = _choose(facts, known.keys(), server.inbound_id)
    if not chosen:
        raise NoEndpoint(server=server.id, inbound=server.inbound_id)
    before = {inbound_id: endpoint.parameters["public_key"] for inbound_id, endpoint in known.items()}
    if before and before != {inbound.id: inbound.public_key for inbound in chosen}:
        log.warning("server.inbounds_changed", server=server.id, before=list(before), now=[i.id for i in chosen])
        waiting = update(VpnKey).where(VpnKey.server_id == server.id, VpnKey.sync_after != NEVER)
        await session.execute(waiting.values(sync_after=NOW, sync_attempts=0))
        await enqueue(session, ComparePanel(server.id), once=f"compare:{server.id}")
    for gone in known.keys() - {inbound.id for inbound in chosen}:
        await session.delete(known[gone])
    for inbound in chosen:
        host = _host(server, inbound, panel_host)
        endpoint = known.get(inbound.id) or Endpoint(server_id=server.id, inbound_id=inbound.id)
        session.add(endpoint)
        endpoint.tag, endpoint.network, endpoint.security = inbound.tag, inbound.network, inbound.security
        endpoint.host = host
        endpoint.port = server.public_port or inbound.port
        endpoint.parameters, endpoint.read_at = _parameters(inbound), now
    server.dialect, server.version = facts.dialect, facts.version
    await session.flush()
    if not known:  # until now its reads were all that was known of its health
        await note_health(session, server.id, now, None)


def _choose(facts: PanelFacts, known: Collection[int], wanted: int | None) -> Sequence[Inbound]:
    """What to sell: those sold so far that are still there, unless the operator wants another one.

    Where none is left, the first that fits.
    """
    kept = [inbound for inbound in facts.inbounds if inbound.id in known]
    if kept and (wanted is None or wanted in known):
        return kept
    return fitting(facts, wanted)[:1]


def fitting(facts: PanelFacts, wanted: int | None) -> Sequence[Inbound]:
    """What could be sold: the inbound the operator wants, else every enabled local VLESS + TCP + REALITY one."""
    return [i for i in facts.inbounds if (i.sells_reality if wanted is None else i.holds_keys and i.id == wanted)]


def _host(server: Server, inbound: Inbound, panel_host: str) -> str:
    """Where people connect, in the order of whose word counts; one that is no address counts for nothing."""
    for said in (server.public_host, inbound.host, panel_host):
        try:
            if said:
                return read_host(said)
        except ValueError:
            log.warning("server.bad_address", server=server.id, inbound=inbound.id, address=said)
    raise NoEndpoint(server=server.id, inbound=inbound.id)


def _parameters(inbound: Inbound) -> dict[str, object]:
    return {
        "remark": inbound.remark,
        "server_names": list(inbound.server_names),
        "short_ids": list(inbound.short_ids),
        "public_key": inbound.public_key,
        "spider_x": inbound.spider_x,
        "mldsa65_verify": inbound.mldsa65_verify,
        "encryption": inbound.encryption,
        "path": inbound.path,
        "host_header": inbound.host_header,
        "mode": inbound.mode,
        "service_name": inbound.service_name,
        "extra": inbound.extra,
    }
