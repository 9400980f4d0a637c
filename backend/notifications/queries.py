"""What the outbox holds."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.notifications.models import Notification

ABANDONED_AFTER = timedelta(seconds=30)  # a claim older than this is of a sender that died
PATIENT_FOR = 5  # attempts, a minute in all


async def claim_next(session: AsyncSession, now: datetime, *, limit: int) -> Sequence[Notification]:
    """Lock and claim what is to be sent next: money first, then the oldest.

    At most one per person, and nothing before what that person is to hear first: one that has to be said again is
    waited for, unless it has failed so often that it would silence the rest.
    """
    statement = _next(now).limit(limit).with_for_update(skip_locked=True, of=Notification)
    rows = (await session.scalars(statement)).all()
    for row in rows:
        row.claimed_at, row.attempts = now, row.attempts + 1
    return rows


async def anything_due(session: AsyncSession, now: datetime) -> bool:
    return (await session.scalars(_next(now).limit(1))).one_or_none() is not None


def _next(now: datetime) -> Select[Notification]:
    """What each person is to hear next, where that may be sent now."""
    in_line = (
        select(
            Notification.id,
            func.row_number()
            .over(partition_by=Notification.user_id, order_by=(Notification.priority, Notification.id))
            .label("place"),
        )
        .where(
            Notification.done_at.is_(None),
            (Notification.attempts < PATIENT_FOR) | (Notification.next_try_at <= now),
        )
        .subquery()
    )
    return (
        select(Notification)
        .join(in_line, (in_line.c.id == Notification.id) & (in_line.c.place == 1))
        .where(
            Notification.done_at.is_(None),
            Notification.next_try_at <= now,
            Notification.claimed_at.is_(None) | (Notification.claimed_at < now - ABANDONED_AFTER),
        )
        .order_by(Notification.priority, Notification.id)
    )
