"""The sweep: what a provider lists is compared with what we know, from before the last time that this was done."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit.jobs import Timer
from backend.orders.looking import CLOCKS_DIFFER, SWEEP_EVERY, SWEEP_TIMER, Deps, sweep_provider
from backend.orders.refunds import sweep_refunds
from backend.orders.service import tell_failure
from backend.payments import service as payments
from backend.payments import unanswered
from backend.payments.models import Payment
from backend.payments.providers.base import PaymentProvider, PaymentState
from backend.payments.rules import GIVE_UP_AFTER

BEGUN = "sweep-begun:"  # with a provider's id: since when it is being read, or tried to be, in vain
SWEEP_BACK = timedelta(hours=48)
SWEEP_FAR_BACK = timedelta(days=7)
OVERLAP = timedelta(hours=1)


async def sweep(deps: Deps, provider: PaymentProvider, now: datetime, *, far: bool) -> None:
    """Settle what the provider lists and we do not know; give up what was never answered and is not listed.

    However long nobody swept, nothing in between is left out.
    """
    back = max(SWEEP_FAR_BACK, provider.refunds_seen_for) if far else SWEEP_BACK
    async with deps.db.transaction() as session:
        await _note_begun(session, provider.id, now)
        last = await last_complete(session, provider.id) or await _first_payment(session, provider.id)
        waiting = await payments.never_answered(session, provider.id, before=now)
    reach = min(now - back, (last or now) - OVERLAP)
    since = min([reach, *(payment.created_at - CLOCKS_DIFFER for payment in waiting)])
    listed = await sweep_provider(deps, provider, since, now)
    if listed:
        await _give_up(deps, provider, now)
    if await sweep_refunds(deps.db, provider, reach) and listed:
        async with deps.db.transaction() as session:
            await _note_complete(session, provider.id, now)


async def last_complete(session: AsyncSession, provider: str) -> datetime | None:
    """When a sweep of this provider last began that came to its end; None: never."""
    timer = await session.get(Timer, SWEEP_TIMER + provider)
    return timer.next_at - SWEEP_EVERY if timer else None


async def _first_payment(session: AsyncSession, provider: str) -> datetime | None:
    return await session.scalar(select(func.min(Payment.created_at)).where(Payment.provider == provider))


async def begun(session: AsyncSession, provider: str) -> datetime | None:
    """Since when sweeps of this provider have come to no end; None: the last one did."""
    timer = await session.get(Timer, BEGUN + provider)
    return timer.next_at if timer else None


async def _note_begun(session: AsyncSession, provider: str, now: datetime) -> None:
    await session.execute(insert(Timer).values(name=BEGUN + provider, next_at=now).on_conflict_do_nothing())


async def _note_complete(session: AsyncSession, provider: str, now: datetime) -> None:
    due = now + SWEEP_EVERY
    row = insert(Timer).values(name=SWEEP_TIMER + provider, next_at=due)
    await session.execute(row.on_conflict_do_update(index_elements=[Timer.name], set_={"next_at": due}))
    await session.execute(delete(Timer).where(Timer.name == BEGUN + provider))


async def _give_up(deps: Deps, provider: PaymentProvider, now: datetime) -> None:
    """Payments that were never answered and that the whole list does not show: they do not exist."""
    async with deps.db.transaction() as session:
        for payment in await payments.never_answered(session, provider.id, before=now - GIVE_UP_AFTER):
            closed = await unanswered.give_up(session, payment.id, "never_answered", now)
            if closed is not None and closed.state == PaymentState.FAILED:
                await tell_failure(session, closed, closed.failure, now)
