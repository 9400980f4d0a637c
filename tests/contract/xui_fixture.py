"""The panel that the tests of the emulator share, as new for each of them."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.contract.xui_world import PanelWorld, panel_world


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def served_xui() -> AsyncIterator[PanelWorld]:
    async with panel_world() as panel:
        yield panel


@pytest.fixture
def xui(served_xui: PanelWorld) -> PanelWorld:
    """A panel that has met nobody yet."""
    served_xui.emulator.reset()
    served_xui.world.faults.clear()
    served_xui.world.clock.reset()
    served_xui.http.cookies.clear()
    return served_xui
