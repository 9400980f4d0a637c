"""Mandates: opened by a payment that agreed to them, moved through each renewal, ended by one tap.

Whoever changes a mandate holds its row first; then come order, subscription and saved method.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.autopay import queries
from backend.autopay.models import Mandate
from backend.autopay.rules import GRACE, OPEN, Act, Cycle, Own, Reason, Step, decide, decide_renewed
from backend.consents.service import accept, withdraw
from backend.kit.db import FRESH
from backend.kit.errors import NotFound
from backend.kit.jobs import Job, enqueue
from backend.kit.money import Money
from backend.kit.tokens import new_id
from backend.notifications.kinds import AutopayDearer, AutopayNotice, AutopayOn, AutopayStopped
from backend.notifications.service import notify
from backend.orders.queries import begun_by_owner
from backend.orders.rules import STALE_AFTER, cycle_key
from backend.payments import saved
from backend.payments.circuits import not_offered
from backend.payments.models import Payment, SavedMethod
from backend.payments.providers import Providers
from backend.payments.providers.base import PaymentState
from backend.subscriptions import service as subscriptions
from backend.subscriptions.models import Subscription
from backend.users import service as users

log = structlog.get_logger()

STANDS_FOR = timedelta(hours=24)  # a charge made so short ago is news to whoever switches renewals off
UNTOLD = frozenset({Reason.BLOCKED, Reason.DISPUTED, Reason.REPLACED, Reason.OFF})  # said otherwise, or not at all


class MandateNotFound(NotFound):
    """There is no such permission to renew."""


@dataclass(frozen=True)
class StopRenewal(Job):
    """Tell a company not to renew by itself any more."""

    method_id: UUID


async def lock_mandate(session: AsyncSession, mandate_id: UUID) -> Mandate:
    """Its row, locked and fresh. Raises MandateNotFound."""
    query = select(Mandate).where(Mandate.id == mandate_id).with_for_update()
    found = (await session.scalars(query, execution_options=FRESH)).one_or_none()
    if found is None:
        raise MandateNotFound(mandate=mandate_id)
    return found


async def open_mandate(session: AsyncSession, providers: Providers, method_id: UUID, now: datetime) -> None:
    """What was paid with a consent to renewals and was kept for them becomes a mandate of its subscription.

    The consent counts while it was not taken back and no later one was used; a mandate it finds there is replaced.
    What a provider without credentials keeps waits for them.
    """
    method = await saved.lock_method(session, method_id)
    provider = providers.find(method.provider)
    if provider is None or method.deleted_at is not None or await queries.is_used(session, method.id):
        return
    order = await queries.agreed_by(session, method)
    by_company, consent = provider.renews_itself, order.autopay_consent_id
    assert order.subscription_id is not None
    if (
        consent is None
        or order.plan_id is None
        or await queries.taken_back(session, order.user_id, consent)
        or await queries.is_outdated(session, method, order.subscription_id)
    ):
        await _forget(session, method.id, now, by_company=by_company)
        return
    await _lock_subscription_mandates(session, order.subscription_id, now)
    mandate = Mandate(
        id=new_id(),
        user_id=order.user_id,
        subscription_id=order.subscription_id,
        saved_method_id=method.id,
        consent_id=consent,
        plan_id=order.plan_id,
        period_days=order.period_days,
        max_amount_minor=order.amount_minor,
        currency=order.currency,
        charged_by="provider" if by_company else "shop",
        state="active",
        created_at=now,
    )
    session.add(mandate)
    await session.flush()
    await notify(session, order.user_id, AutopayOn(mandate.id), once=f"autopay-on:{mandate.id}", now=now)
    log.info("autopay.on", mandate=mandate.id, subscription=mandate.subscription_id, by=mandate.charged_by)


async def _lock_subscription_mandates(session: AsyncSession, subscription_id: UUID, now: datetime) -> None:
    """End every mandate of this subscription in favour of a new one."""
    query = select(Mandate).where(Mandate.subscription_id == subscription_id, Mandate.state.in_(queries.LIVING))
    for mandate in (await session.scalars(query.with_for_update())).all():
        await end(session, mandate, Reason.REPLACED, now)
    await session.flush()


async def end(session: AsyncSession, mandate: Mandate, reason: str, now: datetime) -> None:
    """For good: its saved method is forgotten with it, so nothing that was not sent is ever sent."""
    mandate.state, mandate.reason, mandate.ended_at = "ended", reason, now
    await _forget(session, mandate.saved_method_id, now, by_company=mandate.charged_by == "provider")
    log.info("autopay.off", mandate=mandate.id, reason=reason)


async def _forget(session: AsyncSession, method_id: UUID, now: datetime, *, by_company: bool) -> None:
    await saved.forget(session, method_id, now, renewed_by_company=by_company)
    if by_company:
        await wake_stop(session, method_id)


async def wake_stop(session: AsyncSession, method_id: UUID) -> None:
    await enqueue(session, StopRenewal(method_id), once=str(method_id), serial=f"stop:{method_id}")


async def suspend(session: AsyncSession, mandate: Mandate, reason: str, now: datetime) -> None:
    """Nothing is charged until its owner agrees to something or pays."""
    mandate.state, mandate.reason, mandate.ended_at = "suspended", reason, now
    log.info("autopay.paused", mandate=mandate.id, reason=reason)


async def unclear(session: AsyncSession, providers: Providers, mandate_id: UUID, now: datetime) -> Sequence[Payment]:
    """What the owner began to pay himself and may have paid, where that is all a charge waits for."""
    mandate = await lock_mandate(session, mandate_id)
    if mandate.state != "active" or (await look_at(session, providers, mandate, now)).act is not Act.ASK:
        return ()
    return await begun_by_owner(session, mandate.subscription_id, OPEN, since=now - STALE_AFTER)


async def look_at(
    session: AsyncSession,
    providers: Providers,
    mandate: Mandate,
    now: datetime,
    *,
    answers: Mapping[UUID, bool] | None = None,
) -> Step:
    """What to do with an active mandate, from everything as it is at this moment.

    The caller holds its row. Its subscription is locked: nobody pays for it meanwhile. `answers`: which payments were
    asked about, and whether that was answered.
    """
    subscription = await subscriptions.lock_subscription(session, mandate.subscription_id)
    until = subscription.paid_until
    price, stopped = await queries.price_now(session, mandate), await queries.stopped_by(session, mandate)
    if mandate.charged_by == "provider":
        return decide_renewed(Cycle(until, mandate.most, price, stopped))
    if until is None or stopped is not None:
        return decide(Cycle(until, mandate.most, price, stopped), now)
    if await queries.has_open_charge(session, subscription.id, states=sorted(OPEN)):
        return Step(Act.WAIT)
    method = await session.get(SavedMethod, mandate.saved_method_id)
    assert method is not None
    owner = await users.get_user(session, mandate.user_id)
    begun, asked = await begun_by_owner(session, subscription.id, OPEN, since=now - STALE_AFTER), answers or {}
    cycle = Cycle(
        until=until,
        most=mandate.most,
        price=price,
        rise_told=price is not None and await queries.is_told(session, queries.rise_key(mandate, price)),
        warned_early=await queries.find_notice(session, mandate, until, last=False) is not None,
        notice=await queries.find_notice(session, mandate, until, last=True),
        tries=await queries.charges_of(session, cycle_key(mandate.subscription_id, until)),
        own=[Own(one.created_at, PaymentState(one.state), asked.get(one.id)) for one in begun],
        provider_works=bool(providers.find(method.provider)) and method.provider not in await not_offered(session),
        lacks_email=not owner.email and any(one.needs_email for one in providers if one.id == method.provider),
    )
    return decide(cycle, now)


async def stop(session: AsyncSession, mandate: Mandate, step: Step, now: datetime) -> None:
    """Do what a step says that stops a mandate, and tell its owner."""
    reason = step.reason or "unknown"
    await (end if step.act is Act.END else suspend)(session, mandate, reason, now)
    if reason not in UNTOLD:
        price = step.amount
        told = AutopayStopped(mandate.id, reason, str(price) if price else None, price.minor if price else None)
        await notify(session, mandate.user_id, told, once=f"autopay-stopped:{mandate.id}:{reason}:{now}", now=now)


async def warn(
    session: AsyncSession, mandate: Mandate, until: datetime, step: Step, *, last: bool, now: datetime
) -> None:
    """Say what will be charged when. The last such word of a renewal is what its charge waits for."""
    assert step.amount is not None
    assert step.at is not None
    told = AutopayNotice(mandate.id, str(step.amount), step.amount.minor, until, step.at)
    await notify(session, mandate.user_id, told, once=queries.notice_key(mandate, until, last=last), now=now)


async def announce(session: AsyncSession, mandate: Mandate, price: Money, now: datetime) -> None:
    """Ask for consent to a higher price, once for each, long before nothing would be charged for want of it."""
    told = AutopayDearer(mandate.id, str(price), price.minor)
    await notify(session, mandate.user_id, told, once=queries.rise_key(mandate, price), now=now)


async def keep_grace(session: AsyncSession, subscription_id: UUID) -> None:
    """Keys outlive their time by a day while a charge for more of it is under way, and not a moment longer."""
    under_way = await queries.has_open_charge(session, subscription_id, states=queries.UNDER_WAY)
    subscription = await session.get(Subscription, subscription_id)
    assert subscription is not None
    until = subscription.paid_until + GRACE if under_way and subscription.paid_until else None
    if subscription.grace_until != until:
        await subscriptions.set_grace(session, subscription_id, until)


@dataclass(frozen=True, slots=True)
class SwitchedOff:
    """What switching off did. `ended` False: nothing was on. `stands`: a charge it came too late for."""

    ended: bool
    by_company: bool  # all of it was charged by companies themselves
    until: datetime | None
    stands: Payment | None


async def switch_off(
    session: AsyncSession, user_id: int, now: datetime, *, channel: str, mandate_id: UUID | None = None
) -> SwitchedOff:
    """End a person's mandates, or the one that is named, and forget what was saved for them.

    Once this is committed nothing is sent; what was sent before stands.
    """
    query = select(Mandate).where(Mandate.user_id == user_id, Mandate.state.in_(queries.LIVING))
    if mandate_id is not None:
        named = await session.get(Mandate, mandate_id)
        query = query.where(Mandate.subscription_id == (named.subscription_id if named else None))
    mandates = (await session.scalars(query.order_by(Mandate.id).with_for_update())).all()
    until: datetime | None = None
    for mandate in mandates:
        await end(session, mandate, Reason.OFF, now)
        subscription = await session.get(Subscription, mandate.subscription_id)
        until = max(filter(None, (until, subscription.paid_until if subscription else None)), default=None)
    if mandates or mandate_id is None:
        await withdraw(session, user_id, "autopay", now, channel=channel)
    by_company = bool(mandates) and all(mandate.charged_by == "provider" for mandate in mandates)
    stands = await queries.last_charge(session, user_id, now - STANDS_FOR)
    return SwitchedOff(bool(mandates), by_company, until, stands)


async def agree_to_price(
    session: AsyncSession, user_id: int, mandate_id: UUID, price: Money, now: datetime, *, channel: str
) -> Mandate | None:
    """A mandate goes on at a higher price, or again: a new consent, a new mandate, the same saved method.

    None: it is paused for another reason, is over, or costs something else by now.
    """
    mandate = await lock_mandate(session, mandate_id)
    waits = mandate.state == "active" or (mandate.state, mandate.reason) == ("suspended", Reason.PRICE)
    theirs = mandate.user_id == user_id and mandate.charged_by == "shop"
    if not (theirs and waits) or await queries.price_now(session, mandate) != price:
        return None
    if await queries.stopped_by(session, mandate) is not None:
        return None
    consent = await accept(session, user_id, "autopay", now, channel=channel)
    mandate.state, mandate.reason, mandate.ended_at = "ended", Reason.REPLACED, now
    await session.flush()
    agreed = Mandate(
        id=new_id(),
        user_id=user_id,
        subscription_id=mandate.subscription_id,
        saved_method_id=mandate.saved_method_id,
        consent_id=consent.id,
        plan_id=mandate.plan_id,
        period_days=mandate.period_days,
        max_amount_minor=price.minor,
        currency=price.currency.value,
        charged_by=mandate.charged_by,
        state="active",
        created_at=now,
    )
    session.add(agreed)
    await session.flush()
    log.info("autopay.agreed", mandate=agreed.id, before=mandate.id)
    return agreed
