"""Orders: what was agreed. Never edited."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.kit.db import Model
from backend.kit.money import Currency, Money


class Order(Model):
    """An immutable quote somebody accepted."""

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("user_id", "client_request_id"),
        CheckConstraint("kind in ('purchase', 'extend', 'autopay', 'gift', 'addon', 'change')", name="kind"),
        CheckConstraint("period_days between 1 and 3650", name="period"),
        CheckConstraint("amount_minor >= 0", name="amount"),
        CheckConstraint("length(currency) = 3", name="currency"),
        CheckConstraint("(kind = 'autopay') = (cycle_key is not null)", name="cycle"),
        CheckConstraint("(kind = 'gift') = (subscription_id is null)", name="gift"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(Identity(always=True, start=1001), unique=True)  # what people are told
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    subscription_id: Mapped[UUID | None] = mapped_column(ForeignKey("subscriptions.id"))
    kind: Mapped[str] = mapped_column(Text)
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("plans.id"))
    plan_snapshot: Mapped[dict[str, Any]]
    period_days: Mapped[int | None]
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(Text)
    consent_id: Mapped[int | None] = mapped_column(ForeignKey("consents.id"))
    autopay_consent_id: Mapped[int | None] = mapped_column(ForeignKey("consents.id"))  # to renewals, where given
    client_request_id: Mapped[str] = mapped_column(Text)
    cycle_key: Mapped[str | None] = mapped_column(Text, unique=True)
    shown_in: Mapped[str | None] = mapped_column(Text)  # "telegram:<chat>:<message>": where its state is on show
    expires_at: Mapped[datetime]
    canceled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, Currency(self.currency))
