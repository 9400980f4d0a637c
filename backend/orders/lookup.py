"""Finding a payment by whatever name an operator has for it."""

import contextlib
import re
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.orders.models import Order
from backend.payments.models import Payment
from backend.payments.providers.base import PaymentState

MOVED_MONEY = (PaymentState.SUCCEEDED, PaymentState.REVIEW)
NUMBER = re.compile(r"[0-9]{1,18}")


async def find_payments(session: AsyncSession, name: str) -> Sequence[tuple[Payment, Order | None]]:
    """Every payment of this name, the newest first: our id, the order number people see, or the company's id.

    Of an order only the payments that moved money, if there are some.
    """
    name = name.strip().lstrip("№#").strip()
    ways = [Payment.provider_payment_id == name]
    with contextlib.suppress(ValueError):
        ways.append(Payment.id == UUID(name))
    if NUMBER.fullmatch(name):
        ways.append(Order.number == int(name))
    query = (
        select(Payment, Order)
        .outerjoin(Order, Order.id == Payment.order_id)
        .where(or_(*ways))
        .order_by(Payment.created_at.desc(), Payment.id.desc())
    )
    found = [(row[0], row[1]) for row in await session.execute(query)]
    return [row for row in found if row[0].state in MOVED_MONEY] or found
