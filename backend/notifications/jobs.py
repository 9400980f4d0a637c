"""Send what the outbox holds: claimed before it is sent, by one process for all."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from prometheus_client import Counter
from sqlalchemy import update

from backend.kit import clock
from backend.kit.db import Database, DatabaseUnavailable
from backend.kit.errors import Outside
from backend.kit.jobs import Job, every, run_job, runs
from backend.kit.locks import sole
from backend.notifications.channels import (
    OFTEN_ENOUGH,
    Channel,
    HeardBySome,
    PersonUnreachable,
    SlowDown,
    maybe_heard,
)
from backend.notifications.kinds import KINDS
from backend.notifications.models import Notification
from backend.notifications.pace import Pace
from backend.notifications.queries import (
    UNREACHABLE,
    Claim,
    anything_due,
    claim_next,
    delete_done,
    reopen_missed,
)
from backend.notifications.service import unpack
from backend.users.models import User

log = structlog.get_logger()

GIVEN_UP = Counter("notifications_given_up_total", "What may not have been heard: a loss at most.", ["kind"])

CLAIM = 4  # rows at a time: what their turns take, what is urgent waits
UNDER_WAY = 40  # messages at a time, when the channel is slow to answer
LOOK_SECONDS = 0.1
LEAVE_SECONDS = 3  # what is under way may end, when the process is to stop
NEWS_IS_OLD_AFTER = timedelta(days=2)
MONEY_IS_OLD_AFTER = timedelta(days=30)  # as long as what is usually bought: after that no key waits for anybody
SLOW_AFTER = timedelta(days=1)  # who has not heard by then is not waiting for the minute
KEPT_FOR = timedelta(days=90)


class Deps(Protocol):
    db: Database


@dataclass
class Sender:
    """Sends what is due, the most urgent first, one message per person at a time.

    A row is claimed, and that committed, before it is sent. When the sender dies in between, or the answer does not
    tell, nobody knows whether it was said: its kind decides then whether it is said again.
    """

    db: Database
    channel: Channel
    pace: Pace
    _under_way: dict[int, asyncio.Task[None]] = field(default_factory=dict)  # by row
    _beginning: asyncio.Task[bool] | None = None

    async def run(self) -> None:
        """Send until cancelled. Of all processes one does; the others wait for its end, also a sudden one."""
        while True:
            try:
                async with sole(self.db, "sender") as hold, asyncio.TaskGroup() as group:
                    log.info("sender.started")
                    group.create_task(hold.watch())
                    group.create_task(self._until_left(self._keep_sending()))
            except* DatabaseUnavailable:
                log.warning("sender.waits", reason="database")
            await asyncio.sleep(1)

    async def drain(self) -> None:
        """Send everything that is due now, then return. For tests."""
        async with self.db.transaction() as session:
            due = await anything_due(session, clock.now())
        if due:
            async with sole(self.db, "sender"):
                await self._until_left(self._send_due())

    async def _until_left(self, work: Coroutine[Any, Any, None]) -> None:
        """Do this, and let what is under way end, even when cancelled."""
        try:
            await work
        finally:
            if self._beginning is not None:
                await asyncio.wait([self._beginning])
            if self._under_way:
                _, late = await asyncio.wait(self._under_way.values(), timeout=LEAVE_SECONDS)
                for task in late:
                    task.cancel()

    async def _keep_sending(self) -> None:
        while True:
            await self._send_due()
            await asyncio.sleep(LOOK_SECONDS)

    async def _send_due(self) -> None:
        while not self.pace.resting:
            await self.pace.room()
            busy = set(self._under_way.values())  # before the look: who ends meanwhile may let others go
            self._beginning = asyncio.create_task(self._begin(min(CLAIM, UNDER_WAY - len(busy))))
            begun = await asyncio.shield(self._beginning)
            if not begun and not busy:
                return
            if not begun:
                await asyncio.wait(busy, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)

    async def _begin(self, limit: int) -> bool:
        """Claim and start to send so many at most. False: there is none. Not to be cut in two."""
        if limit == 0:
            return False
        async with self.db.transaction() as session:
            claims = await claim_next(session, clock.now(), limit=limit, ours=self._under_way.keys())
        for claim in claims:
            self._under_way[claim.row.id] = asyncio.create_task(self._serve(claim))
        return bool(claims)

    async def _serve(self, claim: Claim) -> None:
        row = claim.row
        try:
            if await run_job("SendNotification", self._send(row, abandoned=claim.abandoned)) == "failed":
                await run_job("PostponeNotification", self._postpone(row, _later(row)))
        finally:
            del self._under_way[row.id]

    async def _send(self, row: Notification, *, abandoned: bool) -> None:
        if row.attempts > 1 and clock.now() > _old_at(row):
            await self._give_up(row, "stale")
            return
        kind = unpack(row.kind, row.payload)
        if abandoned and not kind.again:
            await self._give_up(row, "lost")
            return
        if abandoned:
            log.warning("notification.again", notification=row.id, kind=row.kind)
        try:
            if row.user_id is None:
                await self.channel.tell_operators(kind, number=row.id)
            else:
                await self.channel.send(row.user_id, kind)
        except PersonUnreachable:
            await self._finish(row, UNREACHABLE)
        except SlowDown as error:
            await self._postpone(row, clock.now() + error.wait)
        except Outside as error:
            in_doubt = maybe_heard(error)
            said = in_doubt or isinstance(error, HeardBySome)
            row.said += said
            if in_doubt and (row.said >= OFTEN_ENOUGH or not kind.again):
                await self._give_up(row, "lost")
                return
            if said:
                log.warning("notification.again", notification=row.id, kind=row.kind)
            log.warning("notification.postponed", notification=row.id, reason=str(error))
            await self._postpone(row, _later(row))
        else:
            row.said += 1
            await self._finish(row, "sent")
            log.info("notification.sent", notification=row.id, kind=row.kind, user=row.user_id)

    async def _give_up(self, row: Notification, outcome: str) -> None:
        GIVEN_UP.labels(kind=row.kind).inc()
        log.warning("notification.given_up", notification=row.id, kind=row.kind, outcome=outcome)
        await self._finish(row, outcome)

    async def _finish(self, row: Notification, outcome: str) -> None:
        now = clock.now()
        async with self.db.transaction() as session:
            if outcome == UNREACHABLE:
                await session.execute(update(User).where(User.id == row.user_id).values(unreachable_at=now))
            await session.execute(
                update(Notification)
                .where(Notification.id == row.id)
                .values(done_at=now, outcome=outcome, said=row.said)
            )

    async def _postpone(self, row: Notification, until: datetime) -> None:
        if until > _old_at(row):
            await self._give_up(row, "stale")
            return
        async with self.db.transaction() as session:
            await session.execute(
                update(Notification)
                .where(Notification.id == row.id)
                .values(claimed_at=None, next_try_at=until, said=row.said)
            )


def _old_at(row: Notification) -> datetime:
    """When it is not said any more. Of money and keys people rather hear weeks late than never."""
    kind = KINDS.get(row.kind)
    return row.created_at + (NEWS_IS_OLD_AFTER if kind is not None and not kind.again else MONEY_IS_OLD_AFTER)


def _later(row: Notification) -> datetime:
    """Later each time: at last every five minutes, and after a day hourly."""
    now = clock.now()
    longest = timedelta(minutes=5) if now - row.created_at < SLOW_AFTER else timedelta(hours=1)
    return now + min(timedelta(seconds=2 ** min(row.attempts, 12)), longest)


@every(timedelta(minutes=1))
@dataclass(frozen=True)
class SayMissed(Job):
    """Tell who blocked the bot and came back what was missed of money and keys."""


@runs(SayMissed)
async def say_missed(job: SayMissed, deps: Deps) -> None:
    now = clock.now()
    kinds = [name for name, kind in KINDS.items() if kind.again]
    async with deps.db.transaction() as session:
        missed = await reopen_missed(session, kinds, now - MONEY_IS_OLD_AFTER, now)
    if missed:
        log.info("notifications.missed", count=len(missed))


@every(timedelta(days=1))
@dataclass(frozen=True)
class ForgetSaid(Job):
    """Delete what was said long ago."""


@runs(ForgetSaid)
async def forget_said(job: ForgetSaid, deps: Deps) -> None:
    async with deps.db.transaction() as session:
        forgotten = await delete_done(session, clock.now() - KEPT_FOR)
    log.info("notifications.forgotten", count=len(forgotten))
