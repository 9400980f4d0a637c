"""A payment to try a provider with: a real one, of a day, for the least it takes."""

from datetime import datetime

from backend.kit.i18n import languages, translator
from backend.kit.money import Money
from backend.orders.checkout import CURRENCIES, Checkout, Deps, attempt_of, current_checkout, send, tell_ready
from backend.orders.service import place_order
from backend.payments.service import open_payment
from backend.plans.models import Plan
from backend.receipts.rules import require_email
from backend.subscriptions.service import subscription_to_extend
from backend.users import service as users


async def start_test(deps: Deps, now: datetime, *, user_id: int, provider: str) -> Checkout:
    """Let an operator pay for a day, for the least this provider takes: an order as any other, of a plan on no shelf.

    Also by a provider that is switched off: that is when it is tried. The person gets the page in the chat, too.

    Raises:
        ProviderNotConfigured, UserNotFound
        EmailNeeded: a receipt goes with it.
    """
    driver = deps.providers.get(provider)
    currency = next(currency for currency in CURRENCIES if currency in driver.currencies)
    async with deps.db.transaction() as session:
        user = await users.lock_user(session, user_id)
        require_email(user.email, needed=driver.needs_email)
        has = await subscription_to_extend(session, user_id, now)
        plan = Plan(
            id=has.plan_id,
            names={language: translator(language)("test-plan") for language in languages()},
            days=1,
            device_limit=has.device_limit or 0,
            traffic_limit_bytes=has.traffic_limit_bytes or 0,
        )
        order = await place_order(
            session,
            now,
            user_id=user_id,
            plan=plan,
            price=Money(driver.least[currency], currency),
            request_id=f"test:{user_id}:{provider}",
            shown_in=None,
            autopay=False,
        )
        attempt = attempt_of(deps, order, user, driver.methods[0], language=user.language)
        payment = await open_payment(session, deps.providers, driver, attempt, now)
    await send(deps, payment, now)
    checkout = await current_checkout(deps, payment_id=payment.id, user_id=user_id)
    if checkout.url is not None:
        async with deps.db.transaction() as session:
            await tell_ready(session, payment, now)
    return checkout
