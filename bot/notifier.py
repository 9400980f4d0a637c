"""The bot as a channel: every kind of notification becomes a view, every "no" of Telegram an error of ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramBadRequest, TelegramForbiddenError, TelegramRetryAfter

from backend.kit import clock
from backend.kit.errors import Refused, Unavailable
from backend.kit.i18n import Translate, translator
from backend.notifications.channels import PersonUnreachable, SlowDown
from backend.notifications.kinds import (
    CheckoutReady,
    Ended,
    EndingSoon,
    KeyReady,
    Kind,
    Paid,
    PaymentFailed,
    Refunded,
)
from backend.orders.checkout import current_checkout
from backend.orders.queries import is_on_show
from backend.plans import service as plans
from backend.subscriptions import service as subscriptions
from backend.users import service as users
from backend.users.models import User
from bot.deps import Deps
from bot.screens.checkout import current_view, failed_view, paid_view, refunded_view, renewed_view
from bot.screens.keys import key_views, load_holding
from bot.screens.profile import ended_view, ending_view
from bot.view import View, change, is_outage, send

log = structlog.get_logger()

NOWHERE = "chat not found"  # the person never wrote to this bot, or deleted the account


@dataclass(frozen=True, slots=True)
class Said:
    """What to say: views in order. `place` is the message that turns into the first of them."""

    views: Sequence[View]
    place: tuple[int, int] | None = None


class Notifier:
    """`backend.notifications.channels.Channel` by Telegram."""

    def __init__(self, bot: Bot, deps: Deps) -> None:
        self._bot = bot
        self._deps = deps

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
        said = await self._said(user, kind, t, clock.now())
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

    async def _said(self, user: User, kind: Kind, t: Translate, now: datetime) -> Said:
        match kind:
            case Paid():
                return Said([await self._paid(user, kind, t, now)], None if kind.late else place_of(kind.shown_in))
            case PaymentFailed():
                view = failed_view(t, kind.plan_id, kind.reason)
                return await self._in_place(kind.payment_id, kind.shown_in, view)
            case CheckoutReady():
                checkout = await current_checkout(self._deps, payment_id=kind.payment_id, user_id=user.id)
                view = current_view(t, self._deps, checkout, now)
                return await self._in_place(kind.payment_id, kind.shown_in, view)
            case KeyReady():
                holding = await load_holding(self._deps, user, kind.subscription_id, t, now)
                return Said(key_views(t, holding, now))
            case Refunded():
                return Said([refunded_view(t, kind, now)])
            case EndingSoon() | Ended():
                return Said(await self._end(user, kind, t, now))
            case _:
                raise TypeError(f"nothing to say about a {type(kind).__name__}")

    async def _paid(self, user: User, kind: Paid, t: Translate, now: datetime) -> View:
        if not kind.key_ready:
            return paid_view(t, kind, now)
        return renewed_view(t, kind, await load_holding(self._deps, user, kind.subscription_id, t, now), now)

    async def _end(self, user: User, kind: EndingSoon | Ended, t: Translate, now: datetime) -> Sequence[View]:
        """A word about an end that still stands: nothing, when days were added meanwhile."""
        async with self._deps.db.transaction() as session:
            subscription = await subscriptions.get_subscription(session, kind.subscription_id, user_id=user.id)
            trial = await plans.find_trial(session)
            offers = await plans.on_sale(session)
        if subscription.paid_until != kind.until:
            log.info("notification.outdated", subscription=subscription.id)
            return []
        on_trial = trial is not None and subscription.plan_id == trial.id
        if isinstance(kind, EndingSoon):
            return [ending_view(t, kind, offers, now, trial=on_trial)]
        return [ended_view(t, kind, offers, now, trial=on_trial)]

    async def _in_place(self, payment_id: UUID, shown_in: str | None, view: View) -> Said:
        """A word about an unpaid attempt: only where that attempt is still what the message shows."""
        async with self._deps.db.transaction() as session:
            on_show = await is_on_show(session, payment_id)
        if not on_show:
            log.info("notification.outdated", payment=payment_id)
        return Said([view] if on_show else [], place_of(shown_in))


def place_of(shown_in: str | None) -> tuple[int, int] | None:
    """Chat and message of "telegram:<chat>:<message>"; None: not in Telegram."""
    channel, _, rest = (shown_in or "").partition(":")
    chat, _, message = rest.partition(":")
    return (int(chat), int(message)) if channel == "telegram" else None
