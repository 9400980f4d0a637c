"""Attempts to pay: opened, bound to what the provider made of them, and moved on by what it says.

Knows no plan and no key. `record` is the money half of settling: the caller gives the buyer what was paid for in
the same transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

import structlog
from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit.errors import NotFound
from backend.kit.money import Money
from backend.kit.tokens import new_id, new_token
from backend.payments.mac import Terms
from backend.payments.models import Payment, SavedMethod
from backend.payments.providers import Providers
from backend.payments.providers.base import PaymentProvider, PaymentRequest, PaymentState, Snapshot
from backend.payments.rules import FIRST_CREATE, LINK_LIVES, NEVER, OPEN, advances, next_create, next_poll

log = structlog.get_logger()

PAID = frozenset({PaymentState.CONFIRMING, PaymentState.SUCCEEDED})
EXPIRED = "expired_on_confirmation"


class PaymentNotFound(NotFound):
    """There is no such payment."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is to be paid, and how: everything `open_payment` needs that is not its own."""

    order_id: UUID
    user_id: int
    amount: Money
    method: str
    description: str
    language: str
    return_base: str  # the return token is put behind it
    public_url: str  # where webhooks reach us, without a slash at the end; empty: nowhere
    payer: str | None = None  # the Telegram id of who pays, where it is known
    email: str | None = None  # for the receipt
    save_method: bool = False  # so that it can be charged again
    charged: SavedMethod | None = None  # charge this, by ourselves


async def open_payment(
    session: AsyncSession, providers: Providers, provider: PaymentProvider, attempt: Attempt, now: datetime
) -> Payment:
    """A new attempt with its exact request, stored before anything is sent."""
    payment_id = new_id()
    payment = Payment(
        id=payment_id,
        order_id=attempt.order_id,
        user_id=attempt.user_id,
        provider=provider.id,
        account=provider.account,
        test=provider.test,
        method=attempt.method,
        amount_minor=attempt.amount.minor,
        currency=attempt.amount.currency.value,
        idempotence_key=str(payment_id),
        initiated_by="shop" if attempt.charged else "buyer",
        save_method=attempt.save_method,
        saved_method_id=attempt.charged.id if attempt.charged else None,
        payer_ref=attempt.payer if provider.by_bot else None,
        return_token=new_token(),
        state=PaymentState.NEW,
        refunded_minor=0,
        check_attempts=0,
        next_check_at=now + FIRST_CREATE,
        created_at=now,
    )
    payment.request_body = provider.prepare(
        PaymentRequest(
            payment_id=str(payment_id),
            amount=attempt.amount,
            method=attempt.method,
            description=attempt.description,
            return_url=f"{attempt.return_base}{payment.return_token}",
            mac=provider.seal.sign(providers.keys, providers.newest, **terms(payment)),
            language=attempt.language,
            email=attempt.email,
            save_method=attempt.save_method,
            saved_ref=attempt.charged.ref if attempt.charged else None,
            callback_url=attempt.public_url and attempt.public_url + providers.hook_path(provider.id),
        )
    )
    session.add(payment)
    await session.flush()
    return payment


def terms(payment: Payment) -> Terms:
    """What the signature of this payment covers: columns of its own row alone."""
    return Terms(
        provider=payment.provider,
        account=payment.account,
        payment_id=str(payment.id),
        order_id=str(payment.order_id),
        user_id=payment.user_id or 0,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        payer=payment.payer_ref or "",
    )


async def lock_payment(session: AsyncSession, payment_id: UUID) -> Payment:
    """Its row, locked and fresh. Raises PaymentNotFound."""
    query = select(Payment).where(Payment.id == payment_id).with_for_update(key_share=True)
    found = (await session.scalars(query, execution_options={"populate_existing": True})).one_or_none()
    if found is None:
        raise PaymentNotFound(payment=payment_id)
    return found


async def claim_check(session: AsyncSession, payment_id: UUID, now: datetime, *, at_most_every: timedelta) -> bool:
    """Become the one who asks about this payment now.

    False: somebody asked just before; whoever wants to know is then served by the next look, which is not far.
    """
    claimed = await session.scalar(
        update(Payment)
        .where(
            Payment.id == payment_id,
            or_(Payment.checked_at.is_(None), Payment.checked_at <= now - at_most_every),
        )
        .values(checked_at=now)
        .returning(Payment.id)
    )
    if claimed is None:
        soon = Payment.checked_at + at_most_every
        await session.execute(
            update(Payment)
            .where(Payment.id == payment_id, Payment.next_check_at > soon, Payment.state.in_(OPEN))
            .values(next_check_at=soon)
        )
    return claimed is not None


async def note_attempt(session: AsyncSession, payment_id: UUID, now: datetime) -> None:
    """An unanswered create will be sent again: later each time."""
    payment = await lock_payment(session, payment_id)
    if payment.state == PaymentState.NEW:
        payment.next_check_at = next_create(payment.check_attempts, now)
        payment.check_attempts += 1


async def stop_sending(session: AsyncSession, payment_id: UUID) -> None:
    """The company knows this key with other bytes: only its list can tell what there is, and the sweep reads it."""
    payment = await lock_payment(session, payment_id)
    if payment.state == PaymentState.NEW:
        payment.next_check_at = NEVER


async def fail(session: AsyncSession, payment_id: UUID, reason: str) -> Payment | None:
    """A definite no to a create. None: the payment has moved on meanwhile."""
    payment = await lock_payment(session, payment_id)
    if payment.state != PaymentState.NEW:
        return None
    payment.state, payment.failure, payment.next_check_at = PaymentState.FAILED, reason, NEVER
    log.info("payment.failed", payment=payment.id, reason=reason)
    return payment


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
    bound = await _find_bound(session, provider_id, snapshot.ref) if driver.by_bot else None
    if bound is not None:  # its proof was seen when it was bound, maybe by a key that is gone
        return Recorded(bound, PaymentState(bound.state), stray=bound.state == PaymentState.REVIEW)
    origin = await _find(session, provider_id, snapshot)
    proven = origin is not None and driver.seal.holds(providers.keys, snapshot.mac, **terms(origin))
    if driver.by_bot and snapshot.state in PAID:
        wrong = "not signed by us" if origin is None or not proven else _mismatch(origin, snapshot)
        if wrong:
            named = origin.order_id if origin else None
            stray = await _keep_stray(session, driver, snapshot, wrong, order_id=named, now=now)
            return Recorded(stray, PaymentState(stray.state), stray=True)
    if origin is None or not proven:
        log.warning("payment.unproven", provider=provider_id, known=origin is not None)
        return None
    payment = origin
    if snapshot.ref and origin.provider_payment_id not in (None, snapshot.ref):
        payment = await _adopt(session, origin, snapshot, now)
    return await _apply(session, driver, payment, snapshot, now)


async def _apply(
    session: AsyncSession, driver: PaymentProvider, payment: Payment, snapshot: Snapshot, now: datetime
) -> Recorded:
    before = PaymentState(payment.state)
    payment.provider_payment_id = snapshot.ref or payment.provider_payment_id
    payment.confirmation_url = snapshot.url or payment.confirmation_url
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


async def _find_bound(session: AsyncSession, provider_id: str, ref: str) -> Payment | None:
    """The payment the company knows by this id, locked; none has an empty one."""
    query = select(Payment).where(Payment.provider == provider_id, Payment.provider_payment_id == ref)
    statement = query.with_for_update(key_share=True)
    return (await session.scalars(statement, execution_options={"populate_existing": True})).one_or_none()


def _move(payment: Payment, snapshot: Snapshot, now: datetime) -> None:
    mismatch = _mismatch(payment, snapshot) if snapshot.state in PAID else None
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
    """What a paid snapshot has otherwise than we asked for."""
    if snapshot.amount != payment.amount:
        return f"amount: asked {payment.amount.decimal()} {payment.currency}, paid {snapshot.amount}"
    if snapshot.account != payment.account:
        return f"account: asked {payment.account}, paid to {snapshot.account}"
    if snapshot.test != payment.test:
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
    return (await session.scalars(statement, execution_options={"populate_existing": True})).one_or_none()


async def _adopt(session: AsyncSession, origin: Payment, snapshot: Snapshot, now: datetime) -> Payment:
    """A second payment the provider has for one attempt of ours: a row of its own, with an effect of its own."""
    adopted_id = uuid5(NAMESPACE_URL, f"{origin.provider}:{snapshot.ref}")
    await session.execute(
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
            state=PaymentState.NEW,
            next_check_at=now,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=[Payment.id])
    )
    log.warning("payment.adopted", payment=adopted_id, origin=origin.id)
    return await lock_payment(session, adopted_id)


async def _keep_stray(
    session: AsyncSession,
    driver: PaymentProvider,
    snapshot: Snapshot,
    wrong: str,
    *,
    order_id: UUID | None,
    now: datetime,
) -> Payment:
    """Money for no order: a row in review, of nobody, with the order it named. Told again it is the same row."""
    assert snapshot.amount is not None, "what is paid inside the bot has an amount"
    stray_id = uuid5(NAMESPACE_URL, f"{driver.id}:{snapshot.ref}")
    inserted = await session.scalar(
        insert(Payment)
        .values(
            id=stray_id,
            order_id=order_id,
            provider=driver.id,
            account=snapshot.account or driver.account,
            test=snapshot.test,
            method=driver.methods[0],
            amount_minor=snapshot.amount.minor,
            currency=snapshot.amount.currency.value,
            idempotence_key=str(stray_id),
            initiated_by="buyer",
            payer_ref=snapshot.payer,
            return_token=new_token(),
            provider_payment_id=snapshot.ref,
            provider_status=snapshot.provider_status,
            state=PaymentState.REVIEW,
            review_reason=wrong,
            paid_at=snapshot.paid_at or now,
            next_check_at=NEVER,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=[Payment.id])
        .returning(Payment.id)
    )
    if inserted is not None:
        log.error("payment.stray", payment=stray_id, provider=driver.id, reason=wrong)
    return await lock_payment(session, stray_id)


async def expire(session: AsyncSession, payment: Payment) -> None:
    """Nobody paid in time what the company itself would wait for for ever. Money that comes still counts."""
    payment.state, payment.failure, payment.next_check_at = PaymentState.CANCELED, EXPIRED, NEVER
    log.info("payment.moved", payment=payment.id, state=payment.state)


async def lags_behind(session: AsyncSession, provider_id: str, snapshot: Snapshot) -> bool:
    """Whether this snapshot of a provider's list would move one of our payments on, or bind it."""
    by_ref = (Payment.provider == provider_id) & (Payment.provider_payment_id == snapshot.ref)
    known = (await session.execute(select(Payment.state, Payment.refunded_minor).where(by_ref))).one_or_none()
    if known is not None:
        news_of_refund = snapshot.refund_ref is not None and snapshot.refunded_minor > known.refunded_minor
        return news_of_refund or advances(PaymentState(known.state), snapshot.state)
    payment_id = parse_id(snapshot.pid)
    return payment_id is not None and await session.get(Payment, payment_id) is not None


async def never_answered(session: AsyncSession, provider_id: str, *, before: datetime) -> Sequence[Payment]:
    """Payments opened before this that the provider has never confirmed to know."""
    query = select(Payment).where(
        Payment.provider == provider_id, Payment.state == PaymentState.NEW, Payment.created_at < before
    )
    return (await session.scalars(query)).all()


def parse_id(text: str | None) -> UUID | None:
    """A UUID of ours, or None for anything else somebody may have sent."""
    try:
        return UUID(text) if text and len(text) == 36 else None
    except ValueError:
        return None
