"""Queue things to say in the transaction that makes them true. One process sends them: see jobs.py."""

from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Select, Text, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.notifications.kinds import KINDS, Kind
from backend.notifications.models import Notification
from backend.users.models import User


async def notify(session: AsyncSession, user_id: int, kind: Kind, *, once: str, now: datetime) -> None:
    """Say this to a person, once for every `once`. It is sent after the commit, or not at all."""
    await _queue(session, user_id, kind, once=once, now=now)


async def tell_operators(session: AsyncSession, kind: Kind, *, once: str, now: datetime) -> None:
    """Say this to those who run the shop, once for every `once`."""
    await _queue(session, None, kind, once=once, now=now)


async def notify_many(
    session: AsyncSession, audience: Select[tuple[int]], kind: Kind, *, once: str, now: datetime
) -> int:
    """Say this to everybody of an audience (ids of users) who lets us, each person once for every `once`.

    One statement, so that it happens whole or not at all; doing it again reaches those who have joined meanwhile.
    Returns how many will hear it.
    """
    people = audience.subquery()
    person = people.c[0]
    rows = (
        select(
            person,
            literal(type(kind).__name__),
            func.concat(once, ":", person, type_=Text),
            literal(pack(kind), Notification.payload.type),
            literal(kind.priority),
            literal(now, Notification.created_at.type),
            literal(now, Notification.next_try_at.type),
            literal(0),
        )
        .join(User, User.id == person)
        .where(User.unreachable_at.is_(None))
    )
    columns = ["user_id", "kind", "dedup_key", "payload", "priority", "created_at", "next_try_at", "attempts"]
    queued = await session.scalars(
        insert(Notification)
        .from_select(columns, rows)
        .on_conflict_do_nothing(index_elements=[Notification.dedup_key])
        .returning(Notification.id)
    )
    return len(queued.all())


async def _queue(session: AsyncSession, user_id: int | None, kind: Kind, *, once: str, now: datetime) -> None:
    await session.execute(
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
    )


def pack(kind: Kind) -> dict[str, Any]:
    packed: dict[str, Any] = TypeAdapter(type(kind)).dump_python(kind, mode="json")
    return packed


def unpack(name: str, payload: dict[str, Any]) -> Kind:
    """The kind that was packed. Raises KeyError for a kind this version does not know."""
    kind: Kind = TypeAdapter(KINDS[name]).validate_python(payload)
    return kind
