"""Reading what was paid, what of it is still to come, and what goes back."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Text, cast, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from backend.orders.models import Order
from backend.orders.queries import purchase
from backend.orders.rules import Grant, days_ahead
from backend.payments.models import Payment, Refund
from backend.payments.providers.base import PaymentState
from backend.payments.refunds import OPEN
from backend.subscriptions.models import Extension, Subscription
from backend.vpn.models import VpnKey


async def paid_besides(session: AsyncSession, payment: Payment) -> Sequence[tuple[Payment, int]]:
    """The other payments of its purchase that its owner has made, and that did not go back whole, with their days."""
    other = aliased(Payment)
    query = select(other, Order.period_days).join(Order, Order.id == other.order_id)
    query = query.where(*_besides(other, payment), other.refunded_minor < other.amount_minor)
    return [(one, days or 0) for one, days in await session.execute(query)]


async def count_untouched(session: AsyncSession, payment: Payment) -> int:
    """How many other payments of its purchase its owner has made of which nothing goes back."""
    other = aliased(Payment)
    going_back = exists().where(Refund.payment_id == other.id, Refund.state.in_(OPEN))
    query = select(func.count()).select_from(other)
    query = query.where(*_besides(other, payment), other.refunded_minor == 0, ~going_back)
    return await session.scalar(query) or 0


def _besides(other: type[Payment], payment: Payment) -> Sequence[ColumnElement[bool]]:
    """Of one order, or of two that were there before either was paid: of one purchase, or one a renewal by us."""
    mine, theirs = aliased(Order), aliased(Order)
    ours = (mine.kind == "autopay") != (theirs.kind == "autopay")
    same = (purchase(mine) == purchase(theirs)) | ((mine.subscription_id == theirs.subscription_id) & ours)
    at_once = (theirs.created_at <= payment.paid_at) & (mine.created_at <= other.paid_at)
    together = exists().where(
        mine.id == payment.order_id,
        theirs.id == other.order_id,
        (mine.id == theirs.id) | (same & at_once),
    )
    return (
        other.user_id == payment.user_id,
        other.id != payment.id,
        other.state == PaymentState.SUCCEEDED,
        together,
    )


async def paid_of(session: AsyncSession, user_id: int, *, limit: int = 10) -> Sequence[tuple[Payment, Order]]:
    """A person's payments that counted, with their orders, the newest first."""
    query = (
        select(Payment, Order)
        .join(Order, Order.id == Payment.order_id)
        .where(Payment.user_id == user_id, Payment.state == PaymentState.SUCCEEDED)
        .order_by(Payment.paid_at.desc(), Payment.id)
        .limit(limit)
    )
    return [(payment, order) for payment, order in await session.execute(query)]


async def grants_of(session: AsyncSession, subscription_id: UUID) -> Sequence[Grant]:
    """What gave days to a subscription, in the order of its ledger, less what refunds took back of it."""
    query = (
        select(Extension, Refund.payment_id)
        .outerjoin(Refund, (Extension.source == "refund") & (cast(Refund.id, Text) == Extension.source_id))
        .where(Extension.subscription_id == subscription_id)
        .order_by(Extension.at, Extension.id)
    )
    days: dict[str, int] = {}
    for line, payment_id in await session.execute(query):
        source = str(payment_id or line.source_id)
        if line.days > 0 or payment_id is not None:
            days[source] = days.get(source, 0) + line.days
    return [Grant(source, left) for source, left in days.items()]


async def days_ahead_of(session: AsyncSession, payment: Payment, subscription: Subscription, now: datetime) -> int:
    """How many whole days of a payment are still ahead."""
    assert subscription.paid_until is not None, "it was paid"
    return days_ahead(await grants_of(session, subscription.id), str(payment.id), subscription.paid_until - now)


async def had_working_key(session: AsyncSession, subscription_id: UUID) -> bool:
    """Whether a key of it was ever put on a server."""
    query = select(VpnKey.id).where(VpnKey.subscription_id == subscription_id, VpnKey.applied_version > 0)
    return await session.scalar(query.limit(1)) is not None


async def was_asked_for(session: AsyncSession, payment_id: UUID) -> bool:
    """Whether money of it is on its way back, or an operator declined that: such a refund never had a request."""
    declined = (Refund.state == "canceled") & Refund.request_body.is_(None)
    query = select(Refund.id).where(Refund.payment_id == payment_id, Refund.state.in_(OPEN) | declined)
    return await session.scalar(query.limit(1)) is not None
