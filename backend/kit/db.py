"""The database: the base of all models, and the one place that commits."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from typing import Any, ClassVar

from psycopg import Error as PsycopgError
from sqlalchemy import BigInteger, DateTime, MetaData, event, make_url, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import ConnectionPoolEntry

from backend.kit.errors import Unavailable

TRY_AGAIN = ("40", "53", "57")  # classes of SQLSTATE: rolled back, out of resources, stopped by an operator
WATCH_US = (  # whether we are there is asked after 5 s of silence, and 10 s later we are not
    "select set_config('tcp_keepalives_idle', '5', false),"
    " set_config('tcp_keepalives_interval', '5', false),"
    " set_config('tcp_keepalives_count', '2', false)"
)
FRESH = {"populate_existing": True}  # execution options: rows as they are now, though they were loaded before
REST_SECONDS = 1.0  # a connection that answered just now is not asked whether it lives


class DatabaseUnavailable(Unavailable):
    """The database does not answer."""


class Model(DeclarativeBase):
    """The base of all tables. Times carry a zone, whole numbers are 64 bits wide, dicts are jsonb."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        int: BigInteger,
        dict[str, Any]: JSONB,
    }


def async_dsn(dsn: str) -> str:
    """The address as SQLAlchemy needs it here, whichever driver it was written for."""
    return _spelled(dsn, "postgresql+psycopg")


def plain_dsn(dsn: str) -> str:
    """The address as libpq takes it."""
    return _spelled(dsn, "postgresql")


def _spelled(dsn: str, scheme: str) -> str:
    """The same address with signs escaped that only SQLAlchemy takes as they are.

    Raises:
        ValueError: no address of a PostgreSQL.
    """
    try:
        url = make_url(dsn)
    except ArgumentError:
        raise ValueError("not an address") from None
    if url.drivername.split("+")[0] not in ("postgresql", "postgres"):
        raise ValueError("not an address of a PostgreSQL")
    if "ssl" in url.query:  # asyncpg's name for it
        url = url.difference_update_query(["ssl"]).update_query_dict({"sslmode": url.query["ssl"]})
    address, mark, query = url.set(drivername=scheme).render_as_string(hide_password=False).partition("?")
    return address + mark + query.replace("+", "%20")  # libpq does not read + as a blank


class Database:
    """One PostgreSQL. Everything that changes it does so inside `transaction()`."""

    def __init__(self, dsn: str, *, pool_size: int = 16) -> None:
        self.dsn = plain_dsn(dsn)
        self._engine = create_async_engine(
            async_dsn(dsn),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=10,
            pool_use_lifo=True,
            hide_parameters=True,  # errors end in logs, and values may be links and tokens
            connect_args={"connect_timeout": 5, "options": "-c timezone=UTC"},
        )
        _let_go_of_the_dead(self._engine)
        _ask_the_rested(self._engine)
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)
        looking = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._readers = async_sessionmaker(looking, expire_on_commit=False, autoflush=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session that commits when the block ends and rolls back when it raises.

        Raises:
            DatabaseUnavailable: no connection, or it was lost.
        """
        with _outages():
            async with self._sessions() as session, session.begin():
                yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session for looking: each statement is a transaction of its own, and what is changed is dropped.

        It sees what `transaction()` would see, two round trips faster.

        Raises:
            DatabaseUnavailable: no connection, or it was lost.
        """
        with _outages():
            async with self._readers() as session:
                yield session

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """A connection of its own, outside any transaction, for locks that last as long as it does."""
        async with self._engine.connect() as connection:
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")

    async def ping(self) -> None:
        """Raises DatabaseUnavailable unless the database answers."""
        async with self.transaction() as session:
            await session.execute(text("select 1"))

    async def aclose(self) -> None:
        await self._engine.dispose()


@contextmanager
def _outages() -> Iterator[None]:
    try:
        yield
    except (InterfaceError, PoolTimeout) as error:
        raise DatabaseUnavailable from error
    except DBAPIError as error:
        if is_outage(error):
            raise DatabaseUnavailable from error
        raise


def _let_go_of_the_dead(engine: AsyncEngine) -> None:
    """Have the server end what belongs to a machine that is gone without a word, and the locks with it.

    Told once connected: as start-up parameters poolers would refuse it.
    """

    @event.listens_for(engine.sync_engine, "connect")
    def tell(connection: DBAPIConnection, _: object) -> None:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(WATCH_US)
        cursor.close()
        connection.autocommit = False


def _ask_the_rested(engine: AsyncEngine) -> None:
    """Before a connection that lay idle is used, ask whether it lives; if not, it and all older ones are replaced."""

    @event.listens_for(engine.sync_engine, "checkin")
    def rest(_: object, record: ConnectionPoolEntry) -> None:
        record.info["since"] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def ask(connection: DBAPIConnection, record: ConnectionPoolEntry, _: object) -> None:
        if time.monotonic() - record.info.get("since", time.monotonic()) < REST_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except PsycopgError as error:
            raise InvalidatePoolError from error


def is_outage(error: DBAPIError) -> bool:
    """Whether this is the server being away, or asking to try again, rather than a statement being wrong."""
    state = getattr(error.orig, "sqlstate", None)
    unheard = isinstance(error, OperationalError) and state is None
    return error.connection_invalidated or unheard or (state or "")[:2] in TRY_AGAIN
