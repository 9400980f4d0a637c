"""The bot as a channel: every kind of notification becomes a view, every "no" of Telegram an error of ours."""

from datetime import timedelta

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramBadRequest, TelegramForbiddenError, TelegramRetryAfter

from backend.kit import clock
from backend.kit.errors import Refused, Unavailable
from backend.kit.i18n import translator
from backend.notifications.channels import PersonUnreachable, SlowDown
from backend.notifications.kinds import Kind
from backend.users import service as users
from bot.deps import Deps
from bot.notices import NOTICES, OPERATOR_NOTICES
from bot.notices.base import Hearer, Said
from bot.view import change, is_outage, send

log = structlog.get_logger()

NOWHERE = "chat not found"  # the person never wrote to this bot, or deleted the account


class Notifier:
    """`backend.notifications.channels.Channel` by Telegram."""

    def __init__(self, bot: Bot, deps: Deps) -> None:
        self._bot = bot
        self._deps = deps

    async def tell_operators(self, kind: Kind) -> None:
        """Say one thing to every operator. Who cannot be reached is left out, unless it is all of them.

        Raises:
            SlowDown, Unavailable
        """
        heard = False
        trouble: Unavailable | None = None
        for chat_id in self._deps.operators:
            async with self._deps.db.transaction() as session:
                operator = await users.find_by_telegram(session, chat_id)
            language = operator.language if operator else "ru"
            t = translator(language, self._deps.brand.time_zone)
            try:
                await send(self._bot, chat_id, OPERATOR_NOTICES[type(kind)](kind, t, clock.now()))
                heard = True
            except TelegramRetryAfter as error:
                trouble = trouble or SlowDown(timedelta(seconds=error.retry_after))
            except AiogramError as error:
                log.warning("operator.unreachable", telegram=chat_id, error=type(error).__name__)
                if is_outage(error):
                    trouble = trouble or Unavailable()
        if trouble is not None and not heard:
            raise trouble

    async def send(self, user_id: int, kind: Kind) -> None:
        """Say one thing to one person; a thing that is no longer true is not said.

        Raises:
            PersonUnreachable, SlowDown, Unavailable
            Refused: Telegram does not take the message, which is a bug of ours.
        """
        async with self._deps.db.transaction() as session:
            user = await users.get_user(session, user_id)
        if user.telegram_id is None:
            raise PersonUnreachable(user=user_id)
        t = translator(user.language, user.time_zone or self._deps.brand.time_zone)
        said = await NOTICES[type(kind)](kind, Hearer(self._deps, user, t, clock.now()))
        try:
            await self._speak(user.telegram_id, said)
        except TelegramForbiddenError as error:
            async with self._deps.db.transaction() as session:
                await users.set_reachable(session, user.telegram_id, clock.now(), reachable=False)
            raise PersonUnreachable(user=user_id) from error
        except TelegramRetryAfter as error:
            raise SlowDown(timedelta(seconds=error.retry_after)) from error
        except AiogramError as error:
            if isinstance(error, TelegramBadRequest) and NOWHERE in error.message:
                raise PersonUnreachable(user=user_id) from error
            raise (Unavailable if is_outage(error) else Refused)(user=user_id) from error

    async def _speak(self, chat_id: int, said: Said) -> None:
        for number, view in enumerate(said.views):
            if number == 0 and said.place is not None:
                await change(self._bot, *said.place, view)
            else:
                await send(self._bot, chat_id, view)
