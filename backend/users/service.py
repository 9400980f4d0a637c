"""Who people are."""

from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit.errors import NotFound
from backend.kit.i18n import choose_language, languages
from backend.users.models import User


class UserNotFound(NotFound):
    """There is no such person."""


async def register(
    session: AsyncSession,
    now: datetime,
    *,
    telegram_id: int,
    first_name: str,
    username: str | None,
    language_code: str | None,
    payload: str | None = None,
) -> User:
    """The person with this Telegram id, made on first sight and kept up to date.

    The payload of the first /start is kept for ever; the language follows Telegram's until somebody chooses one.
    """
    language = choose_language(language_code)
    found = await find_by_telegram(session, telegram_id)
    if found is None:
        await session.execute(
            insert(User)
            .values(
                telegram_id=telegram_id,
                first_name=first_name,
                username=username,
                language=language,
                start_payload=payload,
                created_at=now,
            )
            .on_conflict_do_nothing(index_elements=[User.telegram_id])
        )
        found = await find_by_telegram(session, telegram_id)
        assert found is not None
    found.first_name, found.username, found.unreachable_at = first_name, username, None
    if not found.language_chosen:
        found.language = language
    return found


_BY_TELEGRAM = select(User).where(User.telegram_id == bindparam("telegram_id"))


async def find_by_telegram(session: AsyncSession, telegram_id: int) -> User | None:
    return (await session.scalars(_BY_TELEGRAM, {"telegram_id": telegram_id})).one_or_none()


async def get_user(session: AsyncSession, user_id: int) -> User:
    """Raises UserNotFound."""
    user = await session.get(User, user_id)
    if user is None:
        raise UserNotFound(user=user_id)
    return user


async def lock_user(session: AsyncSession, user_id: int) -> User:
    """The person's row, locked until the transaction ends: one purchase of a person at a time.

    Rows that name the person may be written meanwhile (`key_share`); else a settlement and a tap would deadlock.

    Raises:
        UserNotFound
    """
    query = select(User).where(User.id == user_id).with_for_update(key_share=True)
    user = (await session.scalars(query)).one_or_none()
    if user is None:
        raise UserNotFound(user=user_id)
    return user


async def set_language(session: AsyncSession, user_id: int, language: str) -> None:
    """Speak this language from now on, whatever Telegram says."""
    if language not in languages():
        raise ValueError(f"no such language: {language}")
    await session.execute(update(User).where(User.id == user_id).values(language=language, language_chosen=True))


async def ask(session: AsyncSession, user_id: int, question: str | None) -> None:
    """What the person writes next answers this question; None: nothing is asked any more."""
    await session.execute(update(User).where(User.id == user_id).values(awaiting=question))


async def set_email(session: AsyncSession, user_id: int, email: str | None) -> None:
    """Receipts go to this address from now on; None: to none."""
    await session.execute(update(User).where(User.id == user_id).values(email=email))


async def set_reachable(session: AsyncSession, telegram_id: int, now: datetime, *, reachable: bool) -> None:
    """Note that a person blocked the bot, or let it speak again."""
    await session.execute(
        update(User).where(User.telegram_id == telegram_id).values(unreachable_at=None if reachable else now)
    )
