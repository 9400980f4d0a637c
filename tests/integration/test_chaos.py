"""Everything that can go wrong, at once and at random; then the world is mended, and all must have come right.

A failing seed is replayed by its number. What is random is what is done, not how the loop interleaves it.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from procrastinate.exceptions import ConnectorException, ProcrastinateException
from sqlalchemy import select, text

from backend.kit import clock
from backend.kit.errors import ShopError
from backend.orders.checkout import check_now
from backend.payments.models import Payment
from backend.payments.providers.yookassa.pace import Pace
from backend.subscriptions.service import reissue
from tests.outside import CREATE, FETCH, LIST
from tests.shop import Buyer, Shop

pytestmark = pytest.mark.thorough

STEPS = 20
AT_ONCE = 4


@dataclass
class Chaos:
    """One world and the dice."""

    shop: Shop
    dice: random.Random
    buyers: list[Buyer]
    taps: list[tuple[Buyer, str, str]] = field(default_factory=list)

    async def order(self) -> None:
        buyer, code = self.dice.choice(self.buyers), self.dice.choice(["monthly", "quarterly"])
        await buyer.orders(code, method=self.dice.choice(["bank_card", "sbp", "yoo_money"]))

    async def tap_twice(self) -> None:
        buyer = self.dice.choice(self.buyers)
        tap = f"{buyer.id}:{self.dice.randrange(3)}"
        await asyncio.gather(*(buyer.orders("monthly", tap=tap) for _ in range(2)))

    async def trial(self) -> None:
        await self.dice.choice(self.buyers).takes_trial()

    async def pay(self) -> None:
        pending = [o["id"] for o in await self.shop.yookassa.objects() if o["status"] == "pending"]
        if pending:
            await self.shop.yookassa.pay_ref(self.dice.choice(pending), webhooks=self.dice.choice([0, 1, 3]))

    async def decline(self) -> None:
        pending = [o["id"] for o in await self.shop.yookassa.objects() if o["status"] == "pending"]
        if pending:
            await self.shop.yookassa.act(f"payments/{self.dice.choice(pending)}/decline")

    async def forge(self) -> None:
        objects = await self.shop.yookassa.objects()
        if not objects:
            return
        sold: dict[str, Any] = self.dice.choice(objects)
        changes = self.dice.choice(
            [
                {"status": "succeeded", "paid": True},
                {"status": "succeeded", "metadata": {**sold["metadata"], "mac": "00000000.AAAA"}},
                {"status": "succeeded", "amount": {"value": "1.00", "currency": "RUB"}},
                {"status": "canceled"},
            ]
        )
        event = f"payment.{changes['status']}"
        answer = await self.shop.webhook({"type": "notification", "event": event, "object": {**sold, **changes}})
        assert answer.status_code == 200

    async def repeat(self) -> None:
        deliveries = await self.shop.yookassa.deliveries()
        if deliveries:
            await self.shop.yookassa.act(f"deliveries/{self.dice.choice(deliveries)['id']}/repeat")

    async def pay_twice(self) -> None:
        """Another payment for an attempt of ours, by whoever had its request."""
        payments = [p for p in await self.shop.all(select(Payment)) if p.request_body]
        if payments:
            payment = self.dice.choice(payments)
            await self.shop.yookassa.send(f"other-{self.dice.random()}", payment.request_body)

    async def break_provider(self) -> None:
        mode = self.dice.choice(["lost_before", "lost_after", "garbage", "reset", "http_429", "status", "http_202"])
        self.shop.yookassa.breaks(self.dice.choice([CREATE, FETCH, LIST]), mode, times=self.dice.choice([1, 2]))

    async def break_panel(self) -> None:
        mode = self.dice.choice(["lost_before", "lost_after", "garbage", "reset", "status"])
        self.shop.panel.breaks(mode, times=self.dice.choice([1, 3]))

    async def ask(self) -> None:
        payments = await self.shop.all(select(Payment).where(Payment.user_id.is_not(None)))
        if payments:
            payment = self.dice.choice(payments)
            await check_now(self.shop.deps, clock.now(), payment_id=payment.id, user_id=payment.user_id)

    async def renew_link(self) -> None:
        buyer = self.dice.choice(self.buyers)
        for subscription in await buyer.subscriptions():
            async with self.shop.deps.db.transaction() as session:
                await reissue(session, subscription.id, user_id=buyer.id)

    async def pass_time(self) -> None:
        self.shop.advance(seconds=self.dice.choice([1, 6, 31, 600, 4000]))

    async def work(self) -> None:
        await self.shop.run_jobs()

    async def lose_jobs(self) -> None:
        await self.shop.drop_jobs()

    @property
    def deeds(self) -> list[Callable[[], Awaitable[None]]]:
        often = [self.order, self.pay, self.work, self.pass_time]
        rarely = [self.tap_twice, self.trial, self.decline, self.forge, self.repeat, self.pay_twice, self.ask]
        troubles = [self.break_provider, self.break_panel, self.renew_link, self.lose_jobs]
        return [*often, *often, *rarely, *troubles]


async def goes(deed: Callable[[], Awaitable[None]]) -> None:
    """What people are refused, and what a lost queue or a cut line does to whoever was at it, is part of the game."""
    with contextlib.suppress(ShopError, ProcrastinateException, ConnectorException, AssertionError, httpx2.HTTPError):
        await deed()


@pytest.mark.parametrize("seed", range(2))
async def test_after_any_chaos_every_payment_has_its_days_and_every_key_its_end(shop: Shop, seed: int) -> None:
    shop.deps.providers.get("yookassa")._pace = Pace(per_second=500, in_flight=8)  # type: ignore[attr-defined]
    chaos = Chaos(shop, random.Random(seed), [await shop.buyer() for _ in range(4)])

    for _ in range(STEPS):
        async with asyncio.TaskGroup() as at_once:
            for _ in range(AT_ONCE):
                at_once.create_task(goes(chaos.dice.choice(chaos.deeds)))

    shop.mend()
    await shop.yookassa.act("webhooks/policy")
    for times in ({"seconds": 61}, {"minutes": 61}, {"minutes": 61}, {"hours": 24}, {"hours": 2}):
        await shop.passes(**times)
    await assert_all_came_right(shop, chaos.buyers)


async def assert_all_came_right(shop: Shop, buyers: list[Buyer]) -> None:
    paid = {o["id"] for o in await shop.yookassa.objects() if o["status"] == "succeeded"}
    payments = await shop.all(select(Payment))
    assert {p.provider_payment_id for p in payments if p.state == "succeeded"} == paid
    assert {p.state for p in payments} <= {"succeeded", "canceled", "failed"}
    lines = [line for buyer in buyers for line in await buyer.extensions()]
    assert sum(line.source == "payment" for line in lines) == len(paid)

    subscriptions = [s for buyer in buyers for s in await buyer.subscriptions() if s.paid_until]
    clients = {client["uuid"]: client for client in await shop.panel.clients()}
    assert len(clients) == len(subscriptions)
    for subscription in subscriptions:
        client = clients[str(subscription.client_uuid)]
        assert client["subId"] == subscription.sub_id
        assert client["expiryTime"] == round(subscription.paid_until.timestamp() * 1000)

    async with shop.deps.db.transaction() as session:
        for query in (
            "select count(*) from inbox where handled_at is null and proven",
            "select count(*) from notifications where done_at is null",
            "select count(*) from vpn_keys k join subscriptions s on s.id = k.subscription_id"
            " where k.applied_version <> s.desired_version",
        ):
            assert await session.scalar(text(query)) == 0, query
