"""CoinGate's page behind a pay button: what its shopper does there, and what the networks make of it."""

import html
import re
from dataclasses import dataclass
from typing import Any

from tests.journeys.world import World

Order = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Invoice:
    """An order at CoinGate; what is done to it answers how it stands then."""

    world: World
    id: int

    url: str

    @classmethod
    async def behind(cls, world: World, url: str) -> "Invoice":
        """The one that a pay button leads to."""
        orders = await world.ask("/sandbox/coingate/_ctl/orders")
        [found] = [order["id"] for order in orders if order["payment_url"] == url]
        return cls(world, found, url)

    async def way_back(self) -> str:
        """Where the page of an invoice that is over leads its shopper."""
        page = (await self.world.opens(self.url)).text
        found = re.search(r'href="([^"]+)" data-testid="back"', page)
        assert found, page
        return html.unescape(found[1])

    async def chooses(self, coin: str) -> Order:
        return await self._act("choose", coin=coin)

    async def sends(self, amount: str = "exact") -> Order:
        """The network sees coins: as many as are missing ("exact"), fewer ("under") or more ("over")."""
        return await self._act("pay", amount=amount)

    async def confirms(self) -> Order:
        """The network has seen enough of the coins, and they are the merchant's."""
        return await self._act("confirm")

    async def pays(self, coin: str = "BTC", amount: str = "exact") -> Order:
        """From the choice of the coin to the end."""
        await self.chooses(coin)
        await self.sends(amount)
        return await self.confirms()

    async def pays_late(self) -> Order:
        """Coins come when the order is over."""
        return await self._act("pay", amount="late")

    async def is_rejected(self) -> Order:
        """The network drops the coins, or somebody takes them for dirty."""
        return await self._act("reject")

    async def cancels(self) -> Order:
        return await self._act("cancel")

    async def callbacks(self) -> list[dict[str, Any]]:
        """What the shop was told about it, newest first."""
        told = await self.world.ask("/sandbox/coingate/_ctl/deliveries")
        return [each for each in told if each["object_id"] == self.id]

    async def _act(self, act: str, **details: Any) -> Order:
        done: Order = await self.world.do(f"/sandbox/coingate/_ctl/orders/{self.id}/{act}", **details)
        return done
