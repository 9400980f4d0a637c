"""A shop of a self-employed person: every sale is told to the tax service's emulator."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2
from sqlalchemy import select

from backend.kit import clock
from backend.notifications.kinds import ReceiptReady
from backend.receipts.models import Receipt
from backend.receipts.registrars.mynalog import Config, MyNalog
from backend.receipts.service import keep_books
from sandbox.companies import MYNALOG_INN, MYNALOG_PASSWORD
from tests.shop import Buyer, Shop

STEP = 5  # minutes


@dataclass
class TaxOffice:
    """What the service knows. `http` is relative to its controls."""

    shop: Shop
    http: httpx2.AsyncClient

    async def entries(self) -> list[dict[str, Any]]:
        """Every line there ever was, the oldest first."""
        return list(reversed((await self.http.get("receipts")).json()))

    async def standing(self) -> list[float]:
        """The sums that are not annulled."""
        return [entry["totalAmount"] for entry in await self.entries() if entry["cancellationInfo"] is None]

    async def act(self, path: str, **body: Any) -> None:
        assert (await self.http.post(path, json=body)).is_success

    def breaks(self, mode: str, path: str = "*/income", **options: Any) -> None:
        self.shop.town.companies.world.faults.arm("mynalog", mode, path=path, **options)

    async def rows(self) -> list[Receipt]:
        return list(await self.shop.all(select(Receipt).order_by(Receipt.created_at, Receipt.id)))

    async def states(self) -> list[str]:
        return [row.state for row in await self.rows()]

    def links(self, buyer: Buyer) -> list[str]:
        """Where the buyer was told that his receipts are."""
        return [ready.url for ready in buyer.heard(ReceiptReady)]

    async def gives_back(self, buyer: Buyer, rubles: int) -> None:
        """Somebody returns so much of the buyer's only payment in YooKassa's cabinet."""
        (payment,) = await buyer.payments()
        yookassa = self.shop.yookassa
        made = await yookassa.act("refunds/external", payment_id=payment.provider_payment_id, amount=f"{rubles}.00")
        await yookassa.delivered(made["id"])
        await self.shop.run_jobs()

    async def minutes_pass(self, minutes: int) -> None:
        """In a few steps, with the worker."""
        for step in range(0, minutes, STEP):
            await self.shop.passes(minutes=min(STEP, minutes - step))


def driver(shop: Shop, *, password: str = MYNALOG_PASSWORD, tell_buyers: bool = True) -> MyNalog:
    url = f"{shop.town.companies_url}/sandbox/mynalog/api/v1"
    values: dict[str, Any] = {"api_url": url, "inn": MYNALOG_INN, "password": password, "tell_buyers": tell_buyers}
    return MyNalog(Config(_env_file=None, test=True, **values), read_seconds=1)


async def employ(shop: Shop, registrar: MyNalog) -> None:
    """As a start of the shop with these settings does it."""
    for former in shop.deps.registrars.values():
        await former.aclose()
    shop.deps.registrars = {registrar.id: registrar}
    async with shop.deps.db.transaction() as session:
        await keep_books(session, shop.deps.registrars.values(), clock.now())


@contextlib.asynccontextmanager
async def open_office(shop: Shop) -> AsyncIterator[TaxOffice]:
    await employ(shop, driver(shop))
    base = f"{shop.town.companies_url}/sandbox/mynalog/_ctl/"
    async with httpx2.AsyncClient(base_url=base, trust_env=False) as http:
        yield TaxOffice(shop, http)
