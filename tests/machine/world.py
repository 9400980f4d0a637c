"""One shop while the machine plays with it, and the machine's own book of what was sold, paid and given back."""

import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from aiogram import Bot
from sqlalchemy import select

from backend.orders.checkout import Checkout, start_checkout
from backend.payments.models import Payment
from backend.payments.providers.base import PaymentState
from backend.payments.providers.yookassa.pace import Pace
from backend.users.models import User
from bot.payments import Till
from bot.session import make_bot
from sandbox.companies import BOT_TOKEN
from sandbox.faults import Fault
from tests.machine.there import CONFIRMING, There, there
from tests.outside import until
from tests.shop import Buyer, Shop

WAYS = {
    "card": ("yookassa", "bank_card"),
    "sbp": ("yookassa", "sbp"),
    "wallet": ("yookassa", "yoo_money"),
    "coins": ("coingate", "btc"),
    "stars": ("stars", "stars"),
}
SERVICES = {"yookassa": "yookassa", "coingate": "coingate", "stars": "telegram"}
BUYERS = 3
DAY = timedelta(days=1)
LATELY = timedelta(days=3)  # what happens outside to an older payment nobody looks for any more
A_SHOP_LASTS = timedelta(days=80)  # what was said is forgotten after 90, and then nobody can count it
NO_OUTAGE_IS_LONGER = timedelta(days=2)


@dataclass
class Sale:
    """One attempt to pay: what was promised for it, as the buyer saw it."""

    buyer: Buyer
    company: str
    pid: str
    order_id: UUID
    code: str
    tap: str
    days: int
    minor: int
    at: datetime
    url: str | None
    failed: bool


@dataclass
class World:
    """Everything of one example. Lists are in the order in which things happened: nothing is picked by its id."""

    shop: Shop
    bot: Bot
    buyers: list[Buyer] = field(default_factory=list)
    telegram_ids: dict[int, int] = field(default_factory=dict)
    sales: list[Sale] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)  # refs of money that is not what was asked for
    decided: dict[str, bool] = field(default_factory=dict)  # of those, what an operator said
    lost_disputes: set[str] = field(default_factory=set)
    meddled: set[str] = field(default_factory=set)  # refs of which a person or a bank took money back
    ahead: dict[str, datetime] = field(default_factory=dict)  # refs of what came when a charge was due, and when
    keepers: dict[str, Buyer] = field(default_factory=dict)  # whose saved method it is, by its id
    renewals: dict[int, list[tuple[datetime, bool]]] = field(default_factory=lambda: defaultdict(list))
    trials: set[int] = field(default_factory=set)
    blocked: set[int] = field(default_factory=set)
    backups: list[dict[str, Any]] = field(default_factory=list)
    down: dict[str, datetime] = field(default_factory=dict)  # companies that are away, since when
    worked_at: datetime | None = None
    closes_at: datetime | None = None
    update: int = 0  # of Telegram, the next one

    # --- people ---

    async def opens(self) -> None:
        self.shop.deps.providers.get("yookassa")._pace = Pace(per_second=1000, in_flight=8)  # type: ignore[attr-defined]
        self.shop.deps.providers.get("coingate")._settle_seconds = 0  # type: ignore[attr-defined]
        self.worked_at, self.closes_at = self.shop.now, self.shop.now + A_SHOP_LASTS
        for _ in range(BUYERS):
            buyer = await self.shop.buyer()
            (user,) = await self.shop.all(select(User).where(User.id == buyer.id))
            self.buyers.append(buyer)
            self.telegram_ids[buyer.id] = user.telegram_id
            await self.telegram("users", id=user.telegram_id, first_name="Аня", language_code="ru")
            await self.telegram(f"users/{user.telegram_id}/stars", balance=1_000_000)

    async def taps(self, buyer: Buyer, code: str, way: str, *, tap: str, renew: bool = False) -> Sale:
        """A tap on a way to pay in the message `tap`, as the bot orders.

        Raises ShopError: the shop does not sell that now.
        """
        company, method = WAYS[way]
        plan = await self.shop.plan(code)
        checkout = await start_checkout(
            self.shop.deps,
            self.shop.now,
            user_id=buyer.id,
            plan_id=plan.id,
            provider=company,
            method=method,
            request_id=f"{tap}:{plan.id}",
            shown_in=f"telegram:{buyer.id}:1",
            language=buyer.language,
            autopay=renew,
        )
        if renew:
            self.renewals[buyer.id].append((self.shop.now, True))
        return self.notes(buyer, checkout, code, tap)

    def notes(self, buyer: Buyer, checkout: Checkout, code: str, tap: str) -> Sale:
        sale = Sale(
            buyer=buyer,
            company=checkout.provider,
            pid=str(checkout.payment_id),
            order_id=checkout.order_id,
            code=code,
            tap=tap,
            days=checkout.days,
            minor=checkout.amount.minor,
            at=self.shop.now,
            url=checkout.url,
            failed=checkout.state == PaymentState.FAILED,
        )
        known = [one for one in self.sales if one.pid == sale.pid]
        if known:
            known[0].url, known[0].failed = sale.url, sale.failed
            return known[0]
        self.sales.append(sale)
        return sale

    # --- what the companies have ---

    def things(self, *statuses: str, company: str | None = None) -> list[There]:
        return [
            one
            for one in there(self.shop.town.companies)
            if (not statuses or one.status in statuses) and company in (None, one.company)
        ]

    def is_recent(self, at: datetime) -> bool:
        return self.shop.now - at < LATELY

    def sale_of(self, thing: There) -> Sale | None:
        return next((sale for sale in self.sales if sale.pid == thing.pid), None)

    def buyer_of(self, thing: There) -> Buyer:
        """Whose money it is: by what we sold, or by the method that was charged."""
        sale = self.sale_of(thing)
        return sale.buyer if sale else self.keepers[thing.method_id or ""]

    def agreed(self, buyer: Buyer, at: datetime | None = None) -> bool:
        """Whether this person wanted to be charged again, then or now."""
        said = [agreed for when, agreed in self.renewals[buyer.id] if at is None or when <= at]
        return bool(said) and said[-1]

    def bought(self, thing: There) -> tuple[int, int]:
        """How many days this payment bought, and for how much."""
        sale = self.sale_of(thing)
        if sale is not None:
            return sale.days, sale.minor
        price = thing.document["amount"]["value"]
        return {"299.00": (30, 299_00), "799.00": (90, 799_00)}[price]

    async def books(self, thing: There) -> Payment | None:
        query = select(Payment).where(Payment.provider == thing.company, Payment.provider_payment_id == thing.ref)
        found: Sequence[Payment] = await self.shop.all(query)
        return found[0] if found else None

    # --- trouble ---

    def breaks(self, company: str, mode: str, path: str, **options: Any) -> Fault:
        return self.shop.town.companies.world.faults.arm(SERVICES[company], mode, path=path, **options)

    def goes_down(self, company: str) -> None:
        self.down[company] = self.shop.now
        paths = {
            "yookassa": ("/v3/*",),
            "coingate": ("/v2/*", "/api/v2/*"),
            "stars": ("*/createInvoiceLink", "*/*Star*"),
            "panel": ("*",),
        }
        for path in paths[company]:
            self.shop.town.companies.world.faults.arm(SERVICES.get(company, "xui"), "reset", path=path, times=None)

    def comes_back(self, company: str) -> None:
        self.down.pop(company, None)
        faults = self.shop.town.companies.world.faults
        for fault in [one for one in faults.armed if one.times is None]:
            if fault.service == SERVICES.get(company, "xui"):
                faults.clear(fault.id)

    @contextlib.contextmanager
    def undisturbed(self) -> Iterator[None]:
        """What is done meanwhile meets no fault: it is not ours."""
        faults = self.shop.town.companies.world.faults
        armed, faults.armed = faults.armed, []
        try:
            yield
        finally:
            faults.armed = armed

    def mended(self) -> None:
        """Nothing is broken any more, and webhooks come."""
        self.shop.mend()
        self.down.clear()
        self.travel({})

    def travel(self, policy: dict[str, Any]) -> None:
        """How webhooks travel from now on."""
        self.shop.town.companies.yookassa._webhooks.set_policy(policy)
        self.shop.town.companies.coingate._callbacks.set_policy(policy)

    # --- time ---

    async def advances(self, by: timedelta) -> None:
        """The clock moves. No outage, no unconfirmed transaction and no sleep of ours lasts for days."""
        assert self.worked_at is not None
        if self.shop.now + by - self.worked_at > DAY + timedelta(hours=2):
            await self.works()
        for company, since in list(self.down.items()):
            if self.shop.now + by - since > NO_OUTAGE_IS_LONGER:
                self.comes_back(company)
        for thing in self.things(CONFIRMING):
            if self.shop.now + by - thing.at > DAY + timedelta(hours=2):
                await self.coingate(f"orders/{thing.ref}/confirm")
        self.shop.advance(seconds=by.total_seconds())
        companies = self.shop.town.companies
        companies.yookassa._payments.expire_due()
        companies.coingate._orders.expire_due()
        await self.post_comes()

    @property
    def moved(self) -> timedelta:
        """How far the clock was moved."""
        return timedelta(seconds=self.shop.town.companies.world.clock.offset)

    def takes(self, at_least: timedelta, since: datetime) -> None:
        """What was done took so long, and not as long as it happened to."""
        left = since + at_least - self.shop.now
        if left > timedelta():
            self.shop.advance(seconds=left.total_seconds())

    async def days_pass(self, until: datetime) -> None:
        """Many, with everybody at work and nothing broken."""
        self.mended()
        while (left := until - self.shop.now) > timedelta():
            await self.advances(min(left, 6 * DAY))
            await self.works()

    async def works(self) -> None:
        await self.shop.run_jobs()
        self.worked_at = self.shop.now
        await self.post_comes()

    async def post_comes(self) -> None:
        """Wait until nothing that is due is under way to us."""
        queues = [self.shop.town.companies.yookassa._webhooks, self.shop.town.companies.coingate._callbacks]
        now = self.shop.now
        for queue in queues:
            queue._wake.set()

        async def is_quiet() -> bool:
            waiting = (d for queue in queues for d in queue.newest_first() if d["state"] == "waiting")
            return all(datetime.fromisoformat(d["due"]) > now for d in waiting)

        await until(is_quiet, seconds=20)

    # --- the companies' own screens ---

    async def telegram(self, path: str, **body: Any) -> Any:
        return await self._act("telegram", path, body)

    async def coingate(self, path: str, **body: Any) -> Any:
        return await self._act("coingate", path, body)

    async def _act(self, company: str, path: str, body: dict[str, Any]) -> Any:
        url = f"{self.shop.town.companies_url}/sandbox/{company}/_ctl/{path}"
        answer = await self.shop.yookassa.http.post(url, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def person(self, buyer: Buyer, path: str, **body: Any) -> Any:
        return await self.telegram(f"users/{self.telegram_ids[buyer.id]}/{path}", **body)

    async def bot_hears(self, *, loses: str | None = None) -> None:
        """The bot takes what waits for it; a careless one confirms what it does not keep."""
        till = Till(self.bot, self.shop.deps)
        while updates := await self.bot.get_updates(offset=self.update, timeout=0):
            for update in updates:
                if loses is None or loses not in update.model_dump_json(exclude_unset=True):
                    await till.takes(update)
                self.update = update.update_id + 1


@contextlib.asynccontextmanager
async def open_world(shop: Shop) -> AsyncIterator[World]:
    """With the bot's connection, and nobody who polls it."""
    bot = make_bot(BOT_TOKEN, f"{shop.town.companies_url}/sandbox/telegram")
    try:
        world = World(shop, bot)
        await world.opens()
        yield world
    finally:
        await bot.session.close()
