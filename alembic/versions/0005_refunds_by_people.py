"""Refunds that people decide on"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

PAID = "refunded_minor = 0 or state in ('succeeded', 'review'{})"


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.add_column("refunds", sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True))
    _allow(PAID.format(", 'canceled'"))


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    _allow(PAID.format(""))
    op.drop_column("refunds", "sent_at")


def _allow(rule: str) -> None:
    op.drop_constraint(op.f("ck_payments_refunded_when_paid"), "payments", type_="check")
    op.create_check_constraint(op.f("ck_payments_refunded_when_paid"), "payments", rule)
