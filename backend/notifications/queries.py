"""What the outbox holds."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, exists, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from backend.notifications.models import Notification
from backend.users.models import User

ABANDONED_AFTER = timedelta(seconds=15)  # longer than a sender that lost its lock goes on, so its process has died
UNREACHABLE = "unreachable"
PATIENT_FOR = 5  # attempts, a minute in all


@dataclass(frozen=True, slots=True)
class Claim:
    """A row that is to be sent now. `abandoned`: somebody claimed it before and died, so it may have been said."""

    row: Notification
    abandoned: bool


async def claim_next(session: AsyncSession, now: datetime, *, limit: int, ours: Collection[int] = ()) -> list[Claim]:
    """Lock and claim what is to be sent next: money first, then the oldest.

    At most one per person, and nothing before what that person is to hear first: one that has to be said again is
    waited for, unless it has failed so often that it would silence the rest. `ours`: what the caller is sending now.
    """
    statement = _next(now, ours).limit(limit).with_for_update(skip_locked=True)
    claims = [Claim(row, row.claimed_at is not None) for row in await session.scalars(statement)]
    for claim in claims:
        claim.row.claimed_at, claim.row.attempts = now, claim.row.attempts + 1
        claim.row.said += claim.abandoned
    return claims


async def anything_due(session: AsyncSession, now: datetime) -> bool:
    return (await session.scalars(_next(now, ()).limit(1))).one_or_none() is not None


async def reopen_missed(
    session: AsyncSession, kinds: Collection[str], since: datetime, now: datetime
) -> Sequence[int]:
    """Queue once more what could not be said to people who had blocked the bot and are back; the ids of it."""
    is_back = exists().where(
        User.id == Notification.user_id, User.unreachable_at.is_(None), User.telegram_id.is_not(None)
    )
    missed = (Notification.outcome == UNREACHABLE) & (Notification.created_at > since) & Notification.kind.in_(kinds)
    statement = (
        update(Notification)
        .where(missed, is_back)
        .values(done_at=None, outcome=None, claimed_at=None, next_try_at=now, attempts=0)
        .returning(Notification.id)
    )
    return (await session.scalars(statement)).all()


async def delete_done(session: AsyncSession, before: datetime) -> Sequence[int]:
    """Forget what was said long ago; the ids of it."""
    statement = delete(Notification).where(Notification.done_at < before).returning(Notification.id)
    return (await session.scalars(statement)).all()


def _next(now: datetime, ours: Collection[int]) -> Select[Notification]:
    """What each person is to hear next, where that may be sent now."""
    earlier = aliased(Notification)
    behind = (
        select(earlier.id)
        .where(
            earlier.user_id == Notification.user_id,
            earlier.done_at.is_(None),
            tuple_(earlier.priority, earlier.id) < tuple_(Notification.priority, Notification.id),
            (earlier.attempts < PATIENT_FOR) | (earlier.next_try_at <= now),
        )
        .exists()
    )
    return (
        select(Notification)
        .where(
            Notification.done_at.is_(None),
            Notification.next_try_at <= now,
            Notification.claimed_at.is_(None) | (Notification.claimed_at < now - ABANDONED_AFTER),
            Notification.id.not_in(ours),
            ~behind,
        )
        .order_by(Notification.priority, Notification.id)
    )
