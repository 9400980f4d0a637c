"""Fiscal receipts that payment companies register for us: watched until they are, of sales and of refunds."""

from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit.db import Database
from backend.notifications.kinds import FiscalReceiptFailed
from backend.notifications.service import tell_operators
from backend.payments.models import Payment, Refund
from backend.payments.providers import Providers
from backend.payments.providers.base import Known, PaymentState, RefundKnown

WATCHED = timedelta(days=3)
SLOW = timedelta(days=1)
UNFINISHED = ("pending", "canceled")
AT_A_TIME = 200


class Deps(Protocol):
    db: Database
    providers: Providers


async def watch_payments(deps: Deps, now: datetime) -> None:
    query = (
        select(Payment)
        .where(
            Payment.receipt.in_(UNFINISHED),
            Payment.state == PaymentState.SUCCEEDED,
            Payment.paid_at > now - WATCHED,
            Payment.provider.in_(_configured(deps)),
        )
        .order_by(Payment.paid_at)
        .limit(AT_A_TIME)
    )
    async with deps.db.transaction() as session:
        payments = (await session.scalars(query)).all()
    for payment in payments:
        status = payment.receipt
        if status == "pending" and payment.provider_payment_id is not None:
            result = await deps.providers.get(payment.provider).fetch(payment.provider_payment_id)
            status = result.snapshot.receipt if isinstance(result, Known) else None
        async with deps.db.transaction() as session:
            row = await session.get(Payment, payment.id)
            assert row is not None
            row.receipt = status or payment.receipt
            assert row.paid_at is not None
            told = FiscalReceiptFailed(row.id, row.provider, row.receipt or "pending")
            await _tell(session, told, row.id, since=row.paid_at, now=now)


async def watch_refunds(deps: Deps, now: datetime) -> None:
    """Of payments that had a receipt: what went back has one, too, whoever gave it back."""
    begun = func.coalesce(Refund.sent_at, Refund.created_at)
    query = (
        select(Refund, Payment.provider)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(
            Refund.state == "succeeded",
            Refund.provider_refund_id.is_not(None),
            or_(Refund.receipt.is_(None), Refund.receipt.in_(UNFINISHED)),
            Payment.receipt.is_not(None),
            begun > now - WATCHED,
            Payment.provider.in_(_configured(deps)),
        )
        .order_by(begun)
        .limit(AT_A_TIME)
    )
    async with deps.db.transaction() as session:
        found = (await session.execute(query)).all()
    for refund, provider in found:
        status = refund.receipt
        if status != "canceled" and refund.provider_refund_id is not None:
            result = await deps.providers.get(provider).fetch_refund(refund.provider_refund_id)
            status = result.snapshot.receipt if isinstance(result, RefundKnown) else None
        async with deps.db.transaction() as session:
            row = await session.get(Refund, refund.id)
            assert row is not None
            row.receipt = status or refund.receipt
            told = FiscalReceiptFailed(row.payment_id, provider, row.receipt or "pending", refund=True)
            await _tell(session, told, row.id, since=row.sent_at or row.created_at, now=now)


def _configured(deps: Deps) -> list[str]:
    return [provider.id for provider in deps.providers]


async def _tell(
    session: AsyncSession, told: FiscalReceiptFailed, about: UUID, *, since: datetime, now: datetime
) -> None:
    """Say what is refused, or a day late; once each."""
    if told.status == "canceled" or (told.status == "pending" and now - since > SLOW):
        await tell_operators(session, told, once=f"fiscal:{about}:{told.status}", now=now)
