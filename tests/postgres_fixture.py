"""A pytest plugin: one throwaway PostgreSQL for the whole run."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from cli.postgres import Postgres


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """`postgresql://...` of a database for tests alone, on a new server or on the one `SHOP_TEST_DSN` names."""
    if dsn := os.environ.get("SHOP_TEST_DSN"):
        with new_database(dsn) as own:
            yield own
        return
    with throwaway_postgres() as dsn:
        yield dsn


@pytest.fixture(scope="session")
def another_dsn(postgres_dsn: str) -> Iterator[str]:
    """`postgresql://...` of a second database, for a shop whose processes run beside the tests."""
    with new_database(postgres_dsn) as dsn:
        yield dsn


@contextmanager
def throwaway_postgres() -> Iterator[str]:
    """The address of a new server that is gone, with its data, when the block ends."""
    with tempfile.TemporaryDirectory(prefix="shop-test-", dir=memory()) as home:
        Path(home).chmod(0o711)  # where root may not use namespaces, `nobody` has to pass through
        with Postgres(Path(home), durable=False) as postgres:
            yield postgres.dsn


@contextmanager
def new_database(dsn: str) -> Iterator[str]:
    """The address of an empty database beside the one of this address; it is dropped when the block ends."""
    name = f"test_{secrets.token_hex(4)}"
    _order(dsn, "create database {}", name)
    yield urlsplit(dsn)._replace(path=f"/{name}").geturl()
    _order(dsn, "drop database {} with (force)", name)


def _order(dsn: str, statement: LiteralString, name: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


def memory() -> str | None:
    """A folder in memory with a gigabyte of room, where a throwaway cluster is fastest."""
    shared = Path("/dev/shm")
    try:
        free = os.statvfs(shared)
    except OSError:
        return None
    roomy = free.f_bavail * free.f_frsize > 1 << 30
    return str(shared) if roomy and os.access(shared, os.W_OK) else None
