"""A pooler between the shop and PostgreSQL is noticed."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import urlsplit

from backend.kit.db import Database
from backend.kit.i18n import translator
from cli.doctor import check_database
from tests.shop import Shop

KEY_DATA = b"K\x00\x00\x00\x0c"  # how a server names the process that serves us


@contextlib.asynccontextmanager
async def pooler(dsn: str) -> AsyncIterator[str]:
    """Passes everything on and names a process of its own. The address of the database through it."""
    there = urlsplit(dsn)

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_connection(there.hostname, there.port)
        await asyncio.gather(_copy(reader, ours), _copy(theirs, writer, renaming=True))

    server = await asyncio.start_server(pass_on, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        login = there.netloc.rpartition("@")[0]
        yield there._replace(netloc=f"{login}@127.0.0.1:{port}").geturl()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, renaming: bool = False) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            place = data.find(KEY_DATA) + len(KEY_DATA) if renaming and KEY_DATA in data else 0
            if place:
                data = data[:place] + (4242).to_bytes(4, "big") + data[place + 4 :]
            writer.write(data)
            await writer.drain()
    writer.close()


async def said_of(shop: Shop, db: Database) -> list[str]:
    return [f"{found.level}" async for found in check_database(replace(shop.deps, db=db), translator("en"))]


async def test_doctor_warns_of_a_pooler_and_of_nothing_where_there_is_none(shop: Shop) -> None:
    direct = await said_of(shop, shop.deps.db)
    async with pooler(shop.town.dsn) as dsn:
        pooled_db = Database(dsn, pool_size=1)
        try:
            pooled = await said_of(shop, pooled_db)
        finally:
            await pooled_db.aclose()

    assert direct == ["ok"]
    assert pooled == ["ok", "warn"]
