"""Reading subscriptions, their ledgers, and the keys that lag behind."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Select, bindparam, cast, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.notifications.models import Notification
from backend.subscriptions.models import Extension, Subscription
from backend.subscriptions.rules import Entry
from backend.users.models import User
from backend.vpn.models import Server, VpnKey
from backend.vpn.panels.base import KeySpec
from backend.vpn.queries import was_read

_OF_USER = (
    select(Subscription).where(Subscription.user_id == bindparam("user_id")).order_by(Subscription.created_at.desc())
)


async def subscriptions_of(session: AsyncSession, user_id: int) -> Sequence[Subscription]:
    """A person's subscriptions, the newest first."""
    return (await session.scalars(_OF_USER, {"user_id": user_id})).all()


async def ledger(session: AsyncSession, subscription_id: UUID) -> Sequence[Entry]:
    """The whole ledger of a subscription, in the order in which it counts."""
    query = select(Extension).where(Extension.subscription_id == subscription_id).order_by(Extension.at, Extension.id)
    return [Entry(line.days, line.at) for line in await session.scalars(query)]


_BY_TOKEN = (
    select(Subscription, User)
    .join(User, User.id == Subscription.user_id)
    .where(Subscription.token == bindparam("token"))
)


async def find_by_token(session: AsyncSession, token: str) -> tuple[Subscription, User] | None:
    """Whose link this is."""
    row = (await session.execute(_BY_TOKEN, {"token": token})).one_or_none()
    return (row[0], row[1]) if row else None


@dataclass(frozen=True, slots=True)
class WantedKey:
    """A key that lags behind, with the whole state it should have."""

    key_id: UUID
    subscription_id: UUID
    version: int
    attempts: int
    spec: KeySpec


async def next_dirty_key(session: AsyncSession, server_id: int, now: datetime) -> WantedKey | None:
    """The key of this server that has lagged longest and may be tried now."""
    query = (
        _keys(server_id)
        .where(VpnKey.sync_after <= now, VpnKey.applied_version < Subscription.desired_version)
        .order_by(VpnKey.sync_after, VpnKey.id)
        .limit(1)
    )
    row = (await session.execute(query)).one_or_none()
    return _wanted(row[0], row[1], row[2], now) if row else None


async def settled_keys(session: AsyncSession, server_id: int, now: datetime) -> Sequence[WantedKey]:
    """The keys of this server that its panel was given as they should be, and that have not used up their traffic."""
    used_up = (VpnKey.upload_bytes + VpnKey.download_bytes >= Subscription.traffic_limit_bytes) & (
        Subscription.traffic_limit_bytes > 0
    )
    query = _keys(server_id).where(VpnKey.applied_version == Subscription.desired_version, used_up.is_not(True))
    return [
        _wanted(key, subscription, blocked_at, now) for key, subscription, blocked_at in await session.execute(query)
    ]


def _keys(server_id: int) -> Select[VpnKey, Subscription, datetime | None]:
    return (
        select(VpnKey, Subscription, User.blocked_at)
        .join(Subscription, Subscription.id == VpnKey.subscription_id)
        .join(User, User.id == Subscription.user_id)
        .where(VpnKey.server_id == server_id)
    )


def _wanted(key: VpnKey, subscription: Subscription, user_blocked_at: datetime | None, now: datetime) -> WantedKey:
    until = subscription.runs_until
    open_to_use = until is not None and until > now and not subscription.blocked and user_blocked_at is None
    return WantedKey(
        key_id=key.id,
        subscription_id=subscription.id,
        version=subscription.desired_version,
        attempts=key.sync_attempts,
        spec=KeySpec(
            email=key.email,
            uuid=subscription.client_uuid,
            sub_id=subscription.sub_id,
            expires_at=until,
            enabled=open_to_use,
            device_limit=subscription.device_limit or 0,
            traffic_limit_bytes=subscription.traffic_limit_bytes or 0,
            previous_uuid=key.applied_uuid,
        ),
    )


async def servers_with_dirty_keys(session: AsyncSession, now: datetime) -> Sequence[int]:
    """Servers that can be written to and have a key that lags behind and may be tried now."""
    query = (
        select(VpnKey.server_id)
        .join(Subscription, Subscription.id == VpnKey.subscription_id)
        .where(VpnKey.sync_after <= now, VpnKey.applied_version < Subscription.desired_version)
        .where(was_read(VpnKey.server_id))
        .distinct()
    )
    return (await session.scalars(query)).all()


async def missing_keys(session: AsyncSession, now: datetime, *, limit: int) -> Sequence[tuple[UUID, int]]:
    """Running subscriptions, locked, with a server each that takes keys and that they have none on."""
    query = (
        select(Subscription.id, Server.id)
        .join(Server, Server.retired_at.is_(None))
        .where((Subscription.paid_until > now) | (Subscription.grace_until > now))
        .where(~exists().where(VpnKey.subscription_id == Subscription.id, VpnKey.server_id == Server.id))
        .order_by(Subscription.id, Server.id)
        .limit(limit)
        .with_for_update(of=Subscription, key_share=True, skip_locked=True)
    )
    return [(row[0], row[1]) for row in await session.execute(query)]


async def untold_ends(
    session: AsyncSession, word: str, after: datetime, before: datetime, *, limit: int = 200
) -> Sequence[Subscription]:
    """Subscriptions that end in (after, before] and whose owner has not heard this word of it, most urgent first."""
    epoch = func.floor(func.extract("epoch", Subscription.paid_until))
    key = func.concat(f"{word}:", Subscription.id, ":", cast(epoch, BigInteger))
    query = (
        select(Subscription)
        .where(Subscription.paid_until > after, Subscription.paid_until <= before)
        .where(~exists().where(Notification.dedup_key == key))
        .order_by(Subscription.paid_until)
        .limit(limit)
    )
    return (await session.scalars(query)).all()


def told_key(word: str, subscription_id: UUID, until: datetime) -> str:
    """What names one reminder of one end; `untold_ends` builds the same in SQL."""
    return f"{word}:{subscription_id}:{int(until.timestamp())}"
