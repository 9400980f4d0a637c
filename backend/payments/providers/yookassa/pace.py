"""How fast we ask: YooKassa publishes no limit, so we keep one of our own."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Pace:
    """At most `per_second` requests a second, as many at once after a rest, and `in_flight` without an answer.

    First come, first served. A long reading asks page by page, so it holds a buyer up by one request at most.
    """

    def __init__(self, *, per_second: int, in_flight: int) -> None:
        self._gap = 1 / per_second
        self._rest = 1 - self._gap
        self._next = 0.0  # loop time of the next turn
        self._slots = asyncio.Semaphore(in_flight)

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn; the block is the request."""
        async with self._slots:
            now = asyncio.get_running_loop().time()
            mine = max(self._next, now - self._rest)
            self._next = mine + self._gap
            if mine > now:
                await asyncio.sleep(mine - now)
            yield
