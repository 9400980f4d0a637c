"""Queue things to say in the transaction that makes them true."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit.jobs import Job, enqueue
from backend.notifications.kinds import KINDS, Kind
from backend.notifications.models import Notification


@dataclass(frozen=True)
class Deliver(Job):
    """Send what the outbox holds."""


async def notify(session: AsyncSession, user_id: int, kind: Kind, *, once: str, now: datetime) -> None:
    """Say this to a person, once for every `once`. It is sent after the commit, or not at all."""
    await _queue(session, user_id, kind, once=once, now=now)


async def tell_operators(session: AsyncSession, kind: Kind, *, once: str, now: datetime) -> None:
    """Say this to those who run the shop, once for every `once`."""
    await _queue(session, None, kind, once=once, now=now)


async def _queue(session: AsyncSession, user_id: int | None, kind: Kind, *, once: str, now: datetime) -> None:
    queued = await session.scalar(
        insert(Notification)
        .values(
            user_id=user_id,
            kind=type(kind).__name__,
            dedup_key=once,
            payload=pack(kind),
            priority=kind.priority,
            created_at=now,
            next_try_at=now,
        )
        .on_conflict_do_nothing(index_elements=[Notification.dedup_key])
        .returning(Notification.id)
    )
    if queued:
        await wake_sender(session)


async def wake_sender(session: AsyncSession) -> None:
    await enqueue(session, Deliver(), once="sender", serial="sender")


def pack(kind: Kind) -> dict[str, Any]:
    packed: dict[str, Any] = TypeAdapter(type(kind)).dump_python(kind, mode="json")
    return packed


def unpack(name: str, payload: dict[str, Any]) -> Kind:
    """The kind that was packed. Raises KeyError for a kind this version does not know."""
    kind: Kind = TypeAdapter(KINDS[name]).validate_python(payload)
    return kind
