"""Attempts to pay: opened, sent again, and given up. Knows no plan and no key."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit.db import FRESH
from backend.kit.errors import NotFound
from backend.kit.money import Money
from backend.kit.tokens import new_id, new_token
from backend.payments.mac import Terms
from backend.payments.models import Payment, SavedMethod
from backend.payments.providers import Providers
from backend.payments.providers.base import PaymentProvider, PaymentRequest, PaymentState
from backend.payments.rules import NEVER, OPEN, first_create, next_create

log = structlog.get_logger()

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
    item: str | None = None  # what the receipt says was sold; None: the description
    title: str | None = None  # what is sold in a few words; None: the description
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
        next_check_at=first_create(now, charged=attempt.charged is not None, repeatable=is_repeatable(provider)),
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
            item=attempt.item,
            title=attempt.title,
            save_method=attempt.save_method,
            saved_ref=attempt.charged.ref if attempt.charged else None,
            callback_url=attempt.public_url and attempt.public_url + providers.hook_path(provider.id),
        )
    )
    session.add(payment)
    await session.flush()
    return payment


def is_repeatable(provider: PaymentProvider) -> bool:
    """Whether two creates at once do no harm: by one key they are one, and what the bot sells is asked about."""
    return bool(provider.key_lives) or provider.by_bot


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
    found = (await session.scalars(query, execution_options=FRESH)).one_or_none()
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


async def expire(session: AsyncSession, payment: Payment) -> None:
    """Nobody paid in time what the company itself would wait for for ever. Money that comes still counts."""
    payment.state, payment.failure, payment.next_check_at = PaymentState.CANCELED, EXPIRED, NEVER
    log.info("payment.moved", payment=payment.id, state=payment.state)


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
