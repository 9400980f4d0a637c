"""What the tests that need a shop share."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import uvloop
from hypothesis import HealthCheck, settings

from cli.migrations import migrate
from tests.shop import Shop, open_shop
from tests.town import Town, open_town

pytest_plugins = ["tests.postgres_fixture"]

# Two processes share two cores here: how long an example takes says nothing of the product.
settings.register_profile("shop", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shop")


@pytest.hookimpl(optionalhook=True)  # tests in a browser run without that plugin
def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The event loop that the shop runs on."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
async def town(postgres_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    migrate(postgres_dsn)
    async with open_town(postgres_dsn, tmp_path_factory.mktemp("town")) as opened:
        yield opened


@pytest.fixture
async def shop(town: Town) -> AsyncIterator[Shop]:
    """A shop of one's own, with empty books."""
    async with open_shop(town) as opened:
        yield opened
