"""A panel of one's own: the emulator behind a real server, an admin on one side and time on the other."""

import asyncio
import contextlib
import socket
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from sandbox.app import create_app
from sandbox.clock import Clock
from sandbox.server import server
from sandbox.world import Emulator, World
from sandbox.xui import XuiEmulator

TOKEN = "T0kenT0kenT0kenT0kenT0kenT0kenT0kenT0kenT0kenT0k"
DAY_MS = 86_400_000
GB = 1024**3


@contextlib.asynccontextmanager
async def serving(world: World, emulators: Sequence[Emulator]) -> AsyncIterator[str]:
    """The sandbox on a free port of this machine; its address up to /sandbox."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = server(create_app(world, emulators), port=port)
    task = asyncio.create_task(running.serve())
    while not running.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}/sandbox"
    finally:
        running.should_exit = True
        await task


@dataclass
class PanelWorld:
    """One panel with inbound 1 on port 443; `http` is relative to /sandbox/{name}."""

    world: World
    emulator: XuiEmulator
    http: httpx2.AsyncClient

    @property
    def now_ms(self) -> int:
        return int(self.world.clock.timestamp() * 1000)

    async def call(self, method: str, route: str, body: Any = None) -> dict[str, Any]:
        """A call with the token; the envelope."""
        answer = await self.http.request(
            method,
            f"/panel/api/{route}",
            json=body,
            headers={"Authorization": f"Bearer {TOKEN}", "X-Requested-With": "XMLHttpRequest"},
        )
        assert answer.status_code == 200, answer
        envelope: dict[str, Any] = answer.json()
        return envelope

    async def get(self, route: str) -> Any:
        envelope = await self.call("GET", route)
        assert envelope["success"], envelope
        return envelope["obj"]

    async def post(self, route: str, body: Any = None) -> Any:
        envelope = await self.call("POST", route, body)
        assert envelope["success"], envelope
        return envelope["obj"]

    async def refused(self, method: str, route: str, body: Any = None) -> str:
        """The msg of a call that must fail."""
        envelope = await self.call(method, route, body)
        assert envelope["success"] is False, envelope
        return str(envelope["msg"])

    async def control(self, path: str, body: Any = None) -> Any:
        answer = await self.http.post(f"/_ctl/{path}", json=body or {})
        assert answer.is_success, answer.text
        return answer.json()

    async def clients(self) -> dict[str, Any]:
        """Every client of the panel, by email."""
        return {client["email"]: client for client in (await self.http.get("/_ctl/clients")).json()}

    async def add(self, email: str, inbound_ids: Sequence[int] = (1,), **fields: Any) -> dict[str, Any]:
        """A client with a month and no limits, unless told otherwise; the body that was sent."""
        client = new_client(email, expiryTime=self.now_ms + 30 * DAY_MS) | fields
        await self.post("clients/add", {"client": client, "inboundIds": list(inbound_ids)})
        return client


def new_client(email: str, **fields: Any) -> dict[str, Any]:
    client = {"id": str(uuid.uuid4()), "email": email, "subId": uuid.uuid4().hex[:16], "flow": "xtls-rprx-vision"}
    limits = {"limitIp": 0, "totalGB": 0, "expiryTime": 0, "enable": True, "tgId": 0, "comment": "", "reset": 0}
    return {**client, **limits, "group": "", **fields}


@contextlib.asynccontextmanager
async def panel_world(data_dir: Path | None = None, name: str = "xui") -> AsyncIterator[PanelWorld]:
    world = World(clock=Clock(), public_url="http://127.0.0.1:8080", data_dir=data_dir)
    panel = XuiEmulator(world, name=name, token=TOKEN)
    panel.seed_reality_inbound()
    async with serving(world, [panel]) as url, httpx2.AsyncClient(base_url=f"{url}/{name}") as http:
        yield PanelWorld(world, panel, http)
