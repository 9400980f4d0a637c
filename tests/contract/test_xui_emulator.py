"""The emulated 3X-UI panel answers like the real one."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Sequence

import httpx2
import pytest
import pytest_asyncio

from sandbox.app import create_app
from sandbox.server import server
from sandbox.world import Emulator, World
from sandbox.xui import XuiEmulator
from tests.contract import xui_replay
from tests.contract.xui_replay import NOT_REPLAYED, TOKEN, FrozenClock, Replay

LINES = [line for line in xui_replay.recorded() if line.number not in NOT_REPLAYED]


@contextlib.asynccontextmanager
async def serving(world: World, emulators: Sequence[Emulator]) -> AsyncIterator[str]:
    """The sandbox on a free port of this machine; its address up to /sandbox."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = server(create_app(world, emulators), port=port)
    task = asyncio.create_task(running.serve())
    while not running.started:  # noqa: ASYNC110  uvicorn tells it in no other way
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}/sandbox"
    finally:
        running.should_exit = True
        await task


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
