"""What the fault cases need around them."""

from collections.abc import AsyncIterator

import pytest

from backend.payments.providers.yookassa.pace import Pace
from tests.faults import processes
from tests.faults.steps import Coins, open_coins
from tests.shop import Shop

processes.prepare()


@pytest.fixture
async def shop(shop: Shop) -> Shop:
    """A shop that calls its provider as fast as a case needs it: half an hour goes by in a second."""
    shop.deps.providers.get("yookassa")._pace = Pace(per_second=500, in_flight=8)  # type: ignore[attr-defined]
    return shop


@pytest.fixture
async def coins(shop: Shop) -> AsyncIterator[Coins]:
    async with open_coins(shop) as opened:
        yield opened
