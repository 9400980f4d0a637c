"""Fetching updates: one process at a time, each chat in order, nothing confirmed before it is handled."""

import asyncio
import json
import math
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Any

import structlog
from aiogram import Bot, Dispatcher
from aiogram.dispatcher.middlewares.user_context import UserContextMiddleware
from aiogram.exceptions import (
    AiogramError,
    TelegramConflictError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import DeleteWebhook, TelegramMethod
from aiogram.types import Update

from backend.kit.db import DatabaseUnavailable
from backend.kit.locks import sole
from backend.kit.reading import Json, items, whole
from bot.deps import Deps
from bot.payments import KINDS, Till
from bot.reading import read_update
from bot.view import reason_of

log = structlog.get_logger()

POLL_SECONDS = 25
ANSWER_SECONDS = 10  # beyond that Telegram is taken for away
HANDLE_SECONDS = 120  # a handler that takes longer hangs
PAUSES = (0.5, 1, 2, 5, 10)  # between tries while Telegram is away
WRONG_TOKEN_SECONDS = 30
KEEP_AGAIN_SECONDS = 1
KEEP_TRIES = 30  # where something else is wrong than a database that is away
BUSY_SECONDS = 0.1  # between looks for news while something is being handled
HASTY_SECONDS = 0.3  # between questions to a server that does not wait for news
HALF = 50  # of the updates one answer holds: with more than these under way there is little news in the next


class GetRawUpdates(TelegramMethod[object]):
    """Updates as they come: what is under way comes again with every answer, and only what is new is read."""

    __returning__ = object
    __api_method__ = "getUpdates"

    offset: int | None
    timeout: int
    allowed_updates: list[str]


async def poll(dispatcher: Dispatcher, bot: Bot, deps: Deps) -> None:
    """Handle what people send, until cancelled. Of all processes one polls; the others wait for its end.

    Telegram and the database may go and come back: nothing that was sent meanwhile is lost.
    """
    while True:
        try:
            async with sole(deps.db, f"poll:{bot.id}") as hold, asyncio.TaskGroup() as group:
                log.info("poller.started")
                group.create_task(hold.watch())
                group.create_task(Poller(dispatcher, bot, Till(bot, deps)).run())
        except* DatabaseUnavailable:
            log.warning("poller.waits", reason="database")
        await asyncio.sleep(1)


class Poller:
    """What is under way. An update is confirmed to Telegram when it and all before it are done.

    So an update whose handling was broken off, by a crash or a restart, comes again: handlers may run twice.
    """

    def __init__(self, dispatcher: Dispatcher, bot: Bot, till: Till) -> None:
        self._dispatcher = dispatcher
        self._bot = bot
        self._till = till
        self._kinds = wanted(dispatcher)
        self._next = 0  # the first update not seen yet; 0: whatever there is
        self._quiet = False  # whether all is confirmed and nothing new was there
        self._oldest: Json = {}  # what the server had first when it was asked for whatever there is
        self._begun: dict[int, asyncio.Task[None]] = {}  # by update, while it is being handled
        self._last: dict[int, asyncio.Task[None]] = {}  # of each chat

    async def run(self) -> None:
        """Fetch and handle for ever."""
        failures = 0
        try:
            while True:
                try:
                    updates = await self._fetch()
                    failures = 0
                except AiogramError as error:
                    if isinstance(error, TelegramConflictError) and "webhook" in reason_of(error):
                        await self._take_webhook_away()
                    await asyncio.sleep(_pause(error, failures))
                    failures += 1
                else:
                    await self._take(updates)
        finally:
            for task in self._begun.values():
                task.cancel()
            await asyncio.gather(*self._begun.values(), return_exceptions=True)

    async def _take_webhook_away(self) -> None:
        try:
            await self._bot(DeleteWebhook(), request_timeout=ANSWER_SECONDS)
        except AiogramError as error:
            log.warning("poller.webhook_stays", error=type(error).__name__)

    async def _take(self, updates: Sequence[Update]) -> None:
        """Begin what is new. When nothing is, or much is under way, wait a moment for that."""
        for update in updates:
            self._begin(update)
        if not updates or len(self._begun) > HALF:
            await self._settle_down()

    async def _settle_down(self) -> None:
        """Until something has ended; with much under way, until that is little."""
        deadline = asyncio.get_running_loop().time() + BUSY_SECONDS
        while self._begun and (left := deadline - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait(self._begun.values(), timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if len(self._begun) <= HALF:
                return

    async def _fetch(self) -> Sequence[Update]:
        """What was not seen before, in its order."""
        offset = min(self._begun, default=0 if self._quiet else self._next) or None
        request = GetRawUpdates(offset=offset, timeout=POLL_SECONDS, allowed_updates=self._kinds)
        seconds = asyncio.get_running_loop().time
        asked = seconds()
        batch = sorted(items(await self._bot(request, request_timeout=POLL_SECONDS + ANSWER_SECONDS)), key=_place)
        self._quiet = not batch
        if batch and offset is None:
            self._find_place(batch[0])
        updates = [update for raw in batch if (update := self._read(raw)) is not None]
        if not updates and not self._begun and seconds() - asked < HASTY_SECONDS:
            await asyncio.sleep(HASTY_SECONDS)
        return updates

    def _find_place(self, oldest: Json) -> None:
        """Of what is below the place we had, whether it is new.

        After a quiet week, or after it lost its memory, a server counts from anywhere. One that keeps what was
        confirmed begins with the same update again.
        """
        number = whole(oldest.get("update_id"))
        if number is not None and number < self._next and oldest != self._oldest:
            log.info("poller.counted_anew", update=number)
            self._next = 0
        self._oldest = oldest

    def _read(self, raw: Json) -> Update | None:
        """An update, if it is new. One that cannot be read holds up no other; if about a payment, it is kept."""
        number = whole(raw.get("update_id"))
        if number is None or number < self._next:
            return None
        self._next = number + 1
        try:
            return read_update(raw, self._bot)
        except ValueError:
            self._run(number, self._keep_unread(number, raw))
            return None

    def _begin(self, update: Update) -> None:
        """Start on it, after what is under way in its chat."""
        chat = UserContextMiddleware.resolve_event_context(update)
        place = chat.chat_id or chat.user_id or 0
        if update.pre_checkout_query is not None:
            place = -update.update_id  # waits for nothing that is under way in any chat
        task = self._run(update.update_id, self._handle(update, after=self._last.get(place)))
        self._last[place] = task
        task.add_done_callback(partial(self._forget, place))

    def _run(self, number: int, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Until this ends the update is not confirmed."""
        task = self._begun[number] = asyncio.create_task(work)
        task.add_done_callback(lambda _: self._begun.pop(number, None))
        return task

    def _forget(self, place: int, task: asyncio.Task[None]) -> None:
        if self._last.get(place) is task:
            del self._last[place]

    async def _keep_unread(self, number: int, raw: Json) -> None:
        if not await self._is_settled(number, lambda: self._till.takes_unread(json.dumps(raw).encode())):
            log.error("update.unreadable", update=number)

    async def _is_settled(self, number: int, take: Callable[[], Awaitable[bool]]) -> bool:
        """Whether this was about a payment, when the till has taken it.

        A database that is away is waited for. Another error is a bug of ours: after some tries the update is let go,
        or nothing behind it would ever be fetched; the sweep of Stars finds the payment.
        """
        failures = 0
        while failures < KEEP_TRIES:
            [outcome] = await asyncio.gather(take(), return_exceptions=True)
            if isinstance(outcome, bool):
                return outcome
            if not isinstance(outcome, Exception):
                raise outcome
            known = isinstance(outcome, DatabaseUnavailable)
            log.warning("payment.not_kept", update=number, exc_info=None if known else outcome)
            failures += not known
            await asyncio.sleep(KEEP_AGAIN_SECONDS)
        log.error("update.failed", update=number)
        return True

    async def _handle(self, update: Update, *, after: asyncio.Task[None] | None) -> None:
        """Handle one update after the one before it in its chat; what it raises ends here.

        One about a payment does not end before that is in the inbox, and waits for nothing.
        """
        if await self._is_settled(update.update_id, lambda: self._till.takes(update)):
            return
        if after is not None:
            await asyncio.wait([after])
        [outcome] = await asyncio.gather(self._feed(update), return_exceptions=True)
        if isinstance(outcome, Exception):
            log.error("update.failed", update=update.update_id, exc_info=outcome)

    async def _feed(self, update: Update) -> None:
        await asyncio.wait_for(self._dispatcher.feed_update(self._bot, update), HANDLE_SECONDS)


def wanted(dispatcher: Dispatcher) -> list[str]:
    """The kinds of updates that somebody here handles."""
    return sorted({*dispatcher.resolve_used_update_types(), *KINDS})


def _place(raw: Json) -> float:
    """Where an update belongs among others: a batch may come in any order. What has no number is passed over."""
    number = whole(raw.get("update_id"))
    return math.inf if number is None else number


def _pause(error: AiogramError, failures: int) -> float:
    """Seconds to wait before asking Telegram again."""
    match error:
        case TelegramUnauthorizedError() | TelegramNotFound():
            log.error("poller.refused", reason="the bot's token is wrong")
            return WRONG_TOKEN_SECONDS
        case TelegramConflictError():
            log.warning("poller.conflict", reason="somebody else polls with this token")
        case TelegramRetryAfter(retry_after=seconds):
            return float(seconds)
        case _ if not failures:
            log.warning("poller.waits", reason="telegram", error=type(error).__name__)
    return PAUSES[min(failures, len(PAUSES) - 1)]
