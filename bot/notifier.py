"""The bot as a channel: every kind of notification becomes a view, every "no" of Telegram an error of ours."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import structlog
from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
)
from aiohttp import ClientConnectorError

from backend.kit import clock
from backend.kit.errors import Outside, Refused, Unavailable
from backend.kit.i18n import translator
from backend.notifications.channels import NotSaid, PersonUnreachable, SlowDown
from backend.notifications.kinds import Kind
from backend.notifications.pace import Pace
from backend.users import service as users
from bot.deps import Deps
from bot.notices import NOTICES, OPERATOR_NOTICES
from bot.notices.base import Hearer, Said
from bot.view import View, change, is_outage, reason_of, send

log = structlog.get_logger()

NOWHERE = "chat not found"  # the person never wrote to this bot, or deleted the account
NOBODY_FOR = timedelta(minutes=5)  # without operators, until the next look


class Notifier:
    """`backend.notifications.channels.Channel` by Telegram, at the pace it allows: every view counts, an edit too."""

    def __init__(self, bot: Bot, deps: Deps, pace: Pace | None = None) -> None:
        self._bot = bot
        self._deps = deps
        self._pace = pace or Pace()
        self._heard: dict[int, set[int]] = {}  # which operators, of what others are to hear yet

    async def tell_operators(self, kind: Kind, *, number: int) -> None:
        """Say one thing to every operator: again to those whom an outage kept from hearing it, until all have.

        Who refuses is left out, unless nobody else hears it.

        Raises:
            SlowDown, NotSaid, Unavailable: somebody is to hear it yet, or there is nobody to hear it.
        """
        if not self._deps.operators:
            raise SlowDown(NOBODY_FOR)
        heard = self._heard.setdefault(number, set())
        trouble: Unavailable | None = None
        for chat_id in self._deps.operators:
            if chat_id in heard:
                continue
            view = await self._for_operator(chat_id, kind)
            try:
                await self._speak(chat_id, Said([view]))
                heard.add(chat_id)
            except Unavailable as error:
                trouble = trouble or error
                log.warning("operator.unreachable", telegram=chat_id, error=type(error).__name__)
            except Outside as error:
                log.warning("operator.unreachable", telegram=chat_id, error=type(error).__name__)
        if trouble is not None:
            raise trouble
        del self._heard[number]
        if not heard:
            log.error("operators.deaf", kind=type(kind).__name__)
            raise NotSaid

    async def _for_operator(self, chat_id: int, kind: Kind) -> View:
        async with self._deps.db.transaction() as session:
            operator = await users.find_by_telegram(session, chat_id)
        t = translator(operator.language if operator else "ru", self._deps.brand.time_zone)
        return OPERATOR_NOTICES[type(kind)](kind, t, clock.now())

    async def send(self, user_id: int, kind: Kind) -> None:
        """Say one thing to one person; a thing that is no longer true is not said.

        Raises:
            PersonUnreachable, SlowDown, NotSaid, Unavailable
            Refused: Telegram does not take the message, which is a bug of ours.
        """
        async with self._deps.db.transaction() as session:
            user = await users.get_user(session, user_id)
        if user.telegram_id is None:
            raise PersonUnreachable(user=user_id)
        t = translator(user.language, user.time_zone or self._deps.brand.time_zone)
        said = await NOTICES[type(kind)](kind, Hearer(self._deps, user, t, clock.now()))
        await self._speak(user.telegram_id, said)

    async def _speak(self, chat_id: int, said: Said) -> None:
        for number, view in enumerate(said.views):
            if number == 0 and said.place is not None:
                await self._in_turn(chat_id, partial(change, self._bot, *said.place, view))
            else:
                await self._in_turn(chat_id, partial(send, self._bot, chat_id, view))

    async def _in_turn(self, chat_id: int, call: Callable[[], Awaitable[None]]) -> None:
        await self._pace.turn(chat_id)
        try:
            await call()
        except TelegramRetryAfter as error:
            wait = timedelta(seconds=error.retry_after)
            self._pace.rest(chat_id, wait)
            raise SlowDown(wait) from error
        except AiogramError as error:
            raise _trouble(error, chat_id) from error
        self._pace.heard()


def _trouble(error: AiogramError, chat_id: int) -> Outside:
    """What Telegram's "no" or silence means to whoever sends."""
    if isinstance(error, TelegramForbiddenError):
        return PersonUnreachable(telegram=chat_id)
    if isinstance(error, TelegramBadRequest) and NOWHERE in reason_of(error):
        return PersonUnreachable(telegram=chat_id)
    if not is_outage(error):
        return Refused(telegram=chat_id)
    unconnected = isinstance(error.__cause__, ClientConnectorError)
    maybe_heard = isinstance(error, TelegramNetworkError) and not unconnected
    return (Unavailable if maybe_heard else NotSaid)(telegram=chat_id)
