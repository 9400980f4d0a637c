"""Money that is only held: taken at once, since what is held goes back by itself after some days."""

from datetime import datetime

import structlog

from backend.kit.db import Database
from backend.orders.service import settle
from backend.payments import circuits
from backend.payments.providers import Providers
from backend.payments.providers.base import Known, PaymentState
from backend.payments.recording import find_bound

log = structlog.get_logger()


async def capture(db: Database, providers: Providers, provider_id: str, ref: str, now: datetime) -> None:
    """Take what is held for one of our payments. Done again, by the same key, it is done once.

    Without an answer the next look at the payment does it again.
    """
    async with db.transaction() as session:
        payment = await find_bound(session, provider_id, ref)
    if payment is None or payment.state != PaymentState.CONFIRMING:
        return
    result = await providers.get(provider_id).capture(ref, f"cap-{payment.id}")
    async with db.transaction() as session:
        if isinstance(result, Known):
            await settle(session, providers, provider_id, result.snapshot, now)
        else:
            log.error("payment.not_captured", payment=payment.id, result=repr(result)[:200])
        await circuits.note_result(session, provider_id, result, now)
