"""Looking how payments stand: asking providers for the truth about one, and reading their lists."""

import asyncio
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

from backend.kit.db import Database
from backend.kit.errors import Conflict, Invalid, NotFound, Unavailable
from backend.orders.capture import capture
from backend.orders.refunds import fetch, listed_refunds
from backend.orders.service import settle, settle_told
from backend.orders.unseen import ask_later, describe
from backend.payments import circuits, inbox
from backend.payments import service as payments
from backend.payments.models import Payment
from backend.payments.providers import Providers
from backend.payments.providers.base import Known, PaymentProvider, PaymentState, Snapshot
from backend.payments.recording import find_bound, lags_behind

log = structlog.get_logger()

WAIT_SECONDS = 8  # as long as somebody looks at a page; the jobs go on after that
ASK_AT_MOST_EVERY = timedelta(seconds=5)
CLOCKS_DIFFER = timedelta(minutes=10)
SWEEP_EVERY = timedelta(hours=1)
SWEEP_TIMER = "sweep:"  # with a provider's id: when its list, last read to its end, is to be read again

INDIGESTIBLE = (SQLAlchemyError, Conflict, Invalid, NotFound, AssertionError, LookupError, ValueError)
"""What settling one object of a list may raise by a mistake, theirs or ours. Outages raise others."""


class Deps(Protocol):
    db: Database
    providers: Providers


async def ask(deps: Deps, payment: Payment, now: datetime) -> None:
    """Look how an unfinished payment stands, unless somebody did in the last five seconds.

    Without an answer soon it stays as it is: the jobs go on asking. A payment the provider has not confirmed to know
    is not asked for: its request is sent again by a job, one at a time. One without an id before it is paid is looked
    for among what was paid since.
    """
    if payment.state in (PaymentState.SUCCEEDED, PaymentState.REVIEW, PaymentState.FAILED):
        return
    ref, driver = payment.provider_payment_id, deps.providers.find(payment.provider)
    if driver is None or (ref is None and not (driver.by_bot and payment.state == PaymentState.PENDING)):
        return
    async with deps.db.transaction() as session:
        if not await payments.claim_check(session, payment.id, now, at_most_every=ASK_AT_MOST_EVERY):
            return
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            if ref is not None:
                await refresh(deps, payment.provider, ref, now)
            else:
                await sweep_provider(deps, driver, payment.created_at - CLOCKS_DIFFER, now)
    except TimeoutError:
        log.warning("payment.slow", payment=payment.id)


async def sweep_provider(deps: Deps, provider: PaymentProvider, since: datetime, now: datetime) -> bool:
    """Settle what the provider lists and we do not know yet.

    False: the list could not be read to its end, or something in it could not be settled, which holds nothing up.
    """
    whole = True
    try:
        async for snapshot in provider.list_since(since):
            whole = await _take_in(deps, provider, snapshot, now) and whole
    except Unavailable as error:
        log.warning("sweep.broken_off", provider=provider.id, reason=str(error))
        return False
    return whole


async def _take_in(deps: Deps, provider: PaymentProvider, snapshot: Snapshot, now: datetime) -> bool:
    """
    Raises:
        Unavailable: the database or the provider is away.
    """
    try:
        async with deps.db.transaction() as session:
            behind = await lags_behind(session, provider.id, snapshot)
        if behind:
            returned = await listed_refunds(deps.db, deps.providers, provider.id, snapshot)
            async with deps.db.transaction() as session:
                await settle(session, deps.providers, provider.id, snapshot, now, returned=returned)
    except INDIGESTIBLE:
        log.exception("sweep.object_failed", provider=provider.id, ref=snapshot.ref)
        return False
    return True


async def refresh(deps: Deps, provider_id: str, ref: str, now: datetime) -> None:
    """Settle what stored events tell of one payment; where they do not, ask its provider for the truth."""
    async with deps.db.transaction() as session:
        if await settle_told(session, deps.providers, provider_id, ref, now):
            return
    result, returned = await fetch(deps.db, deps.providers, provider_id, ref)
    async with deps.db.transaction() as session:
        settled = None
        if isinstance(result, Known):
            settled = await settle(session, deps.providers, provider_id, result.snapshot, now, returned=returned)
        else:
            log.warning("payment.not_answered", provider=provider_id, result=describe(result))
            await find_bound(session, provider_id, ref)  # before its events, as everywhere
            await inbox.postpone_events(session, provider_id, ref, describe(result), now)
        if settled is None:
            await ask_later(session, deps.providers.get(provider_id), ref, result, now)
        await circuits.note_look(session, provider_id, result, now)
    if isinstance(result, Known) and result.snapshot.held:
        await capture(deps.db, deps.providers, provider_id, ref, now)
