"""Note what people agree to."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from backend.consents.models import Consent

OFFER_VERSION = "2026-11-25"


async def accept_offer(session: AsyncSession, user_id: int, now: datetime, *, channel: str) -> Consent:
    """Append the acceptance of the offer as it stands today."""
    consent = Consent(user_id=user_id, document="offer", version=OFFER_VERSION, channel=channel, accepted_at=now)
    session.add(consent)
    await session.flush()
    return consent
