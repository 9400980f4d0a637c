"""A Telegram of one's own: the emulator behind a real server, aiogram on one side of it and people on the other."""

import asyncio
import contextlib
import socket
import struct
import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from starlette.types import ASGIApp

from sandbox.app import create_app
from sandbox.clock import Clock
from sandbox.server import server
from sandbox.telegram import TelegramEmulator
from sandbox.telegram.state import Options
from sandbox.world import World

TOKEN = "7000000001:AAF-sandbox-token-for-tests"
BOT = {"id": 7000000001, "username": "tested_vpn_bot", "name": "Tested VPN"}


def picture(width: int = 600, height: int = 600) -> bytes:
    """A white PNG."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = zlib.compress((b"\0" + b"\xff" * width) * height)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@dataclass
class TelegramWorld:
    emulator: TelegramEmulator
    bot: Bot
    http: httpx2.AsyncClient  # relative to /sandbox/telegram
    server: uvicorn.Server

    @property
    def world(self) -> World:
        return self.emulator.telegram.world

    def stop(self) -> None:
        """Begin to stop the server, as Ctrl-C does."""
        self.server.should_exit = True

    async def call(self, method: str, **fields: Any) -> httpx2.Response:
        """A raw call of the Bot API with a JSON body."""
        return await self.http.post(f"/bot{TOKEN}/{method}", json=fields)

    async def refused(self, method: str, **fields: Any) -> tuple[int, str]:
        """The code and the description of a call that must fail."""
        answer = await self.call(method, **fields)
        assert answer.json()["ok"] is False, answer.text
        assert answer.json()["error_code"] == answer.status_code
        return answer.status_code, answer.json()["description"]

    async def ask(self, path: str, **query: Any) -> Any:
        answer = await self.http.get(f"/_ctl{path}", params=query)
        assert answer.is_success, answer.text
        return answer.json()

    async def do(self, path: str, **body: Any) -> Any:
        answer = await self.http.post(f"/_ctl{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def person(self, first_name: str = "Анна", language_code: str = "ru", **fields: Any) -> int:
        """Somebody who started the bot; what that told the bot is forgotten."""
        user = await self.do("/users", first_name=first_name, language_code=language_code, **fields)
        await self.do(f"/users/{user['id']}/send", text="/start")
        self.emulator.telegram.updates.drop()
        return int(user["id"])

    async def seen(self, user_id: int) -> list[dict[str, Any]]:
        """The messages on a person's screen, without their own."""
        chat = await self.ask(f"/users/{user_id}/messages")
        return [message for message in chat["messages"] if not message["outgoing"]]

    def forget(self) -> None:
        """Make it a new world for the next test."""
        self.world.faults.clear()
        self.world.log.clear()
        self.world.clock.reset()
        self.emulator.reset()


@contextlib.asynccontextmanager
async def served(make: Callable[[str], ASGIApp]) -> AsyncIterator[tuple[str, uvicorn.Server]]:
    """What `make` builds for its own address, behind a real server on a free port: the address and the server."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        running = server(make(url), port=port)
        serving = asyncio.create_task(running.serve(sockets=[listener]))
        async with asyncio.timeout(10):
            while not running.started:
                await asyncio.sleep(0.005)
        try:
            yield url, running
        finally:
            running.should_exit = True
            await serving


@contextlib.asynccontextmanager
async def telegram_world(
    options: Options | None = None, data_dir: Path | None = None
) -> AsyncIterator[TelegramWorld]:
    emulators: list[TelegramEmulator] = []

    def make(url: str) -> ASGIApp:
        world = World(Clock(), url, data_dir)
        emulators.append(TelegramEmulator(world, TOKEN, BOT, options))
        return create_app(world, emulators, emulators[0].routes())

    async with served(make) as (url, running):
        [emulator] = emulators
        api = TelegramAPIServer.from_base(f"{url}/sandbox/telegram")
        async with (
            Bot(TOKEN, session=AiohttpSession(api=api)) as bot,
            httpx2.AsyncClient(base_url=f"{url}/sandbox/telegram", timeout=30) as http,
        ):
            yield TelegramWorld(emulator, bot, http, running)
    emulator.telegram.store.close()
