"""The companies outside as a test acts on them: payers at YooKassa, the people at the panel, faults of both."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx2

from sandbox.companies import SHOP_ID, SHOP_KEY, Companies
from sandbox.faults import Fault

Json = dict[str, Any]

CREATE = ("POST", "/v3/payments")
FETCH = ("GET", "/v3/payments/*")
LIST = ("GET", "/v3/payments")


@dataclass
class YooKassa:
    """The provider. `http` is relative to its own root, /sandbox/yookassa."""

    companies: Companies
    http: httpx2.AsyncClient
    strays: Counter[str] = field(default_factory=Counter)  # payments made past our driver, by their attempt

    async def pay(self, payment_id: UUID, *, webhooks: int = 1) -> str:
        """Somebody pays an attempt of ours; its webhook is delivered so many times before this returns."""
        ref = await self.ref(payment_id)
        await self.pay_ref(ref, webhooks=webhooks)
        return ref

    async def pay_ref(self, ref: str, *, webhooks: int = 1) -> None:
        await self._happens(f"payments/{ref}/pay", ref, webhooks)

    async def decline(self, payment_id: UUID, reason: str = "insufficient_funds", *, webhooks: int = 1) -> None:
        ref = await self.ref(payment_id)
        await self._happens(f"payments/{ref}/decline", ref, webhooks, reason=reason)

    async def _happens(self, path: str, ref: str, webhooks: int, **body: Any) -> None:
        policy = {"drop": 1} if webhooks == 0 else {"dup": 1, "copies": webhooks}
        await self.act("webhooks/policy", **policy)
        await self.act(path, **body)
        await self.act("webhooks/policy")
        await self.delivered(ref)

    async def repeat_webhook(self, ref: str, *, times: int = 1) -> None:
        """The newest event of this payment is delivered again, with the body it had."""
        newest = next(d for d in await self.deliveries() if d["object_id"] == ref)
        await self.act(f"deliveries/{newest['id']}/repeat", times=times)
        await self.delivered(ref)

    async def delivered(self, ref: str) -> None:
        """Wait until no event of this payment is under way."""
        await until(lambda: self._quiet(ref))

    async def _quiet(self, ref: str) -> bool:
        return all(d["state"] != "waiting" for d in await self.deliveries() if d["object_id"] == ref)

    async def deliveries(self) -> list[Json]:
        return list((await self.http.get("_ctl/deliveries")).json())

    async def objects(self, payment_id: UUID | None = None) -> list[Json]:
        """Every payment the company has, newest first; of one attempt of ours, or all."""
        answer = await self.http.get("_ctl/payments", params={"pid": str(payment_id)} if payment_id else {})
        return list(answer.json())

    async def ref(self, payment_id: UUID) -> str:
        """The company's id of the only payment of this attempt."""
        (found,) = await self.objects(payment_id)
        return str(found["id"])

    async def creates(self) -> list[Json]:
        """Every request to create a payment that arrived, oldest first."""
        requests = (await self.http.get("_ctl/requests")).json()
        return [r for r in requests if (r["method"], r["path"]) == CREATE]

    async def fetches(self) -> int:
        """How many questions about payments arrived; those about payments of a former world do not count."""
        paths = {f"/v3/payments/{sold['id']}" for sold in await self.objects()}
        requests = (await self.http.get("_ctl/requests")).json()
        return sum(r["method"] == "GET" and r["path"] in paths for r in requests)

    async def send(self, key: str, body: bytes) -> str:
        """Create a payment past our driver; its id."""
        self.strays[json.loads(body)["metadata"]["pid"]] += 1
        answer = await self.http.post(
            "v3/payments",
            content=body,
            headers={"Idempotence-Key": key, "Content-Type": "application/json"},
            auth=(SHOP_ID, SHOP_KEY),
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def breaks(self, call: tuple[str, str], mode: str, **options: Any) -> Fault:
        """Arm a fault for one of our calls, once unless `times` says otherwise (None: until it is mended)."""
        method, path = call
        return self.companies.world.faults.arm("yookassa", mode, method=method, path=path, **options)

    async def change_shop(self, **fields: Any) -> None:
        """What is set in the merchant's cabinet."""
        await self.act(f"shops/{SHOP_ID}", **fields)

    async def act(self, path: str, /, **body: Any) -> Any:
        answer = await self.http.post(f"_ctl/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()


@dataclass
class Panel:
    """The 3X-UI panel. `http` is relative to its own root, /sandbox/xui."""

    companies: Companies
    http: httpx2.AsyncClient

    async def clients(self) -> list[Json]:
        """Every client with its inbounds and traffic, oldest first."""
        return list((await self.http.get("_ctl/clients")).json())

    async def client(self) -> Json:
        """The only client there is."""
        (only,) = await self.clients()
        return dict(only)

    def breaks(self, mode: str, *, method: str | None = None, path: str = "*", **options: Any) -> Fault:
        return self.companies.world.faults.arm("xui", mode, method=method, path=path, **options)

    def goes_down(self) -> None:
        """Until `mend` nobody answers."""
        self.breaks("reset", times=None)

    def writes(self) -> int:
        """How many requests that change clients arrived."""
        log = self.companies.world.log.since(service="xui")
        return sum(e["method"] == "POST" and "/clients/" in e["path"] for e in log)

    def additions(self) -> int:
        """How many requests to add a client arrived."""
        log = self.companies.world.log.since(service="xui")
        return sum(e["method"] == "POST" and e["path"].endswith("/clients/add") for e in log)

    async def act(self, path: str, /, **body: Any) -> Any:
        answer = await self.http.post(f"_ctl/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()


async def until(holds: Callable[[], Any], *, seconds: float = 5) -> None:
    """Wait for something that the other side does by itself."""
    async with asyncio.timeout(seconds):
        while not await holds():
            await asyncio.sleep(0.01)
