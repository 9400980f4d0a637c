"""My subscription: until when, traffic, servers, link; a new link; payments."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from backend.autopay.queries import Renewal, renewals_of
from backend.kit import clock
from backend.kit.i18n import Translate
from backend.kit.money import Money
from backend.links import words
from backend.notifications.kinds import Ended, EndingSoon
from backend.orders.queries import HistoryLine, history
from backend.payments.providers.base import PaymentState
from backend.plans.service import Offer
from backend.subscriptions import service as subscriptions
from backend.subscriptions.models import Subscription
from backend.subscriptions.queries import subscriptions_of
from backend.subscriptions.rules import Standing, days_left, standing
from backend.users.models import User
from bot.callbacks import Open, Reissue, Screen, ShowKey, ShowSubscription
from bot.deps import Deps
from bot.screens.autopay import charge_moment
from bot.screens.home import show_home
from bot.screens.keys import Holding, connect_row, lack_text, load_holding, subscription_button
from bot.screens.methods import method_name
from bot.screens.plans import plan_name, plan_rows
from bot.view import Button, View, copyable, escape, lines, paragraphs, show

router = Router(name=__name__)


def profile_view(t: Translate, holding: Holding, now: datetime, renewal: Renewal | None = None) -> View:
    """One subscription. A new link is offered while its time runs; how it renews is said where it does, or did."""
    subscription, profile = holding.subscription, holding.profile
    running = subscription.active(now)
    names = [escape(node.remark) for node in holding.nodes]
    traffic = words.traffic(t, profile.used_bytes, profile.total_bytes)
    return View(
        paragraphs(
            t("profile-title"),
            lines(
                standing_line(t, subscription, now),
                renewal_line(t, renewal, now),
                t("profile-traffic", traffic=traffic),
                t("profile-servers", count=len(names), servers=", ".join(names)) if names else "",
            ),
            lack_text(t, holding) if running and not names else "",
            copyable(t("profile-link"), holding.link) if holding.link and running else "",
        ),
        [
            connect_row(t, holding) if running else [],
            [Button(t("button-key"), ShowKey(subscription_id=subscription.id))] if names else [],
            [Button(t("button-extend"), Open(screen=Screen.PLANS), style=None if running else "primary")],
            [Button(t("button-autopay"), Open(screen=Screen.AUTOPAY))] if renewal else [],
            [Button(t("button-reissue"), asks(subscription, step=0))] if running else [],
            [Button(t("button-history"), Open(screen=Screen.HISTORY))],
            [Button(t("button-home"), Open(screen=Screen.HOME))],
        ],
    )


def standing_line(t: Translate, subscription: Subscription, now: datetime) -> str:
    """Until when, and how long that is; empty for a subscription that was never paid."""
    until = subscription.paid_until
    if until is None:
        return ""
    return t(f"profile-{standing(until, now)}", moment=t.moment(until, now), days=days_left(until, now))


def renewal_line(t: Translate, renewal: Renewal | None, now: datetime) -> str:
    """What is charged when, while the subscription renews by itself; or that nothing is, while that is paused."""
    if renewal is not None and renewal.mandate.state != "active":
        return t("profile-autopay-paused")
    if renewal is None or renewal.until is None:
        return ""
    return t("profile-autopay", price=renewal.mandate.most, day=t.day(charge_moment(renewal, now), now))


def choice_view(t: Translate, owned: Sequence[Subscription], now: datetime) -> View:
    """Which of several subscriptions to show; they are numbered from the oldest."""
    numbered = list(zip(range(len(owned), 0, -1), owned, strict=True))
    return View(
        t("profile-several"),
        [
            *([Button(_label(t, number, s, now), ShowSubscription(subscription_id=s.id))] for number, s in numbered),
            [Button(t("button-home"), Open(screen=Screen.HOME))],
        ],
    )


def _label(t: Translate, number: int, subscription: Subscription, now: datetime) -> str:
    until = subscription.paid_until or now
    state = "ended" if standing(until, now) is Standing.ENDED else "active"
    return t(f"button-subscription-{state}", number=str(number), day=t.day(until, now))


def asks(subscription: Subscription, *, step: int) -> Reissue:
    return Reissue(subscription_id=subscription.id, step=step, version=subscription.link_version)


def reissue_view(t: Translate, subscription: Subscription, *, step: int) -> View:
    """Ask, and ask again: the old link dies on every device at once."""
    label = t("button-reissue-continue") if step == 0 else t("button-reissue-confirm")
    return View(
        t("reissue-first") if step == 0 else t("reissue-second"),
        [
            [Button(label, asks(subscription, step=step + 1), style="danger")],
            [Button(t("button-keep"), ShowSubscription(subscription_id=subscription.id))],
        ],
    )


def history_view(t: Translate, payments: Sequence[HistoryLine], now: datetime) -> View:
    """Payments that moved money, the newest first."""
    listed = lines(*(_history_line(t, payment, now) for payment in payments))
    back = [[subscription_button(t)], [Button(t("button-home"), Open(screen=Screen.HOME))]]
    return View(paragraphs(t("history-title"), listed or t("history-empty")), back)


def _history_line(t: Translate, payment: HistoryLine, now: datetime) -> str:
    line = t(
        "history-line",
        day=t.day(payment.at, now),
        order=str(payment.order_number),
        plan=escape(plan_name(t, payment.plan_names)),
        price=payment.amount,
        method=escape(method_name(t, payment.method)),
    )
    if payment.receipt_url:
        line = t("history-receipt", line=line, url=escape(payment.receipt_url))
    if payment.state is PaymentState.REVIEW:
        return t("history-review", line=line)
    if payment.refunded_minor:
        return t("history-refunded", line=line, refunded=Money(payment.refunded_minor, payment.amount.currency))
    return line


def ending_view(
    t: Translate, ending: EndingSoon, offers: Sequence[Offer], now: datetime, *, trial: bool, accepted: str = ""
) -> View:
    """Time ends soon, and here is more of it. `accepted`: what a tap on a plan accepts."""
    which = "-trial" if trial else ""
    return View(
        paragraphs(
            t(f"ending-soon{which}", days=ending.days_left),
            t(f"ending-moment{which}", moment=t.moment(ending.until, now)),
            accepted,
        ),
        [*plan_rows(t, offers), [subscription_button(t)]],
    )


def ended_view(
    t: Translate, ended: Ended, offers: Sequence[Offer], now: datetime, *, trial: bool, accepted: str = ""
) -> View:
    """Time has ended, and here is more of it. `accepted`: what a tap on a plan accepts."""
    which = "-trial" if trial else ""
    return View(
        paragraphs(t(f"ended-title{which}"), t(f"ended-moment{which}", moment=t.moment(ended.until, now)), accepted),
        [*plan_rows(t, offers), [subscription_button(t)]],
    )


@router.message(Command("subscription"))
@router.callback_query(Open.filter(F.screen == Screen.SUBSCRIPTION))
async def open_profile(event: Message | CallbackQuery, deps: Deps, user: User, t: Translate) -> None:
    """The one subscription, the choice between several, or the main screen for somebody without."""
    now = clock.now()
    async with deps.db.transaction() as session:
        owned = [s for s in await subscriptions_of(session, user.id) if s.paid_until is not None]
    if not owned:
        await show_home(event, deps, user, t)
    elif len(owned) > 1:
        await show(event, choice_view(t, owned, now))
    else:
        await show(event, await _profile(deps, user, owned[0].id, t, now))


@router.callback_query(ShowSubscription.filter())
async def open_subscription(
    call: CallbackQuery, callback_data: ShowSubscription, deps: Deps, user: User, t: Translate
) -> None:
    now = clock.now()
    await show(call, await _profile(deps, user, callback_data.subscription_id, t, now))


async def _profile(deps: Deps, user: User, subscription_id: UUID, t: Translate, now: datetime) -> View:
    holding = await load_holding(deps, user, subscription_id, t, now)
    async with deps.db.transaction() as session:
        renewals = await renewals_of(session, user.id)
    own = (renewal for renewal in renewals if renewal.mandate.subscription_id == subscription_id)
    return profile_view(t, holding, now, next(own, None))


@router.callback_query(Reissue.filter())
async def reissue(call: CallbackQuery, callback_data: Reissue, deps: Deps, user: User, t: Translate) -> None:
    """Ask twice, then replace exactly the link that was asked about: a second tap replaces nothing."""
    now = clock.now()
    wanted = callback_data.subscription_id
    async with deps.db.transaction() as session:
        subscription = await subscriptions.get_subscription(session, wanted, user_id=user.id)
        current = subscription.link_version == callback_data.version and subscription.active(now)
        if current and callback_data.step == 2:
            subscription = await subscriptions.reissue(session, wanted, user_id=user.id)
    if not current:
        view = await _profile(deps, user, wanted, t, now)
        await show(call, view, notice=t("reissue-changed") if subscription.active(now) else None)
    elif callback_data.step == 2:
        await show(call, View(t("reissue-done"), [[subscription_button(t)]]))
    else:
        await show(call, reissue_view(t, subscription, step=callback_data.step))


@router.callback_query(Open.filter(F.screen == Screen.HISTORY))
async def open_history(call: CallbackQuery, deps: Deps, user: User, t: Translate) -> None:
    async with deps.db.transaction() as session:
        payments = await history(session, user.id)
    await show(call, history_view(t, payments, clock.now()))
