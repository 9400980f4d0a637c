"""What is deleted: orders that were never paid, and events that were never proven."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.orders.models import Order
from backend.payments.models import Event, Payment, Refund, SavedMethod
from backend.payments.providers.base import PaymentState
from backend.payments.rules import NEVER
from backend.receipts.models import Receipt

AT_A_TIME = 5000


async def delete_drafts(session: AsyncSession, before: datetime, *, read: Collection[str]) -> int:
    """Delete orders of before that time with their payments, when no money came and none is expected.

    Orders of renewals stay: they remember which cycles were tried. `read` are the providers whose lists were read of
    late: with any other, money may have come that nobody has seen. An order that is paid meanwhile stays, too.
    """
    dead = (
        Payment.state.in_([PaymentState.FAILED, PaymentState.CANCELED])
        & (Payment.next_check_at >= NEVER)
        & (Payment.refunded_minor == 0)
        & Payment.paid_at.is_(None)
        & Payment.review_reason.is_(None)
        & Payment.provider.in_(read)
        & ~exists().where(Refund.payment_id == Payment.id)
        & ~exists().where(Receipt.payment_id == Payment.id)
        & ~exists().where(SavedMethod.payment_id == Payment.id)
    )
    alive = exists().where(Payment.order_id == Order.id, ~dead)
    drafts = (
        select(Order.id)
        .where(Order.created_at < before, Order.cycle_key.is_(None), Order.amount_minor > 0, ~alive)
        .limit(AT_A_TIME)
    )
    ids = (await session.scalars(drafts)).all()
    await session.execute(delete(Payment).where(Payment.order_id.in_(ids), dead))  # payments before orders, as always
    locked = (await session.scalars(select(Order.id).where(Order.id.in_(ids)).with_for_update())).all()
    empty = Order.id.in_(locked) & ~exists().where(Payment.order_id == Order.id)
    return len((await session.scalars(delete(Order).where(empty).returning(Order.id))).all())


async def delete_unproven(session: AsyncSession, before: datetime) -> int:
    """Delete events of before that time that nobody could prove."""
    statement = delete(Event).where(~Event.proven, Event.received_at < before).returning(Event.id)
    return len((await session.scalars(statement)).all())
