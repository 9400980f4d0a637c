"""What every update goes through first: a name for the log, a pace, and who it is from."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiogram import BaseMiddleware
from aiogram.dispatcher.middlewares.user_context import EVENT_CONTEXT_KEY, EventContext
from aiogram.types import CallbackQuery, Message, TelegramObject, Update
from aiogram.types.update import UpdateTypeLookupError

from backend.kit import clock
from backend.kit.i18n import choose_language, translator
from backend.users import service as users
from bot.callbacks import BACK_FROM_PAYING, is_about_money
from bot.deps import Deps
from bot.view import tell

log = structlog.get_logger()

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]

NAME_LIMIT = 64  # Telegram's own
START_PAYLOAD_LIMIT = 64  # Telegram's own for deep links; a person may type more


class LogContext(BaseMiddleware):
    """Every line written on the way of an update names it and its sender. Updates of a kind unknown here end here."""

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        assert isinstance(event, Update)
        context: EventContext = data[EVENT_CONTEXT_KEY]
        with structlog.contextvars.bound_contextvars(update=event.update_id, telegram_user=context.user_id):
            try:
                kind = event.event_type
            except UpdateTypeLookupError:
                log.info("bot.unknown_update")
                return None
            log.debug("bot.update", kind=kind)
            return await handler(event, data)


@dataclass
class Pace:
    """How many updates of one person there may still be: `burst` at once, then `per_second`."""

    burst: float
    per_second: float
    people: OrderedDict[int, tuple[float, float]] = field(default_factory=OrderedDict)  # id: updates left, as of

    def take(self, person: int, at: float) -> bool:
        """Count one update at this moment (seconds of any steady clock). False: too many."""
        left, since = self.people.pop(person, (self.burst, at))
        left = min(self.burst, left + max(0.0, at - since) * self.per_second)
        allowed = left >= 1
        self.people[person] = (left - 1 if allowed else left, at)
        if len(self.people) > 10_000:
            self.people.popitem(last=False)
        return allowed


class Throttle(BaseMiddleware):
    """Drops what one person sends faster than anybody taps, but never a step of paying."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        context: EventContext = data[EVENT_CONTEXT_KEY]
        assert isinstance(event, Update)
        said = event.event
        if context.user is None or _is_held_harmless(said):
            return await handler(event, data)
        if self._pace.take(context.user.id, clock.now().timestamp()):
            return await handler(event, data)
        log.info("bot.throttled")
        if isinstance(said, CallbackQuery):
            await tell(said, translator(choose_language(context.user.language_code))("throttled"))
        return None


def _is_held_harmless(said: TelegramObject) -> bool:
    match said:
        case CallbackQuery(data=str(tapped)):
            return is_about_money(tapped)
        case Message(successful_payment=payment, refunded_payment=refund):
            return payment is not None or refund is not None
        case CallbackQuery() | Message():
            return False
        case _:
            return True


class Person(BaseMiddleware):
    """Gives handlers `user` and `t`; whoever writes for the first time is registered on the way."""

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        context: EventContext = data[EVENT_CONTEXT_KEY]
        deps: Deps = data["deps"]
        sender = context.user
        if sender is None:
            return await handler(event, data)
        data["t"] = translator(choose_language(sender.language_code), deps.brand.time_zone)
        if context.chat is not None and context.chat.type != "private":
            return await handler(event, data)
        async with deps.db.transaction() as session:
            user = await users.register(
                session,
                clock.now(),
                telegram_id=sender.id,
                first_name=storable(sender.first_name)[:NAME_LIMIT],
                username=sender.username and storable(sender.username)[:NAME_LIMIT],
                language_code=sender.language_code,
                payload=_start_payload(event),
            )
            if not _is_plain_text(event):
                user.awaiting = None  # whoever does something else has put the question aside
        data["user"] = user
        data["t"] = translator(user.language, user.time_zone or deps.brand.time_zone)
        return await handler(event, data)


def _is_plain_text(event: TelegramObject) -> bool:
    """A text that is no command: it may answer what was asked."""
    said = event.message.text if isinstance(event, Update) and event.message else None
    return said is not None and not said.startswith("/")


def _start_payload(event: TelegramObject) -> str | None:
    """What followed /start, as far as it may come from a link of ours."""
    text = event.message.text if isinstance(event, Update) and event.message else None
    command, _, payload = (text or "").partition(" ")
    if command.partition("@")[0] != "/start":
        return None
    payload = storable(payload.strip())[:START_PAYLOAD_LIMIT]
    return None if payload.startswith(BACK_FROM_PAYING) else payload or None


def storable(text: str) -> str:
    """A text without what PostgreSQL does not keep: NUL, and halves of characters."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()
