"""The job queue's own tables, as the library ships them."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None

SCHEMA = Path(__file__).parent.parent / "sql" / "queue-3.10.sql"


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    connection = op.get_bind().connection.driver_connection  # the driver itself: it takes many statements at once
    connection.execute(SCHEMA.read_text(encoding="utf-8"))
