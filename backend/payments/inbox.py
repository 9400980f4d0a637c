"""The inbox: what providers said, kept raw until the provider confirms it."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Select, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit.db import FRESH
from backend.payments.models import Event, Payment, Refund
from backend.payments.providers import Providers
from backend.payments.providers.base import Hint, PaymentState
from backend.payments.rules import advances, next_event_try
from backend.payments.service import parse_id, terms

log = structlog.get_logger()

JOB_FIRST = timedelta(seconds=5)  # a job was queued with the event; the ticker looks only after that


async def store_event(
    session: AsyncSession,
    providers: Providers,
    provider_id: str,
    hint: Hint,
    body: bytes,
    *,
    ip: str | None,
    now: datetime,
) -> Event:
    """Keep what a provider said. A proven event that was heard before is opened again.

    Proven: the signature in it holds for a payment of ours and the amount is ours, or it is about a refund of a
    payment of ours, or our own bot heard it. What is not proven gets a name of its own, so it can neither replace
    nor close a genuine one.
    """
    payment = await _proven_payment(session, providers, provider_id, hint)
    proven = payment is not None or providers.get(provider_id).by_bot
    digest = hashlib.sha256(body).hexdigest()
    values = {
        "object_id": hint.object_id,
        "payment_ref": hint.ref,
        "payment_id": payment.id if payment else None,
        "claims": hint.claims,
        "body": body,
        "remote_ip": ip,
        "received_at": now,
        "next_try_at": now + JOB_FIRST,
        "handled_at": None,
        "attempts": 0,
    }
    statement = (
        insert(Event)
        .values(
            provider=provider_id,
            dedup_key=f"{hint.event}:{hint.object_id}" if proven else f"unproven:{digest}",
            proven=proven,
            **values,
        )
        .on_conflict_do_update(index_elements=[Event.provider, Event.dedup_key], set_=values)
        .returning(Event)
    )
    event = (await session.scalars(statement, execution_options=FRESH)).one()
    if not event.proven:
        log.warning("webhook.unproven", provider=provider_id, inbox=event.id)
    return event


async def _proven_payment(
    session: AsyncSession, providers: Providers, provider_id: str, hint: Hint
) -> Payment | None:
    if hint.refund_ref is not None:
        query = select(Payment).where(Payment.provider == provider_id, Payment.provider_payment_id == hint.ref)
        return (await session.scalars(query)).one_or_none()
    payment_id = parse_id(hint.pid)
    payment = await session.get(Payment, payment_id) if payment_id else None
    if payment is None or payment.provider != provider_id:
        return None
    if not providers.get(provider_id).seal.holds(providers.keys, hint.mac, **terms(payment)):
        return None
    return payment if hint.amount == payment.amount else None


async def close_events(session: AsyncSession, provider_id: str, ref: str, state: PaymentState, now: datetime) -> None:
    """Mark handled what this snapshot answers; leave open, for later, what claims more than it says.

    An event about another object of the payment is of a refund: answered once that is in the books.
    """
    for event in await _lock_events(session, provider_id, ref):
        if event.claims is not None and advances(state, PaymentState(event.claims)):
            _try_again(event, f"claims {event.claims}, the provider says {state}", now)
        elif event.object_id != ref and not await _is_entered(session, provider_id, event.object_id):
            _try_again(event, "a refund that the provider does not show", now)
        else:
            event.handled_at = now


async def _is_entered(session: AsyncSession, provider_id: str, refund_ref: str) -> bool:
    query = (
        select(Refund.id)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Payment.provider == provider_id, Refund.provider_refund_id == refund_ref, Refund.state == "succeeded")
    )
    return await session.scalar(query.limit(1)) is not None


async def open_events(session: AsyncSession, provider_id: str, ref: str) -> Sequence[Event]:
    """What was said of this payment and not handled yet, as it came. Not locked: a payment's row comes first."""
    return (await session.scalars(_open(provider_id, ref))).all()


async def _lock_events(session: AsyncSession, provider_id: str, ref: str) -> Sequence[Event]:
    return (await session.scalars(_open(provider_id, ref).with_for_update())).all()


def _open(provider_id: str, ref: str) -> Select[Event]:
    return (
        select(Event)
        .where(Event.provider == provider_id, Event.payment_ref == ref, Event.proven, Event.handled_at.is_(None))
        .order_by(Event.id)
    )


def _try_again(event: Event, error: str, now: datetime) -> None:
    event.attempts, event.last_error = event.attempts + 1, error
    again = next_event_try(event.attempts - 1, event.received_at, now)
    if again is None:
        event.handled_at = now
    else:
        event.next_try_at = again


async def postpone_events(session: AsyncSession, provider_id: str, ref: str, error: str, now: datetime) -> None:
    """Nothing useful was answered about this payment: look again later; after a day the polls are left to it."""
    for event in await _lock_events(session, provider_id, ref):
        _try_again(event, error, now)


async def reject_events(session: AsyncSession, provider_id: str, ref: str, reason: str, now: datetime) -> None:
    await session.execute(
        update(Event)
        .where(Event.provider == provider_id, Event.payment_ref == ref, Event.handled_at.is_(None), Event.proven)
        .values(handled_at=now, rejected_reason=reason)
    )
