"""What operators did; append-only."""

from datetime import datetime
from typing import Any

from sqlalchemy import Identity, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kit.db import Model


class Action(Model):
    """One thing an operator did, written in the transaction that did it."""

    __tablename__ = "audit_log"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    actor: Mapped[str] = mapped_column(Text)  # "cli:root", "telegram:279058397"
    action: Mapped[str] = mapped_column(Text)  # "payment.refund"
    subject: Mapped[str] = mapped_column(Text, index=True)  # the id it was done to
    details: Mapped[dict[str, Any]]
    at: Mapped[datetime]
