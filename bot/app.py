"""The bot put together: middlewares, screens, and what becomes of an error."""

import structlog
from aiogram import Bot, Dispatcher, F, Router
from aiogram.exceptions import AiogramError, TelegramForbiddenError
from aiogram.types import CallbackQuery, ErrorEvent, InaccessibleMessage, Message, TelegramObject

from backend.kit import clock
from backend.kit.errors import ShopError
from backend.kit.i18n import DEFAULT_LANGUAGE, Translate, translator
from backend.users import service as users
from bot.deps import Deps
from bot.middlewares import LogContext, Pace, Person, Throttle
from bot.refusals import note_refusal
from bot.screens import GROUPS, SCREENS
from bot.view import View, show, tell

log = structlog.get_logger()


def create_dispatcher(deps: Deps, pace: Pace | None = None) -> Dispatcher:
    """Everything between an update and its answer. It keeps no state of a chat: any process may handle any update."""
    dispatcher = Dispatcher(disable_fsm=True, deps=deps)
    dispatcher.update.outer_middleware(LogContext())
    dispatcher.update.outer_middleware(Throttle(pace or Pace(burst=20, per_second=3)))
    dispatcher.update.outer_middleware(Person())
    private = Router(name="private")
    private.message.filter(F.chat.type == "private")
    private.callback_query.filter(~F.message | (F.message.chat.type == "private"))
    private.my_chat_member.filter(F.chat.type == "private")
    private.include_routers(*(_twin(screen) for screen in SCREENS))
    dispatcher.include_routers(private, _twin(GROUPS))
    dispatcher.errors.register(answer_crash)
    return dispatcher


def _twin(router: Router) -> Router:
    """The same handlers on a router of its own: one router hangs on one dispatcher only, and tests make several."""
    twin = Router(name=router.name)
    for name, observer in router.observers.items():
        twin.observers[name].handlers.extend(observer.handlers)
    return twin


async def answer_crash(event: ErrorEvent, deps: Deps, bot: Bot, t: Translate | None = None) -> None:
    """A sentence for the person and a line in the log, whatever went wrong."""
    error, said = event.exception, event.update.event
    if isinstance(error, TelegramForbiddenError):
        await _note_gone(said, deps)
        return
    if isinstance(error, ShopError):
        note_refusal(error)
    elif isinstance(error, AiogramError):
        log.error("bot.telegram_refused", error=type(error).__name__, reason=str(error))
    else:
        log.error("bot.failed", exc_info=error)
    try:
        await _say(said, sentence(t or translator(DEFAULT_LANGUAGE), error))
    except AiogramError as silence:
        log.warning("bot.speechless", error=type(silence).__name__)


def sentence(t: Translate, error: BaseException) -> str:
    """What a person reads instead of an error: the text of its class, else of the nearest class above it."""
    codes = [kind.code for kind in type(error).__mro__ if issubclass(kind, ShopError)]
    details = error.details if isinstance(error, ShopError) else {}
    return t(next((code for code in codes if t.has(code)), ShopError.code), **details)


async def _say(said: TelegramObject, text: str) -> None:
    if isinstance(said, CallbackQuery):
        await tell(said, text, alert=True)
    elif isinstance(said, Message) and said.chat.type == "private":
        await show(said, View(text))


async def _note_gone(said: TelegramObject, deps: Deps) -> None:
    """Somebody blocked the bot between his tap and the answer."""
    log.info("bot.blocked")
    message = said.message if isinstance(said, CallbackQuery) else said
    if not isinstance(message, Message | InaccessibleMessage) or message.chat.type != "private":
        return
    try:
        async with deps.db.transaction() as session:
            await users.set_reachable(session, message.chat.id, clock.now(), reachable=False)
    except ShopError as error:
        log.warning("bot.not_noted", code=error.code)
