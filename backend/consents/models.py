"""What people agreed to; append-only."""

from datetime import datetime

from sqlalchemy import ForeignKey, Identity, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kit.db import Model


class Consent(Model):
    """One acceptance of one version of one text."""

    __tablename__ = "consents"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    document: Mapped[str] = mapped_column(Text)  # "offer"
    version: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(Text)  # "bot"
    accepted_at: Mapped[datetime]
