"""Money on its way back: operators and buyers ask for it, companies are asked, and people do it by themselves."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit.db import Database
from backend.kit.errors import Unavailable
from backend.kit.i18n import translator
from backend.kit.money import Money
from backend.notifications.kinds import RefundFailed
from backend.notifications.service import tell_operators
from backend.orders.models import Order
from backend.orders.service import CAME, get_order, take_back, take_listed, wake_refresh
from backend.payments import circuits, refunds
from backend.payments.models import Payment, Refund
from backend.payments.providers import Providers
from backend.payments.providers.base import (
    Known,
    PaymentProvider,
    PaymentState,
    RefundKnown,
    RefundResult,
    RefundSnapshot,
    Rejected,
    Result,
    Snapshot,
    Unknown,
)
from backend.payments.refunds import Wish, left_of
from backend.payments.service import lock_payment
from backend.receipts.rules import ReceiptAddressUnknown, item_name
from backend.users import service as users

log = structlog.get_logger()

BY_OPERATOR = "decided by an operator"
LISTED_AFTER = timedelta(minutes=15)  # what a company has done is in its list by then


async def refund(
    session: AsyncSession,
    providers: Providers,
    payment_id: UUID,
    now: datetime,
    *,
    amount: Money | None = None,
    reason: str = BY_OPERATOR,
) -> Refund:
    """Give money of a payment back, or all that is left of it. A job sends it; one that was asked for becomes it.

    In state "pending" without a request it waits for a person: that company gives back in its cabinet alone.

    Raises:
        PaymentNotFound, RefundUnderWay, NothingToGiveBack, RefundTooLarge, OnlyAllOfIt
        ReceiptAddressUnknown: a receipt goes with a part, and its buyer has deleted his e-mail.
    """
    payment = await lock_payment(session, payment_id)
    order = await get_order(session, payment.order_id) if payment.order_id else None
    wish = await _wish(session, payment, order, amount or left_of(payment), reason)
    if wish.amount != payment.amount and providers.get(payment.provider).needs_email and not wish.email:
        raise ReceiptAddressUnknown(payment=payment_id)
    return await refunds.open_refund(session, providers, payment, wish, now)


async def _wish(session: AsyncSession, payment: Payment, order: Order | None, amount: Money, reason: str) -> Wish:
    """With the words for the payer, in his language."""
    if order is None or payment.user_id is None:
        return Wish(amount, reason)
    user = await users.get_user(session, payment.user_id)
    t, number = translator(user.language), str(order.number)
    return Wish(
        amount,
        reason,
        description=t("refund-description", order=number),
        email=user.email,
        item=item_name(order.period_days or 0, order.number),
    )


async def fetch(
    db: Database, providers: Providers, provider_id: str, ref: str
) -> tuple[Result, Sequence[RefundSnapshot]]:
    """How a payment stands, with its refunds where more may have gone back than we know of: both or nothing."""
    result = await providers.get(provider_id).fetch(ref)
    if not isinstance(result, Known):
        return result, ()
    try:
        return result, await listed_refunds(db, providers, provider_id, result.snapshot)
    except Unavailable as error:
        return Unknown(f"refunds not listed: {error}"), ()


async def listed_refunds(
    db: Database, providers: Providers, provider_id: str, snapshot: Snapshot
) -> Sequence[RefundSnapshot]:
    """The refunds of a payment, asked for where its company says that more went back than we know of.

    Of a payment that is in our books they are asked for, too, where the company leaves out how much went back.

    Raises:
        Unavailable: they could not be read.
    """
    told = snapshot.refunded_minor
    unpaid = told is None and snapshot.state is not PaymentState.SUCCEEDED
    if snapshot.refund_ref is not None or told == 0 or unpaid:
        return ()
    async with db.transaction() as session:
        query = select(Payment.refunded_minor).where(
            Payment.provider == provider_id, Payment.provider_payment_id == snapshot.ref, Payment.state.in_(CAME)
        )
        known = await session.scalar(query)
    news = told > (known or 0) if told is not None else known is not None
    if not news:
        return ()
    return [refund async for refund in providers.get(provider_id).refunds_of(snapshot.ref)]


async def sweep_refunds(db: Database, provider: PaymentProvider, since: datetime) -> bool:
    """Have every payment looked at that has a refund since then which we do not know, however old the payment is.

    False: they could not be read to their end.
    """
    try:
        async for refund in provider.refunds_since(since):
            async with db.transaction() as session:
                if refund.state == "succeeded" and await _is_news(session, provider.id, refund):
                    await wake_refresh(session, provider.id, refund.payment_ref)
    except Unavailable as error:
        log.warning("sweep.broken_off", provider=provider.id, reason=str(error))
        return False
    return True


async def _is_news(session: AsyncSession, provider_id: str, refund: RefundSnapshot) -> bool:
    """Whether a refund is of a payment of ours and not in the books."""
    entered = exists().where(
        Refund.payment_id == Payment.id, Refund.provider_refund_id == refund.ref, Refund.state == "succeeded"
    )
    query = select(Payment.id).where(
        Payment.provider == provider_id, Payment.provider_payment_id == refund.payment_ref, ~entered
    )
    return await session.scalar(query) is not None


async def send_refund(db: Database, providers: Providers, refund_id: UUID, now: datetime) -> None:
    """The same key and the same bytes until there is a definite answer; with a dead key only a look.

    What the company works on is asked about, and what a person does is looked for. A no to what was sent before says
    nothing of the first time: it is looked for, too.
    """
    async with db.transaction() as session:
        begun = await refunds.begin_sending(session, refund_id, now)
    if begun is None:
        return
    refund, payment, again = begun
    driver = providers.get(payment.provider)
    if refund.request_body is None or (refund.provider_refund_id is None and _key_is_dead(driver, refund, now)):
        await _look(db, driver, refund, payment.id, now)
        return
    if refund.provider_refund_id is not None:
        result, note = await driver.fetch_refund(refund.provider_refund_id), circuits.note_look
    else:
        result, note = await driver.refund(refund.request_body, refund.idempotence_key), circuits.note_result
    refused = result if isinstance(result, Rejected) and again and refund.provider_refund_id is None else None
    async with db.transaction() as session:
        if refused is None:
            await _apply(session, refund, await lock_payment(session, payment.id), result, now)
        await note(session, payment.provider, result, now)
    if refused is not None:
        await _look(db, driver, refund, payment.id, now, refused=refused)


def _key_is_dead(driver: PaymentProvider, refund: Refund, now: datetime) -> bool:
    """Whether sending again could give back twice. A company without keys never gives back the same twice."""
    return bool(driver.key_lives) and refund.sent_at is not None and now - refund.sent_at > driver.key_lives


async def _apply(
    session: AsyncSession, refund: Refund, payment: Payment, result: RefundResult, now: datetime
) -> None:
    match result:
        case RefundKnown(RefundSnapshot(ref=ref, state="succeeded", amount=amount)):
            await take_back(session, payment, ref, amount.minor if amount else refund.amount_minor, now)
        case RefundKnown(RefundSnapshot(state="canceled", reason=reason)):
            await _give_up(session, refund, payment, reason or "unknown", now)
        case RefundKnown(RefundSnapshot(ref=ref)):
            await refunds.wait_for_refund(session, refund.id, now, ref=ref)
        case Rejected(code, description) if refund.provider_refund_id is None:
            await _give_up(session, refund, payment, code, now, words=description)
        case Unknown(duplicate_key=True):
            await _give_up(session, refund, payment, None, now)
        case _:
            log.warning("refund.unanswered", refund=refund.id, result=type(result).__name__)
            await refunds.wait_for_refund(session, refund.id, now)


def _may_show_yet(refund: Refund, now: datetime) -> bool:
    """Whether a refund of ours may be there and not be listed yet.

    Later it was last sent minutes ago: it is sent ever more rarely.
    """
    return refund.sent_at is not None and now - refund.sent_at <= LISTED_AFTER


async def _look(
    db: Database,
    driver: PaymentProvider,
    refund: Refund,
    payment_id: UUID,
    now: datetime,
    *,
    refused: Rejected | None = None,
) -> bool:
    """Enter what the company lists of this payment. False: the list could not be read.

    A refund of ours that it does not show is over by its no to send it again (`refused`), once it would be listed.
    Without one, when its key is dead, it is left to a person.
    """
    async with db.transaction() as session:
        ref = (await lock_payment(session, payment_id)).provider_payment_id
    assert ref is not None, "only what was paid goes back"
    try:
        listed = [refund async for refund in driver.refunds_of(ref)]
    except Unavailable as error:
        log.warning("refund.not_listed", refund=refund.id, reason=str(error))
        async with db.transaction() as session:
            await refunds.wait_for_refund(session, refund.id, now)
        return False
    async with db.transaction() as session:
        payment = await lock_payment(session, payment_id)
        for found in listed:
            await take_listed(session, payment, found, now)
        asked = Money(refund.amount_minor, payment.amount.currency)
        under_way = next((found.ref for found in listed if found.state == "pending" and found.amount == asked), None)
        waits = refund.request_body is None or (refused is not None and _may_show_yet(refund, now))
        if waits or under_way is not None:
            await refunds.wait_for_refund(session, refund.id, now, ref=under_way)
        elif refused is not None:
            await _give_up(session, refund, payment, refused.code, now, words=refused.description)
        else:
            await _give_up(session, refund, payment, None, now)
    return True


async def _give_up(
    session: AsyncSession, refund: Refund, payment: Payment, reason: str | None, now: datetime, *, words: str = ""
) -> None:
    """The company does not give this back, by its code and in its words; None: nobody knows whether it did."""
    state = "review" if reason is None else "canceled"
    if await refunds.end_refund(session, refund.id, state) is None:
        return
    log.error("refund.refused", refund=refund.id, payment=payment.id, state=state, code=reason, words=words)
    order = await get_order(session, payment.order_id) if payment.order_id else None
    failed = RefundFailed(
        payment_id=payment.id,
        payment_ref=payment.provider_payment_id or "",
        provider=payment.provider,
        order_number=order.number if order else None,
        amount=str(Money(refund.amount_minor, payment.amount.currency)),
        reason=reason,
        words=words[:300],
    )
    await tell_operators(session, failed, once=f"refund-failed:{refund.id}:{state}", now=now)


async def look_again(db: Database, providers: Providers, payment_id: UUID, now: datetime) -> None:
    """Before an operator tries anew: a refund of which nobody knew the end is entered if the company lists it, and is
    over if it does not.

    Raises:
        PaymentNotFound
        Unavailable: the list could not be read, or it was sent just now and may be listed yet.
    """
    async with db.transaction() as session:
        payment = await lock_payment(session, payment_id)
        standing = await refunds.find_open(session, payment_id)
    if standing is None or standing.state != "review":
        return
    if not await _look(db, providers.get(payment.provider), standing, payment_id, now):
        raise Unavailable(provider=payment.provider)
    async with db.transaction() as session:
        await lock_payment(session, payment_id)
        standing = await refunds.find_open(session, payment_id)
        if standing is not None and standing.state == "review":
            if _may_show_yet(standing, now):
                raise Unavailable(provider=payment.provider)
            await refunds.end_refund(session, standing.id, "canceled")
