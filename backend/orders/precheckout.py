"""The last question before money moves inside the bot: may this person pay this?

Telegram waits ten seconds for the answer. A yes proves nothing and changes nothing; a no takes no money. What was
opened may be paid while the provider is switched off or in trouble, but not while the audit holds it: its books are
wrong.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend.kit.db import DatabaseUnavailable
from backend.orders.checkout import Deps
from backend.orders.queries import ToPay, find_to_pay
from backend.payments.providers.base import PaymentProvider, PaymentState, Snapshot
from backend.payments.service import parse_id
from backend.switches.service import held

log = structlog.get_logger()

LOOK_SECONDS = 4  # what is left of ten is for Telegram to hear the answer
STATEMENT_TIMEOUT = text("set local statement_timeout = '3s'")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`refusal` is the id of the text that says why not; None: yes. `language`: the person's, where it was read."""

    refusal: str | None = None
    language: str | None = None


async def may_pay(deps: Deps, driver: PaymentProvider, asked: Snapshot, now: datetime) -> Verdict:
    """Whether the payer of `asked`, an unpaid snapshot, may pay it now. Answers within seconds, whatever is down."""
    refusal = _refuse_unseen(deps, driver, asked)
    payment_id = parse_id(asked.pid)
    if refusal is not None or payment_id is None:
        return Verdict(refusal or "precheckout-foreign")
    looking = asyncio.create_task(_look(deps, driver.id, payment_id))
    await asyncio.wait([looking], timeout=LOOK_SECONDS)
    try:
        if not looking.done():  # a database that hangs would hold up even its cancellation
            looking.add_done_callback(_drop)
            looking.cancel()
            raise TimeoutError
        found, stopped = looking.result()
    except (DatabaseUnavailable, DBAPIError, TimeoutError) as error:
        log.warning("precheckout.blind", provider=driver.id, error=type(error).__name__)
        return Verdict("precheckout-busy")
    if found is None:
        return Verdict("precheckout-gone")
    refusal = _judge(found, asked, now) or ("precheckout-held" if stopped else None)
    return Verdict(refusal, found.user.language)


def _refuse_unseen(deps: Deps, driver: PaymentProvider, asked: Snapshot) -> str | None:
    """Why not, as far as it is known without any look-up: whether we made this for exactly this person and amount."""
    if asked.amount is None or asked.amount.currency not in driver.currencies:
        return "precheckout-gone"
    signed = driver.seal.holds(
        deps.providers.keys,
        asked.mac,
        provider=driver.id,
        account=driver.account,
        payment_id=asked.pid or str(UUID(int=0)),
        order_id="",
        user_id=0,
        amount_minor=asked.amount.minor,
        currency=asked.amount.currency.value,
        payer=asked.payer or "",
    )
    if not signed:
        log.warning("precheckout.unproven", provider=driver.id)
    return None if signed else "precheckout-foreign"


async def _look(deps: Deps, provider_id: str, payment_id: UUID) -> tuple[ToPay | None, bool]:
    """What is to be paid, and whether the audit has stopped its provider."""
    async with deps.db.transaction() as session:
        await session.execute(STATEMENT_TIMEOUT)
        return await find_to_pay(session, provider_id, payment_id), await held(session, provider_id)


def _drop(looking: asyncio.Task[tuple[ToPay | None, bool]]) -> None:
    """Nobody waits for this any more."""
    if not looking.cancelled():
        looking.exception()


def _judge(found: ToPay, asked: Snapshot, now: datetime) -> str | None:
    payment, order = found.payment, found.order
    if (payment.payer_ref, payment.amount) != (asked.payer, asked.amount):
        return "precheckout-foreign"
    if found.user.blocked_at is not None:
        return "precheckout-blocked"
    if found.order_paid:
        return "precheckout-paid"
    open_still = payment.state in (PaymentState.NEW, PaymentState.PENDING)
    if not open_still or order.canceled_at is not None or order.expires_at <= now or not found.plan_on_sale:
        return "precheckout-gone"
    return None
