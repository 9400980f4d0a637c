"""Subscriptions and the ledger of their time."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kit.db import Model


class Subscription(Model):
    """The right to use the VPN until `paid_until`, and what its keys are called everywhere."""

    __tablename__ = "subscriptions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("plans.id"))
    device_limit: Mapped[int | None]
    traffic_limit_bytes: Mapped[int | None]
    client_uuid: Mapped[UUID] = mapped_column(unique=True)
    sub_id: Mapped[str] = mapped_column(Text, unique=True)
    token: Mapped[str] = mapped_column(Text, unique=True)
    link_version: Mapped[int] = mapped_column(default=1)
    paid_until: Mapped[datetime | None] = mapped_column(index=True)
    grace_until: Mapped[datetime | None]
    blocked: Mapped[bool] = mapped_column(default=False)
    desired_version: Mapped[int] = mapped_column(default=0)
    revivals: Mapped[int] = mapped_column(default=0)  # grows when time begins to run (again): a key to announce
    created_at: Mapped[datetime]

    @property
    def runs_until(self) -> datetime | None:
        """When its keys stop: the end of its time, or of the grace while a renewal is under way."""
        ends = [at for at in (self.paid_until, self.grace_until) if at is not None]
        return max(ends) if ends else None

    @property
    def ready_key(self) -> str:
        """What is announced once: this link, since it last began to work."""
        return f"ready:{self.id}:{self.link_version}:{self.revivals}"

    def active(self, now: datetime) -> bool:
        """Whether its time is running."""
        return self.paid_until is not None and self.paid_until > now


class Extension(Model):
    """One line in the ledger of time: days given, or taken back when negative. Append-only."""

    __tablename__ = "extensions"
    __table_args__ = (
        UniqueConstraint("source", "source_id", "subscription_id"),
        CheckConstraint("days <> 0", name="days"),
        Index("extensions_once_per_payment", "source_id", unique=True, postgresql_where=text("source = 'payment'")),
        Index("extensions_one_trial", "source_id", unique=True, postgresql_where=text("source = 'trial'")),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    subscription_id: Mapped[UUID] = mapped_column(ForeignKey("subscriptions.id"), index=True)
    source: Mapped[str] = mapped_column(Text)
    source_id: Mapped[str] = mapped_column(Text)
    days: Mapped[int]
    at: Mapped[datetime]
