"""Cards and wallets that may be charged again: kept, charged only while kept, forgotten.

To forget a method is to stop its charges, and so is to pay for that time otherwise: what was not sent before is never
sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit.db import FRESH
from backend.kit.jobs import Job, enqueue
from backend.kit.tokens import new_id
from backend.payments.models import Payment, SavedMethod
from backend.payments.providers.base import PaymentState, SavedInstrument
from backend.payments.rules import NEVER
from backend.payments.service import lock_payment
from backend.switches.models import Switch

log = structlog.get_logger()

OFF = "autopay:"  # begins the name of a switch: the company does not let this shop charge saved methods
TRY_AGAIN_AFTER = timedelta(days=1)
LOOK_AGAIN_AFTER = timedelta(minutes=1)  # whether what holds a charge up has come to something
FORGOTTEN = "autopay_off"
RENEWED = "renewed"  # by its owner, or by days that somebody gave him


@dataclass(frozen=True)
class MethodKept(Job):
    """Let renewals begin by what was kept."""

    method_id: UUID


async def wake_mandate(session: AsyncSession, method_id: UUID, *, user_id: int | None) -> None:
    """Of one person one at a time, in their order."""
    await enqueue(session, MethodKept(method_id), once=str(method_id), serial=f"methods:{user_id}")


async def keep(session: AsyncSession, payment: Payment, instrument: SavedInstrument, now: datetime) -> None:
    """What was paid with may be charged again. Kept before by the same person, it is kept by the later consent alone.

    A subscription that the company renews though nobody asked it to, as of a link paid twice, is kept to be stopped.
    """
    before = (SavedMethod.provider == payment.provider) & (SavedMethod.ref == instrument.ref)
    mine = (SavedMethod.user_id == payment.user_id) & SavedMethod.deleted_at.is_(None)
    await session.execute(update(SavedMethod).where(before, mine).values(ref=None, deleted_at=now))
    kept = await session.scalar(
        insert(SavedMethod)
        .values(
            id=new_id(),
            user_id=payment.user_id,
            provider=payment.provider,
            account=payment.account,
            method=instrument.method,
            ref=instrument.ref,
            title=instrument.title,
            expires_on=instrument.expires_on,
            payment_id=payment.id,
            created_at=now,
            deleted_at=None if payment.save_method else now,
        )
        .on_conflict_do_nothing(index_elements=[SavedMethod.provider, SavedMethod.ref])
        .returning(SavedMethod.id)
    )
    if kept is not None and payment.save_method:
        await wake_mandate(session, kept, user_id=payment.user_id)
        log.info("method.kept", method=kept, payment=payment.id, user=payment.user_id)


async def lock_method(session: AsyncSession, method_id: UUID) -> SavedMethod:
    query = select(SavedMethod).where(SavedMethod.id == method_id).with_for_update()
    return (await session.scalars(query, execution_options=FRESH)).one()


async def forget(session: AsyncSession, method_id: UUID, now: datetime, *, renewed_by_company: bool) -> None:
    """Charge it no more. What the company renews keeps its `ref` until the company has been told to stop."""
    method = await lock_method(session, method_id)
    method.deleted_at = method.deleted_at or now
    if not renewed_by_company:
        method.ref = None
    log.info("method.forgotten", method=method_id, user=method.user_id)


async def to_stop(session: AsyncSession) -> Sequence[SavedMethod]:
    """What companies still renew although it is to end."""
    query = select(SavedMethod).where(SavedMethod.deleted_at.is_not(None), SavedMethod.ref.is_not(None))
    return (await session.scalars(query)).all()


async def may_send(session: AsyncSession, payment_id: UUID, now: datetime, *, due: bool, held_up: bool) -> bool:
    """Whether a stored request may be sent now. A charge may while it is due and its method is kept.

    Commit before sending: whoever forgets the method after that comes too late for this charge. A charge that was
    never sent has failed then; of one that was sent before, the company's list tells what became of it. `held_up`: by
    money of its owner that is on its way and may yet come to nothing; what was sent before waits for that, as if it
    had never been tried: that it is not answered says nothing of the company.
    """
    payment = await lock_payment(session, payment_id)
    if payment.state != PaymentState.NEW:
        return False
    if payment.saved_method_id is None:
        return True
    kept = select(SavedMethod.ref).where(SavedMethod.id == payment.saved_method_id, SavedMethod.deleted_at.is_(None))
    is_kept = await session.scalar(kept.with_for_update(read=True)) is not None
    if is_kept and due and held_up and payment.checked_at is not None:
        payment.check_attempts, payment.next_check_at = 0, now + LOOK_AGAIN_AFTER
        return False
    if is_kept and due and not held_up:
        payment.checked_at = payment.checked_at or now
        return True
    reason = RENEWED if is_kept else FORGOTTEN
    payment.next_check_at = NEVER
    if payment.checked_at is None:
        payment.state, payment.failure = PaymentState.FAILED, reason
    log.info("payment.not_sent", payment=payment.id, reason=reason, sent_before=payment.checked_at is not None)
    return False


async def note_unavailable(session: AsyncSession, provider: str, reason: str, now: datetime) -> None:
    """This company does not let this shop save methods: nobody is asked to for a day."""
    values = {"reason": reason, "by": "provider", "since": now}
    await session.execute(
        insert(Switch)
        .values(name=OFF + provider, **values)
        .on_conflict_do_update(index_elements=[Switch.name], set_=values)
    )
    log.error("autopay.unavailable", provider=provider, reason=reason)


async def unavailable(session: AsyncSession) -> frozenset[str]:
    """The providers where nobody is asked to save a method now."""
    query = select(Switch.name).where(Switch.name.startswith(OFF))
    return frozenset(name.removeprefix(OFF) for name in await session.scalars(query))


async def try_again(session: AsyncSession, now: datetime) -> None:
    """A day after a company refused it, let the next buyer try to save a method there."""
    old = Switch.since <= now - TRY_AGAIN_AFTER
    await session.execute(delete(Switch).where(Switch.name.startswith(OFF), old))
