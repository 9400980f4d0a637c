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


class SeenText(Model):
    """A version of a text as it was when it was first used: under that version it may not change any more.

    The version of a document is the one that was taken last, at the start of any process.
    """

    __tablename__ = "texts_seen"

    document: Mapped[str] = mapped_column(Text, primary_key=True)
    language: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[str] = mapped_column(Text, primary_key=True)
    sha256: Mapped[str] = mapped_column(Text)
    seen_at: Mapped[datetime]
    taken_at: Mapped[datetime]
