"""Bring a database to the newest schema."""

from importlib import import_module
from pathlib import Path

import psycopg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit.db import DatabaseUnavailable, plain_dsn
from backend.tables import METADATA

ROOT = Path(__file__).parent.parent
LOCK = 0x76706E  # any number that only we use
FIRST_TABLE = "procrastinate_jobs"  # where it is, the tables beside it are ours


class NotOurDatabase(Exception):
    """The tables there are another program's: said in one sentence for the operator."""


def migrate(dsn: str) -> None:
    """Apply every missing migration; of several processes that start at once, one works and the others wait.

    Raises:
        DatabaseUnavailable, NotOurDatabase
    """
    try:
        with psycopg.connect(plain_dsn(dsn), autocommit=True, connect_timeout=5) as connection:
            connection.execute("select pg_advisory_lock(%s)", (LOCK,))
            _refuse_a_foreign(connection)
            revision = _revision(connection)
            if (revision or "") > newest():
                raise NotOurDatabase(
                    "The database was brought up to date by a newer version of this program: take that one, or"
                    " restore what was backed up before."
                )
            if revision != newest():
                import_module("cli.upgrade").upgrade(dsn)  # a shop whose schema is new does without Alembic
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(reason=str(error).partition("\n")[0]) from error


def _refuse_a_foreign(connection: psycopg.Connection) -> None:
    """A database of another program must stay as it is: names like "users" are everybody's."""
    rows = connection.execute("select tablename from pg_tables where schemaname = current_schema()")
    there = {name for (name,) in rows}
    if FIRST_TABLE not in there and (taken := sorted(there & METADATA.tables.keys())):
        raise NotOurDatabase(
            f"The database at DATABASE_URL belongs to another program: it has tables {', '.join(taken)} already. "
            "Make an empty database for this shop (createdb) and name it in DATABASE_URL."
        )


def _revision(connection: psycopg.Connection) -> str | None:
    if connection.execute("select to_regclass('alembic_version')").fetchone() == (None,):
        return None
    rows = connection.execute("select version_num from alembic_version").fetchall()
    return str(rows[0][0]) if len(rows) == 1 else None


async def applied(session: AsyncSession) -> str | None:
    """The revision of this database; None: it has none of ours."""
    if not await session.scalar(text("select to_regclass(:table)"), {"table": FIRST_TABLE}):
        return None
    revision: str | None = await session.scalar(text("select max(version_num) from alembic_version"))
    return revision


def newest() -> str:
    """The revision that this code needs."""
    return sorted(file.name.split("_")[0] for file in (ROOT / "alembic" / "versions").glob("[0-9]*.py"))[-1]
