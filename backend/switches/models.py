"""What is switched off."""

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.kit.db import Model


class Switch(Model):
    """Something that is off now. `name`: "provider:yookassa", or "hold:…" by the audit, "differs:…" by the start."""

    __tablename__ = "switches"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(Text)  # "cli:root", "audit", "start"
    since: Mapped[datetime]
