"""A YooKassa emulator on a real port, and a shop on another that listens to its webhooks."""

import asyncio
import base64
import contextlib
import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from starlette.applications import Starlette
from starlette.routing import Route

from sandbox.app import create_app
from sandbox.clock import Clock
from sandbox.world import World
from sandbox.yookassa import Shop, YooKassaEmulator
from tests.contract import hooks
from tests.contract.hooks import Listener, free_port, serving

SHOP_ID, SECRET = "100500", "test_secret"
RECEIPT = {
    "customer": {"email": "buyer@example.com"},
    "items": [
        {
            "description": "30 days",
            "quantity": "1.00",
            "amount": {"value": "299.00", "currency": "RUB"},
            "measure": "piece",
            "vat_code": 1,
        }
    ],
}


class Hook(hooks.Hook):
    @property
    def event(self) -> str:
        return str(json.loads(self.body)["event"])

    @property
    def object(self) -> dict[str, Any]:
        shown: dict[str, Any] = json.loads(self.body)["object"]
        return shown


@dataclass
class Yoo:
    """What tests hold: the clock, a client of the API, one of the control API and the shop's endpoint."""

    clock: Clock
    url: str  # of the emulator, http://127.0.0.1:1234/sandbox/yookassa
    http: httpx2.AsyncClient
    shop: Listener[Hook]

    async def post(
        self,
        path: str,
        body: dict[str, Any] | bytes | None = None,
        *,
        key: str | None = "",
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = (SHOP_ID, SECRET),
    ) -> httpx2.Response:
        """POST to the API with a key of its own unless one is given; None sends none."""
        sent = {"Content-Type": "application/json", **basic(auth)}
        if key is not None:
            sent["Idempotence-Key"] = key or str(uuid.uuid4())
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return await self.http.post(f"{self.url}/v3{path}", content=content, headers={**sent, **(headers or {})})

    async def get(self, path: str, auth: tuple[str, str] | None = (SHOP_ID, SECRET)) -> httpx2.Response:
        return await self.http.get(f"{self.url}/v3{path}", headers=basic(auth))

    async def ctl(self, path: str, body: dict[str, Any] | None = None) -> httpx2.Response:
        """POST to the control API."""
        return await self.http.post(f"{self.url}/_ctl{path}", json=body or {})

    async def look(self, path: str) -> Any:
        """GET from the control API."""
        return (await self.http.get(f"{self.url}/_ctl{path}")).json()

    async def arm(self, **fault: Any) -> None:
        root = self.url.removesuffix("/yookassa")
        answer = await self.http.post(f"{root}/_ctl/faults", json={"service": "yookassa", **fault})
        assert answer.status_code == 200

    async def forget(self) -> None:
        """A new world, at the real time."""
        await self.http.post(f"{self.url.removesuffix('/yookassa')}/_ctl/reset")
        self.clock.reset()
        self.shop.forget()

    async def advance(self, seconds: float) -> None:
        root = self.url.removesuffix("/yookassa")
        await self.http.post(f"{root}/_ctl/clock/advance", json={"seconds": seconds})

    async def open(self, **changes: Any) -> dict[str, Any]:
        """A new payment of 299 ₽ by card."""
        answer = await self.post("/payments", payment(**changes))
        assert answer.status_code == 200, answer.text
        opened: dict[str, Any] = answer.json()
        return opened

    async def paid(self, *, save: bool = False, **changes: Any) -> dict[str, Any]:
        """A payment that was opened and paid."""
        opened = await self.open(**changes)
        answer = await self.ctl(f"/payments/{opened['id']}/pay", {"save": save})
        assert answer.status_code == 200, answer.text
        done: dict[str, Any] = answer.json()
        return done

    async def attempts(self, count: int) -> list[dict[str, Any]]:
        """The attempts at delivery, oldest event first, once `count` of them are over."""
        async with asyncio.timeout(5):
            while True:
                deliveries = reversed(await self.look("/deliveries"))
                attempts = [attempt for delivery in deliveries for attempt in delivery["attempts"]]
                if len(attempts) >= count:
                    return attempts
                await asyncio.sleep(0.02)

    async def status(self, payment_id: str) -> str:
        return str((await self.get(f"/payments/{payment_id}")).json()["status"])


def payment(**changes: Any) -> dict[str, Any]:
    """The body of a create request, with `changes`; a change to None leaves the field out."""
    body = {
        "amount": {"value": "299.00", "currency": "RUB"},
        "capture": True,
        "payment_method_data": {"type": "bank_card"},
        "confirmation": {"type": "redirect", "return_url": "https://shop.example.net/return/abc"},
        "description": "Подписка, 30 дней",
        "metadata": {"pid": "p-1", "mac": "1.abc"},
    }
    return {name: value for name, value in {**body, **changes}.items() if value is not None}


def basic(auth: tuple[str, str] | None) -> dict[str, str]:
    if auth is None:
        return {}
    return {"Authorization": "Basic " + base64.b64encode(":".join(auth).encode()).decode()}


def rub(value: str) -> dict[str, str]:
    return {"value": value, "currency": "RUB"}


@contextlib.asynccontextmanager
async def yookassa(*, data_dir: Path | None = None, clock: Clock | None = None) -> AsyncIterator[Yoo]:
    """The emulator with one shop that listens to all events, and another one, `200600`."""
    emulator_port, shop_port = free_port(), free_port()
    clock, listener = clock or Clock(), Listener(Hook)
    world = World(clock, f"http://127.0.0.1:{emulator_port}", data_dir)
    hook_url = f"http://127.0.0.1:{shop_port}/webhooks/yookassa/token-of-the-shop"
    shops = {
        SHOP_ID: Shop(SECRET, webhook_url=hook_url, name="Тихий VPN"),
        "200600": Shop("test_other", test=False),
    }
    emulator = YooKassaEmulator(world, shops)
    endpoint = Starlette(routes=[Route("/webhooks/yookassa/{token}", listener.receive, methods=["POST"])])
    async with (
        serving(endpoint, shop_port),
        serving(create_app(world, [emulator]), emulator_port),
        httpx2.AsyncClient(trust_env=False) as http,
    ):
        yield Yoo(clock, f"http://127.0.0.1:{emulator_port}/sandbox/yookassa", http, listener)


def assert_error(answer: httpx2.Response, status: int, code: str, parameter: str | None = None) -> None:
    """The answer is YooKassa's error object."""
    body = answer.json()
    assert (answer.status_code, body["type"], body["code"]) == (status, "error", code)
    assert body.get("parameter") == parameter
    assert body["id"]
    assert body["description"]
