"""Finding a payment by whatever name an operator has for it."""

import contextlib
import re
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.orders.models import Order
from backend.payments.models import Payment
from backend.payments.providers.base import PaymentState

MOVED_MONEY = (PaymentState.SUCCEEDED, PaymentState.REVIEW)
BARE = re.compile(r"[0-9]{1,18}")
NUMBER = re.compile(r"(?:№|#|order:)?\s*([0-9]{1,18})")
COUNTED = "coingate"  # the provider whose ids are numbers, as those of orders are

Found = tuple[Payment, Order | None]


async def find_payments(session: AsyncSession, name: str) -> Sequence[Found]:
    """Every payment of this name, the newest first: our id, the order number people see, or the provider's id.

    "order:538" and "№538" are orders alone, "coingate:538" is what that provider calls so. Of an order only the
    payments that moved money, if there are some.
    """
    name = name.strip()
    provider, _, ref = name.partition(":")
    ways = [
        Payment.provider_payment_id == name,
        and_(Payment.provider == provider, Payment.provider_payment_id == ref),
    ]
    with contextlib.suppress(ValueError):
        ways.append(Payment.id == UUID(name))
    if number := NUMBER.fullmatch(name):
        ways.append(Order.number == int(number[1]))
    query = (
        select(Payment, Order)
        .outerjoin(Order, Order.id == Payment.order_id)
        .where(or_(*ways))
        .order_by(Payment.created_at.desc(), Payment.id.desc())
    )
    found = [(row[0], row[1]) for row in await session.execute(query)]
    meant = [row for row in found if row[0].state in MOVED_MONEY or row[0].provider_payment_id == name]
    return meant or found


async def is_in_doubt(session: AsyncSession, name: str, found: Sequence[Found]) -> bool:
    """Whether a number that is of an order may be meant as a provider's id, be that in the books or not."""
    name = name.strip()
    if not BARE.fullmatch(name) or all(order is None or order.number != int(name) for _, order in found):
        return False
    return bool(await session.scalar(select(exists().where(Payment.provider == COUNTED))))
