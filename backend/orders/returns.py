"""Buyers who want money back, for days they will not use or a payment made twice, and what operators say to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit.errors import Conflict
from backend.kit.money import Money
from backend.notifications.kinds import RefundDecided
from backend.notifications.service import notify
from backend.orders.asking import BY_BUYER, TWICE, ask_operators
from backend.orders.models import Order
from backend.orders.paid import count_untouched, days_ahead_of, had_working_key, paid_of, was_asked_for
from backend.orders.queries import find_payment
from backend.orders.refunds import refund
from backend.orders.rules import days_taken, price_of_days
from backend.orders.service import get_order, lock_order
from backend.payments import refunds
from backend.payments.models import Payment
from backend.payments.providers import Providers
from backend.payments.providers.base import GivesBack, PaymentProvider, PaymentState
from backend.payments.refunds import NothingToGiveBack, RefundUnderWay, left_of
from backend.payments.service import PaymentNotFound, lock_payment
from backend.subscriptions.models import Subscription

SECOND_FOR = timedelta(days=14)  # how long the second payment of a purchase goes back at one tap, at most


class AlreadyDecided(Conflict):
    """Somebody has decided on this refund before."""


class OfferEnded(Conflict):
    """The time in which this went back at one tap is over, or its days have begun."""


@dataclass(frozen=True, slots=True)
class Refundable:
    """A payment of which a buyer may have money back: so much, for so many days that are then gone."""

    payment_id: UUID
    order_number: int
    paid_at: datetime
    plan_names: dict[str, str]
    paid: Money
    amount: Money
    days: int
    by_days: bool  # the sum is for the days ahead, and less when they are fewer
    gives_back: GivesBack


async def refundable(
    session: AsyncSession, providers: Providers, user_id: int, now: datetime
) -> Sequence[Refundable]:
    """A person's payments of which money can go back, the newest first; what was declined is not offered again."""
    worth = [await _worth(session, providers, *row, now) for row in await paid_of(session, user_id)]
    return [one for one in worth if one is not None and not await was_asked_for(session, one.payment_id)]


async def _worth(
    session: AsyncSession, providers: Providers, payment: Payment, order: Order, now: datetime
) -> Refundable | None:
    """What of a payment would go back now; None: nothing.

    The sum is for the whole days still ahead, or all of it where the key never worked.
    """
    configured = {provider.id for provider in providers}
    if payment.state != PaymentState.SUCCEEDED or payment.disputed_at or payment.provider not in configured:
        return None
    subscription = await session.get(Subscription, order.subscription_id) if order.subscription_id else None
    if subscription is None or subscription.paid_until is None or order.period_days is None:
        return None
    gives_back, left = providers.get(payment.provider).gives_back, left_of(payment)
    days = order.period_days
    kept = days - days_taken(days, payment.amount_minor, payment.refunded_minor)
    ahead = await days_ahead_of(session, payment, subscription, now)
    never_worked = not await had_working_key(session, subscription.id)
    by_days = not never_worked and gives_back is not GivesBack.WHOLE
    if never_worked or (ahead and not by_days):
        amount, gone = left, kept
    else:
        minor = price_of_days(days, payment.amount_minor, payment.refunded_minor, ahead) if by_days and ahead else 0
        amount = Money(_taken_part(minor, left, providers.get(payment.provider)), left.currency)
        gone = kept if amount == left else ahead
    if amount.minor <= 0:
        return None
    return Refundable(
        payment_id=payment.id,
        order_number=order.number,
        paid_at=payment.paid_at or payment.created_at,
        plan_names=order.plan_snapshot["names"],
        paid=payment.amount,
        amount=amount,
        days=gone,
        by_days=by_days,
        gives_back=gives_back,
    )


def _taken_part(minor: int, left: Money, driver: PaymentProvider) -> int:
    """So much of what is left that its company takes it: not less than its least payment, nor leaving less."""
    least = driver.least.get(left.currency, 0) if driver.gives_back is GivesBack.ANY_PART else 0
    if minor < least:
        return 0
    return left.minor if left.minor - minor < least else minor


async def find_worth(
    session: AsyncSession, providers: Providers, now: datetime, *, payment_id: UUID, user_id: int
) -> Refundable:
    """What of this payment would go back now.

    Raises:
        PaymentNotFound: also when it is somebody else's.
        RefundUnderWay: asked for before, also when it was declined.
        NothingToGiveBack
    """
    found = await find_payment(session, payment_id, user_id)
    if found is None or found[0].user_id != user_id:
        raise PaymentNotFound(payment=payment_id)
    if await was_asked_for(session, payment_id):
        raise RefundUnderWay(payment=payment_id)
    worth = await _worth(session, providers, *found, now)
    if worth is None:
        raise NothingToGiveBack(payment=payment_id)
    return worth


async def ask_refund(
    session: AsyncSession, providers: Providers, now: datetime, *, payment_id: UUID, user_id: int
) -> Refundable:
    """Ask the operators for money back. Raises what `find_worth` does."""
    payment = await lock_payment(session, payment_id)
    worth = await find_worth(session, providers, now, payment_id=payment_id, user_id=user_id)
    order = await get_order(session, payment.order_id)
    await ask_operators(session, payment, order, now, amount=worth.amount, why=BY_BUYER)
    return worth


@dataclass(frozen=True, slots=True)
class Decision:
    """What an operator has decided, and what becomes of the money: `by_hand`, he must give it back in the cabinet."""

    order_number: int
    amount: Money
    by_hand: bool
    why: str  # it was asked for: one of those in backend/orders/asking.py
    payment_ref: str
    provider: str


async def decide(
    session: AsyncSession, providers: Providers, refund_id: UUID, now: datetime, *, granted: bool
) -> Decision:
    """An operator's tap on what was asked for. The sum is computed again: days have gone by.

    Raises:
        RefundNotFound, AlreadyDecided
        NothingToGiveBack: the days are over meanwhile; it still waits.
    """
    payment = await lock_payment(session, (await refunds.get_refund(session, refund_id))[1].id)
    asked, _ = await refunds.get_refund(session, refund_id)
    if asked.state != "asked":
        raise AlreadyDecided(refund=refund_id)
    order = await get_order(session, payment.order_id)
    if granted:
        amount = left_of(payment)
        if asked.reason == BY_BUYER:
            amount = await _pro_rata(session, providers, payment, order, now)
        decided = await refund(session, providers, payment.id, now, amount=amount)
        by_hand = decided.request_body is None
    else:
        amount, by_hand = Money(asked.amount_minor, payment.amount.currency), False
        await refunds.end_refund(session, refund_id, "canceled")
    if asked.reason == BY_BUYER:
        told = RefundDecided(refund_id, order.number, str(amount), granted, by_hand)
        await notify(session, order.user_id, told, once=f"refund-decided:{refund_id}", now=now)
    return Decision(
        order_number=order.number,
        amount=amount,
        by_hand=by_hand,
        why=asked.reason,
        payment_ref=payment.provider_payment_id or "",
        provider=payment.provider,
    )


async def call_off(session: AsyncSession, providers: Providers, payment_id: UUID, now: datetime) -> Money:
    """Decline what was asked for, or call off what waits for a person to give it back. How much that was.

    Raises:
        PaymentNotFound
        NothingToGiveBack: nothing of this payment waits for a person.
    """
    payment = await lock_payment(session, payment_id)
    waiting = await refunds.find_open(session, payment_id)
    if waiting is None or waiting.request_body is not None:
        raise NothingToGiveBack(payment=payment_id)
    if waiting.state == "asked":
        return (await decide(session, providers, waiting.id, now, granted=False)).amount
    amount = Money(waiting.amount_minor, payment.amount.currency)
    await refunds.end_refund(session, waiting.id, "canceled")
    if waiting.reason == BY_BUYER:
        order = await get_order(session, payment.order_id)
        told = RefundDecided(waiting.id, order.number, str(amount), granted=False)
        await notify(session, order.user_id, told, once=f"refund-called-off:{waiting.id}", now=now)
    return amount


async def _pro_rata(
    session: AsyncSession, providers: Providers, payment: Payment, order: Order, now: datetime
) -> Money:
    worth = await _worth(session, providers, payment, order, now)
    if worth is None:
        raise NothingToGiveBack(payment=payment.id)
    return worth.amount


async def return_second(
    session: AsyncSession, providers: Providers, now: datetime, *, payment_id: UUID, user_id: int
) -> tuple[Money, bool]:
    """Give back all of a payment of a purchase that was paid by another one too: how much that is.

    Nobody need agree. True: a person must do it in the company's cabinet, so the operators are asked to.

    Raises:
        PaymentNotFound: also when it is somebody else's.
        OfferEnded: later than 14 days after it was paid, or its days have begun. It can be asked for as any other.
        NothingToGiveBack: it is no longer the second.
        RefundUnderWay
    """
    payment = await lock_payment(session, payment_id)
    if payment.user_id != user_id:
        raise PaymentNotFound(payment=payment_id)
    await lock_order(session, payment.order_id)  # of several payments of it one stays, whatever is tapped at once
    if payment.paid_at is None or now - payment.paid_at > SECOND_FOR:
        raise OfferEnded(payment=payment_id)
    if await refunds.find_open(session, payment_id) is not None:
        raise RefundUnderWay(payment=payment_id)
    untouched = payment.state == PaymentState.SUCCEEDED and not payment.refunded_minor
    if not untouched or not await count_untouched(session, payment):
        raise NothingToGiveBack(payment=payment_id)
    order = await get_order(session, payment.order_id)
    if not await _is_unused(session, payment, order, now):
        raise OfferEnded(payment=payment_id)
    by_hand = providers.get(payment.provider).gives_back is GivesBack.BY_HAND
    if by_hand:
        await ask_operators(session, payment, order, now, amount=payment.amount, why=TWICE)
    else:
        await refund(session, providers, payment_id, now, reason=TWICE)
    return payment.amount, by_hand


async def _is_unused(session: AsyncSession, payment: Payment, order: Order, now: datetime) -> bool:
    """Whether all the days of a payment are still ahead, or the key never worked."""
    subscription = await session.get(Subscription, order.subscription_id)
    assert subscription is not None, "it was paid"
    ahead = await days_ahead_of(session, payment, subscription, now)
    return ahead == order.period_days or not await had_working_key(session, subscription.id)
