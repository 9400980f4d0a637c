"""What a buyer hears of payments, keys and the end of time."""

import structlog

from backend.autopay.queries import renews_itself
from backend.notifications.kinds import (
    CheckoutReady,
    Ended,
    EndingSoon,
    KeyReady,
    Paid,
    PaymentChecked,
    PaymentFailed,
    PaymentSeen,
    Refunded,
)
from backend.orders.checkout import current_checkout
from backend.plans import service as plans
from backend.subscriptions import service as subscriptions
from bot.notices.base import Hearer, Said, in_place, place_of
from bot.screens.checkout import current_view
from bot.screens.keys import key_views, load_holding
from bot.screens.methods import plan_consent
from bot.screens.outcomes import (
    checked_view,
    closed_view,
    failed_view,
    paid_view,
    refunded_view,
    renewed_view,
    seen_view,
)
from bot.screens.profile import ended_view, ending_view
from bot.screens.refunds import paid_again_view

log = structlog.get_logger()


async def paid(kind: Paid, to: Hearer) -> Said:
    bought = await current_checkout(to.deps, payment_id=kind.payment_id, user_id=to.user.id)
    again = kind.times > 1
    place = None if kind.late or again else place_of(kind.shown_in)  # below what was said of the first payment
    if kind.closed:
        return Said([closed_view(to.t, kind, bought, to.deps.brand)], place)
    if again:
        return Said([paid_again_view(to.t, kind, bought, to.now)])
    if not kind.key_ready:
        return Said([paid_view(to.t, kind, bought, to.now)], place)
    holding = await load_holding(to.deps, to.user, kind.subscription_id, to.t, to.now)
    return Said([renewed_view(to.t, kind, bought, holding, to.now)], place)


async def failed(kind: PaymentFailed, to: Hearer) -> Said:
    return await in_place(to, kind.payment_id, kind.shown_in, failed_view(to.t, kind.plan_id, kind.reason))


async def seen(kind: PaymentSeen, to: Hearer) -> Said:
    return await in_place(to, kind.payment_id, kind.shown_in, seen_view(to.t, kind.payment_id))


async def checked(kind: PaymentChecked, to: Hearer) -> Said:
    return await in_place(to, kind.payment_id, kind.shown_in, checked_view(to.t, to.deps.brand))


async def checkout_ready(kind: CheckoutReady, to: Hearer) -> Said:
    checkout = await current_checkout(to.deps, payment_id=kind.payment_id, user_id=to.user.id)
    return await in_place(to, kind.payment_id, kind.shown_in, current_view(to.t, to.deps, checkout, to.now))


async def key_ready(kind: KeyReady, to: Hearer) -> Said:
    return Said(key_views(to.t, await load_holding(to.deps, to.user, kind.subscription_id, to.t, to.now), to.now))


async def refunded(kind: Refunded, to: Hearer) -> Said:
    return Said([refunded_view(to.t, kind, to.now)])


async def end(kind: EndingSoon | Ended, to: Hearer) -> Said:
    """A word about an end that still stands: nothing when days were added, or are about to be by themselves."""
    async with to.deps.db.transaction() as session:
        subscription = await subscriptions.get_subscription(session, kind.subscription_id, user_id=to.user.id)
        renews = isinstance(kind, EndingSoon) and await renews_itself(session, subscription.id)
        runs_on = isinstance(kind, Ended) and (subscription.runs_until or to.now) > to.now
        catalogue = await plans.catalogue(session, to.deps.providers.currency)
    if subscription.paid_until != kind.until or renews or runs_on:
        log.info("notification.outdated", subscription=subscription.id)
        return Said([])
    trial, offers = catalogue.trial, [] if to.user.blocked_at is not None else catalogue.offers
    accepted = plan_consent(to.t, to.deps.providers, brand=to.deps.brand) if offers else ""
    on_trial = trial is not None and subscription.plan_id == trial.id
    if isinstance(kind, EndingSoon):
        return Said([ending_view(to.t, kind, offers, to.now, trial=on_trial, accepted=accepted)])
    return Said([ended_view(to.t, kind, offers, to.now, trial=on_trial, accepted=accepted)])
