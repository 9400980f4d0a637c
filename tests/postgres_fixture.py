"""A pytest plugin: one throwaway PostgreSQL for the whole run."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from cli.postgres import Postgres


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """`postgresql://...` of a database for tests alone, on a new server or on the one `SHOP_TEST_DSN` names."""
    if dsn := os.environ.get("SHOP_TEST_DSN"):
        yield new_database(dsn)
        return
    with throwaway_postgres() as dsn:
        yield dsn


@contextmanager
def throwaway_postgres() -> Iterator[str]:
    """The address of a new server that is gone, with its data, when the block ends."""
    with tempfile.TemporaryDirectory(prefix="shop-test-", dir=memory()) as home:
        Path(home).chmod(0o711)  # where root may not use namespaces, `nobody` has to pass through
        with Postgres(Path(home), durable=False) as postgres:
            yield postgres.dsn


def new_database(dsn: str) -> str:
    """An empty database beside the one of this address."""
    name = f"test_{secrets.token_hex(4)}"
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    return urlsplit(dsn)._replace(path=f"/{name}").geturl()


def memory() -> str | None:
    """A folder in memory with a gigabyte of room, where a throwaway cluster is fastest."""
    shared = Path("/dev/shm")
    try:
        free = os.statvfs(shared)
    except OSError:
        return None
    roomy = free.f_bavail * free.f_frsize > 1 << 30
    return str(shared) if roomy and os.access(shared, os.W_OK) else None
