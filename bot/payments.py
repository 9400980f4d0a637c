"""Payments in Stars as the bot hears of them: before everything else, and never lost.

They go past the dispatcher with its pace, its registering and its order: a question about a payment must be answered
within seconds, and a payment must be in the inbox before Telegram is told that it was heard.
"""

import asyncio
import json
from typing import Any

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramBadRequest
from aiogram.methods import AnswerPreCheckoutQuery
from aiogram.types import PreCheckoutQuery, Update

from backend.kit import clock
from backend.kit.i18n import choose_language, translator
from backend.kit.money import Currency, Money
from backend.orders.precheckout import Verdict, may_pay
from backend.orders.service import keep_event
from backend.payments.providers import ProviderNotConfigured
from backend.payments.providers.base import PaymentState, Snapshot
from backend.payments.providers.stars import Stars
from backend.payments.providers.stars.payload import payment_of
from bot.deps import Deps

log = structlog.get_logger()

KINDS = ("pre_checkout_query",)  # what no screen asks for and we need
ANSWER_SECONDS = 3  # for each of two tries
TOO_OLD = "query is too old"


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
            await self._decide(update.pre_checkout_query)
            return True
        message = update.message
        if message is None or (message.successful_payment is None and message.refunded_payment is None):
            return False
        return await keep(self._deps, raw or body_of(update))

    async def _decide(self, query: PreCheckoutQuery) -> None:
        looking = may_pay(self._deps, Stars.id, _asked(query), clock.now())
        [verdict] = await asyncio.gather(looking, return_exceptions=True)
        if not isinstance(verdict, Verdict):
            log.error("precheckout.failed", exc_info=verdict)
            verdict = Verdict("precheckout-busy")
        t = translator(verdict.language or choose_language(query.from_user.language_code))
        answer = AnswerPreCheckoutQuery(
            pre_checkout_query_id=query.id,
            ok=verdict.refusal is None,
            error_message=None if verdict.refusal is None else t(verdict.refusal),
        )
        log.info("precheckout.answered", refusal=verdict.refusal)
        await self._answer(answer)

    async def _answer(self, answer: AnswerPreCheckoutQuery) -> None:
        for _ in range(2):
            try:
                await self._bot(answer, request_timeout=ANSWER_SECONDS)
            except TelegramBadRequest as error:
                if TOO_OLD not in error.message:
                    log.error("precheckout.unanswered", reason=error.message)
                return
            except AiogramError as error:
                log.warning("precheckout.unanswered", reason=type(error).__name__)
            else:
                return


def _asked(query: PreCheckoutQuery) -> Snapshot:
    """What somebody is about to pay."""
    stars = query.currency == Currency.XTR and query.total_amount > 0
    return Snapshot(
        ref="",
        state=PaymentState.PENDING,
        provider_status="pre-checkout",
        amount=Money(query.total_amount, Currency.XTR) if stars else None,
        account=None,
        test=False,
        pid=payment_of(query.invoice_payload),
        mac=query.invoice_payload,
        payer=str(query.from_user.id),
    )


async def keep(deps: Deps, update: bytes) -> bool:
    """Put an update about a payment into the inbox, committed when this returns. False: it is about something else.

    Raises:
        DatabaseUnavailable
        Invalid: it is no update.
    """
    try:
        hint = deps.providers.get(Stars.id).read_webhook({}, update)
    except ProviderNotConfigured:
        log.error("stars.not_configured")
        return False
    if hint is None:
        return False
    async with deps.db.transaction() as session:
        event = await keep_event(session, deps.providers, Stars.id, hint, update, now=clock.now())
    log.info("webhook.stored", provider=Stars.id, inbox=event.id, kind=hint.event)
    return True


def body_of(update: Update) -> bytes:
    """An update that was polled, with what says something of a payment in it."""
    message = update.message
    assert message is not None, "payments come in messages"
    said: dict[str, Any] = {
        name: part.model_dump(mode="json", exclude_none=True)
        for name in ("successful_payment", "refunded_payment")
        if (part := getattr(message, name)) is not None
    }
    said |= {"date": int(message.date.timestamp()), "chat": {"id": message.chat.id}}
    if message.from_user is not None:
        said["from"] = {"id": message.from_user.id}
    return json.dumps({"update_id": update.update_id, "message": said}).encode()
