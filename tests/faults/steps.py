"""What the fault cases share. A fault that nothing met fails its case: it would have proven nothing."""

import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import httpx2
from sqlalchemy import text
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.app import create_app
from backend.kit.db import Database
from backend.notifications.kinds import Kind
from backend.orders.checkout import Checkout, MethodOffer, methods_for
from tests.outside import until
from tests.serving import listener, url_of
from tests.shop import Buyer, Shop

Json = dict[str, Any]
K = TypeVar("K", bound=Kind)

CREATE: Json = {"method": "POST", "path": "/v3/payments"}

LOCK_WAITS = text("select count(*) from pg_stat_activity where wait_event_type = 'Lock'")


@dataclass
class Fault:
    """A fault that is armed at the control API of the emulators."""

    http: httpx2.AsyncClient
    id: int
    service: str
    mode: str

    async def hits(self) -> int:
        """How many requests have met it."""
        armed = (await self.http.get("faults")).json()
        return int(next(fault["hits"] for fault in armed if fault["id"] == self.id))

    async def logged(self) -> int:
        """How many requests of the log were answered by its kind."""
        log = (await self.http.get("log", params={"service": self.service})).json()
        return sum(self.mode in entry["faults"] for entry in log)


@contextlib.asynccontextmanager
async def fault(
    shop: Shop, service: str, mode: str, *, times: int | None = 1, **options: Any
) -> AsyncIterator[Fault]:
    """Break something outside for as long as the block lasts, `times` times or all the while (None).

    Raises:
        AssertionError: the block ended and the fault was not met as often as it was armed for.
    """
    async with controls(shop, "") as http:
        armed = await http.post("faults", json={"service": service, "mode": mode, "times": times, **options})
        assert armed.is_success, armed.text
        found = Fault(http, armed.json()["id"], service, mode)
        yield found
        hits = await found.hits()
        assert hits == (times or max(hits, 1)), f"{mode} of {service} was met {hits} times"
        await until_logged(found, hits)
        await http.delete("faults", params={"id": found.id})


async def until_logged(found: Fault, hits: int) -> None:
    """A request is logged when it is over, which may be a moment after its sender was served or gone."""

    async def is_logged() -> bool:
        return await found.logged() >= hits

    await until(is_logged)


@contextlib.asynccontextmanager
async def controls(shop: Shop, company: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the control API of one company, or of all ("")."""
    base = f"{shop.town.companies_url}/sandbox/{company}/_ctl/".replace("//_ctl", "/_ctl")
    async with httpx2.AsyncClient(base_url=base, trust_env=False) as http:
        yield http


@dataclass
class Coins:
    """CoinGate as shoppers and its own people act there. `http` is relative to its controls."""

    http: httpx2.AsyncClient

    async def orders(self, checkout: Checkout) -> list[Json]:
        """Its orders of this attempt, oldest first."""
        newest = (await self.http.get("orders")).json()
        return [order for order in newest[::-1] if order["order_id"].startswith(str(checkout.payment_id))]

    async def order(self, checkout: Checkout) -> Json:
        (only,) = await self.orders(checkout)
        return only

    async def act(self, order: Json, deed: str, **body: Any) -> Json:
        """choose, pay, confirm, reject, expire, cancel: its callback has been tried once when this returns."""
        answer = await self.http.post(f"orders/{order['id']}/{deed}", json=body)
        assert answer.is_success, answer.text
        await until(lambda: self._tried(order))
        return dict(answer.json())

    async def deliveries(self, order: Json) -> list[Json]:
        """Its callbacks, oldest first."""
        newest = (await self.http.get("deliveries")).json()
        return [delivery for delivery in newest[::-1] if str(delivery["object_id"]) == str(order["id"])]

    async def _tried(self, order: Json) -> bool:
        return all(d["attempts"] or d["state"] == "dropped" for d in await self.deliveries(order))


@contextlib.asynccontextmanager
async def open_coins(shop: Shop) -> AsyncIterator[Coins]:
    async with controls(shop, "coingate") as http:
        yield Coins(http)


# --- what was delivered ---


async def answers_to(shop: Shop, ref: str) -> list[int | None]:
    """Every attempt of YooKassa to tell of this payment, in order: the status it was answered, None without one."""
    deliveries = [d for d in await shop.yookassa.deliveries() if d["object_id"] == ref][::-1]
    attempts = sorted((a for d in deliveries for a in d["attempts"]), key=lambda a: a["at"])
    return [attempt["status"] for attempt in attempts]


async def tried(shop: Shop, ref: str, times: int) -> list[int | None]:
    """The same once there were so many attempts."""

    async def were_made() -> bool:
        return len(await answers_to(shop, ref)) >= times

    await until(were_made)
    return await answers_to(shop, ref)


async def assert_told_nothing(shop: Shop, refs: Iterable[str]) -> None:
    """Every webhook about these payments was lost on its way, and there was one to be lost."""
    deliveries = await shop.yookassa.deliveries()
    for ref in refs:
        assert {d["state"] for d in deliveries if d["object_id"] == ref} == {"dropped"}


# --- our own side ---


class Answers:
    """Answers every webhook with one status, as a proxy does whose shop is away or whose rules are wrong."""

    def __init__(self, status: int, instead_of: ASGIApp | None = None) -> None:
        self.status = status
        self.instead_of = instead_of
        self.webhooks = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["path"].startswith("/webhooks/"), scope["path"]
        self.webhooks += 1
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@contextlib.asynccontextmanager
async def door_of(shop: Shop, app: ASGIApp) -> AsyncIterator[None]:
    """Somebody else answers at the shop's address for as long as the block lasts."""
    usual, shop.town.door.app = shop.town.door.app, app
    try:
        yield
    finally:
        shop.town.door.app = usual


@contextlib.asynccontextmanager
async def web_without_database(shop: Shop) -> AsyncIterator[None]:
    """The web side of the shop finds nobody where its database was."""
    with listener() as held:
        db = Database(url_of(held).replace("http://", "postgresql://shop@") + "/shop")
        async with contextlib.aclosing(db), door_of(shop, create_app(replace(shop.deps, db=db), title="Shop")):
            yield


@contextlib.asynccontextmanager
async def locked(shop: Shop, rows: str) -> AsyncIterator[None]:
    """Hold rows that somebody else will need: "subscriptions for update"."""
    async with shop.deps.db.transaction() as session:
        table, _, how = rows.partition(" ")
        await session.execute(text(f"select 1 from {table} {how}"))
        yield


async def somebody_waits(shop: Shop) -> None:
    """Wait until somebody stands before a lock."""

    async def is_there() -> bool:
        async with shop.deps.db.transaction() as session:
            return bool(await session.scalar(LOCK_WAITS))

    await until(is_there, seconds=20)


# --- what must have become of it ---


def told_operators(shop: Shop, kind: type[K]) -> list[K]:
    """What the operators heard of this kind."""
    return [told for told in shop.channel.told if isinstance(told, kind)]


async def offered(shop: Shop) -> set[str]:
    """The providers whose buttons a buyer sees now."""
    return {offer.provider for offer in await _offers(shop)}


async def renewing(shop: Shop) -> set[str]:
    """The providers that offer to renew by themselves now."""
    return {offer.provider for offer in await _offers(shop) if offer.renewed_by}


async def _offers(shop: Shop) -> Sequence[MethodOffer]:
    plan = await shop.plan("monthly")
    async with shop.deps.db.transaction() as session:
        return await methods_for(session, shop.deps.providers, plan.id)


async def days(buyer: Buyer) -> list[int]:
    """The lines of the ledger of everything this person has."""
    return [line.days for line in await buyer.extensions()]


async def assert_bought_once(shop: Shop, buyer: Buyer) -> None:
    """One line of 30 days, one word of it, one key at the panel, which lasts as long as the days."""
    assert await days(buyer) == [30]
    assert [name for name in buyer.told if name in ("Paid", "KeyReady")] == ["Paid", "KeyReady"]
    await assert_key_agrees(shop, buyer)


async def assert_key_agrees(shop: Shop, buyer: Buyer) -> None:
    subscription = await buyer.subscription()
    mine = [c for c in await shop.panel.clients() if c["uuid"] == str(subscription.client_uuid)]
    (client,) = mine
    assert client["subId"] == subscription.sub_id
    assert client["expiryTime"] == round((await buyer.paid_until()).timestamp() * 1000)
