"""Fiscal receipts that payment companies register for us."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from backend.notifications.kinds import FiscalReceiptRefused
from backend.notifications.service import tell_operators
from backend.payments.providers.base import Rejected

RECEIPT = "receipt"  # the part of a request that was refused


async def tell_refusal(session: AsyncSession, provider: str, result: object, now: datetime) -> None:
    """Something was refused for its receipt: so will be the next, until the operator mends a setting."""
    if isinstance(result, Rejected) and result.parameter == RECEIPT:
        refused = FiscalReceiptRefused(provider, result.description or result.code)
        await tell_operators(session, refused, once=f"fiscal-refused:{provider}:{now:%Y-%m-%d-%H}", now=now)
