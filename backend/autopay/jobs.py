"""What renews subscriptions: opens mandates, warns, charges, tries again, stops."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from backend.autopay import queries, service, stopping
from backend.autopay.asking import is_answered
from backend.autopay.charging import open_charge
from backend.autopay.models import Mandate
from backend.autopay.news import go_on
from backend.autopay.rules import Act, Reason, Step, is_last_notice
from backend.autopay.service import StopRenewal
from backend.kit import clock
from backend.kit.jobs import Job, enqueue, every, runs
from backend.notifications.kinds import AutopayFailed
from backend.notifications.service import notify
from backend.orders import checkout
from backend.orders.checkout import Deps
from backend.orders.rules import cycle_key
from backend.payments import saved
from backend.payments.saved import MethodKept
from backend.subscriptions.models import Subscription
from backend.users import service as users

log = structlog.get_logger()


@runs(MethodKept)
async def open_mandate(job: MethodKept, deps: Deps) -> None:
    """What is wrong with one holds up no other; it is tried again with each plan."""
    async with deps.db.transaction() as session:
        await service.open_mandate(session, deps.providers, job.method_id, clock.now())


@every(timedelta(minutes=10))
@dataclass(frozen=True)
class PlanRenewals(Job):
    """Look which subscriptions are to be renewed, and which mandates are to open or to stop."""


@dataclass(frozen=True)
class Renew(Job):
    """Take the next step for one mandate."""

    mandate_id: UUID


@runs(PlanRenewals)
async def plan_renewals(job: PlanRenewals, deps: Deps) -> None:
    now = clock.now()
    async with deps.db.transaction() as session:
        await saved.try_again(session, now)
        for method in await queries.unopened_methods(session):
            await saved.wake_mandate(session, method.id, user_id=method.user_id)
        for subscription_id in await queries.graced_subscriptions(session):
            await service.keep_grace(session, subscription_id)
        for method in await saved.to_stop(session):
            await service.wake_stop(session, method.id)
        for mandate_id in await queries.due_mandates(session, now):
            await enqueue(session, Renew(mandate_id), once=str(mandate_id), serial=f"mandate:{mandate_id}")


@runs(Renew)
async def renew(job: Renew, deps: Deps) -> None:
    """Decide from everything as it is now, charge if that is the decision, and see to what came of it.

    Run twice or late nothing is charged twice: one order for each renewal, one open charge of it.
    """
    now = clock.now()
    async with deps.db.transaction() as session:
        unclear = await service.unclear(session, deps.providers, job.mandate_id, now)
    answers = {payment.id: await is_answered(deps, payment, now) for payment in unclear}
    async with deps.db.transaction() as session:
        charge_id = await take_step(session, deps, job.mandate_id, now, answers=answers)
    if charge_id is not None:
        await checkout.create(deps, charge_id, now)
        async with deps.db.transaction() as session:
            await take_step(session, deps, job.mandate_id, now)
    async with deps.db.transaction() as session:
        mandate = await session.get(Mandate, job.mandate_id)
        assert mandate is not None
        await service.keep_grace(session, mandate.subscription_id)


async def take_step(
    session: AsyncSession, deps: Deps, mandate_id: UUID, now: datetime, *, answers: Mapping[UUID, bool] | None = None
) -> UUID | None:
    """The payment to send, if there is one. `answers`: as `look_at` takes them."""
    mandate = await service.lock_mandate(session, mandate_id)
    if mandate.state == "suspended":
        await _look_at_paused(session, mandate, now)
    if mandate.state != "active":
        return None
    step = await service.look_at(session, deps.providers, mandate, now, answers=answers)
    subscription = await session.get(Subscription, mandate.subscription_id)
    assert subscription is not None
    until = subscription.paid_until
    match step.act:
        case Act.SUSPEND | Act.END:
            await service.stop(session, mandate, step, now)
        case Act.WARN if until is not None:
            await service.warn(session, mandate, until, step, last=is_last_notice(until, now), now=now)
        case Act.ANNOUNCE if step.amount is not None:
            await service.announce(session, mandate, step.amount, now)
        case Act.CHARGE if until is not None and step.amount is not None:
            return await open_charge(session, deps, mandate, now, until=until, amount=step.amount)
        case Act.WAIT if until is not None and step.reason is not None and step.at is not None and step.at > now:
            await _tell_refused(session, mandate, until, step, now)
    return None


async def _look_at_paused(session: AsyncSession, mandate: Mandate, now: datetime) -> None:
    reason = await queries.stopped_by(session, mandate)
    if reason is not None:
        await service.end(session, mandate, reason, now)
    elif await _is_mended(session, mandate):
        await go_on(session, mandate)


async def _is_mended(session: AsyncSession, mandate: Mandate) -> bool:
    match mandate.reason:
        case Reason.FAILED:
            return await queries.paid_since(session, mandate)
        case Reason.EMAIL:
            return bool((await users.get_user(session, mandate.user_id)).email)
        case Reason.UNWARNED:
            return await queries.may_be_warned(session, mandate)
        case _:
            return False


async def _tell_refused(session: AsyncSession, mandate: Mandate, until: datetime, step: Step, now: datetime) -> None:
    """A charge was refused and another one follows: said once for each."""
    tries = await queries.charges_of(session, cycle_key(mandate.subscription_id, until))
    assert step.amount is not None
    assert step.at is not None
    told = AutopayFailed(mandate.id, str(step.amount), step.reason, step.at)
    once = f"autopay-failed:{mandate.id}:{int(until.timestamp())}:{len(tries)}"
    await notify(session, mandate.user_id, told, once=once, now=now)


@runs(StopRenewal)
async def stop_renewal(job: StopRenewal, deps: Deps) -> None:
    """Until the company has heard it; what it does not know ends nothing."""
    await stopping.stop(deps, job.method_id, clock.now())
