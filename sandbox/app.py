"""All emulators under /sandbox on one application, with the control API they share."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount

from sandbox.control import control_routes
from sandbox.panel import panel_routes
from sandbox.world import Emulator, World


def create_app(world: World, emulators: Sequence[Emulator], extra: Sequence[BaseRoute] = ()) -> Starlette:
    """The whole outside world as one ASGI application. `extra` are routes of its root, such as /chat."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with running(emulators):
            yield

    return Starlette(
        routes=[
            Mount("/sandbox/_ctl", routes=control_routes(world, emulators)),
            *(Mount(f"/sandbox/{emulator.name}", app=emulator.app) for emulator in emulators),
            *panel_routes(),
            *extra,
        ],
        lifespan=lifespan,
    )


@contextlib.asynccontextmanager
async def running(emulators: Sequence[Emulator]) -> AsyncIterator[None]:
    """The emulators' background work, for as long as the block lasts."""
    tasks = [asyncio.create_task(emulator.run(), name=emulator.name) for emulator in emulators]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
