"""Payments made inside the bot as it hears of them: before everything else, and never lost.

They go past the dispatcher with its pace, its registering and its order: a question about a payment must be answered
within seconds, and a payment must be in the inbox before Telegram is told that it was heard.
"""

import asyncio
import contextlib
import itertools
import json
from typing import Any

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramBadRequest, TelegramRetryAfter
from aiogram.methods import AnswerPreCheckoutQuery
from aiogram.types import PreCheckoutQuery, Update

from backend.autopay.news import keep_news
from backend.kit import clock
from backend.kit.errors import Invalid
from backend.kit.i18n import choose_language, translator
from backend.orders.precheckout import Verdict, may_pay
from backend.orders.service import keep_event
from bot.deps import Deps
from bot.refusals import REFUSALS
from bot.view import TOO_OLD, reason_of

log = structlog.get_logger()

KINDS = ("pre_checkout_query", "subscription")  # what no screen asks for and we need
ANSWER_SECONDS = 3  # for each try
ANSWER_WITHIN = 9  # seconds: Telegram waits ten for the answer to a question
PAUSES = (0.5, 1, 2)  # between tries, when Telegram does not say how long


class Till:
    """Where updates go first."""

    def __init__(self, bot: Bot, deps: Deps) -> None:
        self._bot = bot
        self._deps = deps

    async def takes(self, update: Update, raw: bytes | None = None) -> bool:
        """Deal with an update that is about a payment. False: it is not, the dispatcher is to have it.

        `raw` is the update as it came.

        Raises:
            DatabaseUnavailable: a payment could not be kept; Telegram must send it again.
        """
        if update.pre_checkout_query is not None:
            await self._decide(update.pre_checkout_query, raw or body_of(update))
            return True
        message = update.message
        if update.subscription is not None:
            return await keep(self._deps, raw or body_of(update))
        if message is None or (message.successful_payment is None and message.refunded_payment is None):
            return False
        if not await keep(self._deps, raw or body_of(update)):
            log.error("payment.unreadable", update=update.update_id)
        return True

    async def takes_unread(self, raw: bytes) -> bool:
        """Deal with an update that the library cannot read, if it is about a payment.

        Raises:
            DatabaseUnavailable
        """
        with contextlib.suppress(Invalid):
            return await keep(self._deps, raw)
        return False

    async def _decide(self, query: PreCheckoutQuery, body: bytes) -> None:
        deadline = asyncio.get_running_loop().time() + ANSWER_WITHIN
        [verdict] = await asyncio.gather(self._judge(body), return_exceptions=True)
        if not isinstance(verdict, Verdict):
            log.error("precheckout.failed", exc_info=verdict)
            verdict = Verdict("precheckout-busy")
        t = translator(verdict.language or choose_language(query.from_user.language_code))
        answer = AnswerPreCheckoutQuery(
            pre_checkout_query_id=query.id,
            ok=verdict.refusal is None,
            error_message=None if verdict.refusal is None else t(verdict.refusal),
        )
        if verdict.refusal is not None:
            REFUSALS.labels(code=verdict.refusal).inc()
        log.info("precheckout.answered", refusal=verdict.refusal)
        await self._answer(answer, deadline)

    async def _judge(self, body: bytes) -> Verdict:
        driver = self._deps.providers.in_bot
        asked = driver.told(body) if driver else None
        if driver is None or asked is None:
            return Verdict("precheckout-gone")
        return await may_pay(self._deps, driver, asked, clock.now())

    async def _answer(self, answer: AnswerPreCheckoutQuery, deadline: float) -> None:
        """Answer, and again while Telegram can still use it."""
        for failures in itertools.count():
            try:
                await self._bot(answer, request_timeout=ANSWER_SECONDS)
            except TelegramBadRequest as error:
                if TOO_OLD not in reason_of(error):
                    log.error("precheckout.unanswered", reason=reason_of(error))
                return
            except AiogramError as error:
                log.warning("precheckout.unanswered", reason=type(error).__name__)
                pause = PAUSES[min(failures, len(PAUSES) - 1)]
                if isinstance(error, TelegramRetryAfter):
                    pause = error.retry_after
            else:
                return
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                return
            await asyncio.sleep(min(pause, left))


async def keep(deps: Deps, update: bytes) -> bool:
    """Put an update about a payment into the inbox, committed when this returns. False: it is about something else.

    Raises:
        DatabaseUnavailable
        Invalid: it is no update.
    """
    driver = deps.providers.in_bot
    hint = driver.read_webhook({}, update) if driver else None
    if driver is None or hint is None:
        return False
    now, keeping = clock.now(), keep_news if driver.told_of_renewal(update) else keep_event
    async with deps.db.transaction() as session:
        event = await keeping(session, deps.providers, driver.id, hint, update, now=now)
    log.info("webhook.stored", provider=driver.id, inbox=event.id, kind=hint.event)
    return True


def body_of(update: Update) -> bytes:
    """An update that was polled, with what it says of a payment."""
    said: dict[str, Any] = {"update_id": update.update_id}
    if (query := update.pre_checkout_query) is not None:
        said["pre_checkout_query"] = query.model_dump(mode="json", by_alias=True, exclude_none=True)
    if (news := update.subscription) is not None:
        said["subscription"] = news.model_dump(mode="json", by_alias=True, exclude_none=True)
    if (message := update.message) is not None:
        said["message"] = {
            name: part.model_dump(mode="json", by_alias=True, exclude_none=True)
            for name in ("successful_payment", "refunded_payment")
            if (part := getattr(message, name)) is not None
        }
        said["message"]["chat"] = {"id": message.chat.id}
        if when := int(message.date.timestamp()):  # 0: it did not say
            said["message"]["date"] = when
        if message.from_user is not None:
            said["message"]["from"] = {"id": message.from_user.id}
    return json.dumps(said).encode()
