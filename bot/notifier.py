"""The bot as a channel: every kind of notification becomes a view, every "no" of Telegram an error of ours."""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import structlog
from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramRetryAfter,
)

from backend.kit import clock
from backend.kit.errors import Outside, Refused, Unavailable
from backend.kit.i18n import translator
from backend.notifications.channels import (
    OFTEN_ENOUGH,
    HeardBySome,
    NotSaid,
    PersonUnreachable,
    SlowDown,
    TurnedDown,
    maybe_heard,
)
from backend.notifications.kinds import Kind
from backend.notifications.pace import Pace
from backend.users import service as users
from bot.deps import Deps
from bot.notices import NOTICES, OPERATOR_NOTICES
from bot.notices.base import Hearer, Said
from bot.session import NotDone, NotHeard
from bot.view import View, change, is_outage, reason_of, send

log = structlog.get_logger()

NOWHERE = (  # the person never wrote to this bot, or deleted the account
    "chat not found",
    "user not found",
    "user is deactivated",
    "peer_id_invalid",
    "user_id_invalid",
    "chat_write_forbidden",
)
NOBODY_FOR = timedelta(minutes=5)  # without operators, until the next look


class Notifier:
    """`backend.notifications.channels.Channel` by Telegram, at the pace it allows: every view counts, an edit too.

    After an answer that does not tell, nothing is said before Telegram is seen to work: an outage costs a duplicate
    or a loss of what was under way when it began, and of nothing else.
    """

    def __init__(self, bot: Bot, deps: Deps, pace: Pace | None = None) -> None:
        self._bot = bot
        self._deps = deps
        self._pace = pace or Pace()
        self._in_doubt = False  # the last answer did not tell
        self._heard: dict[int, Counter[int]] = {}  # how often each operator may have, of what others are to hear yet

    async def tell_operators(self, kind: Kind, *, number: int) -> None:
        """Say one thing to every operator: again to those whom an outage kept from hearing it, until all have.

        Who refuses is left out, unless nobody else hears it.

        Raises:
            SlowDown, NotSaid: nobody heard it, or nobody is named.
            HeardBySome: somebody may have heard it, and somebody is to hear it yet.
            Unavailable: it was said as often as it may be, and nobody knows whether everybody heard it.
        """
        if not self._deps.operators:
            raise SlowDown(NOBODY_FOR)
        enough = OFTEN_ENOUGH if kind.again else 1
        heard = self._heard.setdefault(number, Counter())
        before, left, unsure = heard.total(), list[Unavailable](), list[Unavailable]()
        for chat_id in self._deps.operators:
            if heard[chat_id] >= enough:
                continue
            view = await self._for_operator(chat_id, kind)
            try:
                await self._speak(chat_id, Said([view]))
                heard[chat_id] = enough
            except Unavailable as error:
                log.warning("operator.unreachable", telegram=chat_id, error=type(error).__name__)
                heard[chat_id] += maybe_heard(error)
                (left if heard[chat_id] < enough else unsure).append(error)
            except Outside as error:
                log.warning("operator.unreachable", telegram=chat_id, error=type(error).__name__)
        if left:
            raise HeardBySome if heard.total() > before else left[0]
        del self._heard[number]
        if unsure:
            raise unsure[0]
        if not heard.total():
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
            try:
                if number == 0 and said.place is not None:
                    await self._in_turn(chat_id, partial(change, self._bot, *said.place, view))
                else:
                    await self._in_turn(chat_id, partial(send, self._bot, chat_id, view))
            except PersonUnreachable:
                raise
            except Outside as error:
                if number == 0:
                    raise
                turned_down = isinstance(error, TurnedDown)  # and will be again, like what is refused
                rest_unsaid = isinstance(error, NotSaid | SlowDown) and not turned_down
                raise (HeardBySome if rest_unsaid else Unavailable)(telegram=chat_id) from error

    async def _in_turn(self, chat_id: int, call: Callable[[], Awaitable[None]]) -> None:
        await self._pace.turn(chat_id)
        if self._in_doubt:
            await self._see_it_work()
        try:
            await call()
        except TelegramRetryAfter as error:
            self._in_doubt = False
            wait = timedelta(seconds=error.retry_after)
            self._pace.rest(chat_id, wait)
            raise SlowDown(wait) from error
        except AiogramError as error:
            trouble = _trouble(error, chat_id)
            if not isinstance(trouble, NotSaid):
                self._in_doubt = maybe_heard(trouble)
            raise trouble from error
        self._in_doubt = False
        self._pace.heard()

    async def _see_it_work(self) -> None:
        """Ask who we are, which nobody minds twice and every server of the Bot API knows.

        Raises:
            NotSaid: no answer came, or none that tells. A "no" is one.
        """
        try:
            await self._bot.get_me()
        except AiogramError as error:
            if is_outage(error):
                raise NotSaid from error
        self._in_doubt = False


def _trouble(error: AiogramError, chat_id: int) -> Outside:
    """What Telegram's "no" or silence means to whoever sends."""
    if isinstance(error, TelegramForbiddenError):
        return PersonUnreachable(telegram=chat_id)
    if isinstance(error, TelegramBadRequest) and any(said in reason_of(error).casefold() for said in NOWHERE):
        return PersonUnreachable(telegram=chat_id)
    if not is_outage(error):
        return Refused(telegram=chat_id)
    if isinstance(error, NotDone):
        return TurnedDown(telegram=chat_id)
    return (NotSaid if isinstance(error, NotHeard) else Unavailable)(telegram=chat_id)
