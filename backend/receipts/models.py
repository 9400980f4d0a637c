"""Income that is to be registered, and what became of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kit.db import Model


class Receipt(Model):
    """One sale as the tax service is to know it. `amount_minor` is what is left of it after refunds."""

    __tablename__ = "receipts"
    __table_args__ = (
        CheckConstraint("state in ('new', 'registered', 'annulling', 'annulled', 'review')", name="state"),
        Index("receipts_due", "next_try_at", postgresql_where=text("state in ('new', 'annulling')")),
        Index(
            "receipts_one_standing",
            "payment_id",
            "registrar",
            unique=True,
            postgresql_where=text("state <> 'annulled'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"), index=True)
    registrar: Mapped[str] = mapped_column(Text)  # which driver
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)  # what was sold
    state: Mapped[str] = mapped_column(Text, default="new")
    to_annul: Mapped[bool] = mapped_column(default=False)  # it was entered, by whomever
    ref: Mapped[str | None] = mapped_column(Text)  # the tax service's id of it; None: entered by hand, or not yet
    url: Mapped[str | None] = mapped_column(Text)
    sold_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime]
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]


class Book(Model):
    """A registrar that is set up, and since when: what was sold before, it is not told by us."""

    __tablename__ = "registrar_books"

    registrar: Mapped[str] = mapped_column(Text, primary_key=True)
    since: Mapped[datetime]
    test: Mapped[bool]  # of play money
