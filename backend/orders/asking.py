"""Asking those who run the shop whether money goes back."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit.money import Money
from backend.notifications.kinds import RefundAsked
from backend.notifications.service import tell_operators
from backend.orders.models import Order
from backend.orders.paid import days_ahead_of, had_working_key
from backend.orders.rules import price_of_days
from backend.payments import refunds
from backend.payments.models import Payment, Refund
from backend.subscriptions.models import Subscription
from backend.users import service as users

BY_BUYER = "asked by the buyer"
BLOCKED = "paid while blocked"
TWICE = "paid twice"


async def ask_operators(
    session: AsyncSession, payment: Payment, order: Order, now: datetime, *, amount: Money, why: str
) -> Refund:
    """A refund that waits for an operator's tap, and the word to the operators. The caller holds the payment's row.

    Raises:
        RefundUnderWay, NothingToGiveBack
    """
    refund = await refunds.ask_for(session, payment, amount, why, now)
    buyer = await users.get_user(session, order.user_id)
    assert payment.provider_payment_id is not None
    asked = RefundAsked(
        refund_id=refund.id,
        payment_ref=payment.provider_payment_id,
        provider=payment.provider,
        order_number=order.number,
        amount=str(amount),
        paid=str(payment.amount),
        why=why,
        buyer=buyer.first_name,
        username=buyer.username,
        telegram_id=buyer.telegram_id,
    )
    await tell_operators(session, asked, once=f"refund-asked:{refund.id}", now=now)
    return refund


async def ask_for_the_rest(
    session: AsyncSession, payment: Payment, order: Order, subscription: Subscription, now: datetime
) -> None:
    """Money went back beside what waits for an operator's tap: that is for the rest now, or over."""
    asked = await refunds.find_open(session, payment.id)
    if asked is None or asked.state != "asked":
        return
    rest = refunds.left_of(payment).minor
    if asked.reason == BY_BUYER and await had_working_key(session, subscription.id):
        ahead = await days_ahead_of(session, payment, subscription, now)
        days = order.period_days or 0
        rest = price_of_days(days, payment.amount_minor, payment.refunded_minor, ahead) if ahead else 0
    if rest:
        asked.amount_minor = min(asked.amount_minor, rest)
    else:
        await refunds.end_refund(session, asked.id, "canceled")
