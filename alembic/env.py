"""Runs migrations on the database `cli/migrations.py` names, or on DATABASE_URL."""

import os

from alembic import context
from sqlalchemy import create_engine

from backend.kit.db import async_dsn
from backend.tables import METADATA


def keep(name: str | None, kind: str, _parents: object) -> bool:
    """The queue library's tables are its own."""
    return not (kind == "table" and name is not None and name.startswith("procrastinate_"))


def run() -> None:
    dsn = context.config.attributes.get("dsn") or os.environ["DATABASE_URL"]
    engine = create_engine(async_dsn(dsn))
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=METADATA,
            include_name=keep,
            transaction_per_migration=True,
            compare_server_default=False,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
