"""A shop that listens to webhooks on a port of its own, and how applications are served in these tests."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from sandbox.server import server


@dataclass
class Hook:
    """One webhook as the shop got it."""

    path: str
    source: str
    content_type: str
    body: bytes


H = TypeVar("H", bound=Hook)


@dataclass
class Listener(Generic[H]):
    """The shop's webhook endpoint. `answers` are the statuses to give, then 200 for ever; `delays` are seconds."""

    kind: type[H]
    hooks: list[H] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self, request: Request) -> Response:
        source, kind = (request.headers.get(name, "") for name in ("x-forwarded-for", "content-type"))
        self.hooks.append(self.kind(request.url.path, source, kind, await request.body()))
        self._came.set()
        await asyncio.sleep(self.delays.pop(0) if self.delays else 0)
        return Response(status_code=self.answers.pop(0) if self.answers else 200)

    async def wait_for(self, count: int) -> list[H]:
        """The webhooks, once there are `count` of them."""
        async with asyncio.timeout(5):
            while len(self.hooks) < count:
                self._came.clear()
                await self._came.wait()
        return self.hooks

    async def stays_at(self, count: int) -> bool:
        """Whether no more come in a time in which they would have."""
        await asyncio.sleep(0.4)
        return len(self.hooks) == count

    def forget(self) -> None:
        self.hooks.clear()
        self.answers.clear()
        self.delays.clear()


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, port: int) -> AsyncIterator[None]:
    running = server(app, port=port)
    task = asyncio.create_task(running.serve())
    while not running.started:
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        running.should_exit = True
        await task


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
