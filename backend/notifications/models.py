"""The outbox: everything we have to tell people."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Identity, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kit.db import Model


class Notification(Model):
    """One thing to say once. `user_id` null: to the operator."""

    __tablename__ = "notifications"
    __table_args__ = (
        Index("notifications_open", "priority", "id", postgresql_where=text("done_at is null")),
        Index("notifications_lines", "user_id", "priority", "id", postgresql_where=text("done_at is null")),
        Index("notifications_done", "done_at", postgresql_where=text("done_at is not null")),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    dedup_key: Mapped[str] = mapped_column(Text, unique=True)
    payload: Mapped[dict[str, Any]]
    priority: Mapped[int] = mapped_column(default=0)  # lower is sooner: money before news
    created_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    next_try_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    said: Mapped[int] = mapped_column(default=0)  # how often it may have been heard: more than once, a duplicate
    done_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(Text)  # sent, unreachable, stale; lost: maybe sent
