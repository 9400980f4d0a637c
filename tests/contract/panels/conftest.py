"""Every panel in turn, by each of its ways in, with its emulator."""

from collections.abc import AsyncIterator

import pytest

from backend.vpn.panels import PANELS
from backend.vpn.panels.base import Panel
from tests.contract.panels.harness import HARNESSES, PanelHarness


@pytest.fixture(scope="module", params=HARNESSES, ids=" by ".join)
async def running(request: pytest.FixtureRequest) -> AsyncIterator[tuple[str, PanelHarness]]:
    async with HARNESSES[request.param]() as harness:
        yield request.param[0], harness


@pytest.fixture
async def harness(running: tuple[str, PanelHarness]) -> PanelHarness:
    await running[1].reset()
    return running[1]


@pytest.fixture
async def panel(running: tuple[str, PanelHarness], harness: PanelHarness) -> AsyncIterator[Panel]:
    driver = PANELS[running[0]](harness.access)
    yield driver
    await driver.aclose()
