"""What people allowed us to renew by ourselves."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kit.db import Model
from backend.kit.money import Currency, Money


class Mandate(Model):
    """One person's explicit permission to renew one subscription, for at most this much."""

    __tablename__ = "mandates"
    __table_args__ = (
        CheckConstraint("max_amount_minor > 0", name="amount"),
        CheckConstraint("state in ('active', 'suspended', 'ended')", name="state"),
        CheckConstraint("charged_by in ('shop', 'provider')", name="charged_by"),
        Index("mandates_one_active", "subscription_id", unique=True, postgresql_where=text("state = 'active'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    subscription_id: Mapped[UUID] = mapped_column(ForeignKey("subscriptions.id"))
    saved_method_id: Mapped[UUID] = mapped_column(ForeignKey("saved_methods.id"))
    consent_id: Mapped[int] = mapped_column(ForeignKey("consents.id"))
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"))
    period_days: Mapped[int]
    max_amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(Text)
    charged_by: Mapped[str] = mapped_column(Text, default="shop")  # "provider": the company renews by itself
    state: Mapped[str] = mapped_column(Text, default="active")
    reason: Mapped[str | None] = mapped_column(Text)  # why it is not active
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    @property
    def most(self) -> Money:
        return Money(self.max_amount_minor, Currency(self.currency))
