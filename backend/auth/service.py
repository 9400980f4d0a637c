"""Logging in, staying logged in, logging out."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

import structlog
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.initdata import TelegramPerson
from backend.auth.models import RefreshToken
from backend.kit.errors import Forbidden, Unproven
from backend.kit.tokens import new_id, new_token
from backend.users import service as users
from backend.users.models import User

log = structlog.get_logger()

REFRESH_LASTS = timedelta(days=30)
REFRESH_CHARACTERS = 43  # 256 bits


class RefreshRefused(Unproven):
    """This refresh token is not one of ours, or it was used, revoked or has expired."""


class PersonBlocked(Forbidden):
    """This account is blocked."""


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A person with the refresh token to hand out; only its digest is kept."""

    user: User
    refresh_token: str


@dataclass(frozen=True, slots=True)
class Reused:
    """A refresh token came a second time, so one of the two has it from somebody else: its family is revoked."""

    user_id: int


async def log_in(session: AsyncSession, person: TelegramPerson, now: datetime, *, language: str) -> LoggedIn:
    """The account of somebody Telegram vouches for, made on first sight, and the first token of a new family.

    `language` is the browser's; it counts where Telegram says nothing and we know nothing.

    Raises:
        PersonBlocked
    """
    known = await users.find_by_telegram(session, person.telegram_id)
    user = await users.register(
        session,
        now,
        telegram_id=person.telegram_id,
        first_name=person.first_name,
        username=person.username,
        language_code=person.language_code or (known.language if known else language),
        payload=person.start_param,
    )
    refuse_blocked(user)
    log.info("auth.logged_in", user=user.id)
    return LoggedIn(user, await _issue(session, user.id, new_id(), now))


async def rotate(session: AsyncSession, presented: str, now: datetime) -> LoggedIn | Reused:
    """Exchange a refresh token for the next of its family.

    Reuse is an answer and not an error, because the revocation it comes with has to be committed.

    Raises:
        RefreshRefused, PersonBlocked
    """
    found = await session.get(RefreshToken, _digest(presented))
    if found is None:
        raise RefreshRefused
    # One refresh of a person at a time, so that a family is revoked together with a token that is just being made.
    user = await users.lock_user(session, found.user_id)
    token = await session.get(RefreshToken, found.digest, populate_existing=True)
    if token is None or token.revoked_at is not None or token.expires_at <= now:
        raise RefreshRefused
    if token.used_at is not None:
        await _revoke(session, token.family_id, now)
        log.warning("auth.token_reused", user=user.id, family=token.family_id)
        return Reused(user.id)
    refuse_blocked(user)
    token.used_at = now
    return LoggedIn(user, await _issue(session, user.id, token.family_id, now))


async def log_out(session: AsyncSession, presented: str, now: datetime) -> None:
    """Revoke the family of a refresh token, whichever of it this is; one that is unknown is out already."""
    token = await session.get(RefreshToken, _digest(presented))
    if token is not None:
        await users.lock_user(session, token.user_id)
        await _revoke(session, token.family_id, now)


def refuse_blocked(user: User) -> None:
    """Raises PersonBlocked."""
    if user.blocked_at is not None:
        raise PersonBlocked(user=user.id)


async def _issue(session: AsyncSession, user_id: int, family_id: UUID, now: datetime) -> str:
    """A new token; those of this person that have expired go."""
    await session.execute(delete(RefreshToken).where(RefreshToken.user_id == user_id, RefreshToken.expires_at <= now))
    token = new_token(REFRESH_CHARACTERS)
    session.add(
        RefreshToken(
            digest=_digest(token),
            family_id=family_id,
            user_id=user_id,
            issued_at=now,
            expires_at=now + REFRESH_LASTS,
        )
    )
    await session.flush()
    return token


async def _revoke(session: AsyncSession, family_id: UUID, now: datetime) -> None:
    await session.execute(
        update(RefreshToken)
        .where(RefreshToken.family_id == family_id, RefreshToken.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def _digest(token: str) -> bytes:
    return sha256(token.encode(errors="replace")).digest()
