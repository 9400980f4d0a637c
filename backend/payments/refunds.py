"""Money that goes back: what we give back, and what went back without us."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit.tokens import new_id
from backend.payments.models import Payment, Refund
from backend.payments.providers import Providers
from backend.payments.providers.base import RefundRequest
from backend.payments.rules import NEVER, next_refund_try
from backend.payments.service import terms

log = structlog.get_logger()

UNDER_WAY = ("new", "pending")


async def give_all_back(
    session: AsyncSession, providers: Providers, payment: Payment, reason: str, now: datetime
) -> Refund | None:
    """A refund of the whole payment with its exact request, stored before anything is sent; None: there is one.

    The caller holds the payment's row.
    """
    if await session.scalar(select(Refund.id).where(Refund.payment_id == payment.id).limit(1)) is not None:
        return None
    assert payment.provider_payment_id is not None, "only what was paid goes back"
    driver, refund_id = providers.get(payment.provider), new_id()
    request = RefundRequest(
        refund_id=str(refund_id),
        payment_ref=payment.provider_payment_id,
        amount=payment.amount,
        description=reason,
        mac=driver.seal.sign(providers.keys, providers.newest, **terms(payment)),
        payer=payment.payer_ref,
    )
    refund = Refund(
        id=refund_id,
        payment_id=payment.id,
        amount_minor=payment.amount_minor,
        origin="ours",
        reason=reason,
        state="new",
        idempotence_key=str(refund_id),
        request_body=driver.prepare_refund(request),
        next_check_at=now,
        attempts=0,
        created_at=now,
    )
    session.add(refund)
    await session.flush()
    log.warning("refund.opened", refund=refund_id, payment=payment.id, reason=reason)
    return refund


async def enter_refund(
    session: AsyncSession, payment: Payment, ref: str, refunded_minor: int, now: datetime
) -> Refund | None:
    """Write down that so much of a payment has gone back by now, by this refund; None: that was known.

    It is the refund we have under way, if there is one, else somebody made it without us. The caller holds the
    payment's row.
    """
    news = refunded_minor - payment.refunded_minor
    if news <= 0:
        return None
    query = select(Refund).where(Refund.payment_id == payment.id, Refund.state.in_([*UNDER_WAY, "review"]))
    refund = (await session.scalars(query.with_for_update())).one_or_none()
    if refund is None:
        refund_id = new_id()
        refund = Refund(
            id=refund_id,
            payment_id=payment.id,
            amount_minor=news,
            origin="external",
            reason="made without us",
            idempotence_key=str(refund_id),
            attempts=0,
            created_at=now,
        )
        session.add(refund)
    refund.state, refund.provider_refund_id, refund.next_check_at = "succeeded", ref, NEVER
    payment.refunded_minor = refunded_minor
    await session.flush()
    log.info("refund.settled", refund=refund.id, payment=payment.id, origin=refund.origin)
    return refund


async def get_refund(session: AsyncSession, refund_id: UUID) -> tuple[Refund, Payment] | None:
    """A refund with its payment, as they are now."""
    query = select(Refund, Payment).join(Payment, Payment.id == Refund.payment_id).where(Refund.id == refund_id)
    row = (await session.execute(query)).one_or_none()
    return (row[0], row[1]) if row else None


async def claim_due_refunds(session: AsyncSession, now: datetime, *, limit: int = 200) -> Sequence[Refund]:
    """Lock the refunds that are to be asked for now, the longest due first."""
    query = (
        select(Refund)
        .where(Refund.state.in_(UNDER_WAY), Refund.next_check_at <= now)
        .order_by(Refund.next_check_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await session.scalars(query)).all()


async def ask_again(session: AsyncSession, refund_id: UUID, now: datetime, *, state: str = "new") -> None:
    """No definite answer yet: later each time."""
    refund = await _lock(session, refund_id)
    if refund.state in UNDER_WAY:
        refund.state, refund.next_check_at = state, next_refund_try(refund.attempts, now)
        refund.attempts += 1


async def leave_to_operator(session: AsyncSession, refund_id: UUID, why: str) -> None:
    """The company does not give this back: somebody must look at it."""
    refund = await _lock(session, refund_id)
    if refund.state in UNDER_WAY:
        refund.state, refund.next_check_at = "review", NEVER
        log.error("refund.refused", refund=refund.id, payment=refund.payment_id, code=why)


async def _lock(session: AsyncSession, refund_id: UUID) -> Refund:
    query = select(Refund).where(Refund.id == refund_id).with_for_update()
    return (await session.scalars(query, execution_options={"populate_existing": True})).one()
