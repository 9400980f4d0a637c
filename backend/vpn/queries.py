"""Reading about servers."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from backend.vpn.models import Endpoint, Server, VpnKey


def was_read(server_id: InstrumentedAttribute[int] | int) -> ColumnElement[bool]:
    """That it is known where on this server keys can be: before, nothing can be written there, and nobody connect."""
    return exists().where(Endpoint.server_id == server_id)


async def inbound_ids(session: AsyncSession, server_id: int) -> Sequence[int]:
    """The inbounds that keys of this server are attached to."""
    query = select(Endpoint.inbound_id).where(Endpoint.server_id == server_id).order_by(Endpoint.id)
    return (await session.scalars(query)).all()


_KEYS = (
    select(VpnKey, Server, Endpoint)
    .join(Server, Server.id == VpnKey.server_id)
    .outerjoin(Endpoint, Endpoint.server_id == Server.id)
    .where(VpnKey.subscription_id == bindparam("subscription_id"))
    .order_by(Server.weight.desc(), Server.id, Endpoint.id)
)


async def keys_of(
    session: AsyncSession, subscription_id: UUID
) -> Sequence[tuple[VpnKey, Server, Sequence[Endpoint]]]:
    """A subscription's keys and where they lead, the weightiest server first; one not read yet leads nowhere."""
    rows = await session.execute(_KEYS, {"subscription_id": subscription_id})
    found: dict[int, tuple[VpnKey, Server, list[Endpoint]]] = {}
    for key, server, endpoint in rows:
        _, _, endpoints = found.setdefault(server.id, (key, server, []))
        if endpoint is not None:
            endpoints.append(endpoint)
    return list(found.values())
