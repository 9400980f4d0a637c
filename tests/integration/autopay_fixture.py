"""Subscriptions that renew themselves, and time that goes by for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from backend.autopay.models import Mandate
from backend.kit import clock
from backend.kit.money import Currency, Money
from backend.orders.checkout import Checkout, start_checkout
from backend.orders.models import Order
from backend.payments.models import Payment, SavedMethod
from backend.plans.service import set_price
from tests.shop import Buyer, Shop

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass
class Subscriber:
    """Somebody who let the shop charge again what he paid with."""

    shop: Shop
    buyer: Buyer

    async def mandates(self) -> Sequence[Mandate]:
        query = select(Mandate).where(Mandate.user_id == self.buyer.id).order_by(Mandate.created_at)
        return await self.shop.all(query)

    async def mandate(self) -> Mandate:
        """The newest."""
        return (await self.mandates())[-1]

    async def stands(self) -> tuple[str, str | None]:
        mandate = await self.mandate()
        return mandate.state, mandate.reason

    async def method(self) -> SavedMethod:
        query = select(SavedMethod).where(SavedMethod.user_id == self.buyer.id).order_by(SavedMethod.created_at)
        newest: SavedMethod = (await self.shop.all(query))[-1]
        return newest

    async def charges(self) -> Sequence[Payment]:
        """What was charged without the buyer, oldest first."""
        query = select(Payment).where(Payment.user_id == self.buyer.id, Payment.initiated_by == "shop")
        return await self.shop.all(query.order_by(Payment.created_at))

    async def states(self) -> list[str]:
        return [charge.state for charge in await self.charges()]

    async def renewals(self) -> Sequence[Order]:
        query = select(Order).where(Order.user_id == self.buyer.id, Order.kind == "autopay")
        return await self.shop.all(query.order_by(Order.created_at))

    async def reaches(self, before_end: timedelta) -> None:
        """Time goes by until so much of what is paid for is left; the worker did nothing meanwhile."""
        left = await self.buyer.paid_until() - before_end - clock.now()
        assert left > timedelta(), "time does not go back"
        await self.shop.passes(seconds=left.total_seconds() + 1)

    async def is_warned(self) -> None:
        """Both notices of this renewal are given."""
        await self.reaches(3 * DAY)
        await self.reaches(DAY)

    async def card_answers(self, outcome: str) -> None:
        """How charges of what was saved end from now on."""
        await self.shop.yookassa.act(f"methods/{(await self.method()).ref}", outcome=outcome)


async def orders_renewed(
    buyer: Buyer, code: str = "monthly", *, provider: str = "yookassa", method: str = "bank_card"
) -> Checkout:
    """Tick the renewal and tap on a method."""
    plan = await buyer.shop.plan(code)
    return await start_checkout(
        buyer.shop.deps,
        clock.now(),
        user_id=buyer.id,
        plan_id=plan.id,
        provider=provider,
        method=method,
        request_id=f"{buyer.id}:{next(buyer.requests)}:{code}:again",
        shown_in=f"telegram:{buyer.id}:1",
        language=buyer.language,
        autopay=True,
    )


async def subscribes(shop: Shop, code: str = "monthly", *, method: str = "bank_card") -> Subscriber:
    buyer = await shop.buyer()
    checkout = await orders_renewed(buyer, code, method=method)
    await shop.yookassa.pay(checkout.payment_id)
    await shop.run_jobs()
    return Subscriber(shop, buyer)


async def costs(shop: Shop, roubles: int, code: str = "monthly") -> None:
    """A plan gets another price."""
    plan = await shop.plan(code)
    async with shop.deps.db.transaction() as session:
        await set_price(session, plan.id, Money(roubles * 100, Currency.RUB))


async def changes(shop: Shop, table: Any, where: Any, **values: Any) -> None:
    """Somebody else's screen writes a row."""
    async with shop.deps.db.transaction() as session:
        await session.execute(update(table).where(where).values(**values))
