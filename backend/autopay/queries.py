"""Reading mandates with everything that decides about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Select, and_, cast, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from backend.autopay.models import Mandate
from backend.autopay.rules import FIRST_NOTICE, LAPSES_AFTER, LAST_NOTICE, RISE_NOTICE, Notice, Reason, Try
from backend.consents.models import Consent
from backend.kit.db import FRESH
from backend.kit.money import Currency, Money
from backend.notifications.models import Notification
from backend.orders.asking import TWICE
from backend.orders.models import Order
from backend.payments.models import Payment, Refund, SavedMethod
from backend.payments.providers.base import PaymentState
from backend.payments.saved import RENEWED
from backend.plans.models import Plan, PlanPrice
from backend.subscriptions.models import Subscription
from backend.users.models import User

UNDER_WAY = (PaymentState.PENDING, PaymentState.CONFIRMING)
LIVING = ("active", "suspended")

_IN_DISPUTE = exists().where(Payment.user_id == Mandate.user_id, Payment.disputed_at.is_not(None))
_AS_THE_SECOND = exists().where(Refund.payment_id == Payment.id, Refund.reason == TWICE, Refund.state == "succeeded")
_GIVEN_BACK = exists().where(
    or_(Payment.id == SavedMethod.payment_id, Payment.saved_method_id == SavedMethod.id),
    Payment.refunded_minor >= Payment.amount_minor,
    ~_AS_THE_SECOND,
)
_STILL_SOLD = exists().where(
    Plan.id == Mandate.plan_id,
    Plan.withdrawn_at.is_(None),
    PlanPrice.plan_id == Plan.id,
    PlanPrice.currency == Mandate.currency,
    PlanPrice.amount_minor == Mandate.max_amount_minor,
)
_RISE_UNTOLD = exists().where(
    Plan.id == Mandate.plan_id,
    Plan.withdrawn_at.is_(None),
    PlanPrice.plan_id == Plan.id,
    PlanPrice.currency == Mandate.currency,
    PlanPrice.amount_minor > Mandate.max_amount_minor,
    ~exists().where(
        Notification.dedup_key == func.concat("autopay-rise:", Mandate.id, ":", PlanPrice.amount_minor),
    ),
)
_PAID_SINCE = exists().where(
    Payment.saved_method_id == SavedMethod.id,
    Payment.state == PaymentState.SUCCEEDED,
    Payment.paid_at > Mandate.ended_at,
)
_WARNABLE = and_(Subscription.paid_until > Mandate.ended_at + LAST_NOTICE, User.unreachable_at.is_(None))
"""Renewed by its owner, who hears us again: the notice he missed was given on the last day of what he had."""


def _blocked() -> ColumnElement[bool]:
    return or_(User.blocked_at.is_not(None), User.flagged_at.is_not(None), Subscription.blocked)


async def due_mandates(session: AsyncSession, now: datetime, *, limit: int = 2000) -> Sequence[UUID]:
    """Mandates near the end of what is paid for, or with a reason to stop; the most urgent first."""
    epoch = cast(func.floor(func.extract("epoch", Subscription.paid_until)), BigInteger)
    told_early = exists().where(Notification.dedup_key == func.concat("autopay-3:", Mandate.id, ":", epoch))
    soon = or_(Subscription.paid_until <= now + LAST_NOTICE, ~told_early)
    by_shop = and_(Mandate.charged_by == "shop", Subscription.paid_until <= now + FIRST_NOTICE, soon)
    early = and_(Subscription.paid_until <= now + RISE_NOTICE, Subscription.paid_until > now + FIRST_NOTICE)
    rises = and_(Mandate.charged_by == "shop", early, _RISE_UNTOLD)
    by_company = and_(Mandate.charged_by == "provider", ~_STILL_SOLD)
    gone, ended = SavedMethod.deleted_at.is_not(None), (_blocked(), _IN_DISPUTE, _GIVEN_BACK)
    active = or_(by_shop, rises, by_company, gone, *ended)
    works_again = and_(Mandate.reason == Reason.FAILED, _PAID_SINCE)
    not_lapsed = Subscription.paid_until > now - LAPSES_AFTER
    is_back = and_(Mandate.reason == Reason.UNWARNED, _WARNABLE)
    has_email = and_(Mandate.reason == Reason.EMAIL, User.email.is_not(None), not_lapsed)
    query = (
        select(Mandate.id)
        .join(Subscription, Subscription.id == Mandate.subscription_id)
        .join(User, User.id == Mandate.user_id)
        .join(SavedMethod, SavedMethod.id == Mandate.saved_method_id)
        .where(
            or_(
                and_(Mandate.state == "active", active),
                and_(Mandate.state == "suspended", or_(works_again, is_back, has_email, *ended)),
            )
        )
        .order_by(Subscription.paid_until)
        .limit(limit)
    )
    return (await session.scalars(query)).all()


async def stopped_by(session: AsyncSession, mandate: Mandate) -> Reason | None:
    """What ends this mandate for good, whatever its cycle says."""
    query = (
        select(_blocked(), _IN_DISPUTE, _GIVEN_BACK, SavedMethod.deleted_at.is_not(None))
        .select_from(Mandate)
        .join(Subscription, Subscription.id == Mandate.subscription_id)
        .join(User, User.id == Mandate.user_id)
        .join(SavedMethod, SavedMethod.id == Mandate.saved_method_id)
        .where(Mandate.id == mandate.id)
    )
    found = (await session.execute(query)).one()
    reasons = (Reason.BLOCKED, Reason.DISPUTED, Reason.REFUNDED, Reason.METHOD_GONE)
    return next((reason for reason, holds in zip(reasons, found, strict=True) if holds), None)


async def paid_since(session: AsyncSession, mandate: Mandate) -> bool:
    """Whether what failed to renew was renewed after that."""
    query = select(Mandate.id).join(SavedMethod, SavedMethod.id == Mandate.saved_method_id)
    return await session.scalar(query.where(Mandate.id == mandate.id, _PAID_SINCE)) is not None


async def may_be_warned(session: AsyncSession, mandate: Mandate) -> bool:
    """Whether who missed a notice has renewed by himself since then, and hears us."""
    query = (
        select(Mandate.id)
        .join(Subscription, Subscription.id == Mandate.subscription_id)
        .join(User, User.id == Mandate.user_id)
        .where(Mandate.id == mandate.id, _WARNABLE)
    )
    return await session.scalar(query) is not None


async def price_now(session: AsyncSession, mandate: Mandate) -> Money | None:
    """What the plan costs today in the mandate's currency; None: it is not sold."""
    query = (
        select(PlanPrice.amount_minor)
        .join(Plan, Plan.id == PlanPrice.plan_id)
        .where(Plan.id == mandate.plan_id, Plan.withdrawn_at.is_(None), PlanPrice.currency == mandate.currency)
    )
    minor = await session.scalar(query)
    return None if minor is None else Money(minor, Currency(mandate.currency))


async def charges_of(session: AsyncSession, cycle_key: str) -> Sequence[Try]:
    """The attempts of one renewal, oldest first; one that was called off before it was sent is none."""
    query = (
        select(Payment)
        .join(Order, Order.id == Payment.order_id)
        .where(Order.cycle_key == cycle_key, Payment.failure.is_distinct_from(RENEWED))
        .order_by(Payment.created_at, Payment.id)
    )
    found = await session.scalars(query)
    return [Try(one.created_at, PaymentState(one.state), one.failure, one.amount) for one in found]


async def has_open_charge(session: AsyncSession, subscription_id: UUID, *, states: Sequence[str]) -> bool:
    """Whether a charge of ours for this subscription, of any renewal, is in one of these states."""
    query = (
        select(Payment.id)
        .join(Order, Order.id == Payment.order_id)
        .where(Order.subscription_id == subscription_id, Payment.initiated_by == "shop", Payment.state.in_(states))
        .limit(1)
    )
    return await session.scalar(query) is not None


def notice_key(mandate: Mandate, until: datetime, *, last: bool) -> str:
    """What names one notice of one renewal; `due_mandates` builds the same in SQL."""
    return f"autopay-{1 if last else 3}:{mandate.id}:{int(until.timestamp())}"


async def find_notice(session: AsyncSession, mandate: Mandate, until: datetime, *, last: bool) -> Notice | None:
    """What the owner is told before this end, and whether he heard it."""
    query = select(Notification).where(Notification.dedup_key == notice_key(mandate, until, last=last))
    told = (await session.scalars(query)).one_or_none()
    if told is None:
        return None
    amount, heard = Money(told.payload["amount_minor"], Currency(mandate.currency)), told.outcome == "sent"
    return Notice(told.done_at if heard else None, amount, missed=told.done_at is not None and not heard)


def rise_key(mandate: Mandate, price: Money) -> str:
    """What names the word of one price that is above what was agreed to; `due_mandates` builds the same in SQL."""
    return f"autopay-rise:{mandate.id}:{price.minor}"


async def is_told(session: AsyncSession, key: str) -> bool:
    """Whether this was said, or is about to be."""
    query = select(Notification.id).where(Notification.dedup_key == key)
    return await session.scalar(query) is not None


async def unopened_methods(session: AsyncSession) -> Sequence[SavedMethod]:
    """What was kept for renewals and no mandate uses yet, the oldest first."""
    query = (
        select(SavedMethod)
        .where(SavedMethod.deleted_at.is_(None))
        .where(~exists().where(Mandate.saved_method_id == SavedMethod.id))
        .order_by(SavedMethod.created_at)
    )
    return (await session.scalars(query)).all()


async def agreed_by(session: AsyncSession, method: SavedMethod) -> Order:
    """The order that agreed to renewals, by whose payment this was kept."""
    query = select(Order).join(Payment, Payment.order_id == Order.id).where(Payment.id == method.payment_id)
    return (await session.scalars(query)).one()


async def is_used(session: AsyncSession, method_id: UUID) -> bool:
    """Whether there is a mandate for what was kept."""
    return await session.scalar(select(Mandate.id).where(Mandate.saved_method_id == method_id).limit(1)) is not None


async def is_outdated(session: AsyncSession, method: SavedMethod, subscription_id: UUID) -> bool:
    """Whether what its owner agreed to later renews, or renewed, this subscription already."""
    query = (
        select(Mandate.id)
        .join(SavedMethod, SavedMethod.id == Mandate.saved_method_id)
        .where(Mandate.subscription_id == subscription_id, SavedMethod.created_at > method.created_at)
    )
    return await session.scalar(query.limit(1)) is not None


async def taken_back(session: AsyncSession, user_id: int, consent_id: int) -> bool:
    """Whether somebody switched renewals off after this consent to them."""
    query = select(Consent.id).where(
        Consent.user_id == user_id, Consent.document == "autopay:withdrawn", Consent.id > consent_id
    )
    return await session.scalar(query.limit(1)) is not None


async def graced_subscriptions(session: AsyncSession) -> Sequence[UUID]:
    """Subscriptions whose keys may outlive their time."""
    return (await session.scalars(select(Subscription.id).where(Subscription.grace_until.is_not(None)))).all()


@dataclass(frozen=True, slots=True)
class Renewal:
    """A mandate as its owner sees it."""

    mandate: Mandate
    method: SavedMethod
    until: datetime | None
    plan: Plan


async def find_renewal(session: AsyncSession, mandate_id: UUID, user_id: int) -> Renewal | None:
    """A mandate of this person, whatever its state."""
    query = _renewals().where(Mandate.id == mandate_id, Mandate.user_id == user_id)
    row = (await session.execute(query)).one_or_none()
    return Renewal(*row) if row else None


async def renewals_of(session: AsyncSession, user_id: int) -> Sequence[Renewal]:
    """A person's mandates that are on or paused: one for each subscription, the newest."""
    newer = aliased(Mandate)
    overtaken = exists().where(
        newer.subscription_id == Mandate.subscription_id,
        newer.state.in_(LIVING),
        newer.created_at > Mandate.created_at,
    )
    query = _renewals().where(Mandate.user_id == user_id, Mandate.state.in_(LIVING), ~overtaken)
    rows = await session.execute(query.order_by(Mandate.created_at))
    return [Renewal(*row) for row in rows]


def _renewals() -> Select[Mandate, SavedMethod, datetime | None, Plan]:
    return (
        select(Mandate, SavedMethod, Subscription.paid_until, Plan)
        .join(SavedMethod, SavedMethod.id == Mandate.saved_method_id)
        .join(Subscription, Subscription.id == Mandate.subscription_id)
        .join(Plan, Plan.id == Mandate.plan_id)
    )


async def last_charge(session: AsyncSession, user_id: int, since: datetime) -> Payment | None:
    """The newest charge without the buyer that stands or may yet: under way, or paid since then."""
    query = (
        select(Payment)
        .where(
            Payment.user_id == user_id,
            Payment.initiated_by == "shop",
            or_(
                and_(Payment.state == PaymentState.NEW, Payment.checked_at.is_not(None)),
                Payment.state.in_(UNDER_WAY),
                and_(Payment.state == PaymentState.SUCCEEDED, Payment.paid_at > since),
            ),
        )
        .order_by(Payment.created_at.desc())
        .limit(1)
    )
    return (await session.scalars(query)).one_or_none()


async def lock_order(session: AsyncSession, key: str) -> Order:
    """The order of one renewal, locked."""
    query = select(Order).where(Order.cycle_key == key).with_for_update()
    return (await session.scalars(query, execution_options=FRESH)).one()


async def ask_for(session: AsyncSession, order: Order, asked: Mapping[str, Any]) -> None:
    """Change what an unpaid order asks for. The caller holds its row."""
    await session.execute(update(Order).where(Order.id == order.id).values(**asked))
    await session.refresh(order)


async def renews_itself(session: AsyncSession, subscription_id: UUID) -> bool:
    """Whether this subscription is renewed without its owner: not while a charge of it is looked into."""
    query = select(Mandate.id).where(Mandate.subscription_id == subscription_id, Mandate.state == "active")
    if await session.scalar(query) is None:
        return False
    return not await has_open_charge(session, subscription_id, states=[PaymentState.REVIEW])
