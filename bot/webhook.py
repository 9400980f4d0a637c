"""Updates that Telegram brings: payments are kept before the 200, everything is handled before it.

Any number of processes may take them at once: what was not answered comes again, to any of them.
"""

import asyncio
import hmac
from dataclasses import dataclass

import structlog
from aiogram import Bot, Dispatcher
from aiogram.exceptions import AiogramError, TelegramBadRequest
from aiogram.methods import SetWebhook
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from backend.kit.db import DatabaseUnavailable
from backend.kit.errors import Invalid
from backend.kit.reading import parse, part
from backend.kit.tokens import Secrets
from bot.deps import Deps
from bot.payments import Till, keep
from bot.polling import wanted
from bot.reading import read_update

log = structlog.get_logger()

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
LARGEST_UPDATE = 1024 * 1024
HANDLE_SECONDS = 50  # Telegram waits for 60
PAUSES = (1, 2, 5, 10, 30)  # between tries while Telegram is away
CONNECTIONS = 40


@dataclass(frozen=True, slots=True)
class Entrance:
    """Where Telegram comes in and what it shows there, both known to nobody else."""

    token: str
    secret: str

    @classmethod
    def of(cls, secrets: Secrets) -> "Entrance":
        return cls(secrets.derive_token("telegram-hook-path"), secrets.derive_token("telegram-hook-secret"))

    @property
    def path(self) -> str:
        return f"/telegram/{self.token}"

    def admits(self, token: str, secret: str) -> bool:
        """Takes as long for a wrong one as for the right one."""
        pairs = [(token, self.token), (secret, self.secret)]
        matches = [hmac.compare_digest(shown.encode(errors="replace"), ours.encode()) for shown, ours in pairs]
        return all(matches)


class Webhook:
    """The address of one bot."""

    def __init__(self, dispatcher: Dispatcher, bot: Bot, deps: Deps, entrance: Entrance) -> None:
        self._dispatcher = dispatcher
        self._bot = bot
        self._deps = deps
        self._till = Till(bot, deps)
        self._entrance = entrance

    @property
    def route(self) -> Route:
        return Route("/telegram/{token}", self._receive, methods=["POST"])

    async def announce(self, public_url: str) -> None:
        """Tell Telegram where updates are to go; it being away is waited for."""
        request = SetWebhook(
            url=public_url + self._entrance.path,
            secret_token=self._entrance.secret,
            allowed_updates=wanted(self._dispatcher),
            max_connections=CONNECTIONS,
        )
        failures = 0
        while True:
            try:
                await self._bot(request)
            except AiogramError as error:
                pause = (
                    PAUSES[-1] if isinstance(error, TelegramBadRequest) else PAUSES[min(failures, len(PAUSES) - 1)]
                )
                log.warning("hook.not_announced", error=type(error).__name__, reason=_reason(error))
                failures += 1
                await asyncio.sleep(pause)
            else:
                log.info("hook.announced")
                return

    async def _receive(self, request: Request) -> Response:
        """Telegram comes again after anything but a 200."""
        if not self._entrance.admits(request.path_params["token"], request.headers.get(SECRET_HEADER, "")):
            log.warning("hook.foreign")
            return Response(status_code=404)
        body = await _read(request)
        if body is None:
            return Response(status_code=413)
        try:
            return await self._take(body)
        except DatabaseUnavailable:
            log.warning("payment.not_kept")
            return Response(status_code=503)

    async def _take(self, body: bytes) -> Response:
        try:
            update = read_update(part(parse(body)), self._bot)
        except ValueError:
            return await self._take_unreadable(body)
        if await self._till.takes(update, body):
            return Response()
        handling = asyncio.wait_for(self._dispatcher.feed_update(self._bot, update), HANDLE_SECONDS)
        outcomes: list[object] = await asyncio.gather(handling, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                log.error("update.failed", update=update.update_id, exc_info=outcome)
        return Response()

    async def _take_unreadable(self, body: bytes) -> Response:
        """What the library cannot read may still be about a payment; else it must not come for ever."""
        try:
            kept = await keep(self._deps, body)
        except Invalid:
            return Response(status_code=400)
        if not kept:
            log.error("update.unreadable")
        return Response()


async def _read(request: Request) -> bytes | None:
    """The body; None: too long, or the sender hung up."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body.extend(chunk)
            if len(body) > LARGEST_UPDATE:
                return None
    except ClientDisconnect:
        return None
    return bytes(body)


def _reason(error: AiogramError) -> str:
    return error.message if isinstance(error, TelegramBadRequest) else ""
