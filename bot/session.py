"""How the bot speaks to Telegram: aiogram's session, and what we ask of it beyond that."""

import re
from http import HTTPStatus
from typing import Any

from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.methods import AnswerCallbackQuery, EditMessageText, Response, SendMessage, SendPhoto, TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import Message
from aiohttp import ClientConnectorError, ClientTimeout, ConnectionTimeoutError
from aiohttp_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError

from backend.kit.reading import Json, parse, part, text, whole

REQUEST_SECONDS = 15
CONNECTING = 2 / 3  # of the time for a request: after that there was no connection, which is more than no answer
UNCONNECTED = (ClientConnectorError, ConnectionTimeoutError)
SAID = (SendMessage, SendPhoto, EditMessageText, AnswerCallbackQuery)
MAYBE_DONE = ("restart", "aborted", "deleted")  # of a server that ended meanwhile; of what was sent and is gone
BY_A_GATEWAY = (HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT)
RETRY_AFTER = re.compile(r"retry after (\d{1,6})", re.IGNORECASE)


class NotHeard(TelegramNetworkError):
    """Telegram is away, and has surely not heard this: there was no connection, or a gateway turned it down."""


class NotDone(TelegramServerError):
    """Telegram is in trouble, and says itself that it has not done this."""


class Session(AiohttpSession):
    """aiogram's. A proxy that fails is a network that fails, an answer that nobody can read is an outage.

    A "no" is what it says of itself, also below a 200; one of 429 is a wish to wait, however it is put.

    Where something was said, "ok" is all the answer: the message that comes back is not read. Nobody here needs it,
    and one that could not be read would make us say the same again.
    """

    def check_response(
        self, bot: Bot, method: TelegramMethod[TelegramType], status_code: int, content: str
    ) -> Response[TelegramType]:
        answer = _read(content)
        if status_code == HTTPStatus.OK and isinstance(method, SAID) and answer.get("ok") is True:
            return Response[Any].model_construct(ok=True, result=None)
        status, reason = _status(answer, status_code), text(answer.get("description")) or ""
        if answer.get("ok") is False and status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise (TelegramServerError if _maybe_done(status, reason) else NotDone)(method, reason)
        try:
            return super().check_response(bot, method, status, content)
        except ClientDecodeError as error:
            if 400 <= status_code < 500:
                raise NotHeard(method, f"HTTP {status_code}") from error
            raise
        except TelegramAPIError as error:
            if status != HTTPStatus.TOO_MANY_REQUESTS or isinstance(error, TelegramRetryAfter):
                raise
            said = RETRY_AFTER.search(reason)
            raise TelegramRetryAfter(method, reason, max(1, int(said[1])) if said else 1) from error

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[TelegramType],
        timeout: int | None = None,  # noqa: ASYNC109 - aiogram's
    ) -> TelegramType:
        seconds = self.timeout if timeout is None else timeout
        patience: Any = ClientTimeout(total=seconds, connect=seconds * CONNECTING)  # aiogram hands it on as it is
        try:
            return await super().make_request(bot, method, patience)
        except (ProxyConnectionError, ProxyError, ProxyTimeoutError) as error:
            raise NotHeard(method, f"{type(error).__name__}: {error}") from error
        except TelegramNetworkError as error:
            if isinstance(error.__cause__, UNCONNECTED):
                raise NotHeard(method, error.message) from error
            raise
        except (UnicodeDecodeError, TypeError) as error:  # not text; an error without a description
            raise TelegramServerError(method, f"{type(error).__name__}: {error}") from error


def make_bot(token: str, api_url: str | None = None, proxy: str | None = None) -> Bot:
    """A bot that speaks HTML and draws no previews of links. `api_url` is another server of the same API."""
    Message.model_rebuild()  # types that hold messages refer to this one, and do not build one each
    session = Session(
        proxy=proxy,
        api=TelegramAPIServer.from_base(api_url) if api_url else PRODUCTION,
        timeout=REQUEST_SECONDS,
    )
    return Bot(token, session, DefaultBotProperties(parse_mode="HTML", link_preview_is_disabled=True))


def _read(content: str) -> Json:
    """What somebody answered; empty when it is nothing of the Bot API."""
    try:
        return part(parse(content.encode()))
    except ValueError:
        return {}


def _status(answer: Json, status_code: int) -> int:
    if status_code != HTTPStatus.OK or answer.get("ok") is not False:
        return status_code
    return whole(answer.get("error_code")) or status_code


def _maybe_done(status: int, reason: str) -> bool:
    """Whether a server in trouble leaves open what became of a request. A gateway may say so in JSON, too."""
    return status in BY_A_GATEWAY or any(word in reason.casefold() for word in MAYBE_DONE)
