"""Being the only one, among all processes of the shop, for as long as one lives."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.kit.db import Database, DatabaseUnavailable

RETRY_SECONDS = 0.5
WATCH_SECONDS = 2.0
ANSWER_SECONDS = 5.0

TRY = text("select pg_try_advisory_lock(hashtextextended(:name, 0))")
ALIVE = text("select 1")


class Hold:
    """A lock that is held. It is lost with its connection: whoever holds it has to `watch` that."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def watch(self) -> None:
        """Return never.

        Raises:
            DatabaseUnavailable: the lock may be somebody else's by now.
        """
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            with _outages():
                async with asyncio.timeout(ANSWER_SECONDS):
                    await self._connection.execute(ALIVE)


@asynccontextmanager
async def sole(db: Database, name: str) -> AsyncIterator[Hold]:
    """Wait until nobody else holds the lock of this name, and hold it until the block ends.

    Raises:
        DatabaseUnavailable
    """
    async with AsyncExitStack() as stack:
        with _outages():
            connection = await stack.enter_async_context(db.connection())
            stack.push_async_callback(connection.invalidate)  # ends it, and the lock with it, whatever happened
            await _acquire(connection, name)
        yield Hold(connection)


async def _acquire(connection: AsyncConnection, name: str) -> None:
    while True:
        if await connection.scalar(TRY, {"name": name}):
            return
        await asyncio.sleep(RETRY_SECONDS)


@contextmanager
def _outages() -> Iterator[None]:
    try:
        yield
    except (DBAPIError, InterfaceError, PoolTimeout, TimeoutError) as error:
        raise DatabaseUnavailable from error
