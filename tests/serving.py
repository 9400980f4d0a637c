"""Serving an application on a free port for as long as a test lasts."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

from starlette.types import ASGIApp

from sandbox.server import server


def listener() -> socket.socket:
    """A free port of this machine, held."""
    held = socket.socket(proto=socket.IPPROTO_TCP)  # without it asyncio leaves Nagle on: 40 ms an answer
    held.bind(("127.0.0.1", 0))
    return held


def url_of(held: socket.socket) -> str:
    return f"http://127.0.0.1:{held.getsockname()[1]}"


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, held: socket.socket, *, lifespan: str = "on") -> AsyncIterator[None]:
    """A real server on this socket for as long as the block lasts."""
    running = server(app, port=held.getsockname()[1])
    running.config.lifespan = lifespan  # type: ignore[assignment]
    task = asyncio.create_task(running.serve(sockets=[held]))
    async with asyncio.timeout(10):
        while not running.started:
            await asyncio.sleep(0.01)
    try:
        yield
    finally:
        running.should_exit = True
        await task
