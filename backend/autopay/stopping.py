"""Telling a company not to renew any more what somebody was told to be over."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.notifications.kinds import RenewalNotStopped
from backend.notifications.service import tell_operators
from backend.orders.checkout import Deps
from backend.payments import saved
from backend.payments.models import Payment, SavedMethod
from backend.payments.providers.base import Misconfigured, NotProcessed, Rejected, Unknown

log = structlog.get_logger()

Answer = Rejected | NotProcessed | Unknown | Misconfigured | None
UNKNOWN = "not_found"


async def stop(deps: Deps, method_id: UUID, now: datetime) -> None:
    """Until the company has ended each, or knows of no such subscription; the operators hear of its no."""
    async with deps.db.transaction() as session:
        method = await session.get(SavedMethod, method_id)
        first = await session.get(Payment, method.payment_id) if method else None
        refs = await _refs(session, method) if method else ()
    if method is None or method.ref is None or method.deleted_at is None or first is None:
        return
    driver = deps.providers.find(method.provider)
    if driver is None:  # told as soon as it is back
        return
    answers = [await driver.stop_renewal(ref, first.payer_ref or "") for ref in refs]
    answer = _worst(answers)
    if answer is not None and not isinstance(answer, Rejected):
        log.warning("renewal.not_answered", method=method.id, result=type(answer).__name__)
        return
    async with deps.db.transaction() as session:
        if answer is not None:
            await _tell(session, method, answer, now)
        if answer is None or answer.code == UNKNOWN:
            await saved.forget(session, method.id, now, renewed_by_company=False)
    if answer is None:
        log.info("renewal.stopped", method=method.id)


def _worst(answers: Sequence[Answer]) -> Answer:
    """What keeps it from being over. None: nothing, and one at least was known and is stopped."""
    left = [one for one in answers if one is not None and not (isinstance(one, Rejected) and one.code == UNKNOWN)]
    if left:
        return next((one for one in left if isinstance(one, Rejected)), left[0])
    return None if None in answers else Rejected(UNKNOWN)


async def _tell(session: AsyncSession, method: SavedMethod, answer: Rejected, now: datetime) -> None:
    log.error("renewal.not_stopped", method=method.id, code=answer.code)
    said = answer.description or answer.code
    told = RenewalNotStopped(method.payment_id, said, tried_on=answer.code != UNKNOWN)
    await tell_operators(session, told, once=f"not-stopped:{method.id}:{answer.code}", now=now)


async def _refs(session: AsyncSession, method: SavedMethod) -> Sequence[str]:
    """The charges of what is to be stopped. The company knows a subscription by its first alone.

    That need not be the first we heard of, and there are two such where nobody said that a link was paid twice.
    """
    query = (
        select(Payment.provider_payment_id)
        .where(Payment.saved_method_id == method.id, Payment.provider_payment_id.is_not(None))
        .order_by(Payment.created_at)
    )
    renewals = [ref for ref in await session.scalars(query) if ref is not None and ref != method.ref]
    return [method.ref, *renewals] if method.ref is not None else renewals
