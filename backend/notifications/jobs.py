"""Send what the outbox holds: claim, then send."""

import asyncio
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit import clock
from backend.kit.db import Database
from backend.kit.errors import Outside
from backend.kit.jobs import runs, ticks
from backend.notifications.channels import Channel, PersonUnreachable, SlowDown
from backend.notifications.models import Notification
from backend.notifications.queries import anything_due, claim_next
from backend.notifications.service import Deliver, unpack, wake_sender

log = structlog.get_logger()

BATCH = 10
GIVE_UP_AFTER = timedelta(days=2)


class Deps(Protocol):
    db: Database
    channel: Channel


@ticks
async def wake(session: AsyncSession, now: datetime) -> None:
    if await anything_due(session, now):
        await wake_sender(session)


@runs(Deliver)
async def deliver(job: Deliver, deps: Deps) -> None:
    """Send everything that is due, a few at a time, one message per person at a time.

    A row is claimed before it is sent. After a crash it is sent again: people rather hear twice of money than never.
    """
    while True:
        now = clock.now()
        async with deps.db.transaction() as session:
            claimed = await claim_next(session, now, limit=BATCH)
        if not claimed:
            return
        sent = await asyncio.gather(*(_send(deps, row, now) for row in claimed), return_exceptions=True)
        for outcome in sent:  # a bug of ours in one message, seen when the others have been sent
            if isinstance(outcome, BaseException):
                raise outcome


async def _send(deps: Deps, row: Notification, now: datetime) -> None:
    if row.attempts > 1 and now - row.created_at > GIVE_UP_AFTER:
        await _finish(deps.db, row, now, "stale")
        return
    try:
        kind = unpack(row.kind, row.payload)
        if row.user_id is None:
            await deps.channel.tell_operators(kind)
        else:
            await deps.channel.send(row.user_id, kind)
    except PersonUnreachable:
        await _finish(deps.db, row, now, "unreachable")
    except SlowDown as error:
        await _postpone(deps.db, row, clock.now() + error.wait)
    except Outside as error:
        log.warning("notification.postponed", notification=row.id, reason=str(error))
        await _postpone(deps.db, row, clock.now() + timedelta(seconds=min(2**row.attempts, 300)))
    else:
        await _finish(deps.db, row, now, "sent")
        log.info("notification.sent", notification=row.id, kind=row.kind, user=row.user_id)


async def _finish(db: Database, row: Notification, now: datetime, outcome: str) -> None:
    async with db.transaction() as session:
        await session.execute(
            update(Notification).where(Notification.id == row.id).values(done_at=now, outcome=outcome)
        )


async def _postpone(db: Database, row: Notification, until: datetime) -> None:
    stale = until - row.created_at > GIVE_UP_AFTER
    async with db.transaction() as session:
        await session.execute(
            update(Notification)
            .where(Notification.id == row.id)
            .values(
                claimed_at=None,
                next_try_at=until,
                done_at=until if stale else None,
                outcome="stale" if stale else None,
            )
        )
