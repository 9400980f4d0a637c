"""People."""

from datetime import datetime

from sqlalchemy import Identity, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kit.db import Model


class User(Model):
    """A person. `id` is ours; `telegram_id` is null for somebody imported or a partner's customer."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    telegram_id: Mapped[int | None] = mapped_column(unique=True)
    first_name: Mapped[str] = mapped_column(Text, default="")
    username: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    language_chosen: Mapped[bool] = mapped_column(default=False)  # chosen in settings: Telegram's no longer counts
    time_zone: Mapped[str | None] = mapped_column(Text)  # null: the shop's
    start_payload: Mapped[str | None] = mapped_column(Text)  # of the first /start
    email: Mapped[str | None] = mapped_column(Text)  # for receipts
    awaiting: Mapped[str | None] = mapped_column(Text)  # what the person was asked to write, and what follows
    flagged_at: Mapped[datetime | None]  # lost a dispute: an operator looks twice
    blocked_at: Mapped[datetime | None]  # by the operator: no key is on
    unreachable_at: Mapped[datetime | None]  # the person blocked the bot
    created_at: Mapped[datetime]
