"""What the outbox holds."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.notifications.models import Notification

ABANDONED_AFTER = timedelta(seconds=30)  # a claim older than this is of a sender that died


async def claim_next(session: AsyncSession, now: datetime, *, limit: int) -> Sequence[Notification]:
    """Lock and claim what is to be sent next: money first, then the oldest.

    At most one per person at a time, so that what is said to one person keeps its order.
    """
    older = select(
        Notification.id,
        func.row_number()
        .over(partition_by=Notification.user_id, order_by=(Notification.priority, Notification.id))
        .label("place"),
    ).where(*_open(now))
    first = older.subquery()
    statement = (
        select(Notification)
        .join(first, (first.c.id == Notification.id) & (first.c.place == 1))
        .order_by(Notification.priority, Notification.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Notification)
    )
    rows = (await session.scalars(statement)).all()
    for row in rows:
        row.claimed_at, row.attempts = now, row.attempts + 1
    return rows


async def anything_due(session: AsyncSession, now: datetime) -> bool:
    return bool(await session.scalar(select(Notification.id).where(*_open(now)).limit(1)))


def _open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    abandoned = now - ABANDONED_AFTER
    return (
        Notification.done_at.is_(None),
        Notification.user_id.is_not(None),
        Notification.next_try_at <= now,
        Notification.claimed_at.is_(None) | (Notification.claimed_at < abandoned),
    )
