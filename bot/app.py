"""The bot put together: middlewares, screens, and what becomes of an error."""

import structlog
from aiogram import Bot, Dispatcher, F, Router
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.exceptions import AiogramError, TelegramForbiddenError, TelegramNetworkError
from aiogram.methods import TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import CallbackQuery, ErrorEvent, Message, TelegramObject
from aiohttp_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError

from backend.kit import clock
from backend.kit.errors import ShopError
from backend.kit.i18n import DEFAULT_LANGUAGE, Translate, translator
from backend.users import service as users
from bot.deps import Deps
from bot.introduction import introduce
from bot.middlewares import LogContext, Pace, Person, Throttle
from bot.screens import GROUPS, SCREENS
from bot.view import View, show, tell

__all__ = ["create_dispatcher", "introduce", "make_bot"]

log = structlog.get_logger()

REQUEST_SECONDS = 15


class Session(AiohttpSession):
    """aiogram's, to which a proxy that fails is a network that fails."""

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[TelegramType],
        timeout: int | None = None,  # noqa: ASYNC109 - aiogram's
    ) -> TelegramType:
        try:
            return await super().make_request(bot, method, timeout)
        except (ProxyConnectionError, ProxyError, ProxyTimeoutError) as error:
            raise TelegramNetworkError(method, f"{type(error).__name__}: {error}") from error


def make_bot(token: str, api_url: str | None = None, proxy: str | None = None) -> Bot:
    """A bot that speaks HTML and draws no previews of links. `api_url` is another server of the same API."""
    Message.model_rebuild()  # types that hold messages refer to this one, and do not build one each
    session = Session(
        proxy=proxy,
        api=TelegramAPIServer.from_base(api_url) if api_url else PRODUCTION,
        timeout=REQUEST_SECONDS,
    )
    return Bot(token, session, DefaultBotProperties(parse_mode="HTML", link_preview_is_disabled=True))


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
        log.warning("bot.refused", code=error.code, **error.details)
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
    if not isinstance(said, CallbackQuery | Message) or said.from_user is None:
        return
    try:
        async with deps.db.transaction() as session:
            await users.set_reachable(session, said.from_user.id, clock.now(), reachable=False)
    except ShopError as error:
        log.warning("bot.not_noted", code=error.code)
