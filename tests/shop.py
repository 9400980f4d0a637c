"""The test driver: the whole product core on real PostgreSQL, with the real companies' emulators behind HTTP.

buyer = await shop.buyer()
checkout = await buyer.orders("monthly")
await shop.yookassa.pay(checkout.payment_id, webhooks=3)
await shop.run_jobs()
subscription = await buyer.subscription()
"""

import contextlib
import itertools
import json
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

import httpx2
import pytest
from prometheus_client import REGISTRY
from sqlalchemy import select, text

from backend.alerts import jobs as alerts_jobs
from backend.app import create_app
from backend.audit import jobs as audit_jobs
from backend.autopay import jobs as autopay_jobs
from backend.kit import clock
from backend.kit.jobs import RECURRING, Timer, Worker
from backend.kit.money import Currency
from backend.notifications import jobs as notifications_jobs
from backend.notifications.jobs import Sender
from backend.notifications.kinds import Kind
from backend.notifications.pace import Pace
from backend.orders import jobs as orders_jobs
from backend.orders.checkout import Checkout, start_checkout
from backend.orders.models import Order
from backend.orders.service import place_order
from backend.payments.models import Event, Payment
from backend.payments.rules import NEVER
from backend.payments.service import Attempt, open_payment
from backend.plans.models import Plan
from backend.plans.service import get_price
from backend.receipts import jobs as receipts_jobs
from backend.subscriptions import jobs as subscriptions_jobs
from backend.subscriptions.models import Extension, Subscription
from backend.subscriptions.service import Granted, start_trial
from backend.users.service import lock_user, register
from backend.vpn import jobs as vpn_jobs
from backend.vpn.models import Server, VpnKey
from cli.wiring import Deps, prepare, read_settings, wire
from sandbox.companies import BOT_USERNAME, environment
from tests.audit import audit_books, audit_keys, audit_objects, audit_requests
from tests.outside import Panel, YooKassa, until
from tests.town import Town

# Importing them is what registers their runners and ticks.
JOBS = (
    audit_jobs,
    autopay_jobs,
    alerts_jobs,
    notifications_jobs,
    orders_jobs,
    receipts_jobs,
    subscriptions_jobs,
    vpn_jobs,
)

SECRET_KEY = "a-secret-of-the-tests-0123456789"
YOOKASSA_ADDRESS = "185.71.76.1"  # one of those YooKassa sends webhooks from
MISHAPS = ("job.failed", "tick.failed", "http.failed")

K = TypeVar("K", bound=Kind)
_telegram_ids = itertools.count(700_000_001)


@dataclass
class Recorder:
    """A channel that keeps what is said. `troubles` are raised first, one for each message."""

    said: list[tuple[int, Kind]] = field(default_factory=list)
    told: list[Kind] = field(default_factory=list)  # to the operators
    troubles: deque[Exception] = field(default_factory=deque)

    async def tell_operators(self, kind: Kind, *, number: int) -> None:
        if self.troubles:
            raise self.troubles.popleft()
        self.told.append(kind)

    async def send(self, user_id: int, kind: Kind) -> None:
        if self.troubles:
            raise self.troubles.popleft()
        self.said.append((user_id, kind))


@dataclass
class Buyer:
    """A person with an account at the shop."""

    shop: "Shop"
    id: int
    language: str
    requests: Any = field(default_factory=lambda: itertools.count(1))

    async def takes_trial(self) -> Granted:
        async with self.shop.deps.db.transaction() as session:
            return await start_trial(session, self.id, clock.now())

    async def orders(
        self, code: str = "monthly", *, provider: str = "yookassa", method: str = "bank_card", tap: str | None = None
    ) -> Checkout:
        """Tap on a method of payment. `tap` names the message that was tapped, as the bot does; None: a new one."""
        plan = await self.shop.plan(code)
        return await start_checkout(
            self.shop.deps,
            clock.now(),
            user_id=self.id,
            plan_id=plan.id,
            provider=provider,
            method=method,
            request_id=f"{tap or f'{self.id}:{next(self.requests)}'}:{plan.id}",
            shown_in=f"telegram:{self.id}:1",
            language=self.language,
        )

    async def opens_payment(self) -> Payment:
        """Tap on a method, and the process dies before it calls the provider: order and attempt are all there is."""
        plan = await self.shop.plan("monthly")
        deps = self.shop.deps
        async with deps.db.transaction() as session:
            await lock_user(session, self.id)
            price = await get_price(session, plan.id, Currency.RUB)
            name = f"{self.id}:{next(self.requests)}"
            order = await place_order(
                session,
                clock.now(),
                user_id=self.id,
                plan=plan,
                price=price,
                request_id=name,
                shown_in=None,
                autopay=False,
            )
            attempt = Attempt(
                order_id=order.id,
                user_id=self.id,
                amount=price,
                method="bank_card",
                description="30",
                language="ru",
                return_base=deps.return_base,
                public_url=deps.public_url,
            )
            return await open_payment(session, deps.providers, deps.providers.get("yookassa"), attempt, clock.now())

    async def buys(self, code: str = "monthly", *, method: str = "bank_card") -> Checkout:
        """Order, pay and get what was paid for."""
        checkout = await self.orders(code, method=method)
        await self.shop.yookassa.pay(checkout.payment_id)
        await self.shop.run_jobs()
        return checkout

    async def subscriptions(self) -> Sequence[Subscription]:
        return await self.shop.all(select(Subscription).where(Subscription.user_id == self.id))

    async def subscription(self) -> Subscription:
        """The only one."""
        (only,) = await self.subscriptions()
        return only

    async def paid_until(self) -> datetime:
        until = (await self.subscription()).paid_until
        assert until is not None
        return until

    async def extensions(self) -> Sequence[Extension]:
        """The lines of the ledger, in their order."""
        of_buyer = select(Subscription.id).where(Subscription.user_id == self.id)
        query = select(Extension).where(Extension.subscription_id.in_(of_buyer))
        return await self.shop.all(query.order_by(Extension.at, Extension.id))

    async def payments(self) -> Sequence[Payment]:
        return await self.shop.all(select(Payment).where(Payment.user_id == self.id).order_by(Payment.created_at))

    def heard(self, kind: type[K]) -> list[K]:
        """What was said to this person of this kind."""
        return [said for user, said in self.shop.channel.said if user == self.id and isinstance(said, kind)]

    @property
    def told(self) -> list[str]:
        """The names of everything that was said to this person, in order."""
        return [type(said).__name__ for user, said in self.shop.channel.said if user == self.id]


@dataclass
class Shop:
    """One shop with empty books, seen through its own functions and from outside."""

    deps: Deps
    town: Town
    channel: Recorder
    http: httpx2.AsyncClient  # relative to the shop
    yookassa: YooKassa
    panel: Panel
    clumsy: bool = False  # a test that makes something of ours fail says so

    @property
    def now(self) -> datetime:
        return clock.now()

    def advance(self, **by: float) -> None:
        """Move the one clock, for the shop and for the companies: `advance(days=30)`."""
        self.town.companies.world.clock.advance(timedelta(**by).total_seconds())

    def mend(self) -> None:
        """Every company works again."""
        self.town.companies.world.faults.clear()

    async def run_jobs(self) -> None:
        """Do everything that is due now and what follows from it, and say what is to be said."""
        await Worker(self.deps.db, self.deps).run_until_idle()
        assert self.deps.channel is not None
        await Sender(self.deps.db, self.deps.channel, Pace()).drain()

    async def passes(self, **by: float) -> None:
        """Time goes by, and the worker with it."""
        self.advance(**by)
        await self.run_jobs()

    async def drop_jobs(self) -> None:
        """Lose everything that is queued."""
        async with self.deps.db.transaction() as session:
            await session.execute(text("delete from procrastinate_jobs"))

    async def buyer(self, *, language: str = "ru") -> Buyer:
        async with self.deps.db.transaction() as session:
            user = await register(
                session,
                clock.now(),
                telegram_id=next(_telegram_ids),
                first_name="Аня",
                username="anya",
                language_code=language,
            )
        return Buyer(self, user.id, language)

    async def plan(self, code: str) -> Plan:
        (plan,) = await self.all(select(Plan).where(Plan.code == code))
        return plan

    async def all(self, query: Any) -> Sequence[Any]:
        """The rows of a query, read in a transaction of its own."""
        async with self.deps.db.transaction() as session:
            return (await session.scalars(query)).all()

    async def payment(self, checkout: Checkout) -> Payment:
        (payment,) = await self.all(select(Payment).where(Payment.id == checkout.payment_id))
        return payment

    async def order(self, checkout: Checkout) -> Order:
        (order,) = await self.all(select(Order).where(Order.id == checkout.order_id))
        return order

    async def events(self) -> Sequence[Event]:
        return await self.all(select(Event).order_by(Event.id))

    async def due_now(self, checkout: Checkout) -> None:
        """As if the time to look at a payment had come."""
        async with self.deps.db.transaction() as session:
            payment = await session.get(Payment, checkout.payment_id)
            assert payment is not None
            assert payment.next_check_at < NEVER
            payment.next_check_at = clock.now()

    def is_run_by(self, *telegram_ids: int) -> None:
        """These are its operators from now on."""
        self.deps.settings = self.deps.settings.model_copy(update={"admin_ids": telegram_ids})

    async def audit(self) -> None:
        """The books agree with themselves and with the companies; called after every test."""
        async with self.deps.db.transaction() as session:
            broken = await audit_books(session, clock.now())
            emails = set(await session.scalars(select(VpnKey.email)))
        broken += audit_objects(await self.yookassa.objects(), self.yookassa.strays)
        broken += audit_requests(await self.yookassa.creates())
        broken += audit_keys(await self.panel.clients(), emails)
        assert not broken, "\n".join(broken)

    @property
    def hook(self) -> str:
        """Where YooKassa sends webhooks."""
        return self.deps.providers.hook_path("yookassa")

    async def webhook(
        self, body: bytes | dict[str, Any], *, path: str | None = None, address: str = YOOKASSA_ADDRESS
    ) -> httpx2.Response:
        """What anybody may send to the webhook address, as if from this address."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "X-Forwarded-For": address}
        return await self.http.post(path or self.hook, content=content, headers=headers)


@contextlib.asynccontextmanager
async def open_shop(town: Town) -> AsyncIterator[Shop]:
    """A shop that has plans and one server, and that had no mishap in the end."""
    await town.empty()
    deps = await _wire(town)
    recorder = Recorder()
    deps.channel = recorder
    town.door.app = create_app(deps, title="Shop")
    before = [_count(event) for event in MISHAPS]
    async with (
        _client(town.shop_url) as http,
        _client(f"{town.companies_url}/sandbox/yookassa/") as yookassa,
        _client(f"{town.companies_url}/sandbox/xui/") as panel,
        contextlib.aclosing(deps),
    ):
        shop = Shop(deps, town, recorder, http, YooKassa(town.companies, yookassa), Panel(town.companies, panel))
        await shop.yookassa.change_shop(webhook_url=f"{town.shop_url}{shop.hook}")
        async with deps.db.transaction() as session:  # as if the first round were done
            session.add_all(Timer(name=job.__name__, next_at=shop.now + often) for job, often in RECURRING.items())
        for server in await shop.all(select(Server)):
            await vpn_jobs.read_panel(deps, server.id)
        town.companies.world.log.clear()
        try:
            yield shop
            await shop.audit()
        finally:
            for company in town.companies.all:
                company.reset()  # no more webhooks
            await until(town.door.nobody_inside)
            clock.use_file(None)
    assert shop.clumsy or [_count(event) for event in MISHAPS] == before, f"one of {MISHAPS} was logged"


async def _wire(town: Town) -> Deps:
    """As cli does it, in an environment that is there for no longer than it is read."""
    variables = {
        **environment(town.companies_url),
        "SECRET_KEY": SECRET_KEY,
        "PUBLIC_URL": town.shop_url,
        "CLOCK_FILE": str(town.clock_file),
        "TRUSTED_PROXIES": "127.0.0.1",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        deps = wire(read_settings(), town.dsn, bot_username=BOT_USERNAME)
        await deps.db.aclose()
        deps.db = town.db  # remembers the statements it has compiled
        await prepare(deps)
    return deps


def _count(event: str) -> float:
    return REGISTRY.get_sample_value("shop_events_total", {"event": event}) or 0


def _client(url: str) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(base_url=url, trust_env=False, verify=False)
