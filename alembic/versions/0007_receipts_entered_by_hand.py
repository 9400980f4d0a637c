"""Receipts entered by hand"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.add_column("receipts", sa.Column("to_annul", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.alter_column("receipts", "to_annul", server_default=None)
    op.execute(
        """
        update receipts set to_annul = true
        where state = 'annulling' or state in ('review', 'annulled') and ref is not null
           or state = 'review' and last_error = 'entered by hand: to be annulled by hand'
        """
    )
