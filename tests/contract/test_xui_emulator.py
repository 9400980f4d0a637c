"""The emulated 3X-UI panel answers like the real one."""

import httpx2
import pytest
import pytest_asyncio

from sandbox.world import World
from sandbox.xui import XuiEmulator
from tests.contract import xui_replay
from tests.contract.xui_replay import NOT_REPLAYED, FrozenClock, Replay
from tests.contract.xui_world import TOKEN, serving

LINES = [line for line in xui_replay.recorded() if line.number not in NOT_REPLAYED]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def differences() -> dict[int, list[str]]:
    """The whole recording, sent once: what differs, by line."""
    world = World(clock=FrozenClock(), public_url="")
    panel = XuiEmulator(world, base_path="/abc/", username="shop", password="S3cret-pass", token=TOKEN)
    transport = httpx2.AsyncHTTPTransport(local_address="127.0.0.2")
    async with (
        serving(world, [panel]) as url,
        httpx2.AsyncClient() as http,
        httpx2.AsyncClient(transport=transport) as elsewhere,
    ):
        return await Replay(f"{url}/xui", world.clock, http, elsewhere).run()


@pytest.mark.parametrize("line", LINES, ids=[f"{line.number}-{line.title}" for line in LINES])
def test_the_emulator_answers_as_the_panel_did(line: xui_replay.Line, differences: dict[int, list[str]]) -> None:
    assert not differences[line.number], "\n".join(differences[line.number])
