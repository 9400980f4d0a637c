"""Whether a provider works, in the database, so that every process knows at once.

What moves money decides: a create, a capture, a refund. A circuit opens when nothing but unknown outcomes of these
came five times within a minute, and at once when the credentials are wrong, whatever was asked. While it is open
nothing new is sold by that provider, and what was opened before goes on being asked for. Any definite answer to what
moves money closes it, and so does a probe, which is sent while no create is.

A look at a payment neither counts nor closes: a company that answers questions and takes no money would else be
offered and hidden by turns.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import exists, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit.db import FRESH
from backend.notifications.kinds import ProviderMisconfigured
from backend.notifications.service import tell_operators
from backend.payments.fiscal import tell_refusal
from backend.payments.models import Circuit, Payment
from backend.payments.providers.base import (
    Misconfigured,
    NotProcessed,
    PaymentState,
    RefundResult,
    Result,
    Unknown,
)
from backend.payments.rules import KEY_IS_DEAD_AFTER, NEVER
from backend.switches.service import providers_off

log = structlog.get_logger()

OPENS_AFTER = 5
WITHIN = timedelta(seconds=60)
FIRST_PROBE = timedelta(seconds=30)
LAST_PROBE = timedelta(minutes=5)


async def note_result(session: AsyncSession, provider: str, result: Result | RefundResult, now: datetime) -> None:
    """Learn from an answer to what moves money whether a provider works.

    A 429 says nothing of that, and neither does a key that was used before. Call it last in a transaction: it may
    lock the circuit.
    """
    await tell_refusal(session, provider, result, now)
    match result:
        case Unknown(duplicate_key=False, reason=reason):
            await _note_failure(session, provider, reason, now)
        case Misconfigured(reason=reason):
            await note_misconfigured(session, provider, reason, now)
        case Unknown() | NotProcessed():
            pass
        case _:
            await note_answer(session, provider, now)


async def note_look(session: AsyncSession, provider: str, result: Result | RefundResult, now: datetime) -> None:
    """Learn from an answer to a question what it can tell: whether our credentials are right. Call it last, too."""
    if isinstance(result, Misconfigured):
        await note_misconfigured(session, provider, result.reason, now)


async def note_answer(session: AsyncSession, provider: str, now: datetime) -> None:
    """It answers: whatever was counted is forgotten. Touches nothing where all was well."""
    was = await session.execute(
        select(Circuit.opened_at)
        .where(Circuit.provider == provider, (Circuit.failures > 0) | Circuit.opened_at.is_not(None))
        .with_for_update()
    )
    found = was.one_or_none()
    if found is None:
        return
    await session.execute(
        update(Circuit)
        .where(Circuit.provider == provider)
        .values(failures=0, first_failed_at=None, opened_at=None, next_probe_at=None, reason=None)
    )
    if found.opened_at is not None:
        log.info("circuit.closed", provider=provider, seconds=round((now - found.opened_at).total_seconds()))


async def note_misconfigured(session: AsyncSession, provider: str, reason: str, now: datetime) -> None:
    """It does not accept our credentials: the circuit is open until it does, and the operator hears of it once."""
    circuit = await _lock(session, provider)
    _open(circuit, reason, now)
    assert circuit.opened_at is not None
    told = ProviderMisconfigured(provider, reason, circuit.opened_at)
    once = trouble_key(provider, f"{circuit.opened_at.isoformat()}:keys")
    await tell_operators(session, told, once=once, now=now)


def trouble_key(what: str, since: str) -> str:
    """The name of what the operators were told of a trouble; with an empty `since`, what all of them begin with."""
    return f"trouble:{what}:{since}"


async def _note_failure(session: AsyncSession, provider: str, reason: str, now: datetime) -> None:
    circuit = await _lock(session, provider)
    if circuit.opened_at is not None:
        return
    if circuit.first_failed_at is None or now - circuit.first_failed_at > WITHIN:
        circuit.failures, circuit.first_failed_at = 0, now
    circuit.failures, circuit.reason = circuit.failures + 1, reason[:500]
    if circuit.failures >= OPENS_AFTER:
        _open(circuit, reason, now)


def _open(circuit: Circuit, reason: str, now: datetime) -> None:
    circuit.reason = reason[:500]
    if circuit.opened_at is None:
        circuit.opened_at, circuit.next_probe_at = now, now + FIRST_PROBE
        log.error("circuit.opened", provider=circuit.provider, reason=reason)


async def _lock(session: AsyncSession, provider: str) -> Circuit:
    await session.execute(insert(Circuit).values(provider=provider, failures=0).on_conflict_do_nothing())
    query = select(Circuit).where(Circuit.provider == provider).with_for_update()
    return (await session.scalars(query, execution_options=FRESH)).one()


async def circuits(session: AsyncSession) -> Sequence[Circuit]:
    """Every provider that was ever in trouble, as it is now."""
    return (await session.scalars(select(Circuit).order_by(Circuit.provider))).all()


async def not_offered(session: AsyncSession) -> frozenset[str]:
    """The providers by which nothing new is sold now: in trouble, switched off, or held by the audit."""
    broken = await session.scalars(select(Circuit.provider).where(Circuit.opened_at.is_not(None)))
    return frozenset(broken) | await providers_off(session)


async def claim_due_probes(session: AsyncSession, now: datetime) -> Sequence[str]:
    """The providers to be asked whether they work again, since no payment of theirs is being sent again.

    Asked again after 30 seconds, then less and less often, at last every five minutes.
    """
    asked_anyway = exists().where(
        Payment.provider == Circuit.provider,
        Payment.state == PaymentState.NEW,
        Payment.check_attempts > 0,
        Payment.created_at > now - KEY_IS_DEAD_AFTER,
        Payment.next_check_at < NEVER,
    )
    query = (
        select(Circuit)
        .where(Circuit.opened_at.is_not(None), Circuit.next_probe_at <= now, ~asked_anyway)
        .with_for_update(skip_locked=True)
    )
    due = (await session.scalars(query)).all()
    for circuit in due:
        assert circuit.opened_at is not None
        circuit.next_probe_at = now + probe_interval(now - circuit.opened_at)
    return [circuit.provider for circuit in due]


def probe_interval(open_for: timedelta) -> timedelta:
    """How long to wait after a probe in vain: as long as it has been open, so each wait doubles the time."""
    return min(max(open_for, FIRST_PROBE), LAST_PROBE)
