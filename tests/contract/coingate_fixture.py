"""A CoinGate emulator on a real port, and a shop on another that listens to its callbacks."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx2
from starlette.applications import Starlette
from starlette.routing import Route

from sandbox.app import create_app
from sandbox.clock import Clock
from sandbox.coingate import Account, CoinGateEmulator
from sandbox.world import World
from tests.contract import hooks
from tests.contract.hooks import Listener, free_port, serving

TOKEN, OTHER_TOKEN = "sandbox-token", "another-token"
APP_ID, OTHER_APP_ID = 3, 8
MAC = "1.tDYWghGnpEIxYkjjayt1VI-LVhVNX3tAPAVTT48Gc9I"
Json = dict[str, Any]


class Hook(hooks.Hook):
    @property
    def data(self) -> Json:
        """The body, of whichever of the two formats."""
        text = self.body.decode()
        data: Json = (
            json.loads(text) if "json" in self.content_type else dict(parse_qsl(text, keep_blank_values=True))
        )
        return data

    @property
    def status(self) -> str:
        return str(self.data["status"])


@dataclass
class Gate:
    """What tests hold: the clock, a client of the API, one of the control API and the shop's endpoint."""

    clock: Clock
    url: str  # of the emulator, http://127.0.0.1:1234/sandbox/coingate
    http: httpx2.AsyncClient
    shop: Listener[Hook]
    hook_url: str

    async def get(self, path: str, token: str | None = TOKEN, **query: str) -> httpx2.Response:
        return await self.http.get(f"{self.url}/v2{path}", headers=authorization(token), params=query or None)

    async def post(self, path: str, body: Json | None = None, *, token: str | None = TOKEN) -> httpx2.Response:
        return await self.http.post(f"{self.url}/v2{path}", json=body or {}, headers=authorization(token))

    async def ctl(self, path: str, body: Json | None = None) -> httpx2.Response:
        """POST to the control API."""
        return await self.http.post(f"{self.url}/_ctl{path}", json=body or {})

    async def look(self, path: str) -> Any:
        """GET from the control API."""
        return (await self.http.get(f"{self.url}/_ctl{path}")).json()

    async def act(self, order: Json, deed: str, **body: Any) -> Json:
        """Something happens to an order: choose, pay, confirm, reject, expire, cancel, accept, refund."""
        answer = await self.ctl(f"/orders/{order['id']}/{deed}", body)
        assert answer.status_code == 200, answer.text
        shown: Json = answer.json()
        return shown

    async def open(self, **changes: Any) -> Json:
        """A new order of 299 ₽."""
        answer = await self.post("/orders", self.order(**changes))
        assert answer.status_code == 200, answer.text
        opened: Json = answer.json()
        return opened

    async def paid(self, **changes: Any) -> Json:
        """An order that was opened, paid in bitcoins and confirmed."""
        return await self.act(await self.open(**changes), "pay", confirm=True)

    async def now(self, order: Json) -> Json:
        """The order as GET shows it."""
        shown: Json = (await self.get(f"/orders/{order['id']}")).json()
        return shown

    async def status(self, order: Json) -> str:
        return str((await self.now(order))["status"])

    def order(self, **changes: Any) -> Json:
        """The body of a create request, with `changes`; a change to None leaves the field out."""
        body = {
            "order_id": "018f6a2e-7c1b-7d10-9f3e-2b6f0c9d4a11",
            "price_amount": 299.00,
            "price_currency": "RUB",
            "receive_currency": "DO_NOT_CONVERT",
            "title": "Подписка, 30 дней",
            "description": "Подписка, 30 дней, заказ 10482",
            "callback_url": self.hook_url,
            "success_url": "https://shop.example.net/return/abc",
            "cancel_url": "https://shop.example.net/return/abc?canceled",
            "token": MAC,
        }
        return {name: value for name, value in {**body, **changes}.items() if value is not None}

    async def arm(self, **fault: Any) -> None:
        root = self.url.removesuffix("/coingate")
        answer = await self.http.post(f"{root}/_ctl/faults", json={"service": "coingate", **fault})
        assert answer.status_code == 200

    async def advance(self, seconds: float) -> None:
        root = self.url.removesuffix("/coingate")
        await self.http.post(f"{root}/_ctl/clock/advance", json={"seconds": seconds})

    async def forget(self) -> None:
        """A new world, at the real time."""
        await self.http.post(f"{self.url.removesuffix('/coingate')}/_ctl/reset")
        self.clock.reset()
        self.shop.forget()

    async def statuses(self, count: int) -> list[str]:
        """What callbacks told, once there are `count` of them."""
        return [hook.status for hook in await self.shop.wait_for(count)]

    async def attempts(self, count: int) -> list[Json]:
        """The attempts at delivery, oldest event first, once `count` of them are over."""
        async with asyncio.timeout(5):
            while True:
                deliveries = reversed(await self.look("/deliveries"))
                attempts = [attempt for delivery in deliveries for attempt in delivery["attempts"]]
                if len(attempts) >= count:
                    return attempts
                await asyncio.sleep(0.02)


def authorization(token: str | None) -> dict[str, str]:
    return {} if token is None else {"Authorization": f"Token {token}"}


@contextlib.asynccontextmanager
async def coingate(
    *, data_dir: Path | None = None, clock: Clock | None = None, allow_private: bool = True
) -> AsyncIterator[Gate]:
    """The emulator with two accounts, of which tests use the first."""
    emulator_port, shop_port = free_port(), free_port()
    clock, listener = clock or Clock(), Listener(Hook)
    world = World(clock, f"http://127.0.0.1:{emulator_port}", data_dir)
    accounts = {
        TOKEN: Account(app_id=APP_ID, name="Тихий VPN"),
        OTHER_TOKEN: Account(app_id=OTHER_APP_ID, name="Other VPN"),
    }
    emulator = CoinGateEmulator(world, accounts, allow_private=allow_private)
    endpoint = Starlette(routes=[Route("/webhooks/coingate/{token}", listener.receive, methods=["POST"])])
    async with (
        serving(endpoint, shop_port),
        serving(create_app(world, [emulator]), emulator_port),
        httpx2.AsyncClient(trust_env=False) as http,
    ):
        url = f"http://127.0.0.1:{emulator_port}/sandbox/coingate"
        hook_url = f"http://127.0.0.1:{shop_port}/webhooks/coingate/token-of-the-shop"
        yield Gate(clock, url, http, listener, hook_url)


def assert_error(answer: httpx2.Response, status: int, reason: str, *errors: str) -> None:
    """The answer is CoinGate's error object, with exactly these `errors`."""
    body = answer.json()
    assert (answer.status_code, body["reason"]) == (status, reason), body
    assert body["message"]
    assert body.get("errors", []) == list(errors)
