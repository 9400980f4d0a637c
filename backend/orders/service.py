"""The sale: an order is placed, and a payment of it becomes days and a key."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from backend.consents.service import accept, accept_offer
from backend.kit.errors import NotFound
from backend.kit.jobs import Job, enqueue
from backend.kit.money import Money
from backend.kit.tokens import new_id
from backend.notifications.kinds import (
    Paid,
    PaidAgain,
    PaymentChecked,
    PaymentFailed,
    PaymentInReview,
    PaymentSeen,
    Refunded,
    RefundUnread,
)
from backend.notifications.service import notify, tell_operators
from backend.orders import renewals
from backend.orders.asking import BLOCKED, ask_for_the_rest, ask_operators
from backend.orders.models import Order
from backend.orders.paid import paid_besides
from backend.orders.queries import find_open_order, purchase
from backend.orders.rules import days_taken
from backend.payments import inbox, refunds, saved
from backend.payments.models import Event, Payment
from backend.payments.providers import Providers
from backend.payments.providers.base import Hint, PaymentState, RefundSnapshot, Snapshot
from backend.payments.recording import Recorded, record
from backend.plans.models import Plan
from backend.receipts import service as receipts
from backend.receipts.rules import item_name
from backend.subscriptions import service as subscriptions
from backend.subscriptions.service import Granted, Limits
from backend.users import service as users

log = structlog.get_logger()

PRICE_HOLDS = timedelta(hours=1)  # as long as a payment page lives
CAME = (PaymentState.SUCCEEDED, PaymentState.REVIEW, PaymentState.CANCELED)  # only money that came goes back
NOT_LISTED = "a refund that is not listed yet"


class OrderNotFound(NotFound):
    """There is no such order."""


@dataclass(frozen=True)
class RefreshPayment(Job):
    """Ask a provider how a payment stands, and settle it."""

    provider: str
    ref: str


async def wake_refresh(session: AsyncSession, provider_id: str, ref: str) -> None:
    name = f"{provider_id}:{ref}"
    await enqueue(session, RefreshPayment(provider_id, ref), once=name, serial=name)


async def keep_event(
    session: AsyncSession,
    providers: Providers,
    provider_id: str,
    hint: Hint,
    body: bytes,
    *,
    ip: str | None = None,
    now: datetime,
) -> Event:
    """Store what a provider said and wake a job that finds out whether it is true."""
    event = await inbox.store_event(session, providers, provider_id, hint, body, ip=ip, now=now)
    if event.proven:
        await wake_refresh(session, provider_id, hint.ref)
    return event


async def place_order(
    session: AsyncSession,
    now: datetime,
    *,
    user_id: int,
    plan: Plan,
    price: Money,
    request_id: str,
    shown_in: str | None,
    autopay: bool,
) -> Order:
    """What a tap on a method agrees to: this plan at this price, with the offer accepted.

    The same request gives the same order while that is unpaid and its price holds. The caller holds the user's row.
    """
    again = await find_open_order(session, user_id, request_id, now, price=price, renewed=autopay)
    if again is not None:
        return again
    subscription = await subscriptions.subscription_to_extend(session, user_id, now)
    consent = await accept_offer(session, user_id, now, channel="bot")
    renewals_too = await accept(session, user_id, "autopay", now, channel="bot") if autopay else None
    order = Order(
        id=new_id(),
        user_id=user_id,
        subscription_id=subscription.id,
        kind="extend" if subscription.paid_until else "purchase",
        plan_id=plan.id,
        plan_snapshot=snapshot_of(plan),
        period_days=plan.days,
        amount_minor=price.minor,
        currency=price.currency.value,
        consent_id=consent.id,
        autopay_consent_id=renewals_too.id if renewals_too else None,
        client_request_id=f"{request_id}#{new_id()}",
        shown_in=shown_in,
        expires_at=now + PRICE_HOLDS,
        created_at=now,
    )
    session.add(order)
    await session.flush()
    log.info("order.placed", order=order.id, user=user_id, plan=plan.id)
    return order


def snapshot_of(plan: Plan) -> dict[str, Any]:
    """What was promised, whatever becomes of the plan."""
    return {
        "names": plan.names,
        "days": plan.days,
        "device_limit": plan.device_limit,
        "traffic_limit_bytes": plan.traffic_limit_bytes,
    }


async def settle(
    session: AsyncSession,
    providers: Providers,
    provider_id: str,
    snapshot: Snapshot,
    now: datetime,
    *,
    event: Event | None = None,
    returned: Sequence[RefundSnapshot] = (),
) -> Recorded | None:
    """Turn what a provider says into what the buyer gets, in one transaction. The only way money becomes days.

    `event` is the stored one that is itself the truth: it alone is handled then, any other says something of its
    own. `returned` are the payment's refunds, where the snapshot speaks of money that went back. None: the snapshot
    is not of a payment of ours, and nothing changed.
    """
    await renewals.expect(session, providers, provider_id, snapshot, now)
    recorded = await record(session, providers, provider_id, snapshot, now)
    if recorded is None:
        await inbox.reject_events(session, provider_id, snapshot.ref, "unproven", now)
        return None
    payment = recorded.payment
    if recorded.became_paid:
        await fulfil(session, payment, now, late=recorded.before is PaymentState.CANCELED)
        if snapshot.saved is not None and (payment.save_method or snapshot.begins):
            await saved.keep(session, payment, snapshot.saved, now)
    else:
        await _tell_move(session, recorded, snapshot, now)
    gone = snapshot.refunded_minor or 0
    if snapshot.refund_ref is not None:
        await take_back(session, payment, snapshot.refund_ref, gone - payment.refunded_minor, now)
    elif recorded.stray:
        assert payment.review_reason is not None
        await refunds.give_all_back(session, providers, payment, payment.review_reason, now)
    for refund in returned:
        await take_listed(session, payment, refund, now)
    if event is not None:
        event.handled_at = now
    elif payment.refunded_minor < gone and payment.state in CAME:
        await inbox.postpone_events(session, provider_id, snapshot.ref, NOT_LISTED, now)
    else:
        await inbox.close_events(session, provider_id, snapshot.ref, snapshot.state, now)
    return recorded


async def settle_told(session: AsyncSession, providers: Providers, provider_id: str, ref: str, now: datetime) -> bool:
    """Settle what stored events say themselves, in their order. False: none does, so the provider is to be asked."""
    told = False
    for event in await inbox.open_events(session, provider_id, ref):
        snapshot = providers.get(provider_id).told(event.body)
        if snapshot is not None:
            told = True
            await settle(session, providers, provider_id, snapshot, now, event=event)
    return told


async def take_listed(session: AsyncSession, payment: Payment, refund: RefundSnapshot, now: datetime) -> None:
    """Take back what a company lists as given back. The caller holds the payment's row."""
    if refund.state != "succeeded":
        return
    if refund.amount is None:
        await _tell_unread(session, payment, refund.ref, now)
        return
    known = payment.refunded_minor if refund.in_all else 0
    await take_back(session, payment, refund.ref, refund.amount.minor - known, now)


async def _tell_unread(session: AsyncSession, payment: Payment, ref: str, now: datetime) -> None:
    order = await get_order(session, payment.order_id)
    assert payment.provider_payment_id is not None, "only what was paid goes back"
    unread = RefundUnread(payment.id, payment.provider_payment_id, payment.provider, order.number)
    await tell_operators(session, unread, once=f"refund-unread:{payment.id}:{ref}", now=now)


async def take_back(
    session: AsyncSession, payment: Payment, ref: str, minor: int, now: datetime, *, origin: str = "external"
) -> None:
    """Money went back by the refund `ref`: so do the days it bought, once. The caller holds the payment's row."""
    if payment.state not in CAME:
        return
    before = payment.refunded_minor
    refund = await refunds.enter_refund(session, payment, ref, minor, now, origin=origin)
    if refund is None:
        return
    amount = str(Money(refund.amount_minor, payment.amount.currency))
    if payment.state != PaymentState.SUCCEEDED:
        payer = await _payer_of(session, payment)
        if payer is not None:
            await notify(session, payer, Refunded(amount, counted=False), once=f"refunded:{refund.id}", now=now)
        return
    order = await get_order(session, payment.order_id)
    assert order.subscription_id is not None
    assert order.period_days is not None
    days, whole = order.period_days, payment.amount_minor
    taken = days_taken(days, whole, payment.refunded_minor) - days_taken(days, whole, before)
    subscription = await subscriptions.take_days(
        session, order.subscription_id, taken, now, source="refund", source_id=str(refund.id)
    )
    await ask_for_the_rest(session, payment, order, subscription, now)
    told = Refunded(amount, counted=True, until=subscription.paid_until)
    await notify(session, order.user_id, told, once=f"refunded:{refund.id}", now=now)


async def _payer_of(session: AsyncSession, payment: Payment) -> int | None:
    """Whose money a payment was that counted for nobody."""
    if payment.payer_ref:
        payer = await users.find_by_telegram(session, int(payment.payer_ref))
        return payer.id if payer else None
    return payment.user_id


async def fulfil(session: AsyncSession, payment: Payment, now: datetime, *, late: bool) -> Granted:
    """Give what was paid for. The caller holds the payment's row and has just moved it to succeeded."""
    order = await get_order(session, payment.order_id)
    assert order.subscription_id is not None
    assert order.period_days is not None
    promised = order.plan_snapshot
    granted = await subscriptions.grant_days(
        session,
        order.subscription_id,
        order.period_days,
        now,
        source="payment",
        source_id=str(payment.id),
        limits=Limits(order.plan_id, promised["device_limit"], promised["traffic_limit_bytes"]),
    )
    user = await users.get_user(session, order.user_id)
    closed = user.blocked_at is not None or granted.subscription.blocked
    others = await paid_besides(session, payment)
    kept = sum(days - days_taken(days, one.amount_minor, one.refunded_minor) for one, days in others)
    paid = Paid(
        payment_id=payment.id,
        subscription_id=granted.subscription.id,
        days=order.period_days + kept,
        until=granted.until,
        amount=str(payment.amount),
        key_ready=granted.key_ready,
        shown_in=order.shown_in,
        late=late,
        times=1 + len(others),
        closed=closed,
    )
    await notify(session, order.user_id, paid, once=f"paid:{payment.id}", now=now)
    await receipts.enter(session, payment, item_name(order.period_days, order.number), now)
    if others:
        again = PaidAgain(order.number, str(payment.amount), payment.provider, 1 + len(others))
        await tell_operators(session, again, once=f"again:{payment.id}", now=now)
    if closed:
        await ask_operators(session, payment, order, now, amount=payment.amount, why=BLOCKED)
    log.info("payment.settled", order=order.id, payment=payment.id, days=order.period_days)
    return granted


async def tell_failure(session: AsyncSession, payment: Payment, reason: str | None, now: datetime) -> None:
    """Say that a payment came to nothing, in the message where it was to be paid.

    Of what we charged by ourselves autopay tells more: what comes next.
    """
    if payment.initiated_by == "shop":
        return
    order = await get_order(session, payment.order_id)
    failed = PaymentFailed(payment.id, order.plan_id, reason, order.shown_in)
    await notify(session, order.user_id, failed, once=f"failed:{payment.id}", now=now)


async def _tell_move(session: AsyncSession, recorded: Recorded, snapshot: Snapshot, now: datetime) -> None:
    """Say where an unpaid payment has come to, if it has moved. Money that is only held is taken within seconds."""
    match recorded.became:
        case PaymentState.CANCELED:
            await tell_failure(session, recorded.payment, snapshot.reason, now)
        case PaymentState.CONFIRMING if not snapshot.held:
            await _tell_seen(session, recorded.payment, now)
        case PaymentState.REVIEW:
            await _tell_review(session, recorded.payment, now)


async def _tell_seen(session: AsyncSession, payment: Payment, now: datetime) -> None:
    order = await get_order(session, payment.order_id)
    seen = PaymentSeen(payment.id, order.shown_in)
    await notify(session, order.user_id, seen, once=f"seen:{payment.id}", now=now)


async def _tell_review(session: AsyncSession, payment: Payment, now: datetime) -> None:
    assert payment.review_reason is not None
    review = PaymentInReview(payment.id, payment.provider, payment.review_reason)
    await tell_operators(session, review, once=f"review:{payment.id}", now=now)
    order = await get_order(session, payment.order_id)
    checked = PaymentChecked(payment.id, order.shown_in)
    await notify(session, order.user_id, checked, once=f"checked:{payment.id}", now=now)


async def lock_order(session: AsyncSession, order_id: UUID | None) -> None:
    """With the others of its purchase and its subscription, until the transaction ends, after its payment as always.

    Rows that name them may be written meanwhile.
    """
    mine = aliased(Order)
    same = (purchase(mine) == purchase(Order)) | (mine.subscription_id == Order.subscription_id)
    together = exists().where(mine.id == order_id, mine.user_id == Order.user_id, same)
    await session.execute(select(Order.id).where(together).order_by(Order.id).with_for_update(key_share=True))


async def get_order(session: AsyncSession, order_id: UUID | None) -> Order:
    """Raises OrderNotFound."""
    order = await session.get(Order, order_id) if order_id else None
    if order is None:
        raise OrderNotFound(order=order_id)
    return order
