"""Money that goes back: what we give back, and what went back without us.

Every function that changes a payment expects its caller to hold the payment's row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit.db import FRESH
from backend.kit.errors import Conflict, Invalid, NotFound
from backend.kit.money import Money
from backend.kit.tokens import new_id
from backend.payments.models import Payment, Refund
from backend.payments.providers import Providers
from backend.payments.providers.base import GivesBack, PaymentState, RefundRequest
from backend.payments.rules import NEVER, next_refund_try
from backend.payments.service import terms

log = structlog.get_logger()

UNDER_WAY = ("new", "pending")
OPEN = ("asked", *UNDER_WAY, "review")
AT_ONCE = 200
WITHOUT_US = "made without us"


class RefundNotFound(NotFound):
    """There is no such refund."""


class RefundUnderWay(Conflict):
    """Money of this payment is going back already: one refund at a time."""


class NothingToGiveBack(Conflict):
    """Nothing of this payment is left to give back, or nothing came."""


class RefundTooLarge(Invalid):
    """More than is left of the payment."""


class OnlyAllOfIt(Conflict):
    """The company gives back all of a payment or nothing."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to go back, and what the company is told of it."""

    amount: Money
    reason: str  # why, for us
    description: str = ""  # why, for the payer; empty: the reason
    email: str | None = None  # where the receipt of a partial refund goes
    item: str | None = None  # what that receipt says was returned


def left_of(payment: Payment) -> Money:
    """What could still go back. Nothing of a payment that never came, as far as we know."""
    taken = payment.state == PaymentState.CANCELED and payment.review_reason is not None  # an operator's decision
    if payment.provider_payment_id is None or not (
        taken or payment.state in (PaymentState.SUCCEEDED, PaymentState.REVIEW)
    ):
        return Money(0, payment.amount.currency)
    return Money(payment.amount_minor - payment.refunded_minor, payment.amount.currency)


async def ask_for(session: AsyncSession, payment: Payment, amount: Money, reason: str, now: datetime) -> Refund:
    """A refund that waits until an operator decides.

    Raises:
        RefundUnderWay, NothingToGiveBack, RefundTooLarge
    """
    if await find_open(session, payment.id) is not None:
        raise RefundUnderWay(payment=payment.id)
    _check(payment, amount)
    refund = _row(payment, amount, reason, now)
    refund.state = "asked"
    session.add(refund)
    await session.flush()
    return refund


async def open_refund(
    session: AsyncSession, providers: Providers, payment: Payment, wish: Wish, now: datetime
) -> Refund:
    """A refund with its exact request, stored before anything is sent. One that was asked for becomes this one.

    Where the company gives nothing back by itself it waits for somebody to do so in the cabinet.

    Raises:
        RefundUnderWay, NothingToGiveBack, RefundTooLarge, OnlyAllOfIt
    """
    refund = await find_open(session, payment.id)
    if refund is not None and refund.state != "asked":
        raise RefundUnderWay(payment=payment.id)
    _check(payment, wish.amount)
    driver = providers.get(payment.provider)
    if driver.gives_back is GivesBack.WHOLE and wish.amount != payment.amount:
        raise OnlyAllOfIt(payment=payment.id)
    if refund is None:
        refund = _row(payment, wish.amount, wish.reason, now)
        session.add(refund)
    refund.amount_minor, refund.next_check_at = wish.amount.minor, now
    refund.state = "pending" if driver.gives_back is GivesBack.BY_HAND else "new"
    if refund.state == "new":
        assert payment.provider_payment_id is not None, "only what was paid goes back"
        request = RefundRequest(
            refund_id=str(refund.id),
            payment_ref=payment.provider_payment_id,
            amount=wish.amount,
            description=wish.description or wish.reason,
            mac=driver.seal.sign(providers.keys, providers.newest, **terms(payment)),
            email=wish.email if wish.amount != payment.amount else None,
            item=wish.item,
            payer=payment.payer_ref,
        )
        refund.request_body = driver.prepare_refund(request)
    await session.flush()
    log.info("refund.opened", refund=refund.id, payment=payment.id, reason=refund.reason)
    return refund


async def give_all_back(
    session: AsyncSession, providers: Providers, payment: Payment, reason: str, now: datetime
) -> Refund | None:
    """A refund of the whole payment; None: there is or was one."""
    if await session.scalar(select(exists().where(Refund.payment_id == payment.id))):
        return None
    return await open_refund(session, providers, payment, Wish(payment.amount, reason), now)


async def enter_refund(
    session: AsyncSession, payment: Payment, ref: str, minor: int, now: datetime, *, origin: str
) -> Refund | None:
    """Write down that so much of a payment has gone back by the refund `ref`; None: that was known.

    It is the one we have under way, if that fits, else somebody made it without us.
    """
    query = select(Refund).where(Refund.payment_id == payment.id, Refund.provider_refund_id == ref)
    refund = (await session.scalars(query.with_for_update())).one_or_none()
    if refund is not None and refund.state == "succeeded":
        return None
    left = payment.amount_minor - payment.refunded_minor
    entered = min(minor, left)
    if entered < minor:
        log.error("refund.too_much", payment=payment.id, ref=ref, minor=minor)
    if entered <= 0:
        return None
    if refund is None:
        refund = await find_open(session, payment.id)
        if refund is None or not _fits(refund, entered, left):
            refund = _row(payment, Money(entered, payment.amount.currency), WITHOUT_US, now)
            refund.origin = origin
            session.add(refund)
    refund.amount_minor, refund.state = entered, "succeeded"
    refund.provider_refund_id, refund.next_check_at = ref, NEVER
    payment.refunded_minor += entered
    await session.flush()
    log.info("refund.settled", refund=refund.id, payment=payment.id, origin=refund.origin)
    return refund


def _fits(refund: Refund, minor: int, left: int) -> bool:
    """Whether money that went back can be of this open refund.

    What an operator has yet to decide on is done by no less, or by all that was left; what waits for a person, by
    what a person did. An answer of ours may be lost, and its refund is of exactly the amount we asked for; were it
    another's, ours would be entered as that one when it comes: the sum is the same.
    """
    if refund.state == "asked":
        return minor >= min(refund.amount_minor, left)
    by_a_person = refund.request_body is None
    return refund.provider_refund_id is None and (by_a_person or refund.amount_minor == minor)


def _row(payment: Payment, amount: Money, reason: str, now: datetime) -> Refund:
    """Of ours, in no state yet."""
    refund_id = new_id()
    return Refund(
        id=refund_id,
        payment_id=payment.id,
        amount_minor=amount.minor,
        origin="ours",
        reason=reason,
        idempotence_key=f"rf-{refund_id}",
        next_check_at=now,
        created_at=now,
    )


def _check(payment: Payment, amount: Money) -> None:
    left = left_of(payment)
    if left.minor <= 0 or amount.minor <= 0:
        raise NothingToGiveBack(payment=payment.id)
    if amount.minor > left.minor or amount.currency is not left.currency:
        raise RefundTooLarge(payment=payment.id, left=left.minor)


async def find_open(session: AsyncSession, payment_id: UUID) -> Refund | None:
    """The refund of this payment that is not at its end, locked."""
    query = select(Refund).where(Refund.payment_id == payment_id, Refund.state.in_(OPEN)).with_for_update()
    return (await session.scalars(query, execution_options=FRESH)).one_or_none()


async def get_refund(session: AsyncSession, refund_id: UUID) -> tuple[Refund, Payment]:
    """A refund with its payment, as they are now. Raises RefundNotFound."""
    query = select(Refund, Payment).join(Payment).where(Refund.id == refund_id)
    row = (await session.execute(query, execution_options=FRESH)).one_or_none()
    if row is None:
        raise RefundNotFound(refund=refund_id)
    return row[0], row[1]


async def claim_due_refunds(session: AsyncSession, now: datetime) -> Sequence[Refund]:
    """Lock the refunds that are to be asked for now, the longest due first."""
    query = (
        select(Refund)
        .where(Refund.state.in_(UNDER_WAY), Refund.next_check_at <= now)
        .order_by(Refund.next_check_at)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    return (await session.scalars(query)).all()


async def begin_sending(session: AsyncSession, refund_id: UUID, now: datetime) -> tuple[Refund, Payment, bool] | None:
    """The refund that is to be sent or asked about now, its payment, and whether it may have been sent before.

    None: nothing is to be done any more.
    """
    refund = await _lock(session, refund_id)
    if refund.state not in UNDER_WAY:
        return None
    again = refund.sent_at is not None
    refund.sent_at = refund.sent_at or now
    await session.flush()
    return *await get_refund(session, refund_id), again


async def wait_for_refund(session: AsyncSession, refund_id: UUID, now: datetime, *, ref: str | None = None) -> None:
    """No definite answer yet: later each time. With `ref` the company has it and works on it."""
    refund = await _lock(session, refund_id)
    if refund.state in UNDER_WAY or (refund.state == "review" and ref is not None):
        if ref is not None:
            refund.state, refund.provider_refund_id = "pending", ref
        refund.next_check_at = next_refund_try(refund.attempts, now)
        refund.attempts += 1


async def end_refund(session: AsyncSession, refund_id: UUID, state: str) -> Refund | None:
    """Nothing more is sent of it: "canceled" by a definite no, "review" if nobody can know. None: it was over."""
    refund = await _lock(session, refund_id)
    if refund.state not in OPEN:
        return None
    refund.state, refund.next_check_at = state, NEVER
    await session.flush()
    return refund


async def _lock(session: AsyncSession, refund_id: UUID) -> Refund:
    query = select(Refund).where(Refund.id == refund_id).with_for_update()
    found = (await session.scalars(query, execution_options=FRESH)).one_or_none()
    if found is None:
        raise RefundNotFound(refund=refund_id)
    return found
