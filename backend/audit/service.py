"""The log of what operators did."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from backend.audit.models import Action


async def note(
    session: AsyncSession, *, actor: str, action: str, subject: str, now: datetime, **details: str | int | bool
) -> None:
    """Write down an operator's deed, in the transaction of it."""
    session.add(Action(actor=actor, action=action, subject=subject, details=details, at=now))
    await session.flush()
