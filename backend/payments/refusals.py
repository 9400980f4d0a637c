"""Payments that a company refuses to open: most often something that only an operator can mend."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from backend.notifications.kinds import PaymentsRefused
from backend.notifications.service import tell_operators
from backend.payments.fiscal import RECEIPT
from backend.payments.providers.base import Rejected

LONGEST_CODE = 100
OF_THE_BUYER = frozenset({"method_gone", "email_refused"})


async def tell_rejected(session: AsyncSession, provider: str, rejected: Rejected, now: datetime) -> None:
    """A method without a contract, a limited shop, a body it does not take: said once a day for each answer.

    What it refuses for its receipt is told with more by `fiscal`; what only the buyer can mend he is told himself.
    """
    if rejected.parameter == RECEIPT or rejected.code in OF_THE_BUYER:
        return
    code = rejected.code[:LONGEST_CODE]
    told = PaymentsRefused(provider, code, rejected.description[:300])
    await tell_operators(session, told, once=f"rejected:{provider}:{code}:{now:%Y-%m-%d}", now=now)
