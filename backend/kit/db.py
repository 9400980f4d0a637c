"""The database: the base of all models, and the one place that commits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, ClassVar

from psycopg.errors import InsufficientResources, OperatorIntervention
from sqlalchemy import BigInteger, DateTime, MetaData, make_url, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from backend.kit.errors import Unavailable


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

    def __init__(self, dsn: str, *, pool_size: int = 8) -> None:
        self.dsn = plain_dsn(dsn)
        self._engine = create_async_engine(
            async_dsn(dsn),
            pool_size=pool_size,
            max_overflow=8,
            pool_timeout=10,
            pool_pre_ping=True,
            hide_parameters=True,  # errors end in logs, and values may be links and tokens
            connect_args={"connect_timeout": 5, "options": "-c timezone=UTC"},
        )
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session that commits when the block ends and rolls back when it raises.

        Raises:
            DatabaseUnavailable: no connection, or it was lost.
        """
        try:
            async with self._sessions() as session, session.begin():
                yield session
        except (InterfaceError, PoolTimeout) as error:
            raise DatabaseUnavailable from error
        except DBAPIError as error:
            if is_outage(error):
                raise DatabaseUnavailable from error
            raise

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


def is_outage(error: DBAPIError) -> bool:
    """Whether this is the server being away rather than a statement being wrong."""
    return (
        error.connection_invalidated
        or isinstance(error.orig, OperatorIntervention | InsufficientResources)
        or (isinstance(error, OperationalError) and getattr(error.orig, "sqlstate", None) is None)
    )
