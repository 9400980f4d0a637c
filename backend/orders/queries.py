"""Reading orders with their payments."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from backend.kit.money import Currency, Money
from backend.orders.models import Order
from backend.orders.rules import STALE_AFTER, cycle_key
from backend.payments.models import Event, Payment
from backend.payments.providers.base import PaymentState
from backend.payments.rules import COMING, OPEN
from backend.plans.models import Plan
from backend.receipts.models import Receipt
from backend.subscriptions.models import Subscription
from backend.users.models import User

WATCHED = (*OPEN, PaymentState.CANCELED)
_ITS_OWN = (Payment.order_id == Order.id, Payment.user_id == Order.user_id)  # not what somebody else paid for it


def purchase(order: type[Order]) -> ColumnElement[str]:
    """What orders placed from one message for one plan have in common, whatever they were to be paid by."""
    return func.split_part(order.client_request_id, "#", 1)


async def find_open_order(
    session: AsyncSession, user_id: int, request_id: str, now: datetime, *, price: Money, renewed: bool
) -> Order | None:
    """The order of this request that may still be paid, at this price; `renewed`: with the consent to renewals."""
    paid = exists().where(*_ITS_OWN, Payment.state.in_([PaymentState.SUCCEEDED, PaymentState.REVIEW]))
    query = (
        select(Order)
        .where(
            Order.user_id == user_id,
            purchase(Order) == request_id,
            Order.amount_minor == price.minor,
            Order.currency == price.currency.value,
            Order.autopay_consent_id.is_not(None) == renewed,
            Order.expires_at > now,
            Order.canceled_at.is_(None),
            ~paid,
        )
        .order_by(Order.created_at.desc())
        .limit(1)
    )
    return (await session.scalars(query)).one_or_none()


async def find_live_payment(session: AsyncSession, order_id: UUID, provider: str, method: str) -> Payment | None:
    """The attempt of this order that is still under way by this method."""
    query = (
        select(Payment)
        .where(
            Payment.order_id == order_id,
            Payment.provider == provider,
            Payment.method == method,
            Payment.state.in_(OPEN),
        )
        .order_by(Payment.created_at.desc())
        .limit(1)
    )
    return (await session.scalars(query)).one_or_none()


async def is_due(session: AsyncSession, payment: Payment) -> bool:
    """Whether what a charge renews still ends when it did. What a buyer pays himself is always due."""
    query = (
        select(Order.cycle_key, Subscription.id, Subscription.paid_until)
        .join(Subscription, Subscription.id == Order.subscription_id)
        .where(Order.id == payment.order_id, Order.cycle_key.is_not(None))
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return True
    renewal, subscription_id, until = row
    return until is not None and renewal == cycle_key(subscription_id, until)


async def is_held_up(session: AsyncSession, payment: Payment) -> bool:
    """Whether money of its owner is on its way for the time that a charge renews."""
    query = select(Order.subscription_id).where(Order.id == payment.order_id, Order.cycle_key.is_not(None))
    renewed = await session.scalar(query)
    if renewed is None:
        return False
    return bool(await begun_by_owner(session, renewed, COMING, since=payment.created_at - STALE_AFTER))


async def begun_by_owner(
    session: AsyncSession, subscription_id: UUID, states: Collection[PaymentState], *, since: datetime
) -> Sequence[Payment]:
    """What the owner of a subscription began to pay for it himself since then, and that is in one of these states."""
    query = (
        select(Payment)
        .join(Order, Order.id == Payment.order_id)
        .where(
            Order.subscription_id == subscription_id,
            Payment.user_id == Order.user_id,
            Payment.initiated_by == "buyer",
            Payment.state.in_(sorted(states)),
            Payment.created_at > since,
        )
    )
    return (await session.scalars(query)).all()


async def find_by_return_token(session: AsyncSession, token: str) -> tuple[Payment, Order] | None:
    query = select(Payment, Order).join(Order, Order.id == Payment.order_id).where(Payment.return_token == token)
    row = (await session.execute(query)).one_or_none()
    return (row[0], row[1]) if row else None


async def find_payment(session: AsyncSession, payment_id: UUID, user_id: int) -> tuple[Payment, Order] | None:
    """A payment with its order, if they are this person's."""
    query = (
        select(Payment, Order)
        .join(Order, Order.id == Payment.order_id)
        .where(Payment.id == payment_id, Order.user_id == user_id)
    )
    row = (await session.execute(query)).one_or_none()
    return (row[0], row[1]) if row else None


@dataclass(frozen=True, slots=True)
class ToPay:
    """A payment that is about to be made, with everything that decides whether it may be."""

    payment: Payment
    order: Order
    user: User
    plan_on_sale: bool
    order_paid: bool


async def find_to_pay(session: AsyncSession, provider: str, payment_id: UUID) -> ToPay | None:
    """One look, by the payment's key."""
    paid = aliased(Payment)
    order_paid = exists().where(
        paid.order_id == Order.id,
        paid.user_id == Order.user_id,
        paid.state.in_([PaymentState.SUCCEEDED, PaymentState.CONFIRMING]),
    )
    withdrawn = exists().where(Plan.id == Order.plan_id, Plan.withdrawn_at.is_not(None))
    query = (
        select(Payment, Order, User, withdrawn, order_paid)
        .join(Order, Order.id == Payment.order_id)
        .join(User, User.id == Payment.user_id)
        .where(Payment.id == payment_id, Payment.provider == provider)
    )
    row = (await session.execute(query)).one_or_none()
    return ToPay(row[0], row[1], row[2], not row[3], row[4]) if row else None


async def is_on_show(session: AsyncSession, payment_id: UUID) -> bool:
    """Whether the message where this payment was to be paid still shows it.

    It does not when a later attempt took its place, or when another one shown there was paid since.
    """
    found = await session.execute(
        select(Payment.created_at, Order.user_id, Order.shown_in)
        .join(Order, Order.id == Payment.order_id)
        .where(Payment.id == payment_id)
    )
    created_at, user_id, shown_in = found.one()
    if shown_in is None:
        return True
    replaced = (
        select(Payment.id)
        .join(Order, Order.id == Payment.order_id)
        .where(Payment.user_id == user_id, Order.shown_in == shown_in, Payment.id != payment_id)
        .where((Payment.created_at > created_at) | (Payment.paid_at > created_at))
        .limit(1)
    )
    return await session.scalar(replaced) is None


async def claim_due_payments(session: AsyncSession, now: datetime, *, limit: int = 200) -> Sequence[Payment]:
    """Lock the payments that are to be looked at now, the longest due first; in the order they are queued in."""
    query = (
        select(Payment)
        .where(Payment.next_check_at <= now, Payment.state.in_(WATCHED))
        .order_by(Payment.next_check_at)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    )
    due = await session.scalars(query)
    return sorted(due, key=lambda payment: (payment.provider, payment.provider_payment_id or ""))


async def claim_open_events(session: AsyncSession, now: datetime, *, limit: int = 200) -> Sequence[Event]:
    """Lock the proven events that are to be looked at now; in the order their payments are queued in."""
    query = (
        select(Event)
        .where(Event.handled_at.is_(None), Event.proven, Event.next_try_at <= now)
        .order_by(Event.next_try_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return sorted(await session.scalars(query), key=lambda event: (event.provider, event.payment_ref))


async def set_aside(session: AsyncSession, provider: str, ref: str, until: datetime) -> None:
    """Look at one payment of a provider, and at what was said of it, not before this time."""
    payment = (Payment.provider == provider) & (Payment.provider_payment_id == ref)
    await session.execute(update(Payment).where(payment, Payment.next_check_at < until).values(next_check_at=until))
    event = (Event.provider == provider) & (Event.payment_ref == ref) & Event.handled_at.is_(None) & Event.proven
    await session.execute(update(Event).where(event, Event.next_try_at < until).values(next_try_at=until))


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One payment as its payer sees it."""

    order_number: int
    at: datetime
    plan_names: dict[str, Any]
    days: int
    amount: Money
    method: str
    state: PaymentState
    refunded_minor: int
    receipt_url: str | None = None


async def history(session: AsyncSession, user_id: int, limit: int = 10) -> Sequence[HistoryLine]:
    """A person's payments that moved money, the newest first."""
    registered = select(Receipt.url).where(Receipt.payment_id == Payment.id, Receipt.state == "registered")
    newest = registered.where(Receipt.url.is_not(None)).order_by(Receipt.created_at.desc()).limit(1).scalar_subquery()
    query = (
        select(Payment, Order, newest)
        .join(Order, Order.id == Payment.order_id)
        .where(Payment.user_id == user_id, Payment.state.in_([PaymentState.SUCCEEDED, PaymentState.REVIEW]))
        .order_by(Payment.created_at.desc())
        .limit(limit)
    )
    return [
        HistoryLine(
            order_number=order.number,
            at=payment.paid_at or payment.created_at,
            plan_names=order.plan_snapshot["names"],
            days=order.period_days or 0,
            amount=Money(payment.amount_minor, Currency(payment.currency)),
            method=payment.method,
            state=PaymentState(payment.state),
            refunded_minor=payment.refunded_minor,
            receipt_url=receipt_url,
        )
        for payment, order, receipt_url in await session.execute(query)
    ]


async def payments_of(
    session: AsyncSession, user_id: int, *, before: tuple[datetime, UUID] | None, limit: int
) -> Sequence[tuple[Payment, Order]]:
    """A person's payments with their orders, the newest first; with `before`, those older than that time and id."""
    query = (
        select(Payment, Order)
        .join(Order, Order.id == Payment.order_id)
        .where(Payment.user_id == user_id)
        .order_by(Payment.created_at.desc(), Payment.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(tuple_(Payment.created_at, Payment.id) < before)
    return [(payment, order) for payment, order in await session.execute(query)]
