"""Payments that a company makes again by itself: each is an order and an attempt of its own."""

from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit.tokens import new_id, new_token
from backend.orders.models import Order
from backend.payments.models import Payment, SavedMethod
from backend.payments.providers import Providers
from backend.payments.providers.base import PaymentState, Snapshot
from backend.payments.recording import id_of
from backend.payments.service import lock_payment, parse_id, terms

log = structlog.get_logger()


async def expect(
    session: AsyncSession, providers: Providers, provider_id: str, snapshot: Snapshot, now: datetime
) -> None:
    """Make room for what a subscription was renewed by, before it is recorded. Anything else is left to that.

    The charge carries what the first one carried, so recording it finds that one, already bound to another charge,
    and goes on with the attempt of the name that is given here. A link that was paid twice began two subscriptions:
    the second is no renewal. Where nobody says whether a charge was one, it is taken for one.
    """
    renewed = (snapshot.recurring or snapshot.refund_ref) and not snapshot.begins
    if not renewed or snapshot.state is not PaymentState.SUCCEEDED:
        return
    first = await _first_of(session, providers, provider_id, snapshot)
    if first is None or first.provider_payment_id in (None, snapshot.ref):
        return
    payment_id = id_of(provider_id, snapshot.ref)
    if await session.get(Payment, payment_id) is not None:  # counted before, in whatever order it was heard of
        return
    bought = await session.get(Order, first.order_id)
    assert bought is not None, "what was signed by us has an order"
    order_id = await _order_again(session, bought, f"{provider_id}:{snapshot.ref}", now)
    if order_id is None:
        return
    kept = await session.scalar(select(SavedMethod.id).where(SavedMethod.payment_id == first.id))
    session.add(
        Payment(
            id=payment_id,
            order_id=order_id,
            user_id=first.user_id,
            provider=first.provider,
            account=first.account,
            test=first.test,
            method=first.method,
            amount_minor=first.amount_minor,
            currency=first.currency,
            idempotence_key=str(payment_id),
            initiated_by="shop",
            payer_ref=first.payer_ref,
            return_token=new_token(),
            state=PaymentState.NEW,
            saved_method_id=kept,
            next_check_at=now,
            created_at=now,
        )
    )
    await session.flush()
    log.info("renewal.expected", order=order_id, payment=payment_id, first=first.id)


async def _first_of(
    session: AsyncSession, providers: Providers, provider_id: str, snapshot: Snapshot
) -> Payment | None:
    """The payment that began the subscription, locked, if this one is exactly what it promised.

    Of two charges heard of at once, the one that waits then finds the first bound by the other.
    """
    payment_id = parse_id(snapshot.pid)
    first = await session.get(Payment, payment_id) if payment_id else None
    if first is None or first.provider != provider_id or not first.save_method:
        return None
    if not providers.get(provider_id).seal.holds(providers.keys, snapshot.mac, **terms(first)):
        return None
    promised = (first.amount, first.account, first.test, first.payer_ref)
    paid = (snapshot.amount, snapshot.account, snapshot.test, snapshot.payer)
    return await lock_payment(session, first.id) if paid == promised else None


async def _order_again(session: AsyncSession, bought: Order, cycle_key: str, now: datetime) -> object | None:
    """The same once more; None: this charge has its order."""
    return await session.scalar(
        insert(Order)
        .values(
            id=new_id(),
            user_id=bought.user_id,
            subscription_id=bought.subscription_id,
            kind="autopay",
            plan_id=bought.plan_id,
            plan_snapshot=bought.plan_snapshot,
            period_days=bought.period_days,
            amount_minor=bought.amount_minor,
            currency=bought.currency,
            autopay_consent_id=bought.autopay_consent_id,
            client_request_id=cycle_key,
            cycle_key=cycle_key,
            expires_at=now,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=[Order.cycle_key])
        .returning(Order.id)
    )
