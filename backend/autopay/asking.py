"""Asking companies, right before a charge, about what its owner began to pay himself."""

from datetime import datetime

from backend.orders.checkout import Deps
from backend.orders.looking import CLOCKS_DIFFER, refresh, sweep_provider
from backend.payments.models import Payment


async def is_answered(deps: Deps, payment: Payment, now: datetime) -> bool:
    """Ask how a payment stands and settle it. Whether its company has told: what that was, the books say."""
    driver = deps.providers.find(payment.provider)
    if driver is None:
        return False
    if payment.provider_payment_id is None:  # its company knows it by what was paid alone
        return await sweep_provider(deps, driver, payment.created_at - CLOCKS_DIFFER, now)
    await refresh(deps, payment.provider, payment.provider_payment_id, now)
    async with deps.db.transaction() as session:
        asked = await session.get_one(Payment, payment.id)
    return asked.checked_at == now
