"""Reading about servers."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.vpn.models import Endpoint, Server, VpnKey


async def inbound_ids(session: AsyncSession, server_id: int) -> Sequence[int]:
    """The inbounds that keys of this server are attached to."""
    query = select(Endpoint.inbound_id).where(Endpoint.server_id == server_id).order_by(Endpoint.id)
    return (await session.scalars(query)).all()


async def endpoints_of(session: AsyncSession, subscription_id: UUID) -> Sequence[tuple[Server, Endpoint]]:
    """Every endpoint that a subscription has a key on, the weightiest server first."""
    query = (
        select(Server, Endpoint)
        .join(Endpoint, Endpoint.server_id == Server.id)
        .join(VpnKey, VpnKey.server_id == Server.id)
        .where(VpnKey.subscription_id == subscription_id)
        .order_by(Server.weight.desc(), Server.id, Endpoint.id)
    )
    return [(server, endpoint) for server, endpoint in await session.execute(query)]


async def keys_of(session: AsyncSession, subscription_id: UUID) -> Sequence[VpnKey]:
    query = select(VpnKey).where(VpnKey.subscription_id == subscription_id).order_by(VpnKey.server_id)
    return (await session.scalars(query)).all()
