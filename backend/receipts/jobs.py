"""What keeps receipts going without anybody looking."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit import clock
from backend.kit.db import Database
from backend.kit.errors import Unavailable
from backend.kit.jobs import Job, Timer, enqueue, every, runs, ticks
from backend.notifications.kinds import BooksDiffer, BooksUnread
from backend.notifications.service import tell_operators
from backend.payments.providers import Providers
from backend.payments.providers.base import Misconfigured, Rejected
from backend.receipts import fiscal, service
from backend.receipts.models import Receipt
from backend.receipts.registrars import Registrars
from backend.receipts.registrars.base import Annulled, Entry, Reason, Registered, Registrar
from backend.receipts.service import TellRegistrar

log = structlog.get_logger()

AROUND = timedelta(hours=1)  # clocks differ
COMPARED = timedelta(days=7)
COMPARE_EVERY = timedelta(days=1)
BOOKS_TIMER = "books:"  # with a registrar's id: when its books are to be compared next
SETTLING = timedelta(minutes=10)  # a line may just be under way


class Deps(Protocol):
    db: Database
    providers: Providers
    registrars: Registrars


@every(timedelta(minutes=1))
@dataclass(frozen=True)
class FollowSales(Job):
    """Compare what is to be registered with what was sold and given back."""


@runs(FollowSales)
async def follow_sales(job: FollowSales, deps: Deps) -> None:
    async with deps.db.transaction() as session:
        await service.follow(session, clock.now())


@ticks
async def wake_receipts(session: AsyncSession, now: datetime) -> None:
    for receipt in await service.claim_due(session, now):
        await enqueue(
            session, TellRegistrar(receipt.id), once=str(receipt.id), serial=f"registrar:{receipt.registrar}"
        )


@runs(TellRegistrar)
async def tell_registrar(job: TellRegistrar, deps: Deps) -> None:
    """Register a sale or take it back. After an attempt without an answer the books are looked at first."""
    now = clock.now()
    async with deps.db.transaction() as session:
        receipt = await service.begin(session, job.receipt_id, now)
        known = await service.known_refs(session, receipt) if receipt else set()
    if receipt is None:
        return
    registrar = deps.registrars.get(receipt.registrar)
    if registrar is None:
        log.warning("receipt.no_registrar", receipt=receipt.id, registrar=receipt.registrar)
    elif receipt.state == "new":
        await _register(deps, registrar, receipt, known, now)
    else:
        await _annul(deps, registrar, receipt, now)


async def _register(deps: Deps, registrar: Registrar, receipt: Receipt, known: set[str], now: datetime) -> None:
    sale = service.sale_of(receipt)
    found = await _find(registrar, receipt, known) if receipt.attempts > 1 else None
    result = Registered(found.ref, found.url) if found else await registrar.register(sale)
    async with deps.db.transaction() as session:
        match result:
            case Registered():
                tells = registrar.tells_buyers
                await service.set_registered(session, receipt.id, result, now, telling_buyer=tells)
            case Rejected(code, description):
                await service.leave_to_operator(session, receipt.id, description or code, now)
            case Misconfigured(reason):
                await service.note_misconfigured(session, receipt.id, reason, now)
            case _:
                await service.note_unanswered(session, receipt.id, type(result).__name__)


async def _find(registrar: Registrar, receipt: Receipt, known: set[str]) -> Entry | None:
    """The line an unanswered attempt has left in the books, if it has."""
    sale = service.sale_of(receipt)
    async for entry in registrar.entries(receipt.sold_at - AROUND, receipt.sold_at + AROUND):
        same = (entry.title, entry.amount, entry.annulled) == (sale.title, sale.amount, False)
        if same and entry.ref not in known:
            return entry
    return None


async def _annul(deps: Deps, registrar: Registrar, receipt: Receipt, now: datetime) -> None:
    if receipt.ref is None:
        async with deps.db.transaction() as session:
            await service.leave_to_operator(session, receipt.id, "entered by hand: to be annulled by hand", now)
        return
    result = await registrar.annul(receipt.ref, Reason.REFUND, now)
    if isinstance(result, Rejected) and await _is_annulled(registrar, receipt):
        result = Annulled()
    async with deps.db.transaction() as session:
        match result:
            case Annulled():
                await service.set_annulled(session, receipt.id)
            case Rejected(code, description):
                await service.leave_to_operator(session, receipt.id, description or code, now)
            case Misconfigured(reason):
                await service.note_misconfigured(session, receipt.id, reason, now)
            case _:
                await service.note_unanswered(session, receipt.id, type(result).__name__)


async def _is_annulled(registrar: Registrar, receipt: Receipt) -> bool:
    entries = registrar.entries(receipt.sold_at - AROUND, receipt.sold_at + AROUND)
    return any([entry.annulled async for entry in entries if entry.ref == receipt.ref])


@every(timedelta(hours=1))
@dataclass(frozen=True)
class CompareBooks(Job):
    """Compare the registrars' books with ours, once a day; what could not be read is read again."""


@runs(CompareBooks)
async def compare_books(job: CompareBooks, deps: Deps) -> None:
    """A week of them, counted from when it was due; tell the operator when it was not done twice."""
    now = clock.now()
    for registrar in deps.registrars.values():
        async with deps.db.transaction() as session:
            due = await _comparison_due(session, registrar.id, now)
        if due > now:
            continue
        try:
            await _compare(deps, registrar, due - COMPARED, now)
        except Unavailable as error:
            log.warning("registrar.not_compared", registrar=registrar.id, reason=str(error))
            if now - due >= COMPARE_EVERY:
                unread = BooksUnread(registrar.id, due, str(error))
                async with deps.db.transaction() as session:
                    once = f"books-unread:{registrar.id}:{due.isoformat()}"
                    await tell_operators(session, unread, once=once, now=now)


async def _comparison_due(session: AsyncSession, registrar: str, now: datetime) -> datetime:
    """Since when, or from when on, a registrar's books are to be compared."""
    first = insert(Timer).values(name=BOOKS_TIMER + registrar, next_at=now)
    await session.execute(first.on_conflict_do_nothing())
    return (await session.get_one(Timer, BOOKS_TIMER + registrar)).next_at


async def _compare(deps: Deps, registrar: Registrar, since: datetime, now: datetime) -> None:
    async with deps.db.transaction() as session:
        query = select(Receipt).where(Receipt.registrar == registrar.id, Receipt.sold_at >= since)
        ours = (await session.scalars(query)).all()
    theirs = {entry.ref: entry async for entry in registrar.entries(since - AROUND, now + AROUND)}
    differ = _difference(registrar.id, ours, theirs, before=now - SETTLING)
    async with deps.db.transaction() as session:
        (await session.get_one(Timer, BOOKS_TIMER + registrar.id)).next_at = now + COMPARE_EVERY
        if differ is not None:
            log.error("registrar.differs", registrar=registrar.id)
            await tell_operators(session, differ, once=f"books:{registrar.id}:{now:%Y-%m-%d}", now=now)


def _difference(
    name: str, ours: Sequence[Receipt], theirs: Mapping[str, Entry], *, before: datetime
) -> BooksDiffer | None:
    """Lines that are missing there, annulled there without us, or there twice; None: the books agree."""
    standing = [receipt for receipt in ours if receipt.state == "registered" and receipt.ref]
    refs = {receipt.ref for receipt in ours if receipt.ref}
    sold = {(receipt.title, receipt.amount_minor) for receipt in standing}
    missing = [r.title for r in standing if r.ref not in theirs and r.created_at < before]
    annulled = [r.title for r in standing if r.ref and r.ref in theirs and theirs[r.ref].annulled]
    twice = [
        entry.title
        for entry in theirs.values()
        if not entry.annulled and entry.amount and entry.ref not in refs and (entry.title, entry.amount.minor) in sold
    ]
    if not (missing or annulled or twice):
        return None
    return BooksDiffer(name, tuple(missing), tuple(annulled), tuple(twice))


@every(timedelta(minutes=10))
@dataclass(frozen=True)
class WatchFiscalReceipts(Job):
    """See what became of the fiscal receipts, of sales and refunds, that payment companies register for us."""


@runs(WatchFiscalReceipts)
async def watch_fiscal_receipts(job: WatchFiscalReceipts, deps: Deps) -> None:
    """Ask until a receipt is registered or refused; tell the operator of what is refused, or late."""
    now = clock.now()
    await fiscal.watch_payments(deps, now)
    await fiscal.watch_refunds(deps, now)
