"""Income that is to be registered: written with the sale, told when there is time, followed through refunds.

Nothing here is in the way of a sale: a row waits, for ever if need be, until its registrar has taken it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import delete, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from backend.kit.db import FRESH
from backend.kit.errors import NotFound
from backend.kit.jobs import Job
from backend.kit.money import Currency, Money
from backend.kit.tokens import new_id
from backend.notifications.kinds import ReceiptReady, ReceiptRefused, RegistrarRefusesUs
from backend.notifications.service import notify, tell_operators
from backend.payments.models import Payment
from backend.payments.providers.base import PaymentState
from backend.receipts.models import Book, Receipt
from backend.receipts.registrars.base import Registered, Registrar, Sale
from backend.receipts.rules import MISCONFIGURED_RETRY, next_try, unnamed_item

log = structlog.get_logger()

INCOME = Currency.RUB  # what is registered; income in other currencies an accountant enters by its rate of the day
LEFT_BEHIND = timedelta(days=3)  # a sale without a row is looked for as far back
NEAR = timedelta(days=1)
CLAIMED_FOR = timedelta(minutes=3)


@dataclass(frozen=True)
class TellRegistrar(Job):
    """Register one sale, or take it back."""

    receipt_id: UUID


class ReceiptNotFound(NotFound):
    """There is no such receipt."""


async def keep_books(session: AsyncSession, registrars: Iterable[Registrar], now: datetime) -> None:
    """From now on these registrars are told of sales, and no others."""
    open_now = {registrar.id: registrar.test for registrar in registrars}
    await session.execute(delete(Book).where(Book.registrar.not_in(open_now)))
    for name, test in open_now.items():
        row = insert(Book).values(registrar=name, since=now, test=test)
        await session.execute(row.on_conflict_do_update(index_elements=[Book.registrar], set_={"test": test}))


async def enter(session: AsyncSession, payment: Payment, title: str, now: datetime) -> None:
    """Write down a paid sale for whoever is to be told of it. Called with the sale, in its transaction; once."""
    if payment.currency != INCOME:
        return
    for book in await session.scalars(select(Book).where(Book.test.is_(payment.test))):
        await _enter(session, payment, book.registrar, title, now)


async def _enter(session: AsyncSession, payment: Payment, registrar: str, title: str, now: datetime) -> None:
    left = payment.amount_minor - payment.refunded_minor
    if left <= 0:
        return
    await session.execute(
        insert(Receipt)
        .values(
            id=new_id(),
            payment_id=payment.id,
            registrar=registrar,
            amount_minor=left,
            currency=payment.currency,
            title=title,
            state="new",
            sold_at=payment.paid_at or now,
            attempts=0,
            next_try_at=now,
            created_at=now,
        )
        .on_conflict_do_nothing(
            index_elements=[Receipt.payment_id, Receipt.registrar], index_where=Receipt.state != "annulled"
        )
    )


async def follow(session: AsyncSession, now: datetime) -> None:
    """Make the rows agree with what was sold and given back, whoever did that and however."""
    left = Payment.amount_minor - Payment.refunded_minor
    query = select(Receipt, left).join(Payment, Payment.id == Receipt.payment_id).where(Receipt.amount_minor != left)
    waiting = query.where(Receipt.state.in_(["new", "registered"])).with_for_update(of=Receipt, skip_locked=True)
    for receipt, amount in (await session.execute(waiting)).all():
        if receipt.state == "registered":
            receipt.state, receipt.attempts, receipt.next_try_at = "annulling", 0, now
            receipt.to_annul = True
        elif receipt.attempts == 0:  # nobody was told yet
            _await_entry(receipt, amount)
    await session.flush()
    await _enter_missing(session, now)


def _await_entry(receipt: Receipt, left: int) -> None:
    """Nobody has it in his books: what is left of the sale is to be entered, if anything is."""
    receipt.amount_minor, receipt.state = left or receipt.amount_minor, "new" if left else "annulled"


async def _enter_missing(session: AsyncSession, now: datetime) -> None:
    """What is left of a sale whose income was annulled, and sales nobody wrote down."""
    of_payment, other = Receipt.payment_id == Payment.id, aliased(Receipt)
    standing = exists().where(
        other.payment_id == Payment.id, other.registrar == Receipt.registrar, other.state != "annulled"
    )
    annulled = select(Receipt).join(Payment, of_payment).where(Receipt.state == "annulled", ~standing)
    annulled = annulled.where(Payment.amount_minor > Payment.refunded_minor).order_by(Receipt.created_at)
    titles = {(old.payment_id, old.registrar): old.title for old in await session.scalars(annulled)}
    for (payment_id, registrar), title in titles.items():
        payment = await session.get(Payment, payment_id)
        assert payment is not None
        await _enter(session, payment, registrar, title, now)
    for book in await session.scalars(select(Book)):
        lost = select(Payment).where(
            Payment.state == PaymentState.SUCCEEDED,
            Payment.currency == INCOME,
            Payment.test.is_(book.test),
            Payment.created_at >= max(book.since, now - LEFT_BEHIND),
            ~exists().where(of_payment, Receipt.registrar == book.registrar),
        )
        for payment in await session.scalars(lost):
            log.warning("receipt.left_behind", payment=payment.id, registrar=book.registrar)
            await _enter(session, payment, book.registrar, unnamed_item(), now)


async def claim_due(session: AsyncSession, now: datetime, *, limit: int = 50) -> Sequence[Receipt]:
    """Lock the receipts whose registrar is to be told now, the longest due first."""
    query = (
        select(Receipt)
        .where(Receipt.state.in_(["new", "annulling"]), Receipt.next_try_at <= now)
        .order_by(Receipt.next_try_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    claimed = (await session.scalars(query)).all()
    for receipt in claimed:
        receipt.next_try_at = now + CLAIMED_FOR
    return claimed


async def begin(session: AsyncSession, receipt_id: UUID, now: datetime) -> Receipt | None:
    """Count an attempt before it is made, so that whatever becomes of it is known. None: there is nothing to do."""
    receipt = await _lock(session, receipt_id)
    if receipt.state not in ("new", "annulling"):
        return None
    receipt.attempts += 1
    receipt.next_try_at = next_try(receipt.attempts, now)
    await session.flush()
    return receipt


async def known_refs(session: AsyncSession, receipt: Receipt) -> set[str]:
    """Lines of the registrar's books that are known to be of other rows."""
    query = select(Receipt.ref).where(Receipt.registrar == receipt.registrar, Receipt.ref.is_not(None))
    near = query.where(Receipt.sold_at.between(receipt.sold_at - NEAR, receipt.sold_at + NEAR))
    return {ref for ref in await session.scalars(near) if ref is not None}


def sale_of(receipt: Receipt) -> Sale:
    return Sale(receipt.title, Money(receipt.amount_minor, Currency(receipt.currency)), receipt.sold_at)


async def set_registered(
    session: AsyncSession, receipt_id: UUID, entry: Registered, now: datetime, *, telling_buyer: bool
) -> None:
    """It is in the books; its buyer is told where to see it."""
    receipt = await _lock(session, receipt_id)
    if receipt.state != "new":
        return
    receipt.state, receipt.ref, receipt.url = "registered", entry.ref, entry.url
    receipt.last_error = None
    payment = await session.get(Payment, receipt.payment_id)
    assert payment is not None
    log.info("receipt.registered", receipt=receipt.id, payment=payment.id)
    if telling_buyer and payment.user_id is not None:
        ready = ReceiptReady(entry.url, str(sale_of(receipt).amount), receipt.title, payment.id)
        await notify(session, payment.user_id, ready, once=f"receipt:{receipt.id}", now=now)


async def set_annulled(session: AsyncSession, receipt_id: UUID) -> None:
    """It is in the books no more; what was not given back is registered anew by `follow`."""
    receipt = await _lock(session, receipt_id)
    if receipt.state == "annulling":
        receipt.state, receipt.last_error = "annulled", None
        log.info("receipt.annulled", receipt=receipt.id, payment=receipt.payment_id)


async def leave_to_operator(session: AsyncSession, receipt_id: UUID, reason: str, now: datetime) -> None:
    """The registrar does not take it: somebody must look."""
    receipt = await _lock(session, receipt_id)
    if receipt.state not in ("new", "registered", "annulling"):
        return
    receipt.state, receipt.last_error = "review", reason
    log.error("receipt.review", receipt=receipt.id, payment=receipt.payment_id, reason=reason)
    refused = ReceiptRefused(receipt.id, receipt.payment_id, receipt.registrar, str(sale_of(receipt).amount), reason)
    what = f"{receipt.id}:{'annul' if receipt.to_annul else 'enter'}:{receipt.attempts}"
    await tell_operators(session, refused, once=f"receipt-review:{what}", now=now)


async def note_unanswered(session: AsyncSession, receipt_id: UUID, what: str) -> None:
    """No definite answer: its turn comes again."""
    receipt = await _lock(session, receipt_id)
    receipt.last_error = what
    log.warning("receipt.unanswered", receipt=receipt.id, registrar=receipt.registrar, result=what)


async def note_misconfigured(session: AsyncSession, receipt_id: UUID, reason: str, now: datetime) -> None:
    """Our credentials are wrong: asked again in an hour, and told once a day."""
    receipt = await _lock(session, receipt_id)
    receipt.last_error, receipt.next_try_at = reason, now + MISCONFIGURED_RETRY
    log.error("registrar.refuses_us", registrar=receipt.registrar, reason=reason)
    told = RegistrarRefusesUs(receipt.registrar, reason)
    await tell_operators(session, told, once=f"registrar:{receipt.registrar}:{now:%Y-%m-%d}", now=now)


async def retry(session: AsyncSession, receipt_id: UUID, now: datetime) -> None:
    """What an operator says after mending the reason: tell the registrar again, of what is left of the sale by now.

    Raises:
        ReceiptNotFound: also when it is not in review.
    """
    receipt = await _lock(session, receipt_id)
    if receipt.state != "review":
        raise ReceiptNotFound(receipt=receipt_id)
    receipt.next_try_at = now
    if receipt.to_annul:
        receipt.state = "annulling"
        return
    payment = await session.get(Payment, receipt.payment_id)
    assert payment is not None
    _await_entry(receipt, payment.amount_minor - payment.refunded_minor)


async def dismiss(session: AsyncSession, receipt_id: UUID) -> None:
    """What an operator says who has entered it, or taken it back, himself.

    Raises:
        ReceiptNotFound: also when it is not in review.
    """
    receipt = await _lock(session, receipt_id)
    if receipt.state != "review":
        raise ReceiptNotFound(receipt=receipt_id)
    receipt.state, receipt.last_error = "annulled" if receipt.to_annul else "registered", None


async def unfinished(session: AsyncSession) -> Sequence[Receipt]:
    """What a registrar has not taken yet, oldest first."""
    query = select(Receipt).where(Receipt.state.in_(["new", "annulling", "review"]))
    return (await session.scalars(query.order_by(Receipt.created_at))).all()


async def _lock(session: AsyncSession, receipt_id: UUID) -> Receipt:
    query = select(Receipt).where(Receipt.id == receipt_id).with_for_update()
    found = (await session.scalars(query, execution_options=FRESH)).one_or_none()
    if found is None:
        raise ReceiptNotFound(receipt=receipt_id)
    return found
