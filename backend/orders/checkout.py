"""Taking somebody to where he pays: talks to the provider between two transactions."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit.db import Database
from backend.kit.errors import Unavailable
from backend.kit.i18n import translator
from backend.kit.money import Currency, Money
from backend.notifications.kinds import CheckoutReady
from backend.notifications.service import notify
from backend.orders.models import Order
from backend.orders.queries import find_by_return_token, find_live_payment, find_payment
from backend.orders.service import get_order, place_order, settle, settle_told, tell_failure
from backend.payments import inbox
from backend.payments import service as payments
from backend.payments.models import Payment
from backend.payments.providers import Providers
from backend.payments.providers.base import Known, PaymentProvider, PaymentState, Rejected, Unknown
from backend.payments.recording import lags_behind
from backend.payments.rules import KEY_IS_DEAD_AFTER
from backend.payments.service import Attempt, PaymentNotFound
from backend.plans import service as plans
from backend.users import service as users

log = structlog.get_logger()

WAIT_SECONDS = 8  # as long as somebody looks at a button; a job goes on after that
CURRENCIES = tuple(Currency)  # a provider that takes several is paid in the first of these a plan is sold in
ASK_AT_MOST_EVERY = timedelta(seconds=5)


class Deps(Protocol):
    db: Database
    providers: Providers

    @property
    def public_url(self) -> str:
        """Where others reach us, without a slash at the end; empty: nowhere."""

    @property
    def return_base(self) -> str:
        """Where buyers come back to; the return token is put behind it."""


@dataclass(frozen=True, slots=True)
class MethodOffer:
    """A way to pay for a plan."""

    provider: str
    method: str
    price: Money
    test: bool


@dataclass(frozen=True, slots=True)
class Checkout:
    """Where and how an order is paid. `url` None: the provider has not answered yet."""

    order_id: UUID
    payment_id: UUID
    order_number: int
    plan_id: int | None
    plan_names: dict[str, str]
    days: int
    amount: Money
    provider: str
    method: str
    url: str | None
    state: PaymentState
    failure: str | None
    expires_at: datetime


async def methods_for(session: AsyncSession, providers: Providers, plan_id: int) -> Sequence[MethodOffer]:
    """Every way this plan can be paid for now: its provider is configured and it has a price in that currency.

    Raises:
        PlanNotOnSale
    """
    plan = await plans.get_on_sale(session, plan_id)
    offers: dict[tuple[str, str], MethodOffer] = {}
    for price in sorted(await plans.prices(session, plan.id), key=lambda price: CURRENCIES.index(price.currency)):
        for provider, method in providers.offers(price.currency):
            offer = MethodOffer(provider.id, method, price, provider.test)
            offers.setdefault((provider.id, method), offer)
    return list(offers.values())


async def start_checkout(
    deps: Deps,
    now: datetime,
    *,
    user_id: int,
    plan_id: int,
    provider: str,
    method: str,
    request_id: str,
    shown_in: str | None,
    language: str,
) -> Checkout:
    """Place the order, open a payment and wait a little for the page where it is paid.

    A second tap gives the same order and the same payment while they can be paid.

    Raises:
        PlanNotOnSale: withdrawn, or not sold this way.
        ProviderNotConfigured
    """
    driver = deps.providers.get(provider)
    async with deps.db.transaction() as session:
        user = await users.lock_user(session, user_id)
        offers = await methods_for(session, deps.providers, plan_id)
        chosen = [offer for offer in offers if (offer.provider, offer.method) == (provider, method)]
        if not chosen:
            raise plans.PlanNotOnSale(plan=plan_id, method=method)
        plan = await plans.get_on_sale(session, plan_id)
        order = await place_order(
            session,
            now,
            user_id=user_id,
            plan=plan,
            price=chosen[0].price,
            request_id=request_id,
            shown_in=shown_in,
        )
        payment = await find_live_payment(session, order.id, provider, method)
        opened = payment is None
        if payment is None:
            description = translator(language)("payment-description", days=plan.days, order=str(order.number))
            attempt = Attempt(
                order_id=order.id,
                user_id=user_id,
                amount=order.amount,
                method=method,
                description=description,
                language=language,
                return_base=deps.return_base,
                public_url=deps.public_url,
                payer=None if user.telegram_id is None else str(user.telegram_id),
            )
            payment = await payments.open_payment(session, deps.providers, driver, attempt, now)
    if opened:  # one request at a time with one key: whoever opened it sends it, a second tap waits for that
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await create(deps, payment.id, now)
        except TimeoutError:
            log.warning("checkout.slow", payment=payment.id)
    return await current_checkout(deps, payment_id=payment.id, user_id=user_id)


async def create(deps: Deps, payment_id: UUID, now: datetime, *, late: bool = False) -> None:
    """Send a payment's stored request, byte for byte, and apply the answer.

    Without a definite answer it stays as it is and will be sent again, until its key is dead. `late`: nobody waits
    for the page any more, so its owner is told when it is there.
    """
    async with deps.db.transaction() as session:
        payment = await session.get(Payment, payment_id)
    if payment is None or payment.state != PaymentState.NEW or now - payment.created_at > KEY_IS_DEAD_AFTER:
        return
    assert payment.request_body is not None
    result = await deps.providers.get(payment.provider).create(payment.request_body, payment.idempotence_key)
    async with deps.db.transaction() as session:
        match result:
            case Known(snapshot):
                recorded = await settle(session, deps.providers, payment.provider, snapshot, now)
                if late and recorded is not None and recorded.payment.state == PaymentState.PENDING:
                    await _tell_ready(session, recorded.payment, now)
            case Rejected(code, description):
                log.error("payment.rejected", payment=payment_id, code=code, description=description)
                failed = await payments.fail(session, payment_id, code)
                if failed is not None:
                    await tell_failure(session, failed, code, now)
            case Unknown(duplicate_key=True):
                log.error("payment.key_used", payment=payment_id)
                await payments.stop_sending(session, payment_id)
            case _:
                log.warning("payment.unanswered", payment=payment_id, result=type(result).__name__)
                await payments.note_attempt(session, payment_id, now)


async def _tell_ready(session: AsyncSession, payment: Payment, now: datetime) -> None:
    order = await get_order(session, payment.order_id)
    ready = CheckoutReady(payment.id, order.shown_in)
    await notify(session, order.user_id, ready, once=f"checkout:{payment.id}", now=now)


async def check_now(deps: Deps, now: datetime, *, payment_id: UUID, user_id: int) -> Checkout:
    """Ask the provider at once whether this is paid, at most once in five seconds.

    Raises:
        PaymentNotFound: also when it is somebody else's.
    """
    async with deps.db.transaction() as session:
        payment, _ = await _get(session, payment_id, user_id)
    await ask(deps, payment, now)
    return await current_checkout(deps, payment_id=payment_id, user_id=user_id)


async def come_back(deps: Deps, now: datetime, *, token: str, user_id: int) -> Checkout | None:
    """How the payment stands that this person comes back from, asked for at once; None: it is none of his."""
    async with deps.db.transaction() as session:
        found = await find_by_return_token(session, token)
    if found is None or found[1].user_id != user_id:
        return None
    await ask(deps, found[0], now)
    return await current_checkout(deps, payment_id=found[0].id, user_id=user_id)


async def ask(deps: Deps, payment: Payment, now: datetime) -> None:
    """Look how an unfinished payment stands, unless somebody did in the last five seconds.

    Without an answer soon it stays as it is: the jobs go on asking. A payment the provider has not confirmed to know
    is not asked for: its request is sent again by a job, one at a time. One without an id before it is paid is looked
    for among what was paid since.
    """
    if payment.state in (PaymentState.SUCCEEDED, PaymentState.REVIEW, PaymentState.FAILED):
        return
    ref, driver = payment.provider_payment_id, deps.providers.get(payment.provider)
    if ref is None and not (driver.by_bot and payment.state == PaymentState.PENDING):
        return
    async with deps.db.transaction() as session:
        if not await payments.claim_check(session, payment.id, now, at_most_every=ASK_AT_MOST_EVERY):
            return
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            if ref is not None:
                await refresh(deps, payment.provider, ref, now)
            else:
                await sweep_provider(deps, driver, payment.created_at, now)
    except TimeoutError:
        log.warning("payment.slow", payment=payment.id)


async def sweep_provider(deps: Deps, provider: PaymentProvider, since: datetime, now: datetime) -> bool:
    """Settle what the provider lists and we do not know yet. False: the list could not be read to its end."""
    try:
        async for snapshot in provider.list_since(since):
            async with deps.db.transaction() as session:
                if await lags_behind(session, provider.id, snapshot):
                    await settle(session, deps.providers, provider.id, snapshot, now)
    except Unavailable as error:
        log.warning("sweep.broken_off", provider=provider.id, reason=str(error))
        return False
    return True


async def refresh(deps: Deps, provider_id: str, ref: str, now: datetime) -> None:
    """Settle what stored events tell of one payment; where they do not, ask its provider for the truth."""
    async with deps.db.transaction() as session:
        if await settle_told(session, deps.providers, provider_id, ref, now):
            return
    result = await deps.providers.get(provider_id).fetch(ref)
    async with deps.db.transaction() as session:
        match result:
            case Known(snapshot):
                await settle(session, deps.providers, provider_id, snapshot, now)
            case _:
                reason = f"{type(result).__name__} {getattr(result, 'code', '')}".strip()
                log.warning("payment.not_answered", provider=provider_id, result=reason)
                await inbox.postpone_events(session, provider_id, ref, reason, now)


async def current_checkout(deps: Deps, *, payment_id: UUID, user_id: int) -> Checkout:
    """How a payment stands in our books, without asking anybody.

    Raises:
        PaymentNotFound: also when it is somebody else's.
    """
    async with deps.db.transaction() as session:
        payment, order = await _get(session, payment_id, user_id)
    return Checkout(
        order_id=order.id,
        payment_id=payment.id,
        order_number=order.number,
        plan_id=order.plan_id,
        plan_names=order.plan_snapshot["names"],
        days=order.period_days or 0,
        amount=payment.amount,
        provider=payment.provider,
        method=payment.method,
        url=payment.confirmation_url,
        state=PaymentState(payment.state),
        failure=payment.failure,
        expires_at=order.expires_at,
    )


async def _get(session: AsyncSession, payment_id: UUID, user_id: int) -> tuple[Payment, Order]:
    found = await find_payment(session, payment_id, user_id)
    if found is None:
        raise PaymentNotFound(payment=payment_id)
    return found
