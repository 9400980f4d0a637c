"""Refunds that people decide on"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.add_column("refunds", sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_constraint(op.f("ck_payments_refunded_when_paid"), "payments", type_="check")
    op.create_check_constraint(
        op.f("ck_payments_refunded_when_paid"),
        "payments",
        "refunded_minor = 0 or state in ('succeeded', 'review', 'canceled')",
    )
