"""What makes the sale finish without anybody looking: asking providers, sending again, sweeping."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit import clock
from backend.kit.errors import Outside, Unavailable
from backend.kit.jobs import Job, enqueue, every, runs, ticks
from backend.orders import checkout, looking, sweeping
from backend.orders.checkout import Deps
from backend.orders.looking import SWEEP_EVERY
from backend.orders.queries import claim_due_payments, claim_open_events, set_aside
from backend.orders.refunds import send_refund
from backend.orders.service import RefreshPayment, tell_failure, wake_refresh
from backend.payments import circuits, refunds, unanswered
from backend.payments import service as payments
from backend.payments.models import Payment
from backend.payments.providers.base import PaymentState
from backend.payments.rules import KEY_IS_DEAD_AFTER, NEVER

log = structlog.get_logger()

SET_ASIDE_FOR = timedelta(hours=1)  # what a provider is to be asked for that has no credentials any more
CLAIMED_FOR = timedelta(seconds=30)  # a job that was queued and is lost is queued again after this


@dataclass(frozen=True)
class CreatePayment(Job):
    """Send a payment's stored request again."""

    payment_id: UUID


@ticks
async def wake_payments(session: AsyncSession, now: datetime) -> None:
    for payment in await claim_due_payments(session, now):
        payment.next_check_at = now + CLAIMED_FOR
        if payment.provider_payment_id is not None:
            await wake_refresh(session, payment.provider, payment.provider_payment_id)
        elif payment.state == PaymentState.NEW and now - payment.created_at > KEY_IS_DEAD_AFTER:
            await _stop_sending(session, payment, now)
        elif payment.state == PaymentState.NEW:
            await enqueue(session, CreatePayment(payment.id), once=str(payment.id), serial=f"create:{payment.id}")
        elif payment.state == PaymentState.PENDING:
            await payments.expire(session, payment)
            await tell_failure(session, payment, payment.failure, now)


async def _stop_sending(session: AsyncSession, payment: Payment, now: datetime) -> None:
    """Its key is dead: a request sent now could be a second payment. What a buyer began waits for the sweep."""
    if payment.initiated_by == "buyer":
        payment.next_check_at = NEVER
    else:
        await unanswered.give_up(session, payment.id, "never_answered", now)


@ticks
async def wake_events(session: AsyncSession, now: datetime) -> None:
    for event in await claim_open_events(session, now):
        event.next_try_at = now + CLAIMED_FOR
        await wake_refresh(session, event.provider, event.payment_ref)


@runs(RefreshPayment)
async def refresh_payment(job: RefreshPayment, deps: Deps) -> None:
    """Ask the provider and settle. Run twice, late or in any order, the end is the same."""
    if deps.providers.find(job.provider) is None:
        async with deps.db.transaction() as session:
            await set_aside(session, job.provider, job.ref, clock.now() + SET_ASIDE_FOR)
        log.warning("provider.not_configured", provider=job.provider, ref=job.ref)
        return
    await looking.refresh(deps, job.provider, job.ref, clock.now())


@runs(CreatePayment)
async def create_payment(job: CreatePayment, deps: Deps) -> None:
    """The same key and the same bytes, until the key is dead; then only the sweep can find it."""
    now = clock.now()
    async with deps.db.transaction() as session:
        payment = await session.get(Payment, job.payment_id)
        known = payment is not None and deps.providers.find(payment.provider) is not None
        if payment is not None and not known:
            payment.next_check_at = now + SET_ASIDE_FOR
            log.warning("provider.not_configured", provider=payment.provider, payment=payment.id)
    if known:
        await checkout.create(deps, job.payment_id, now, late=True)


@dataclass(frozen=True)
class GiveBack(Job):
    """Ask the provider to give money back."""

    refund_id: UUID


@ticks
async def wake_refunds(session: AsyncSession, now: datetime) -> None:
    for refund in await refunds.claim_due_refunds(session, now):
        refund.next_check_at = now + CLAIMED_FOR
        await enqueue(session, GiveBack(refund.id), once=str(refund.id), serial=f"refund:{refund.id}")


@runs(GiveBack)
async def give_back(job: GiveBack, deps: Deps) -> None:
    """Ask the company, or look what it did."""
    now = clock.now()
    async with deps.db.transaction() as session:
        refund, payment = await refunds.get_refund(session, job.refund_id)
        known = deps.providers.find(payment.provider) is not None
        if not known:
            refund.next_check_at = now + SET_ASIDE_FOR
            log.warning("provider.not_configured", provider=payment.provider, refund=refund.id)
    if known:
        await send_refund(deps.db, deps.providers, job.refund_id, now)


@dataclass(frozen=True)
class ProbeProvider(Job):
    """Ask a provider that was in trouble whether it works again."""

    provider: str


@ticks
async def wake_probes(session: AsyncSession, now: datetime) -> None:
    for provider in await circuits.claim_due_probes(session, now):
        await enqueue(session, ProbeProvider(provider), once=provider, serial=f"probe:{provider}")


@runs(ProbeProvider)
async def probe_provider(job: ProbeProvider, deps: Deps) -> None:
    """Sell by it again as soon as it answers who we are there."""
    driver = deps.providers.find(job.provider)
    try:
        if driver is not None:  # else it was taken out of the settings
            await driver.probe()
    except Unavailable as error:
        log.warning("provider.not_probed", provider=job.provider, reason=str(error))
        return
    except Outside as error:
        async with deps.db.transaction() as session:
            reason = str(error.details.get("reason") or error)
            await circuits.note_misconfigured(session, job.provider, reason, clock.now())
        return
    async with deps.db.transaction() as session:
        await circuits.note_answer(session, job.provider, clock.now())


@every(SWEEP_EVERY)
@dataclass(frozen=True)
class Sweep(Job):
    """Compare what the providers list with what we know."""


@every(timedelta(hours=24))
@dataclass(frozen=True)
class SweepWeek(Job):
    """The same, further back."""


@dataclass(frozen=True)
class SweepProvider(Job):
    """The same, of one provider."""

    provider: str
    far: bool


@runs(Sweep)
async def sweep(job: Sweep, deps: Deps) -> None:
    await _wake_sweeps(deps, far=False)


@runs(SweepWeek)
async def sweep_week(job: SweepWeek, deps: Deps) -> None:
    await _wake_sweeps(deps, far=True)


async def _wake_sweeps(deps: Deps, *, far: bool) -> None:
    """A job for each: what one of them lists cannot hold up the others."""
    async with deps.db.transaction() as session:
        for provider in sorted(provider.id for provider in deps.providers):
            name = f"{provider}:{far}"
            await enqueue(session, SweepProvider(provider, far), once=name, serial=f"sweep:{provider}")


@runs(SweepProvider)
async def sweep_provider(job: SweepProvider, deps: Deps) -> None:
    """Find payments whose create was never answered and bind them; give up on those that are not there."""
    driver = deps.providers.find(job.provider)
    if driver is not None:  # else it was taken out of the settings
        await sweeping.sweep(deps, driver, clock.now(), far=job.far)
