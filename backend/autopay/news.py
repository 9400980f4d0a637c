"""What a company tells of subscriptions it renews: their payer ended one, wants it again, or could not pay it."""

from datetime import datetime, timedelta

import structlog
from sqlalchemy import BigInteger, cast, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.autopay import queries, service
from backend.autopay.models import Mandate
from backend.autopay.rules import Act, Reason, Step
from backend.payments import inbox
from backend.payments.models import Event, Payment, SavedMethod
from backend.payments.providers import Providers
from backend.payments.providers.base import Hint, RenewalNews
from backend.payments.service import parse_id, terms

log = structlog.get_logger()

TOLD_AGAIN_FOR = timedelta(hours=24)  # as long as a company keeps what it has told; later it may count anew
GOES_ON_AFTER = (Reason.CANCELED, Reason.FAILED, Reason.EMAIL, Reason.UNWARNED)


async def keep_news(
    session: AsyncSession, providers: Providers, provider_id: str, hint: Hint, body: bytes, *, now: datetime
) -> Event:
    """Store what was told and move the mandate by it, both or neither."""
    event = await inbox.store_event(session, providers, provider_id, hint, body, ip=None, now=now)
    event.handled_at = now
    told = providers.get(provider_id).told_of_renewal(body)
    assert told is not None
    first = await _first_payment(session, providers, provider_id, told)
    if first is None:
        event.rejected_reason = "unproven"
        log.warning("renewal.unproven", provider=provider_id, inbox=event.id)
    elif not await _is_outdated(session, event):
        await _move(session, first, told.state, now)
    return event


async def _first_payment(
    session: AsyncSession, providers: Providers, provider_id: str, told: RenewalNews
) -> Payment | None:
    payment_id = parse_id(told.pid)
    first = await session.get(Payment, payment_id) if payment_id else None
    if first is None or first.provider != provider_id or first.payer_ref != told.payer:
        return None
    holds = providers.get(provider_id).seal.holds(providers.keys, told.mac, **terms(first))
    return first if holds else None


async def _is_outdated(session: AsyncSession, event: Event) -> bool:
    """Whether something newer was told of the same subscription: a company may tell again what it told before."""
    newer = select(Event.id).where(
        Event.provider == event.provider,
        Event.payment_ref == event.payment_ref,
        Event.received_at > event.received_at - TOLD_AGAIN_FOR,
        cast(Event.object_id, BigInteger) > int(event.object_id),
    )
    return await session.scalar(newer.limit(1)) is not None


async def _move(session: AsyncSession, first: Payment, state: str, now: datetime) -> None:
    query = (
        select(Mandate.id)
        .join(SavedMethod, SavedMethod.id == Mandate.saved_method_id)
        .where(SavedMethod.payment_id == first.id, SavedMethod.deleted_at.is_(None))
        .order_by(Mandate.created_at.desc())
        .limit(1)
    )
    mandate_id = await session.scalar(query)
    if mandate_id is None:
        return
    mandate = await service.lock_mandate(session, mandate_id)
    if mandate.state == "active" and state != "active":
        reason = Reason.CANCELED if state == "canceled" else Reason.FAILED
        await service.stop(session, mandate, Step(Act.SUSPEND, reason), now)
    elif state == "active":
        await go_on(session, mandate)


async def go_on(session: AsyncSession, mandate: Mandate) -> None:
    """It is renewed again after all, unless something else renews its subscription by now."""
    others = {renewal.mandate.id for renewal in await queries.renewals_of(session, mandate.user_id)}
    if mandate.state == "suspended" and mandate.reason in GOES_ON_AFTER and mandate.id in others:
        mandate.state, mandate.reason, mandate.ended_at = "active", None, None
        log.info("autopay.on", mandate=mandate.id, subscription=mandate.subscription_id, by=mandate.charged_by)
