"""Payments whose company does not say how they stand: asked about by their age all the same, never forgotten."""

from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from backend.notifications.kinds import PaymentsUnseen
from backend.notifications.service import tell_operators
from backend.payments.circuits import LAST_PROBE
from backend.payments.models import Payment
from backend.payments.providers.base import (
    Known,
    Misconfigured,
    NotProcessed,
    PaymentProvider,
    PaymentState,
    Result,
    Unknown,
)
from backend.payments.recording import find_bound
from backend.payments.rules import NEVER, next_poll
from backend.payments.unanswered import leave_charge

log = structlog.get_logger()


async def ask_later(session: AsyncSession, driver: PaymentProvider, ref: str, result: Result, now: datetime) -> None:
    """Ask about this payment as often and as long as about any other, and not before its company wants it.

    While our credentials are wrong a probe finds out when they are right: no payment needs to.
    """
    payment = await find_bound(session, driver.id, ref)
    if payment is None or payment.next_check_at >= NEVER:
        return
    asked_again = next_poll(PaymentState(payment.state), payment.created_at, now, late_for=driver.late_for)
    payment.next_check_at = max(asked_again, now + _pause(result))
    if asked_again >= NEVER:
        await _stop_asking(session, payment, describe(result), now)


def describe(result: Result) -> str:
    """An answer that says nothing of a payment of ours, in two words."""
    if isinstance(result, Known):
        return "not signed by us"
    return f"{type(result).__name__} {getattr(result, 'code', '')}".strip()


def _pause(result: Result) -> timedelta:
    match result:
        case Misconfigured():
            return LAST_PROBE
        case Unknown(retry_after=wait) | NotProcessed(retry_after=wait):
            return min(wait or timedelta(), timedelta(hours=1))
        case _:
            return timedelta()


async def _stop_asking(session: AsyncSession, payment: Payment, reason: str, now: datetime) -> None:
    """Money may have come. The sweep settles what the company lists, and people hear of it.

    A charge of ours waits for a decision: nothing else is charged until then. Of payments that buyers began the
    operators are told once a day, since most were never paid; but of each where money was seen.
    """
    payment.next_check_at = NEVER
    if payment.initiated_by == "shop":
        await leave_charge(session, payment, "never_answered", now)
        return
    log.error("payment.unseen", payment=payment.id, provider=payment.provider, state=payment.state, reason=reason)
    about = str(payment.id) if payment.state == PaymentState.CONFIRMING else f"{payment.provider}:{now:%Y-%m-%d}"
    unseen = PaymentsUnseen(payment.id, payment.provider_payment_id or "", payment.provider, reason)
    await tell_operators(session, unseen, once=f"unseen:{about}", now=now)
