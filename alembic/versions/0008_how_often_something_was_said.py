"""How often something was said"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    # The default stays: what runs while the schema changes writes rows without it.
    op.add_column("notifications", sa.Column("said", sa.BigInteger(), nullable=False, server_default="0"))
