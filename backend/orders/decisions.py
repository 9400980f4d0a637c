"""What operators decide on payments: those that are not what was asked for, and those that a buyer disputes."""

from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit.errors import Conflict, Unavailable
from backend.orders.looking import CLOCKS_DIFFER, Deps, sweep_provider
from backend.orders.refunds import fetch
from backend.orders.service import fulfil, settle, take_back, tell_failure
from backend.payments import refunds, saved
from backend.payments.models import Payment, SavedMethod
from backend.payments.providers import Providers
from backend.payments.providers.base import Known, PaymentState, Rejected, Snapshot
from backend.payments.refunds import NothingToGiveBack, RefundUnderWay, left_of
from backend.payments.rules import DECLINED_BY_SHOP, NEVER
from backend.payments.service import lock_payment
from backend.subscriptions.service import Granted
from backend.users import service as users

log = structlog.get_logger()

ACCEPTED = "accepted: "  # begins the reason of a review once an operator has let it count


class NotInReview(Conflict):
    """This payment waits for no decision."""


class StrayPayment(Conflict):
    """This money is for no order of whoever paid it: it goes back and can count for nobody."""


class NotPaid(Conflict):
    """The company does not show this payment as paid."""


class PaidOtherwise(Conflict):
    """What came is in another currency, or cannot be read exactly: our books have no sum for it."""


class NotDisputed(Conflict):
    """Nobody disputes this payment."""


async def look(deps: Deps, payment_id: UUID, now: datetime) -> Snapshot | None:
    """Before a payment in review is accepted: how its company shows it, paid. None: it has come to count by that.

    One that the company never answered for is looked for in its list.

    Raises:
        PaymentNotFound, NotInReview, StrayPayment
        NotPaid: the company does not show it, or not as paid.
        Unavailable: it does not say.
    """
    async with deps.db.transaction() as session:
        payment = await _in_review(session, payment_id)
    if payment.provider_payment_id is None:
        since = payment.created_at - CLOCKS_DIFFER
        if not await sweep_provider(deps, deps.providers.get(payment.provider), since, now):
            raise Unavailable(provider=payment.provider)
        async with deps.db.transaction() as session:
            payment = await lock_payment(session, payment_id)
    if payment.state == PaymentState.SUCCEEDED:
        return None
    shown = await _shown(deps, payment, now)
    async with deps.db.transaction() as session:
        payment = await lock_payment(session, payment_id)
    return None if payment.state == PaymentState.SUCCEEDED else shown


async def _shown(deps: Deps, payment: Payment, now: datetime) -> Snapshot:
    """Raises NotPaid, Unavailable."""
    if payment.provider_payment_id is None:
        raise NotPaid(payment=payment.id)
    result, returned = await fetch(deps.db, deps.providers, payment.provider, payment.provider_payment_id)
    if isinstance(result, Known):
        async with deps.db.transaction() as session:
            await settle(session, deps.providers, payment.provider, result.snapshot, now, returned=returned)
        if result.snapshot.state is PaymentState.SUCCEEDED:
            return result.snapshot
    elif not isinstance(result, Rejected):
        raise Unavailable(provider=payment.provider)
    raise NotPaid(payment=payment.id)


async def accept(session: AsyncSession, payment_id: UUID, shown: Snapshot, now: datetime) -> Granted:
    """Count a payment in review as if it were what was asked for. `shown`: what `look` has found.

    Its sum is then what was really paid: so much can go back, and is income. The caller writes the deed down in the
    same transaction: the audit looks for it.

    Raises:
        PaymentNotFound, NotInReview, StrayPayment
        NotPaid: what was shown is not this payment, paid.
        PaidOtherwise
        RefundUnderWay: money of it goes back or went.
    """
    payment = await _in_review(session, payment_id)
    if shown.ref != payment.provider_payment_id or shown.state is not PaymentState.SUCCEEDED:
        raise NotPaid(payment=payment_id)
    if payment.refunded_minor or await refunds.find_open(session, payment_id) is not None:
        raise RefundUnderWay(payment=payment_id)
    paid = shown.amount
    if paid is None or paid.minor <= 0 or paid.currency is not payment.amount.currency:
        raise PaidOtherwise(payment=payment_id)
    payment.amount_minor = paid.minor
    payment.state, payment.paid_at, payment.next_check_at = PaymentState.SUCCEEDED, payment.paid_at or now, NEVER
    payment.review_reason = f"{ACCEPTED}{payment.review_reason}"
    await session.flush()
    log.info("payment.accepted", payment=payment_id)
    return await fulfil(session, payment, now, late=False)


async def reject(session: AsyncSession, payment_id: UUID, now: datetime) -> Payment:
    """Count a payment in review for nothing. What came of it can then be given back.

    Raises:
        PaymentNotFound, NotInReview, StrayPayment
    """
    payment = await _in_review(session, payment_id)
    payment.state, payment.failure, payment.next_check_at = PaymentState.CANCELED, DECLINED_BY_SHOP, NEVER
    await session.flush()
    await tell_failure(session, payment, DECLINED_BY_SHOP, now)
    log.info("payment.declined", payment=payment_id)
    return payment


async def _in_review(session: AsyncSession, payment_id: UUID) -> Payment:
    payment = await lock_payment(session, payment_id)
    if payment.state != PaymentState.REVIEW:
        raise NotInReview(payment=payment_id)
    if payment.order_id is None or payment.user_id is None:
        raise StrayPayment(payment=payment_id)
    return payment


async def open_dispute(session: AsyncSession, providers: Providers, payment_id: UUID, now: datetime) -> Payment:
    """A buyer's bank asks for the money: no key changes, but nothing that he saved is charged any more.

    Raises:
        PaymentNotFound, NotPaid
    """
    payment = await _paid(session, payment_id)
    payment.disputed_at = payment.disputed_at or now
    renewing = {provider.id for provider in providers if provider.by_bot}
    query = select(SavedMethod).where(SavedMethod.user_id == payment.user_id, SavedMethod.deleted_at.is_(None))
    for method in (await session.scalars(query)).all():
        await saved.forget(session, method.id, now, renewed_by_company=method.provider in renewing)
    log.warning("payment.disputed", payment=payment_id)
    return payment


async def win_dispute(session: AsyncSession, payment_id: UUID) -> Payment:
    """The money stays. What the buyer had saved stays deleted: he may save it again.

    Raises:
        PaymentNotFound, NotPaid, NotDisputed
    """
    payment = await _paid(session, payment_id)
    if payment.disputed_at is None:
        raise NotDisputed(payment=payment_id)
    payment.disputed_at = None
    return payment


async def lose_dispute(session: AsyncSession, providers: Providers, payment_id: UUID, now: datetime) -> Payment:
    """The bank took back all that was left: so do we, and the buyer is flagged.

    Raises:
        PaymentNotFound, NotPaid, NothingToGiveBack
        RefundUnderWay: money is on its way to him already.
    """
    payment = await open_dispute(session, providers, payment_id, now)
    left = left_of(payment)
    if not left.minor:
        raise NothingToGiveBack(payment=payment_id)
    standing = await refunds.find_open(session, payment_id)
    if standing is not None and standing.state != "asked":
        raise RefundUnderWay(payment=payment_id)
    if standing is not None:
        await refunds.end_refund(session, standing.id, "canceled")
    await take_back(session, payment, f"dispute-{payment.id}", left.minor, now, origin="dispute")
    assert payment.user_id is not None
    (await users.get_user(session, payment.user_id)).flagged_at = now
    return payment


async def _paid(session: AsyncSession, payment_id: UUID) -> Payment:
    payment = await lock_payment(session, payment_id)
    if payment.state != PaymentState.SUCCEEDED:
        raise NotPaid(payment=payment_id)
    return payment
