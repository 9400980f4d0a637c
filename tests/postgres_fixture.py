"""A pytest plugin: one throwaway PostgreSQL for the whole run."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.postgres import Postgres


def memory_or_disk() -> str | None:
    """Where a throwaway cluster is fastest: memory when there is room for it, else the usual temporary folder."""
    memory = Path("/dev/shm")
    try:
        free = os.statvfs(memory)
    except OSError:
        return None
    roomy = free.f_bavail * free.f_frsize > 1 << 30
    return str(memory) if roomy and os.access(memory, os.W_OK) else None


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """`postgresql://...` of a server for tests alone; `SHOP_TEST_DSN` names one that already runs."""
    if dsn := os.environ.get("SHOP_TEST_DSN"):
        yield dsn
        return
    with tempfile.TemporaryDirectory(prefix="shop-test-", dir=memory_or_disk()) as home:
        Path(home).chmod(0o711)  # where root may not use namespaces, `nobody` has to pass through
        with Postgres(Path(home), durable=False) as postgres:
            yield postgres.dsn
