"""Bring a database to the newest schema."""

from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config

from backend.kit.db import plain_dsn

ROOT = Path(__file__).parent.parent
LOCK = 0x76706E  # any number that only we use


def migrate(dsn: str) -> None:
    """Apply every missing migration; of several processes that start at once, one works and the others wait."""
    config = Config(ROOT / "alembic.ini")
    config.set_main_option("script_location", str(ROOT / "alembic"))
    config.attributes["dsn"] = dsn
    with psycopg.connect(plain_dsn(dsn), autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", (LOCK,))
        command.upgrade(config, "head")


def newest() -> str:
    """The revision that this code needs."""
    return sorted(file.name.split("_")[0] for file in (ROOT / "alembic" / "versions").glob("[0-9]*.py"))[-1]
