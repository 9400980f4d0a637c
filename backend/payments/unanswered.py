"""Attempts whose request was not answered: sent again, later each time, and given up when their key is dead."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from backend.notifications.kinds import ChargeUnanswered
from backend.notifications.service import tell_operators
from backend.payments.models import Payment
from backend.payments.providers.base import Misconfigured, NotProcessed, PaymentState, Unknown
from backend.payments.rules import LONGEST_SEND, NEVER
from backend.payments.service import lock_payment, note_attempt

log = structlog.get_logger()

PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(seconds=60)


async def put_off(
    session: AsyncSession,
    payment_id: UUID,
    result: NotProcessed | Unknown | Misconfigured,
    now: datetime,
    *,
    repeatable: bool,
) -> None:
    """Send it again later, and not before the company wants it.

    Not `repeatable`: nor before what may have arrived must be in the company's list.
    """
    payment = await lock_payment(session, payment_id)
    attempts = payment.check_attempts
    await note_attempt(session, payment_id, now)
    if payment.state != PaymentState.NEW:
        return
    if isinstance(result, NotProcessed):
        payment.next_check_at = now + pause(payment_id, attempts, result.retry_after)
    elif isinstance(result, Unknown):
        least = result.retry_after or timedelta()
        payment.next_check_at = max(payment.next_check_at, now + (least if repeatable else max(least, LONGEST_SEND)))


def pause(payment_id: UUID, attempts: int, asked: timedelta | None) -> timedelta:
    """How long to wait after "too many requests": 5 s, doubling up to a minute, and up to half of that on top.

    What is on top is the payment's own, so that those that were refused together do not come together again.
    """
    doubled = min(PAUSE * (1 << min(attempts, 8)), LONGEST_PAUSE)
    waits = max(doubled, asked or doubled)
    share = (payment_id.int >> 8 * (attempts % 6)) % 256 / 256
    return waits + waits * share / 2


async def give_up(session: AsyncSession, payment_id: UUID, reason: str, now: datetime) -> Payment | None:
    """It cannot be sent again and nobody knows of it. None: it has moved on meanwhile.

    One that a buyer would have confirmed has failed. One that we charged by ourselves may have taken money: an
    operator looks, and nothing is charged until then.
    """
    payment = await lock_payment(session, payment_id)
    if payment.state != PaymentState.NEW:
        return None
    payment.next_check_at = NEVER
    if payment.initiated_by == "buyer":
        payment.state, payment.failure = PaymentState.FAILED, reason
        log.info("payment.failed", payment=payment.id, reason=reason)
    else:
        await leave_charge(session, payment, reason, now)
    return payment


async def leave_charge(session: AsyncSession, payment: Payment, reason: str, now: datetime) -> None:
    """What we charged by ourselves may have taken money, and nobody says: it waits for a decision."""
    payment.state, payment.review_reason = PaymentState.REVIEW, reason
    log.error("payment.review", payment=payment.id, reason=reason)
    told = ChargeUnanswered(payment.id, payment.provider, str(payment.amount))
    await tell_operators(session, told, once=f"review:{payment.id}", now=now)
