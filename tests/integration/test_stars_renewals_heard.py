"""Charges of a subscription in Stars, heard of in any order and at once: each is an order of its own."""

import asyncio
import itertools
import json
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from backend.autopay.models import Mandate
from backend.notifications.kinds import Paid, PaidAgain
from backend.orders.models import Order
from backend.orders.service import keep_event, settle
from backend.payments.models import Payment
from backend.payments.providers.base import Snapshot
from backend.users.models import User
from tests.integration.autopay_fixture import orders_renewed
from tests.integration.refund_cases import ledger
from tests.shop import Buyer, Shop

FIRST = {"is_recurring": True, "is_first_recurring": True}
AGAIN = {"is_recurring": True}


@dataclass
class Telegram:
    """What Telegram says of one person's subscription, update by update."""

    shop: Shop
    buyer: Buyer
    first: Payment
    payer: int
    updates: Any = field(default_factory=lambda: itertools.count(1))

    def says(self, what: str, charge: str, **more: Any) -> bytes:
        assert self.first.request_body is not None
        said = {
            "currency": "XTR",
            "total_amount": self.first.amount_minor,
            "invoice_payload": json.loads(self.first.request_body)["payload"],
            "telegram_payment_charge_id": charge,
            "provider_payment_charge_id": "",
            **more,
        }
        person = {"id": self.payer}
        message = {"date": int(self.shop.now.timestamp()), "chat": person, "from": person, what: said}
        return json.dumps({"update_id": next(self.updates), "message": message}).encode()

    async def tells(self, what: str, charge: str, **more: Any) -> None:
        body, deps = self.says(what, charge, **more), self.shop.deps
        hint = deps.providers.get("stars").read_webhook({}, body)
        assert hint is not None
        async with deps.db.transaction() as session:
            await keep_event(session, deps.providers, "stars", hint, body, now=self.shop.now)
        await self.shop.run_jobs()

    def snapshot(self, charge: str, **more: Any) -> Snapshot:
        told = self.shop.deps.providers.get("stars").told(self.says("successful_payment", charge, **more))
        assert told is not None
        return told

    async def charges(self) -> list[tuple[str | None, str, int]]:
        """By its name at Telegram: how each stands, and how many Stars of it went back."""
        return [(one.provider_payment_id, one.state, one.refunded_minor) for one in await self.buyer.payments()]

    async def renewals(self) -> list[str | None]:
        orders = await self.shop.all(select(Order).where(Order.kind == "autopay").order_by(Order.created_at))
        return [order.cycle_key for order in orders]

    async def nothing_waits(self) -> bool:
        return all(event.handled_at is not None for event in await self.shop.events())


async def ordered(shop: Shop) -> Telegram:
    """Somebody has a link to a subscription in Stars."""
    buyer = await shop.buyer()
    checkout = await orders_renewed(buyer, provider="stars", method="stars")
    (user,) = await shop.all(select(User).where(User.id == buyer.id))
    assert user.telegram_id is not None
    return Telegram(shop, buyer, await shop.payment(checkout), user.telegram_id)


async def test_a_renewal_whose_refund_is_heard_before_it_counts_once_and_holds_nothing_up(shop: Shop) -> None:
    telegram = await ordered(shop)
    await telegram.tells("successful_payment", "c1", **FIRST)
    await shop.passes(days=30)

    await telegram.tells("refunded_payment", "c2")
    await telegram.tells("successful_payment", "c2", **AGAIN)
    await shop.passes(minutes=5)

    assert await telegram.charges() == [("c1", "succeeded", 0), ("c2", "succeeded", 200)]
    assert await ledger(telegram.buyer) == [30, 30, -30]
    assert await telegram.nothing_waits()


async def test_a_refund_of_a_renewal_nobody_heard_of_is_no_second_payment_of_the_first_order(shop: Shop) -> None:
    telegram = await ordered(shop)
    await telegram.tells("successful_payment", "c1", **FIRST)
    await shop.passes(days=30)

    await telegram.tells("refunded_payment", "c2")
    await shop.passes(minutes=11)

    assert await telegram.renewals() == ["stars:c2"]
    assert [paid.times for paid in telegram.buyer.heard(Paid)] == [1, 1]
    assert not [told for told in shop.channel.told if isinstance(told, PaidAgain)]
    (mandate,) = await shop.all(select(Mandate))
    assert (mandate.state, mandate.reason) == ("ended", "refunded")


async def test_the_first_charge_and_its_renewal_settled_at_once_are_two_orders(shop: Shop) -> None:
    telegram, deps = await ordered(shop), shop.deps
    first, renewal = telegram.snapshot("c1", **FIRST), telegram.snapshot("c2", **AGAIN)

    async def second() -> None:
        async with deps.db.transaction() as other:
            await settle(other, deps.providers, "stars", renewal, shop.now)

    async with deps.db.transaction() as session:
        await settle(session, deps.providers, "stars", first, shop.now)
        meanwhile = asyncio.create_task(second())
        done, _ = await asyncio.wait([meanwhile], timeout=0.5)
    await meanwhile
    await shop.run_jobs()

    assert not done, "it waits for the first to be counted"
    assert await telegram.renewals() == ["stars:c2"]
    assert await telegram.charges() == [("c1", "succeeded", 0), ("c2", "succeeded", 0)]
    assert await ledger(telegram.buyer) == [30, 30]
