"""Requests that wait for something to happen, and when they stop waiting."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import Request

T = TypeVar("T")


async def unless_gone(request: Request, waiting: Coroutine[Any, Any, T], *, otherwise: T) -> T:
    """What `waiting` gives; `otherwise` as soon as the client hangs up or the server stops.

    Without it a page that is open, or a bot that was killed, would hold up the stop of the server.
    """
    work = asyncio.ensure_future(waiting)
    ends = [asyncio.ensure_future(_hung_up(request)), asyncio.ensure_future(_stopping(request))]
    try:
        await asyncio.wait([work, *ends], return_when=asyncio.FIRST_COMPLETED)
        return work.result() if work.done() else otherwise
    finally:
        for task in (work, *ends):
            task.cancel()


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        continue


async def _stopping(request: Request) -> None:
    stopping = request.scope.get("extensions", {}).get("sandbox.stopping")
    await (stopping["event"] if stopping else asyncio.Event()).wait()
