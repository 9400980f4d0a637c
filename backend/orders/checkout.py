"""Taking somebody to where he pays: talks to the provider between two transactions."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from backend.auth.service import refuse_blocked
from backend.kit.db import Database
from backend.kit.errors import Conflict
from backend.kit.i18n import translator
from backend.kit.money import Currency, Money
from backend.notifications.kinds import CheckoutReady, KeyUsed
from backend.notifications.service import notify, tell_operators
from backend.orders.looking import CLOCKS_DIFFER, ask, sweep_provider
from backend.orders.models import Order
from backend.orders.queries import find_by_return_token, find_live_payment, find_payment, is_due, is_held_up
from backend.orders.refunds import LISTED_AFTER
from backend.orders.service import get_order, place_order, settle, tell_failure
from backend.payments import circuits, saved, unanswered
from backend.payments import service as payments
from backend.payments.models import Payment
from backend.payments.providers import Providers
from backend.payments.providers.base import Known, NotProcessed, PaymentState, Rejected, Result, Unknown
from backend.payments.refusals import tell_rejected
from backend.payments.rules import KEY_IS_DEAD_AFTER
from backend.payments.service import Attempt, PaymentNotFound
from backend.plans import service as plans
from backend.receipts.rules import item_name, require_email
from backend.users import service as users
from backend.users.models import User

log = structlog.get_logger()

WAIT_SECONDS = 8  # as long as somebody looks at a button; a job goes on after that
CURRENCIES = tuple(Currency)  # a provider that takes several is paid in the first of these a plan is sold in
SHORTEST_RENEWED = 7  # days: before a shorter plan ends nobody could be told in time


class MethodUnavailable(Conflict):
    """Nothing is sold this way now: its provider is in trouble or switched off."""


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
    renewed_by: str | None = None  # "shop" or "provider", where it may be bought again without the buyer


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
    agreed_to_renew: bool = False  # the buyer did
    renews: bool = False  # and so it is asked for


async def methods_for(session: AsyncSession, providers: Providers, plan_id: int) -> Sequence[MethodOffer]:
    """Every way this plan can be paid for now: its provider works and is on, and it has a price in that currency.

    Raises:
        PlanNotOnSale
    """
    hidden = await circuits.not_offered(session)
    return [offer for offer in await _offers(session, providers, plan_id) if offer.provider not in hidden]


async def _offers(session: AsyncSession, providers: Providers, plan_id: int) -> Sequence[MethodOffer]:
    plan = await plans.get_on_sale(session, plan_id)
    offers: dict[tuple[str, str], MethodOffer] = {}
    once_only = await saved.unavailable(session)
    for price in sorted(await plans.prices(session, plan.id), key=lambda price: CURRENCIES.index(price.currency)):
        for provider, method in providers.offers(price.currency):
            again = provider.id not in once_only and plan.days >= SHORTEST_RENEWED
            renews = again and provider.can_renew(method, price, plan.days)
            by = "provider" if provider.renews_itself else "shop"
            offer = MethodOffer(provider.id, method, price, provider.test, by if renews else None)
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
    autopay: bool = False,
) -> Checkout:
    """Place the order, open a payment and wait a little for the page where it is paid.

    A second tap gives the same order and the same payment while they can be paid. `autopay`: the buyer agrees to be
    charged again; where that cannot be, this is paid once.

    Raises:
        PlanNotOnSale: withdrawn, or not sold this way.
        PersonBlocked, MethodUnavailable, EmailNeeded, ProviderNotConfigured
    """
    driver = deps.providers.get(provider)
    async with deps.db.transaction() as session:
        user = await users.lock_user(session, user_id)
        refuse_blocked(user)
        offers = await _offers(session, deps.providers, plan_id)
        chosen = [offer for offer in offers if (offer.provider, offer.method) == (provider, method)]
        if not chosen:
            raise plans.PlanNotOnSale(plan=plan_id, method=method)
        if provider in await circuits.not_offered(session):
            raise MethodUnavailable(provider=provider)
        require_email(user.email, needed=driver.needs_email)
        plan = await plans.get_on_sale(session, plan_id)
        order = await place_order(
            session,
            now,
            user_id=user_id,
            plan=plan,
            price=chosen[0].price,
            request_id=request_id,
            shown_in=shown_in,
            autopay=autopay,
        )
        payment = await find_live_payment(session, order.id, provider, method)
        opened = payment is None
        if payment is None:
            save = autopay and chosen[0].renewed_by is not None
            attempt = attempt_of(deps, order, user, method, language=language, save_method=save)
            payment = await payments.open_payment(session, deps.providers, driver, attempt, now)
    if opened:  # one request at a time with one key: whoever opened it sends it, a second tap waits for that
        await send(deps, payment, now)
        async with deps.db.transaction() as session:  # it may have become another one
            payment = await find_live_payment(session, order.id, provider, method) or payment
    return await current_checkout(deps, payment_id=payment.id, user_id=user_id)


def attempt_of(
    deps: Deps, order: Order, user: User, method: str, *, language: str, save_method: bool = False
) -> Attempt:
    """Paying this order this way, by its owner."""
    days, number, t = order.period_days or 0, str(order.number), translator(language)
    return Attempt(
        order_id=order.id,
        user_id=user.id,
        amount=order.amount,
        method=method,
        description=t("payment-description", days=days, order=number),
        language=language,
        return_base=deps.return_base,
        public_url=deps.public_url,
        payer=None if user.telegram_id is None else str(user.telegram_id),
        email=user.email,
        item=item_name(days, order.number),
        title=t("invoice-title", days=days),
        save_method=save_method,
    )


async def send(deps: Deps, payment: Payment, now: datetime) -> None:
    """Send its request while somebody looks; a job goes on after that. What is cut off counts as not answered."""
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            await create(deps, payment.id, now)
    except TimeoutError:
        log.warning("checkout.slow", payment=payment.id)
        async with deps.db.transaction() as session:
            await circuits.note_result(session, payment.provider, Unknown("timeout"), now)


async def create(deps: Deps, payment_id: UUID, now: datetime, *, late: bool = False) -> None:
    """Send a payment's stored request, byte for byte, and apply the answer.

    Without a definite answer it stays as it is and will be sent again, until its key is dead; a charge only while
    what it renews ends as it did. `late`: nobody waits for the page any more, so its owner is told when it is there.
    """
    async with deps.db.transaction() as session:
        payment = await session.get(Payment, payment_id)
        if payment is None or now - payment.created_at > KEY_IS_DEAD_AFTER:
            return
        charged_before = payment.initiated_by == "shop" and payment.checked_at is not None
        due, held_up = await is_due(session, payment), await is_held_up(session, payment)
        if not await saved.may_send(session, payment_id, now, due=due, held_up=held_up):
            return
    assert payment.request_body is not None
    result = await deps.providers.get(payment.provider).create(payment.request_body, payment.idempotence_key)
    final = not (isinstance(result, Rejected) and charged_before) or await _is_over(deps, payment, now)
    once = await _apply_created(deps, payment, result, now, late=late, final=final)
    if once is not None:
        await create(deps, once.id, now, late=late)
    if isinstance(result, Unknown) and result.duplicate_key:
        await _look_for(deps, payment, now)


async def _apply_created(
    deps: Deps, payment: Payment, result: Result, now: datetime, *, late: bool, final: bool
) -> Payment | None:
    """Write down what was answered, a no only if `final`. A payment: the attempt to send instead of this one."""
    payment_id, instead = payment.id, None
    async with deps.db.transaction() as session:
        match result:
            case Known(snapshot):
                recorded = await settle(session, deps.providers, payment.provider, snapshot, now)
                if late and recorded is not None and recorded.payment.state == PaymentState.PENDING:
                    await tell_ready(session, recorded.payment, now)
            case Rejected(code="recurring_off", description=description) if final and payment.save_method:
                await saved.note_unavailable(session, payment.provider, description, now)
                instead = await _pay_once(session, deps, payment, now)
            case Rejected(code, description) as refusal if final:
                log.error("payment.rejected", payment=payment_id, code=code, description=description)
                await tell_rejected(session, payment, refusal, now)
                failed = await payments.fail(session, payment_id, code)
                if failed is not None:
                    await tell_failure(session, failed, code, now)
            case Unknown(duplicate_key=True):
                log.error("payment.key_used", payment=payment_id)
                await payments.stop_sending(session, payment_id)
            case _:
                log.warning("payment.unanswered", payment=payment_id, result=type(result).__name__)
                repeatable = payments.is_repeatable(deps.providers.get(payment.provider))
                why = NotProcessed() if isinstance(result, Rejected) else result
                await unanswered.put_off(session, payment_id, why, now, repeatable=repeatable)
        await circuits.note_result(session, payment.provider, result, now)
    return instead


async def _pay_once(session: AsyncSession, deps: Deps, refused: Payment, now: datetime) -> Payment | None:
    """The company lets us save nothing: the same order by an attempt that does not ask for it."""
    if await payments.fail(session, refused.id, "recurring_off") is None:
        return None
    order = await get_order(session, refused.order_id)
    user = await users.get_user(session, order.user_id)
    attempt = attempt_of(deps, order, user, refused.method, language=user.language)
    return await payments.open_payment(session, deps.providers, deps.providers.get(refused.provider), attempt, now)


async def _is_over(deps: Deps, payment: Payment, now: datetime) -> bool:
    """Whether a no to a charge that was sent before is the last word.

    It says nothing of the first time, so the list is read, which may have moved the payment on. While that cannot be
    done, or what was charged may not be listed yet, it is asked again.
    """
    driver = deps.providers.get(payment.provider)
    listed = await sweep_provider(deps, driver, payment.created_at - CLOCKS_DIFFER, now)
    return listed and now - payment.created_at > LISTED_AFTER


async def _look_for(deps: Deps, payment: Payment, now: datetime) -> None:
    """The company has seen this key with other bytes: its list says what became of it, and it is never sent again.

    Where the list cannot be read to its end, the hourly sweep goes on looking.
    """
    driver = deps.providers.get(payment.provider)
    listed = await sweep_provider(deps, driver, payment.created_at - CLOCKS_DIFFER, now)
    async with deps.db.transaction() as session:
        found = (await payments.lock_payment(session, payment.id)).state != PaymentState.NEW
        if listed and not found:
            closed = await unanswered.give_up(session, payment.id, "never_answered", now)
            if closed is not None and closed.state == PaymentState.FAILED:
                await tell_failure(session, closed, closed.failure, now)
        told = KeyUsed(payment.id, payment.provider, found=found if found or listed else None)
        await tell_operators(session, told, once=f"key-used:{payment.id}", now=now)


async def tell_ready(session: AsyncSession, payment: Payment, now: datetime) -> None:
    """The page where it is paid is there."""
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
        agreed_to_renew=order.autopay_consent_id is not None,
        renews=payment.save_method,
    )


async def _get(session: AsyncSession, payment_id: UUID, user_id: int) -> tuple[Payment, Order]:
    found = await find_payment(session, payment_id, user_id)
    if found is None:
        raise PaymentNotFound(payment=payment_id)
    return found
