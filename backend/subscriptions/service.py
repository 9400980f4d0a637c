"""The right to use the VPN: opened, given time, taken time from, and given a new link."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.service import refuse_blocked
from backend.consents.service import accept_offer
from backend.kit.db import FRESH
from backend.kit.errors import Conflict, NotFound
from backend.kit.jobs import Job, enqueue
from backend.kit.tokens import new_id, new_token
from backend.plans import service as plans
from backend.subscriptions.models import Extension, Subscription
from backend.subscriptions.queries import ledger, subscriptions_of
from backend.subscriptions.rules import Entry, replay
from backend.users import service as users
from backend.vpn import service as vpn

log = structlog.get_logger()


class SubscriptionNotFound(NotFound):
    """There is no such subscription."""


class TrialUsed(Conflict):
    """The trial was taken before."""


class NoTrial(Conflict):
    """This shop has no trial."""


@dataclass(frozen=True)
class SyncServer(Job):
    """Make one panel agree with what its keys should be."""

    server_id: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What was sold besides time; 0: no limit."""

    plan_id: int | None
    device_limit: int
    traffic_limit_bytes: int


@dataclass(frozen=True, slots=True)
class Granted:
    """What a grant did.

    `running`: there was time left, which these days were added to. `key_ready`: the key worked before, too, and goes
    on working.
    """

    subscription: Subscription
    until: datetime
    running: bool
    key_ready: bool


async def get_subscription(session: AsyncSession, subscription_id: UUID, *, user_id: int) -> Subscription:
    """The subscription, if it is this person's.

    Raises:
        SubscriptionNotFound: also when it is somebody else's.
    """
    found = await session.get(Subscription, subscription_id)
    if found is None or found.user_id != user_id:
        raise SubscriptionNotFound(subscription=subscription_id)
    return found


async def lock_subscription(session: AsyncSession, subscription_id: UUID) -> Subscription:
    """Its row, locked and fresh. Always after a payment's row, never before.

    Raises:
        SubscriptionNotFound
    """
    query = select(Subscription).where(Subscription.id == subscription_id).with_for_update(key_share=True)
    found = (await session.scalars(query, execution_options=FRESH)).one_or_none()
    if found is None:
        raise SubscriptionNotFound(subscription=subscription_id)
    return found


async def open_subscription(session: AsyncSession, user_id: int, now: datetime) -> Subscription:
    """A subscription without time yet. Its names at every panel are chosen here, before any call."""
    subscription = Subscription(
        id=new_id(),
        user_id=user_id,
        client_uuid=uuid4(),
        sub_id=new_token(16).lower(),
        token=new_token(),
        created_at=now,
        link_version=1,
        desired_version=0,
        revivals=0,
    )
    session.add(subscription)
    await session.flush()
    return subscription


async def subscription_to_extend(session: AsyncSession, user_id: int, now: datetime) -> Subscription:
    """The one a purchase goes to when nobody chose: the newest, or a first one. The caller holds the user's row."""
    existing = await subscriptions_of(session, user_id)
    return existing[0] if existing else await open_subscription(session, user_id, now)


async def grant_days(
    session: AsyncSession,
    subscription_id: UUID,
    days: int,
    now: datetime,
    *,
    source: str,
    source_id: str,
    limits: Limits | None = None,
) -> Granted:
    """Give days: one line in the ledger, then everything that follows from it.

    The same source never gives twice: the database refuses it, and with it the whole transaction.
    """
    subscription = await lock_subscription(session, subscription_id)
    running = subscription.active(now)
    await _write(session, subscription, days, now, source=source, source_id=source_id)
    if not running:
        subscription.revivals += 1
    if limits is not None:
        subscription.plan_id, subscription.device_limit = limits.plan_id, limits.device_limit
        subscription.traffic_limit_bytes = limits.traffic_limit_bytes
    await _want_keys(session, subscription)
    assert subscription.paid_until is not None
    log.info("subscription.extended", subscription=subscription.id, days=days, source=source)
    applied = await vpn.applied_keys(session, subscription.id, subscription.client_uuid)
    return Granted(subscription, subscription.paid_until, running=running, key_ready=running and bool(applied))


async def take_days(
    session: AsyncSession, subscription_id: UUID, days: int, now: datetime, *, source: str, source_id: str
) -> Subscription:
    """Take days back. With nothing left the keys are switched off and kept."""
    subscription = await lock_subscription(session, subscription_id)
    if days:
        await _write(session, subscription, -days, now, source=source, source_id=source_id)
        await _want_keys(session, subscription)
    return subscription


async def set_grace(session: AsyncSession, subscription_id: UUID, until: datetime | None) -> None:
    """Let the keys work until then although their time ends sooner; None: no longer than that."""
    subscription = await lock_subscription(session, subscription_id)
    if subscription.grace_until != until:
        subscription.grace_until = until
        await _want_keys(session, subscription)
        log.info("subscription.grace", subscription=subscription.id, until=until)


async def start_trial(session: AsyncSession, user_id: int, now: datetime) -> Granted:
    """The free days, once per person, however often and fast they tap. It accepts the offer.

    While time runs already, they are added to it, and what was sold with that time stays.

    Raises:
        PersonBlocked, TrialUsed, NoTrial
    """
    refuse_blocked(await users.lock_user(session, user_id))
    plan = await plans.find_trial(session)
    if plan is None:
        raise NoTrial
    if await trial_used(session, user_id):
        raise TrialUsed(user=user_id)
    found = await subscription_to_extend(session, user_id, now)
    subscription = await lock_subscription(session, found.id)
    trial = Limits(plan.id, plan.device_limit, plan.traffic_limit_bytes)
    limits = None if subscription.active(now) else trial
    await accept_offer(session, user_id, now, channel="bot")
    return await grant_days(
        session, subscription.id, plan.days, now, source="trial", source_id=str(user_id), limits=limits
    )


async def trial_used(session: AsyncSession, user_id: int) -> bool:
    query = select(Extension.id).where(Extension.source == "trial", Extension.source_id == str(user_id))
    return await session.scalar(query) is not None


async def reissue(session: AsyncSession, subscription_id: UUID, *, user_id: int) -> Subscription:
    """A new link and a new UUID; the old ones die.

    Raises:
        SubscriptionNotFound
    """
    await get_subscription(session, subscription_id, user_id=user_id)
    subscription = await lock_subscription(session, subscription_id)
    subscription.client_uuid, subscription.sub_id = uuid4(), new_token(16).lower()
    subscription.token, subscription.link_version = new_token(), subscription.link_version + 1
    await _want_keys(session, subscription)
    log.info("subscription.reissued", subscription=subscription.id)
    return subscription


async def write_again(session: AsyncSession, subscription_id: UUID, version: int) -> bool:
    """Have its keys written to their panels once more. False: it has changed since that version, and will be."""
    subscription = await lock_subscription(session, subscription_id)
    if subscription.desired_version != version:
        return False
    await _want_keys(session, subscription)
    return True


async def _write(
    session: AsyncSession, subscription: Subscription, days: int, now: datetime, *, source: str, source_id: str
) -> None:
    """Append to the ledger and replay it. The caller holds the subscription's row."""
    entries = await ledger(session, subscription.id)
    at = max([now, *(entry.at for entry in entries)])
    session.add(Extension(subscription_id=subscription.id, source=source, source_id=source_id, days=days, at=at))
    await session.flush()
    subscription.paid_until = replay([*entries, Entry(days, at)])


async def _want_keys(session: AsyncSession, subscription: Subscription) -> None:
    subscription.desired_version += 1
    await session.flush()
    await vpn.want_keys(session, subscription.id, await vpn.choose_servers(session))
    for server_id in await vpn.servers_of(session, subscription.id):
        await wake_sync(session, server_id)


async def wake_sync(session: AsyncSession, server_id: int) -> None:
    await enqueue(session, SyncServer(server_id), once=f"server:{server_id}", serial=f"server:{server_id}")
