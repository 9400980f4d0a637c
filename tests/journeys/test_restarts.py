"""Every process is killed in the middle of sales by every method; each buyer gets what was paid for, once."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import pytest

from tests.journeys.conftest import NewPerson
from tests.journeys.invoice import Invoice
from tests.journeys.keys import assert_only, assert_works
from tests.journeys.person import BTC, CARD, ETH, LTC, SBP, STARS, WALLET, Person
from tests.journeys.world import World, until

pytestmark = pytest.mark.thorough

METHODS = (CARD, SBP, WALLET, BTC, ETH, LTC, STARS)
COINS = {BTC: "BTC", ETH: "ETH", LTC: "LTC"}
CLAIMS_END = timedelta(minutes=2)  # what a dead process had reserved for itself is free again
AGES = 20_000  # ms; longer than anybody is alive here, and over before the world ends
LOST_TIME = timedelta(minutes=5)  # the days begin when the shop gets to it


@dataclass
class Sale:
    """Somebody before the page where the order is to be paid."""

    world: World
    buyer: Person
    method: str
    url: str

    async def is_paid(self) -> None:
        """The buyer pays, and the money is the merchant's."""
        if self.method in COINS:
            await (await Invoice.behind(self.world, self.url)).pays(COINS[self.method])
        elif self.method == STARS:
            assert (await self.buyer.pays_stars(self.url))["state"] == "paid"
        else:
            await self.world.at_checkout(self.url, "pay")

    async def is_told(self) -> bool:
        """Whether the shop has taken every webhook about it."""
        if self.method in COINS:
            told = await (await Invoice.behind(self.world, self.url)).callbacks()
        else:
            told = await self.world.deliveries((await self.world.payment(self.url))["id"])
        return bool(told) and all(each["state"] == "delivered" for each in told)

    async def assert_nothing_given(self) -> None:
        assert not [m for m in await self.buyer.chat() if m.photo or "Оплачено" in m.text]

    async def assert_given_once(self) -> None:
        key = await self.buyer.key(within=60)
        await self.buyer.reads("Оплачено")
        await assert_works(self.world, key, days=30, give_or_take=LOST_TIME)
        await assert_only(self.world, key, self.buyer)
        assert "30 дней" in (await self.buyer.says("/subscription")).text


async def begin_sales(world: World, new_person: NewPerson) -> list[Sale]:
    """One buyer for each method, all of them before the page where they pay."""

    async def begin(method: str) -> Sale:
        buyer = await new_person("Сева")
        await buyer.says("/start")
        return Sale(world, buyer, method, await buyer.orders(method))

    return list(await asyncio.gather(*map(begin, METHODS)))


async def are_paid(sales: list[Sale]) -> None:
    await asyncio.gather(*(sale.is_paid() for sale in sales))


async def assert_each_given_once(world: World, sales: list[Sale], clients_before: int) -> None:
    await world.advance(seconds=CLAIMS_END.total_seconds())
    await asyncio.gather(*(sale.assert_given_once() for sale in sales))
    assert len(await world.clients()) == clients_before + len(sales), "one account on the panel for each"


async def test_a_power_cut_between_order_and_payment_loses_no_sale(world: World, new_person: NewPerson) -> None:
    before = len(await world.clients())
    sales = await begin_sales(world, new_person)

    world.power_cut()
    await world.comes_back()

    await are_paid(sales)
    await assert_each_given_once(world, sales, before)


async def test_a_power_cut_between_payment_and_days_loses_no_sale(world: World, new_person: NewPerson) -> None:
    before = len(await world.clients())
    sales = await begin_sales(world, new_person)
    await world.until_bot_heard_all()
    async with (
        world.fault("yookassa", "latency", method="GET", ms=AGES),
        world.fault("coingate", "latency", method="GET", ms=AGES),
        world.fault("telegram", "status", path="*/getUpdates", status=502),
    ):
        await are_paid(sales)

        async def are_told() -> bool:
            return all([await sale.is_told() for sale in sales if sale.method != STARS])

        await until(are_told, "the shop does not take the webhooks")
        for sale in sales:
            await sale.assert_nothing_given()
        world.power_cut()

    await world.comes_back()
    await assert_each_given_once(world, sales, before)


async def test_what_was_paid_while_the_shop_was_away_is_found_though_nobody_told_it(
    world: World, new_person: NewPerson
) -> None:
    before = len(await world.clients())
    sales = await begin_sales(world, new_person)
    for process in (world.web, world.worker):
        process.kill()
    async with world.webhooks(drop=1):
        await are_paid(sales)  # the bot alone is there, to agree to the payment in Stars
    world.bot.kill()

    await world.comes_back()
    await assert_each_given_once(world, sales, before)
