"""Plans and their prices."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kit.db import Model


class Plan(Model):
    """What is on sale. Never deleted: orders name it."""

    __tablename__ = "plans"
    __table_args__ = (CheckConstraint("days between 1 and 3650", name="days"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)  # "monthly"
    names: Mapped[dict[str, Any]]  # by language
    days: Mapped[int]
    device_limit: Mapped[int]  # 0: no limit
    traffic_limit_bytes: Mapped[int]  # 0: no limit
    trial: Mapped[bool] = mapped_column(default=False)  # free, once per person
    position: Mapped[int] = mapped_column(default=0)
    withdrawn_at: Mapped[datetime | None]

    def name(self, language: str) -> str:
        """In this language, else in the first there is."""
        return str(self.names.get(language) or next(iter(self.names.values())))


class PlanPrice(Model):
    """What a plan costs in one currency. No row: not sold in it."""

    __tablename__ = "plan_prices"
    __table_args__ = (CheckConstraint("amount_minor > 0", name="positive"),)

    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"), primary_key=True)
    currency: Mapped[str] = mapped_column(Text, primary_key=True)
    amount_minor: Mapped[int]
