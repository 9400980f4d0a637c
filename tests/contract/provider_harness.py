"""A company of one's own: its emulator behind a real server, our driver on one side and payers on the other.

A new provider writes a `Harness` and lists it in HARNESSES; the suite picks it up.
"""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from backend.payments.providers import coingate as coingate_driver
from backend.payments.providers.base import PaymentProvider
from backend.payments.providers.yookassa import Config, YooKassa
from sandbox.app import create_app
from sandbox.clock import Clock
from sandbox.coingate import Account, CoinGateEmulator
from sandbox.server import server
from sandbox.world import World
from sandbox.yookassa import Shop, YooKassaEmulator


class Call(StrEnum):
    """What can be broken: a request of the driver."""

    CREATE = "create"
    FETCH = "fetch"
    LIST = "list"
    REFUND = "refund"
    FETCH_REFUND = "fetch refund"
    LIST_REFUNDS = "list refunds"
    PROBE = "probe"


@dataclass
class Mailbox:
    """Where webhooks arrive: a server that keeps what it is sent."""

    url: str = ""  # one of its addresses: all take webhooks
    received: asyncio.Queue[tuple[dict[str, str], bytes]] = field(default_factory=asyncio.Queue)

    async def take(self, ref: str) -> tuple[dict[str, str], bytes]:
        """The next webhook about this payment, as headers and body; others that come before it are thrown away."""
        async with asyncio.timeout(10):
            while True:
                headers, body = await self.received.get()
                if ref.encode() in body:
                    return headers, body

    def empty(self) -> None:
        while not self.received.empty():
            self.received.get_nowait()


class Harness(Protocol):
    """One company, and how people and banks act on it."""

    account: str
    world: World
    mailbox: Mailbox
    refused_amounts: tuple[int, ...]  # minor units that nothing costs there
    unknown_ref: str  # looks like a payment of theirs and is none
    declined_as: str  # the reason of a payment that was declined
    refunds_by_api: bool  # else only a person gives money back

    def driver(self, *, read_seconds: float = 5.0, wrong_secret: bool = False, gone: bool = False) -> PaymentProvider:
        """Our side. `gone`: at an address where nobody listens."""

    async def pay(self, ref: str) -> None: ...
    async def decline(self, ref: str) -> None: ...
    async def expire(self, ref: str) -> None: ...

    async def refund_in_cabinet(self, ref: str, amount: str) -> None:
        """A person gives money back without us."""

    async def refunds_end(self, state: str) -> None:
        """How refunds end from now on: succeeded, pending or canceled."""

    async def payments_of(self, payment_id: str) -> list[str]:
        """Every payment the company has for one attempt of ours."""

    async def spoil(self, call: Call, mode: str, **options: Any) -> None:
        """Arm a fault, once unless `times` says otherwise."""

    def reset(self) -> None:
        """A new world."""


@dataclass
class YooKassaHarness:
    world: World
    emulator: YooKassaEmulator
    http: httpx2.AsyncClient  # relative to the sandbox
    mailbox: Mailbox

    account = "100500"
    secret = "test_VPN-shop"
    refused_amounts = (1, 10**12)
    unknown_ref = "2d8f0e8d-000f-5000-8000-18db351245c7"
    declined_as = "insufficient_funds"
    refunds_by_api = True
    paths = {  # noqa: RUF012 - a constant
        Call.CREATE: ("POST", "/v3/payments"),
        Call.FETCH: ("GET", "/v3/payments/*"),
        Call.LIST: ("GET", "/v3/payments"),
        Call.REFUND: ("POST", "/v3/refunds"),
        Call.FETCH_REFUND: ("GET", "/v3/refunds/*"),
        Call.LIST_REFUNDS: ("GET", "/v3/refunds"),
        Call.PROBE: ("GET", "/v3/me"),
    }

    def driver(
        self, *, read_seconds: float = 5.0, wrong_secret: bool = False, gone: bool = False, **settings: Any
    ) -> YooKassa:
        config = Config(
            _env_file=None,
            api_url="http://127.0.0.1:9/v3" if gone else f"{self.http.base_url}yookassa/v3",
            shop_id=self.account,
            secret_key="test_another" if wrong_secret else self.secret,
            **settings,
        )
        return YooKassa(config, read_seconds=read_seconds)

    async def pay(self, ref: str) -> None:
        await self.act(f"payments/{ref}/pay")

    async def decline(self, ref: str) -> None:
        await self.act(f"payments/{ref}/decline", reason=self.declined_as)

    async def expire(self, ref: str) -> None:
        await self.act(f"payments/{ref}/expire")

    async def refund_in_cabinet(self, ref: str, amount: str) -> None:
        await self.act("refunds/external", payment_id=ref, amount=amount)

    async def refunds_end(self, state: str) -> None:
        await self.act("refunds/policy", result="canceled:insufficient_funds" if state == "canceled" else state)

    async def payments_of(self, payment_id: str) -> list[str]:
        answer = await self.http.get("yookassa/_ctl/payments", params={"pid": payment_id})
        return [payment["id"] for payment in answer.json()]

    async def spoil(self, call: Call, mode: str, **options: Any) -> None:
        method, path = self.paths[call]
        fault = {"service": "yookassa", "mode": mode, "method": method, "path": path, **options}
        answer = await self.http.post("_ctl/faults", json=fault)
        assert answer.is_success, answer.text

    def reset(self) -> None:
        self.world.faults.clear()
        self.world.log.clear()
        self.world.clock.reset()
        self.emulator.reset()
        self.mailbox.empty()

    async def set_shop(self, **fields: Any) -> None:
        """Change what the shop may do."""
        await self.act(f"shops/{self.account}", **fields)

    async def act(self, path: str, **body: Any) -> Any:
        """Use the company's controls."""
        answer = await self.http.post(f"yookassa/_ctl/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def send(self, key: str, body: dict[str, Any]) -> dict[str, Any]:
        """Create a payment past our driver."""
        answer = await self.http.post(
            "yookassa/v3/payments",
            content=json.dumps(body).encode(),
            headers={"Idempotence-Key": key, "Content-Type": "application/json"},
            auth=(self.account, self.secret),
        )
        assert answer.is_success, answer.text
        created: dict[str, Any] = answer.json()
        return created


@contextlib.asynccontextmanager
async def yookassa() -> AsyncIterator[YooKassaHarness]:
    async with mailbox() as box, contextlib.AsyncExitStack() as stack:
        listener = stack.enter_context(_listener())
        world = World(Clock(), _url(listener))
        shop = Shop(YooKassaHarness.secret, test=True, webhook_url=f"{box.url}/webhooks/yookassa/a-token")
        emulator = YooKassaEmulator(world, {YooKassaHarness.account: shop})
        await stack.enter_async_context(_serving(create_app(world, [emulator]), listener))
        base = f"{world.public_url}/sandbox/"
        http = await stack.enter_async_context(httpx2.AsyncClient(base_url=base, trust_env=False))
        yield YooKassaHarness(world, emulator, http, box)


@dataclass
class CoinGateHarness:
    world: World
    emulator: CoinGateEmulator
    http: httpx2.AsyncClient  # relative to the sandbox
    mailbox: Mailbox

    account = "app-3"
    key = "sandbox-VPN-shop"
    refused_amounts = (10**12,)
    unknown_ref = "999999999999"
    declined_as = "invalid"
    refunds_by_api = False
    paths = {  # noqa: RUF012 - a constant
        Call.CREATE: ("POST", "/v2/orders"),
        Call.FETCH: ("GET", "/v2/orders/*"),
        Call.LIST: ("GET", "/v2/orders"),
        Call.FETCH_REFUND: ("GET", "/v2/orders/*"),
        Call.LIST_REFUNDS: ("GET", "/v2/orders/*"),
        Call.PROBE: ("GET", "/v2/auth/test"),
    }

    def driver(
        self, *, read_seconds: float = 5.0, wrong_secret: bool = False, gone: bool = False, **settings: Any
    ) -> coingate_driver.CoinGate:
        """One without patience does not wait either before it sends an order again."""
        config = coingate_driver.Config(
            _env_file=None,
            api_url="http://127.0.0.1:9/v2" if gone else f"{self.http.base_url}coingate/v2",
            api_key="another" if wrong_secret else self.key,
            app_label=self.account,
            **settings,
        )
        settle_seconds = 0 if read_seconds < 1 else 30
        return coingate_driver.CoinGate(config, read_seconds=read_seconds, settle_seconds=settle_seconds)

    async def pay(self, ref: str) -> None:
        await self.act(f"orders/{ref}/pay", coin="BTC", confirm=True)

    async def decline(self, ref: str) -> None:
        await self.act(f"orders/{ref}/pay", coin="BTC")
        await self.act(f"orders/{ref}/reject")

    async def expire(self, ref: str) -> None:
        await self.act(f"orders/{ref}/expire")

    async def refund_in_cabinet(self, ref: str, amount: str) -> None:
        await self.act(f"orders/{ref}/refund", amount=amount)

    async def refunds_end(self, state: str) -> None:
        raise AssertionError("nobody refunds coins through the API")

    async def payments_of(self, payment_id: str) -> list[str]:
        orders = (await self.http.get("coingate/_ctl/orders")).json()
        return [str(order["id"]) for order in orders if order["order_id"].partition(".")[0] == payment_id]

    async def spoil(self, call: Call, mode: str, **options: Any) -> None:
        method, path = self.paths[call]
        await self.spoil_path(method, path, mode, **options)

    async def spoil_path(self, method: str, path: str, mode: str, **options: Any) -> None:
        fault = {"service": "coingate", "mode": mode, "method": method, "path": path, **options}
        answer = await self.http.post("_ctl/faults", json=fault)
        assert answer.is_success, answer.text

    def reset(self) -> None:
        self.world.faults.clear()
        self.world.log.clear()
        self.world.clock.reset()
        self.emulator.reset()
        self.mailbox.empty()

    async def set_account(self, **fields: Any) -> None:
        """Change what the merchant may do."""
        await self.act("accounts/3", **fields)

    async def act(self, path: str, **body: Any) -> Any:
        """Use the company's controls."""
        answer = await self.http.post(f"coingate/_ctl/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def asked(self) -> list[str]:
        """What was asked for, as "POST /v2/orders", oldest first."""
        requests = (await self.http.get("coingate/_ctl/requests")).json()
        return [f"{request['method']} {request['path'].partition('?')[0]}" for request in requests]

    async def order(self, ref: str) -> dict[str, Any]:
        """An order past our driver, with its token."""
        shown: dict[str, Any] = (await self.http.get(f"coingate/_ctl/orders/{ref}")).json()
        return shown

    async def send(self, **fields: Any) -> dict[str, Any]:
        """Create an order past our driver."""
        body = {"price_amount": 299, "price_currency": "RUB", "title": "A thing", "description": "A thing", **fields}
        headers = {"Authorization": f"Token {self.key}"}
        answer = await self.http.post("coingate/v2/orders", json=body, headers=headers)
        assert answer.is_success, answer.text
        created: dict[str, Any] = answer.json()
        return created


@contextlib.asynccontextmanager
async def coingate() -> AsyncIterator[CoinGateHarness]:
    async with mailbox() as box, contextlib.AsyncExitStack() as stack:
        listener = stack.enter_context(_listener())
        world = World(Clock(), _url(listener))
        emulator = CoinGateEmulator(world, {CoinGateHarness.key: Account(app_id=3)}, allow_private=True)
        await stack.enter_async_context(_serving(create_app(world, [emulator]), listener))
        base = f"{world.public_url}/sandbox/"
        http = await stack.enter_async_context(httpx2.AsyncClient(base_url=base, trust_env=False))
        yield CoinGateHarness(world, emulator, http, box)


HARNESSES: dict[str, Callable[[], AbstractAsyncContextManager[Harness]]] = {
    "coingate": coingate,
    "yookassa": yookassa,
}
IN_BOT = frozenset({"stars"})  # no id before it is paid, no decline, no webhook: test_stars_driver.py is theirs


@contextlib.asynccontextmanager
async def mailbox() -> AsyncIterator[Mailbox]:
    """A shop's webhook address that takes everything."""
    box = Mailbox()

    async def receive(request: Request) -> Response:
        box.received.put_nowait((dict(request.headers), await request.body()))
        return Response()

    app = Starlette(routes=[Route("/{path:path}", receive, methods=["POST"])])
    with _listener() as listener:
        box.url = _url(listener)
        async with _serving(app, listener):
            yield box


def _listener() -> socket.socket:
    listener = socket.socket(proto=socket.IPPROTO_TCP)  # without it asyncio leaves Nagle on: 40 ms an answer
    listener.bind(("127.0.0.1", 0))
    return listener


def _url(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextlib.asynccontextmanager
async def _serving(app: ASGIApp, listener: socket.socket) -> AsyncIterator[None]:
    running = server(app, port=listener.getsockname()[1])
    serving = asyncio.create_task(running.serve(sockets=[listener]))
    async with asyncio.timeout(10):
        while not running.started:
            await asyncio.sleep(0.01)
    try:
        yield
    finally:
        running.should_exit = True
        await serving
