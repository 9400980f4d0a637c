"""Finding a payment by whatever name an operator has for it."""

import contextlib
import re
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.orders.models import Order
from backend.payments.models import Payment
from backend.payments.providers.base import PaymentState

MOVED_MONEY = (PaymentState.SUCCEEDED, PaymentState.REVIEW)
BARE = re.compile(r"[0-9]{1,18}")
NUMBER = re.compile(r"(?:№|#|order:)?\s*([0-9]{1,18})")

Found = tuple[Payment, Order | None]


async def find_payments(session: AsyncSession, name: str) -> Sequence[Found]:
    """Every payment of this name, the newest first: our id, the order number people see, or the provider's id.

    "order:538" and "№538" are orders alone, and a provider's id may stand behind the provider: "provider:538". Of an
    order only the payments that moved money, if there are some.
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


async def rivals(session: AsyncSession, name: str, found: Sequence[Found]) -> Sequence[str]:
    """Whose ids are numbers, too, where a bare number is of an order: it may be one of theirs, known or not."""
    name = name.strip()
    if not BARE.fullmatch(name) or all(order is None or order.number != int(name) for _, order in found):
        return []
    counted = Payment.provider_payment_id.regexp_match(f"^{BARE.pattern}$")
    return (await session.scalars(select(Payment.provider).where(counted).distinct())).all()
