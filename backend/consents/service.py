"""Note what people agree to, and which version of it was there to agree to."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.consents.documents import Document
from backend.consents.models import Consent, SeenText
from backend.kit.errors import Conflict


class TextChanged(Conflict):
    """This text was changed and kept its version."""


async def refuse_changed(session: AsyncSession, texts: Iterable[Document]) -> None:
    """Raises TextChanged: a version somebody may have accepted reads otherwise now."""
    for text in texts:
        seen = await session.get(SeenText, (text.name, text.language, text.version))
        if seen is not None and seen.sha256 != text.sha256:
            raise TextChanged(document=text.name, language=text.language, version=text.version)


async def take_texts(session: AsyncSession, texts: Iterable[Document], now: datetime) -> None:
    """From now on people accept these texts.

    Raises:
        TextChanged
    """
    for text in texts:
        row = insert(SeenText).values(
            document=text.name,
            language=text.language,
            version=text.version,
            sha256=text.sha256,
            seen_at=now,
            taken_at=now,
        )
        taken = await session.scalar(
            row.on_conflict_do_update(
                index_elements=[SeenText.document, SeenText.language, SeenText.version],
                set_={"taken_at": now},
                where=SeenText.sha256 == row.excluded.sha256,
            ).returning(SeenText.version)
        )
        if taken is None:
            raise TextChanged(document=text.name, language=text.language, version=text.version)


async def accept(session: AsyncSession, user_id: int, document: str, now: datetime, *, channel: str) -> Consent:
    """Append that a person accepted this document in the version that was taken last."""
    return await _append(session, user_id, document, document, now, channel=channel)


async def withdraw(session: AsyncSession, user_id: int, document: str, now: datetime, *, channel: str) -> Consent:
    """Append that a person takes back what he accepted by this document, under its name with ":withdrawn"."""
    return await _append(session, user_id, document, f"{document}:withdrawn", now, channel=channel)


async def _append(
    session: AsyncSession, user_id: int, document: str, name: str, now: datetime, *, channel: str
) -> Consent:
    newest = select(SeenText.version).where(SeenText.document == document)
    version = (await session.scalars(newest.order_by(SeenText.taken_at.desc()).limit(1))).one()
    consent = Consent(user_id=user_id, document=name, version=version, channel=channel, accepted_at=now)
    session.add(consent)
    await session.flush()
    return consent


async def accept_offer(session: AsyncSession, user_id: int, now: datetime, *, channel: str) -> Consent:
    """What an order accepts: the offer, whose consent is given back, and the privacy policy."""
    offer = await accept(session, user_id, "offer", now, channel=channel)
    await accept(session, user_id, "privacy", now, channel=channel)
    return offer
