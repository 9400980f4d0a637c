"""What operators did, append-only; and what was found wrong with the books."""

from datetime import datetime
from typing import Any

from sqlalchemy import Identity, Index, Text, text
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


class Violation(Model):
    """Something an audit found wrong, until one does not find it any more."""

    __tablename__ = "violations"
    __table_args__ = (
        Index("violations_open", "rule", "subject", unique=True, postgresql_where=text("gone_at is null")),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    rule: Mapped[str] = mapped_column(Text)  # "one-effect"
    subject: Mapped[str] = mapped_column(Text)  # the id of what it is about
    provider: Mapped[str | None] = mapped_column(Text)
    details: Mapped[str] = mapped_column(Text)
    found_at: Mapped[datetime]
    gone_at: Mapped[datetime | None]


class Check(Model):
    """How the books stood by one rule when they were last looked at."""

    __tablename__ = "audit_checks"

    rule: Mapped[str] = mapped_column(Text, primary_key=True)
    violations: Mapped[int]
    checked_at: Mapped[datetime]
