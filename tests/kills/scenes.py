"""What is done while a process is killed, and the end it must come to, whatever was killed when."""

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Protocol, TypeVar

import httpx2

from tests.journeys.keys import assert_works, ends
from tests.journeys.person import CARD, Key, Person
from tests.journeys.world import World, until
from tests.kills.stage import Stage

T = TypeVar("T")

LOST_TIME = timedelta(hours=3)  # days begin when the shop gets to it
NUDGE = timedelta(seconds=61)  # what was claimed is free, what was asked is asked again
ROUND = timedelta(minutes=10, seconds=1)  # renewals that are due are looked for again
NUDGES = (NUDGE, NUDGE, NUDGE, ROUND, NUDGE, NUDGE, ROUND, NUDGE)
SOON = 4.0  # seconds until somebody who waits looks at the clock
NOTICES = (timedelta(days=2, hours=23), timedelta(hours=23))  # before the end
CHARGED = timedelta(hours=12)
AT_MOST = 2  # times that one thing is said: a message in flight may be said again


class Scene(Protocol):
    """One story of a buyer of its own."""

    name: ClassVar[str]

    async def prepare(self, stage: Stage) -> None:
        """What happened before, with nothing wrong."""

    async def act(self, stage: Stage) -> None:
        """What happens while a process is killed, until its end is there."""

    async def check(self, stage: Stage) -> None:
        """The end: nothing lost, nothing doubled."""


@dataclass
class Sale:
    """From /start to a key."""

    name: ClassVar[str] = "sale"
    months: ClassVar[int] = 1  # paid for in all
    days: ClassVar[float] = 30  # left in the end
    buyer: Person = field(init=False)
    pids: list[str] = field(default_factory=list)  # our ids of what was paid
    refs: list[str] = field(default_factory=list)  # the provider's
    key: Key = field(init=False)
    before: datetime = field(init=False)  # when the key ended before the kill

    async def prepare(self, stage: Stage) -> None:
        self.buyer = await stage.buyer()

    async def act(self, stage: Stage) -> None:
        await self.buyer.says("/start")
        await self.buys(stage)
        self.key = await patiently(stage.world, self.buyer.key)

    async def buys(self, stage: Stage) -> None:
        url = await self.buyer.orders(CARD)
        payment = await stage.world.at_checkout(url, "pay")
        self.pids.append(payment["metadata"]["pid"])
        self.refs.append(payment["id"])

    async def check(self, stage: Stage) -> None:
        await assert_works(stage.world, self.key, days=self.days, give_or_take=LOST_TIME)
        chat = await self.buyer.chat()
        assert 1 <= sum("Оплачено" in message.text for message in chat) <= AT_MOST * self.months
        for pid in self.pids:
            (payment,) = await stage.world.payments_of(pid)
            assert payment["status"] == "succeeded"


@dataclass
class Renewal(Sale):
    """Somebody with a key buys another month."""

    name: ClassVar[str] = "renewal"
    months: ClassVar[int] = 2
    days: ClassVar[float] = 60

    async def prepare(self, stage: Stage) -> None:
        await super().prepare(stage)
        await Sale.act(self, stage)
        self.before = await ends(stage.world, self.key)

    async def act(self, stage: Stage) -> None:
        await self.buyer.says("/start")
        await self.buys(stage)
        await self.is_longer(stage.world)

    async def is_longer(self, world: World) -> None:
        async def longer() -> bool:
            return await ends(world, self.key) > self.before and await self.heard("Оплачено") >= self.months

        await patiently_until(world, longer)

    async def heard(self, words: str) -> int:
        return sum(words in message.text for message in await self.buyer.chat())

    async def check(self, stage: Stage) -> None:
        await super().check(stage)
        assert await ends(stage.world, self.key) == self.before + timedelta(days=30)


@dataclass
class Refund(Renewal):
    """The operator gives a payment back."""

    name: ClassVar[str] = "refund"

    async def act(self, stage: Stage) -> None:
        await stage.operates("refund", self.refs[0])

        async def is_over() -> bool:
            client = await stage.world.client(self.key.uuid)
            return client is not None and not client["enable"] and await self.heard("Возвращено") > 0

        await patiently_until(stage.world, is_over)

    async def check(self, stage: Stage) -> None:
        refunds = await stage.world.ask("/sandbox/yookassa/_ctl/refunds")
        (refund,) = [refund for refund in refunds if refund["payment_id"] == self.refs[0]]
        assert (refund["status"], refund["amount"]["value"]) == ("succeeded", "299.00")
        assert await self.heard("Возвращено") <= AT_MOST


@dataclass
class Autopay(Renewal):
    """A month passes, and the card is charged."""

    name: ClassVar[str] = "autopay"
    days: ClassVar[float] = 30.5

    async def buys(self, stage: Stage) -> None:
        await self.buyer.says("/plans")
        await self.buyer.taps("Месяц")
        await self.buyer.taps("☐ Подключить автопродление")
        await self.buyer.taps(CARD)
        payment = await stage.world.at_checkout(await self.buyer.address_of("Оплатить"), "pay")
        self.pids.append(payment["metadata"]["pid"])
        self.refs.append(payment["id"])

    async def prepare(self, stage: Stage) -> None:
        await super().prepare(stage)
        await self.buyer.reads("Автопродление включено")
        told = None
        for notice in NOTICES:
            await self.waits(stage.world, notice)
            told = await self.buyer.reads("спишем 299", after=told)
            await stage.world.until_heard_is_noted()
        await self.waits(stage.world, CHARGED)

    async def waits(self, world: World, before_end: timedelta) -> None:
        """Until a moment before that."""
        left = self.before - await world.now() - before_end - timedelta(minutes=1)
        await world.advance(seconds=left.total_seconds())

    async def act(self, stage: Stage) -> None:
        await stage.world.advance(minutes=15)  # it is looked for every ten
        await self.is_longer(stage.world)

    async def check(self, stage: Stage) -> None:
        await super().check(stage)
        (first,) = await stage.world.payments_of(self.pids[0])
        saved = first["payment_method"]["id"]
        charged = await stage.world.ask("/sandbox/yookassa/_ctl/payments")
        mine = [payment for payment in charged if payment["payment_method"]["id"] == saved]
        assert [payment["status"] for payment in mine] == ["succeeded"] * self.months
        await self.buyer.says("/autopay_off")


async def patiently(world: World, looks: Callable[..., Awaitable[T]]) -> T:
    """What somebody sees who waits, and time goes by while he does."""
    for nudge in NUDGES:
        with contextlib.suppress(AssertionError, httpx2.TransportError):  # the shop may be down just now
            return await looks(within=SOON)
        await world.advance(seconds=nudge.total_seconds())
    return await looks(within=SOON)


async def patiently_until(world: World, holds: Callable[[], Awaitable[bool]]) -> None:
    async def holds_now() -> bool:
        with contextlib.suppress(httpx2.TransportError):
            return await holds()
        return False

    async def look(*, within: float) -> bool:
        return await until(holds_now, "it never came to that", within=within)

    await patiently(world, look)
