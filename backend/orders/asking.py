"""Asking those who run the shop whether money goes back."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit.money import Money
from backend.notifications.kinds import RefundAsked
from backend.notifications.service import tell_operators
from backend.orders.models import Order
from backend.payments import refunds
from backend.payments.models import Payment, Refund
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
