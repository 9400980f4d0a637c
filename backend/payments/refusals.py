"""Payments that a company refuses to open: most often something that only an operator can mend."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from backend.notifications.kinds import PaymentsRefused
from backend.notifications.service import tell_operators
from backend.payments.fiscal import RECEIPT
from backend.payments.models import Payment
from backend.payments.providers.base import Rejected

LONGEST_CODE = 100
EMAIL_REFUSED = "email_refused"


async def tell_rejected(session: AsyncSession, payment: Payment, rejected: Rejected, now: datetime) -> None:
    """A method without a contract, a limited shop, a body it does not take: said once a day for each answer.

    A refusal for the receipt is told with more by `fiscal`; buyers are told themselves that an address is refused.
    """
    if rejected.parameter == RECEIPT or (rejected.code == EMAIL_REFUSED and payment.initiated_by == "buyer"):
        return
    provider = payment.provider
    code = rejected.code[:LONGEST_CODE]
    told = PaymentsRefused(provider, code, rejected.description[:300])
    await tell_operators(session, told, once=f"rejected:{provider}:{code}:{now:%Y-%m-%d}", now=now)
