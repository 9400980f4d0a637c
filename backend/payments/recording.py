"""What a provider says becomes what our books say.

Knows no plan and no key. `record` is the money half of settling: the caller gives the buyer what was paid for in
the same transaction.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

import structlog
from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit.db import FRESH
from backend.kit.tokens import new_token
from backend.payments.models import Payment
from backend.payments.providers import Providers
from backend.payments.providers.base import PaymentProvider, PaymentState, Snapshot
from backend.payments.rules import LINK_LIVES, OPEN, advances, next_poll
from backend.payments.service import lock_payment, parse_id, terms
from backend.payments.strays import keep_stray

log = structlog.get_logger()

PAID = frozenset({PaymentState.CONFIRMING, PaymentState.SUCCEEDED})
CHARGE_OPEN = OPEN | {PaymentState.REVIEW}  # states of which the database takes one charge of ours for an order


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a snapshot did to a payment. `before` equal to its state now: nothing."""

    payment: Payment
    before: PaymentState
    stray: bool = False  # money that belongs to no order: it is to go back

    @property
    def became_paid(self) -> bool:
        return self.before != PaymentState.SUCCEEDED and self.payment.state == PaymentState.SUCCEEDED

    @property
    def became(self) -> PaymentState | None:
        """The state it has just reached, if it moved."""
        return PaymentState(self.payment.state) if self.payment.state != self.before else None


async def record(
    session: AsyncSession, providers: Providers, provider_id: str, snapshot: Snapshot, now: datetime
) -> Recorded | None:
    """Apply what a provider says about a payment, once, under its row's lock. None: it is no payment of ours.

    The signature we sent along must hold, and a paid snapshot must be for exactly our amount, currency, account and
    mode; otherwise the payment goes to review and nobody gets anything. What was paid inside the bot is money that
    nobody else will ask about: if it is not for a payment of ours, exactly, it is kept as a stray.
    """
    driver = providers.get(provider_id)
    bound = await find_bound(session, provider_id, snapshot.ref)
    if bound is not None and driver.by_bot:  # its proof was seen when it was bound, maybe by a key that is gone
        return Recorded(bound, PaymentState(bound.state), stray=bound.state == PaymentState.REVIEW)
    if bound is not None and bound.state == PaymentState.SUCCEEDED:  # so was this one's; only money back is news
        return await _apply(session, driver, bound, snapshot, now)
    origin = await _find(session, provider_id, snapshot)
    proven = origin is not None and driver.seal.holds(providers.keys, snapshot.mac, **terms(origin))
    if driver.by_bot and snapshot.state in PAID:
        wrong = "not signed by us" if origin is None or not proven else _mismatch(origin, snapshot)
        if wrong:
            named = origin.order_id if origin else None
            stray = await keep_stray(session, driver, snapshot, wrong, order_id=named, now=now)
            return Recorded(stray, PaymentState(stray.state), stray=True)
    if origin is None or not proven:
        log.warning("payment.unproven", provider=provider_id, known=origin is not None)
        return None
    payment = origin
    if snapshot.ref and origin.provider_payment_id not in (None, snapshot.ref):
        payment = await _adopt(session, origin, snapshot, now)
    if await _must_wait(session, payment, snapshot):
        log.error("payment.second_charge", payment=payment.id, order=payment.order_id, state=snapshot.state)
        return Recorded(payment, PaymentState(payment.state))
    return await _apply(session, driver, payment, snapshot, now)


async def _must_wait(session: AsyncSession, payment: Payment, snapshot: Snapshot) -> bool:
    """Whether this would be a second charge of ours for one order that has no end yet, of which there is one at most.

    It is told again by the sweeps, until it or the first one has an end.
    """
    state = PaymentState(payment.state)
    told = PaymentState.REVIEW if snapshot.state in PAID and _mismatch(payment, snapshot) else snapshot.state
    opens = state not in CHARGE_OPEN and told in CHARGE_OPEN and advances(state, told)
    if payment.initiated_by != "shop" or not opens:
        return False
    another = exists().where(
        Payment.order_id == payment.order_id,
        Payment.id != payment.id,
        Payment.initiated_by == "shop",
        Payment.state.in_(CHARGE_OPEN),
    )
    return bool(await session.scalar(select(another)))


async def _apply(
    session: AsyncSession, driver: PaymentProvider, payment: Payment, snapshot: Snapshot, now: datetime
) -> Recorded:
    before = PaymentState(payment.state)
    payment.provider_payment_id = snapshot.ref or payment.provider_payment_id
    payment.confirmation_url = snapshot.url or payment.confirmation_url
    payment.receipt = snapshot.receipt or payment.receipt
    if before is not PaymentState.NEW:  # the answer to a create is no look at what the buyer did since
        payment.checked_at = now
    if advances(before, snapshot.state):
        _move(payment, snapshot, now)
    state, opened = PaymentState(payment.state), payment.created_at
    payment.next_check_at = next_poll(state, opened, now, late_for=driver.late_for)
    if state is PaymentState.PENDING and payment.provider_payment_id is None:  # nothing to ask about
        payment.next_check_at = opened + LINK_LIVES
    await session.flush()
    return Recorded(payment, before)


async def find_bound(session: AsyncSession, provider_id: str, ref: str) -> Payment | None:
    """The payment the company knows by this id, locked; none has an empty one."""
    query = select(Payment).where(Payment.provider == provider_id, Payment.provider_payment_id == ref)
    statement = query.with_for_update(key_share=True)
    return (await session.scalars(statement, execution_options=FRESH)).one_or_none()


def _move(payment: Payment, snapshot: Snapshot, now: datetime) -> None:
    mismatch = _mismatch(payment, snapshot) if snapshot.state in PAID else None
    if mismatch and payment.review_reason is not None:  # an operator has declined it
        return
    payment.provider_status = snapshot.provider_status
    if mismatch:
        payment.state, payment.review_reason = PaymentState.REVIEW, mismatch
        log.error("payment.review", payment=payment.id, reason=mismatch)
        return
    payment.state, payment.failure = snapshot.state, snapshot.reason
    if snapshot.state is PaymentState.SUCCEEDED:
        payment.paid_at = snapshot.paid_at or now
    log.info("payment.moved", payment=payment.id, state=snapshot.state)


def _mismatch(payment: Payment, snapshot: Snapshot) -> str | None:
    """What a paid snapshot has otherwise than we asked for. What it does not tell of account and mode is no other."""
    if snapshot.amount != payment.amount:
        return f"amount: asked {payment.amount.decimal()} {payment.currency}, paid {snapshot.amount}"
    if snapshot.account not in (None, payment.account):
        return f"account: asked {payment.account}, paid to {snapshot.account}"
    if snapshot.test not in (None, payment.test):
        return f"mode: test is {snapshot.test}, expected {payment.test}"
    if snapshot.payer not in (None, payment.payer_ref):
        return "payer: somebody else paid"
    return None


async def _find(session: AsyncSession, provider_id: str, snapshot: Snapshot) -> Payment | None:
    """The attempt whose id the payment carries, locked. Our signature covers that id, so nothing else finds it."""
    payment_id = parse_id(snapshot.pid)
    if payment_id is None:
        return None
    query = select(Payment).where(Payment.id == payment_id, Payment.provider == provider_id)
    statement = query.with_for_update(key_share=True)
    return (await session.scalars(statement, execution_options=FRESH)).one_or_none()


def id_of(provider_id: str, ref: str) -> UUID:
    """What we call a payment that a company made without an attempt of ours."""
    return uuid5(NAMESPACE_URL, f"{provider_id}:{ref}")


async def _adopt(session: AsyncSession, origin: Payment, snapshot: Snapshot, now: datetime) -> Payment:
    """A second payment the provider has for one attempt of ours: a row of its own, with an effect of its own."""
    adopted_id = id_of(origin.provider, snapshot.ref)
    adopted = await session.scalar(
        insert(Payment)
        .values(
            id=adopted_id,
            order_id=origin.order_id,
            user_id=origin.user_id,
            provider=origin.provider,
            account=origin.account,
            test=origin.test,
            method=origin.method,
            amount_minor=origin.amount_minor,
            currency=origin.currency,
            idempotence_key=str(adopted_id),
            initiated_by=origin.initiated_by,
            payer_ref=origin.payer_ref,
            return_token=new_token(),
            state=PaymentState.FAILED,  # as good as new, and beside an open charge there may be no second one
            next_check_at=now,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=[Payment.id])
        .returning(Payment.id)
    )
    if adopted is not None:
        log.warning("payment.adopted", payment=adopted_id, origin=origin.id)
    return await lock_payment(session, adopted_id)


async def lags_behind(session: AsyncSession, provider_id: str, snapshot: Snapshot) -> bool:
    """Whether this snapshot of a provider's list would move one of our payments on, bind it, or give money back."""
    by_ref = (Payment.provider == provider_id) & (Payment.provider_payment_id == snapshot.ref)
    known = (await session.execute(select(Payment.state, Payment.refunded_minor).where(by_ref))).one_or_none()
    if known is not None:
        gone = snapshot.refunded_minor or 0
        return gone > known.refunded_minor or advances(PaymentState(known.state), snapshot.state)
    payment_id = parse_id(snapshot.pid)
    return payment_id is not None and await session.get(Payment, payment_id) is not None
