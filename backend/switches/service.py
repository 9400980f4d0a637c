"""What is switched off at run time. Every process reads it before it offers anything."""

from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.switches.models import Switch

log = structlog.get_logger()

OFF = "provider:"  # an operator did it
HELD = "hold:"  # the audit did it
DIFFERS = "differs:"  # what the provider says of us is not what the settings say


async def switch_off(session: AsyncSession, provider: str, *, reason: str, by: str, now: datetime) -> bool:
    """Sell nothing more by this provider; what is under way still settles. False: it was off already."""
    return await _set(session, f"{OFF}{provider}", reason=reason, by=by, now=now)


async def switch_on(session: AsyncSession, provider: str) -> bool:
    """Take an operator's own switch back; a hold of the audit stands. False: it was not off."""
    return await _unset(session, f"{OFF}{provider}")


async def hold(session: AsyncSession, provider: str, reason: str, now: datetime) -> bool:
    """Sell nothing more by a provider whose books are wrong. False: it was held already."""
    return await _set(session, f"{HELD}{provider}", reason=reason, by="audit", now=now)


async def release(session: AsyncSession, provider: str) -> bool:
    """Take the hold of the audit back: the books add up, or an operator insists. False: it was not held."""
    return await _unset(session, f"{HELD}{provider}")


async def held(session: AsyncSession, provider: str) -> bool:
    """Whether the audit stopped this provider."""
    return await session.get(Switch, f"{HELD}{provider}") is not None


async def disagree(session: AsyncSession, provider: str, reason: str, now: datetime) -> bool:
    """Sell nothing more by a provider whose credentials are not what the settings say. False: it was known."""
    return await _set(session, f"{DIFFERS}{provider}", reason=reason, by="start", now=now)


async def agree(session: AsyncSession, provider: str) -> datetime | None:
    """Take that back: they are now. Since when they were not; None: they always were."""
    switch = await session.get(Switch, f"{DIFFERS}{provider}")
    return switch.since if switch is not None and await _unset(session, switch.name) else None


async def switches(session: AsyncSession) -> Sequence[Switch]:
    """Everything that is off now."""
    return (await session.scalars(select(Switch).order_by(Switch.name))).all()


async def providers_off(session: AsyncSession) -> frozenset[str]:
    """The providers that are switched off, held, or not what the settings say."""
    names = await session.scalars(select(Switch.name))
    return frozenset(name.partition(":")[2] for name in names if name.startswith((OFF, HELD, DIFFERS)))


async def _set(session: AsyncSession, name: str, *, reason: str, by: str, now: datetime) -> bool:
    set_now = await session.scalar(
        insert(Switch)
        .values(name=name, reason=reason, by=by, since=now)
        .on_conflict_do_nothing(index_elements=[Switch.name])
        .returning(Switch.name)
    )
    if set_now is not None:
        log.warning("switch.off", name=name, by=by, reason=reason)
    return set_now is not None


async def _unset(session: AsyncSession, name: str) -> bool:
    unset = await session.scalar(delete(Switch).where(Switch.name == name).returning(Switch.name))
    if unset is not None:
        log.info("switch.on", name=name)
    return unset is not None
