"""What tests of the bot share."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.bot_fixtures import BotShop, open_bot
from tests.shop import Shop


@pytest.fixture
async def bot_shop(shop: Shop) -> AsyncIterator[BotShop]:
    """A shop with its bot running."""
    async with open_bot(shop) as opened:
        yield opened
