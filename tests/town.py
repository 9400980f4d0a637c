"""Where a shop stands: a migrated database, the companies outside, and a door. It lasts for the whole run."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.kit.db import Database
from sandbox.companies import Companies, open_companies
from tests.serving import listener, serving, url_of


class Door:
    """An address that outlives the applications behind it."""

    app: ASGIApp | None = None
    inside: int = 0  # requests that are being answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None, "nobody is behind the door"
        self.inside += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self.inside -= 1

    async def nobody_inside(self) -> bool:
        return self.inside == 0


@dataclass
class Town:
    """What lasts for the whole run: a migrated database, the companies, and a door where each test's shop stands."""

    dsn: str
    shop_url: str
    companies_url: str
    companies: Companies
    clock_file: Path
    door: Door
    db: Database
    tables: Sequence[str]

    async def empty(self) -> None:
        """No row and no memory of the test before, whose last transaction may still be ending."""
        emptying = "".join(f"delete from {table};" for table in self.tables)
        async with await psycopg.AsyncConnection.connect(self.dsn) as connection:
            await connection.execute(
                f"set local lock_timeout = '10s'; set local session_replication_role = replica; {emptying}"
            )
        self.companies.world.faults.clear()
        self.companies.world.log.clear()
        self.companies.world.clock.reset()
        for company in self.companies.all:
            company.reset()


@contextlib.asynccontextmanager
async def open_town(dsn: str, folder: Path) -> AsyncIterator[Town]:
    """The companies and the door, each on a free port."""
    with psycopg.connect(dsn) as connection:
        names = connection.execute(
            "select tablename from pg_tables where schemaname = 'public' and tablename <> 'alembic_version'"
        ).fetchall()
    door, clock_file = Door(), folder / "clock"
    async with contextlib.AsyncExitStack() as stack:
        shop_listener, companies_listener = stack.enter_context(listener()), stack.enter_context(listener())
        companies = open_companies(public_url=url_of(companies_listener), clock_file=clock_file, data_dir=None)
        await stack.enter_async_context(serving(companies.app(), companies_listener))
        await stack.enter_async_context(serving(door, shop_listener, lifespan="off"))
        yield Town(
            dsn=dsn,
            shop_url=url_of(shop_listener),
            companies_url=url_of(companies_listener),
            companies=companies,
            clock_file=clock_file,
            door=door,
            db=Database(dsn),
            tables=[name for (name,) in names],
        )
