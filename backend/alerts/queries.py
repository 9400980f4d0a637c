"""Looking for what the operators should know."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Text, cast, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from backend.alerts.rules import Paid
from backend.autopay.models import Mandate
from backend.autopay.rules import Reason
from backend.kit.money import Currency, Money
from backend.notifications.kinds import DailyReport
from backend.notifications.kinds.operator import Difference
from backend.notifications.models import Notification
from backend.notifications.service import unpack
from backend.orders.models import Order
from backend.payments.models import Circuit, Event, Payment, Refund
from backend.payments.providers.base import PaymentState
from backend.payments.rules import KEY_IS_DEAD_AFTER, NEVER
from backend.subscriptions.models import Extension, Subscription
from backend.users.models import User
from backend.vpn.models import Server, VpnKey
from backend.vpn.queries import was_read

STUCK_AFTER = 9  # tries of one key in vain
STUCK_FOR = timedelta(minutes=5)  # what they take at least, with their pauses
NO_ROOM = "HTTP 429"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that has not worked since then."""

    since: datetime
    reason: str
    keys: int = 0  # that wait for it


async def ailing_providers(session: AsyncSession, now: datetime) -> dict[str, Trouble]:
    """The providers with an open circuit, or with a payment that was not answered though no later one was either."""
    found = {
        circuit.provider: Trouble(circuit.opened_at, circuit.reason or "")
        for circuit in await session.scalars(select(Circuit).where(Circuit.opened_at.is_not(None)))
        if circuit.opened_at is not None
    }
    later = aliased(Payment)
    answered_since = exists().where(
        later.provider == Payment.provider,
        later.created_at > Payment.created_at,
        later.state != PaymentState.NEW,
    )
    query = (
        select(Payment.provider, func.min(Payment.created_at), func.min(Circuit.reason))
        .outerjoin(Circuit, Circuit.provider == Payment.provider)
        .where(
            Payment.state == PaymentState.NEW,
            Payment.check_attempts > 1,
            Payment.next_check_at < NEVER,
            Payment.created_at > now - KEY_IS_DEAD_AFTER,
            ~answered_since,
        )
        .group_by(Payment.provider)
    )
    for provider, since, reason in await session.execute(query):
        known = found.get(provider)
        if known is None or since < known.since:
            found[provider] = Trouble(since, (known.reason if known else reason) or NO_ROOM)
    return found


async def panels(session: AsyncSession, now: datetime) -> dict[int, Trouble | None]:
    """Every server, with what is wrong: its panel fails, or there are keys it does not take though it answers.

    One that was retired before it could be read is nobody's business.
    """
    dirty = VpnKey.applied_version < Subscription.desired_version
    query = (
        select(
            Server,
            func.count(VpnKey.id).filter(dirty),
            func.count(VpnKey.id).filter(dirty & (VpnKey.sync_attempts >= STUCK_AFTER)),
            func.max(VpnKey.last_error).filter(dirty),
        )
        .outerjoin(VpnKey, VpnKey.server_id == Server.id)
        .outerjoin(Subscription, Subscription.id == VpnKey.subscription_id)
        .where(Server.retired_at.is_(None) | was_read(Server.id))
        .group_by(Server.id)
        .order_by(Server.id)
    )
    found: dict[int, Trouble | None] = {}
    for server, waiting, stuck, error in await session.execute(query):
        since = server.failing_since or (now - STUCK_FOR if stuck else None)
        reason = server.last_error or error or ""
        found[server.id] = Trouble(since, reason, waiting) if since is not None else None
    return found


async def keyless(session: AsyncSession, now: datetime) -> Trouble | None:
    """People whose time runs and who never got a key, while no server takes new ones."""
    last_given = (
        select(Extension.subscription_id, func.max(Extension.at).label("at"))
        .where(Extension.days > 0)
        .group_by(Extension.subscription_id)
        .subquery()
    )
    query = (
        select(func.count(), func.min(last_given.c.at))
        .select_from(Subscription)
        .join(last_given, last_given.c.subscription_id == Subscription.id)
        .where((Subscription.paid_until > now) | (Subscription.grace_until > now))
        .where(~exists().where(VpnKey.subscription_id == Subscription.id, VpnKey.applied_version > 0))
        .where(~exists().where(Server.retired_at.is_(None)))
    )
    count, since = (await session.execute(query)).one()
    return Trouble(since, "", count) if count else None


async def keys_waiting(session: AsyncSession) -> int:
    """How many keys a panel has not taken yet."""
    query = (
        select(func.count())
        .select_from(VpnKey)
        .join(Subscription, Subscription.id == VpnKey.subscription_id)
        .where(VpnKey.applied_version < Subscription.desired_version)
    )
    return await session.scalar(query) or 0


async def last_told(session: AsyncSession, prefix: str) -> Notification | None:
    """The newest thing the operators were told whose name begins so."""
    query = (
        select(Notification)
        .where(Notification.user_id.is_(None), Notification.dedup_key.startswith(prefix, autoescape=True))
        .order_by(Notification.id.desc())
        .limit(1)
    )
    return (await session.scalars(query)).one_or_none()


async def was_told(session: AsyncSession, once: str) -> bool:
    return await session.scalar(select(Notification.id).where(Notification.dedup_key == once)) is not None


async def last_callback(session: AsyncSession, provider: str) -> datetime | None:
    """When a provider last sent something that was ours."""
    query = select(func.max(Event.received_at)).where(Event.provider == provider, Event.proven)
    return await session.scalar(query)


async def count_paid(session: AsyncSession, provider: str, after: datetime, before: datetime) -> int:
    """How many payments were made by this provider between these times."""
    query = (
        select(func.count())
        .select_from(Payment)
        .where(
            Payment.provider == provider,
            Payment.state == PaymentState.SUCCEEDED,
            Payment.paid_at > after,
            Payment.paid_at <= before,
        )
    )
    return await session.scalar(query) or 0


async def count_unproven(session: AsyncSession, provider: str, after: datetime) -> int:
    query = (
        select(func.count())
        .select_from(Event)
        .where(Event.provider == provider, ~Event.proven, Event.received_at > after)
    )
    return await session.scalar(query) or 0


async def untold_sales(
    session: AsyncSession, since: datetime, *, limit: int = 500
) -> Sequence[tuple[Payment, Order, User]]:
    """What was sold since then and is not told yet, of the latest so many sales."""
    newest = (
        select(Extension.source_id, Extension.at)
        .where(Extension.source == "payment")
        .order_by(Extension.id.desc())
        .limit(limit)
        .subquery()
    )
    told = exists().where(Notification.dedup_key == "sale:" + cast(Payment.id, Text))
    query = (
        select(Payment, Order, User)
        .join(newest, newest.c.source_id == cast(Payment.id, Text))
        .join(Order, Order.id == Payment.order_id)
        .join(User, User.id == Order.user_id)
        .where(newest.c.at >= since, ~told)
        .order_by(newest.c.at)
    )
    return [(payment, order, user) for payment, order, user in await session.execute(query)]


# --- what a day was like


async def paid_between(session: AsyncSession, provider: str, after: datetime, before: datetime) -> list[Paid]:
    """The payments that our books have for this time."""
    query = select(Payment).where(
        Payment.provider == provider,
        Payment.state == PaymentState.SUCCEEDED,
        Payment.paid_at >= after,
        Payment.paid_at < before,
    )
    return [_paid(payment) for payment in await session.scalars(query)]


async def oldest_paid_between(
    session: AsyncSession, provider: str, after: datetime, before: datetime
) -> datetime | None:
    """When the oldest payment was opened that our books have for this time."""
    query = select(func.min(Payment.created_at)).where(
        Payment.provider == provider,
        Payment.state == PaymentState.SUCCEEDED,
        Payment.paid_at >= after,
        Payment.paid_at < before,
    )
    return await session.scalar(query)


async def known_by_ref(session: AsyncSession, provider: str, refs: Sequence[str]) -> dict[str, Payment]:
    query = select(Payment).where(Payment.provider == provider, Payment.provider_payment_id.in_(refs))
    return {payment.provider_payment_id or "": payment for payment in await session.scalars(query)}


def _paid(payment: Payment) -> Paid:
    assert payment.paid_at is not None
    return Paid(payment.provider_payment_id or "", payment.amount, payment.refunded_minor, payment.paid_at)


Lines = list[tuple[str, int, Money]]  # provider, how many, how much


async def sales(session: AsyncSession, after: datetime, before: datetime) -> Lines:
    query = (
        select(Payment.provider, Payment.currency, func.count(), func.sum(Payment.amount_minor))
        .where(Payment.state == PaymentState.SUCCEEDED, Payment.paid_at >= after, Payment.paid_at < before)
        .group_by(Payment.provider, Payment.currency)
        .order_by(Payment.provider, Payment.currency)
    )
    return _lines((await session.execute(query)).all())


async def refunds(session: AsyncSession, after: datetime, before: datetime) -> Lines:
    """Those begun in this time, that have succeeded since."""
    query = (
        select(Payment.provider, Payment.currency, func.count(), func.sum(Refund.amount_minor))
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Refund.state == "succeeded", Refund.created_at >= after, Refund.created_at < before)
        .group_by(Payment.provider, Payment.currency)
        .order_by(Payment.provider, Payment.currency)
    )
    return _lines((await session.execute(query)).all())


def _lines(rows: Sequence[Any]) -> Lines:
    return [(provider, count, Money(int(minor), Currency(currency))) for provider, currency, count, minor in rows]


async def was_open(session: AsyncSession, before: datetime) -> bool:
    """Whether anybody had come to the shop by then."""
    return await session.scalar(select(User.id).where(User.created_at < before).limit(1)) is not None


async def new_people(session: AsyncSession, after: datetime, before: datetime) -> int:
    query = select(func.count()).select_from(User).where(User.created_at >= after, User.created_at < before)
    return await session.scalar(query) or 0


async def trials(session: AsyncSession, after: datetime, before: datetime) -> int:
    query = (
        select(func.count())
        .select_from(Extension)
        .where(Extension.source == "trial", Extension.at >= after, Extension.at < before)
    )
    return await session.scalar(query) or 0


async def in_review(session: AsyncSession) -> int:
    query = select(func.count()).select_from(Payment).where(Payment.state == PaymentState.REVIEW)
    return await session.scalar(query) or 0


async def unwarned(session: AsyncSession, after: datetime, before: datetime) -> int:
    """How many renewals were paused, as nobody could say that their owners were told of the charge."""
    paused = (Mandate.reason == Reason.UNWARNED) & Mandate.ended_at.between(after, before)
    return await session.scalar(select(func.count()).select_from(Mandate).where(paused)) or 0


async def latest_differences(session: AsyncSession) -> Sequence[Difference]:
    """What the last daily report found."""
    told = await last_told(session, "report:")
    report = unpack(told.kind, told.payload) if told else None
    return report.differences if isinstance(report, DailyReport) else ()
