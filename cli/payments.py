"""vpn-service refund, review, dispute: what an operator does to one payment."""

import getpass
import os
from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import StrEnum

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from backend.audit.service import note
from backend.kit import clock
from backend.kit.errors import Conflict, Invalid, NotFound, Unavailable
from backend.kit.i18n import Translate
from backend.kit.money import Currency, Money, to_minor
from backend.orders import decisions, refunds, returns
from backend.orders.lookup import find_payments, rivals
from backend.orders.models import Order
from backend.payments.models import Payment
from backend.payments.refunds import left_of
from cli.running import operator_language, run_once
from cli.who import actor
from cli.wiring import CannotStart, Deps, prepare

refund_app = typer.Typer()
review_app = typer.Typer()
dispute_app = typer.Typer()

NAMED = typer.Argument(metavar="PAYMENT", help="Our id of it, its order's number (order:1042), or the provider's id.")
Act = Callable[[Deps, AsyncSession, Payment, datetime], Awaitable[str]]


class Review(StrEnum):
    """What an operator says of a payment in review."""

    ACCEPT = "accept"
    CANCEL = "cancel"


class Dispute(StrEnum):
    """How a dispute stands."""

    OPENED = "opened"
    WON = "won"
    LOST = "lost"


@refund_app.command()
def refund(
    payment: str = NAMED,
    amount: str | None = typer.Option(None, help="100.00; without it, all that is left."),
    *,
    decline: bool = typer.Option(False, help="Give nothing back of what a buyer asks for or a person is to return."),
) -> None:
    """Give a payment back, all of it or a part: days go with it, the buyer is told."""
    t = operator_language()
    if decline:
        _decide(payment, "payment.refund", "declined", _call_off(t), t)
        return

    async def work(deps: Deps) -> str:
        now = clock.now()
        async with deps.db.transaction() as session:
            found, order = await _find(session, payment, t, now)
        wanted = None if amount is None else _money(amount, found.amount.currency, t)
        try:
            await refunds.look_again(deps.db, deps.providers, found.id, now)
        except Unavailable:
            raise CannotStart(t("refund-still-unknown")) from None
        async with deps.db.transaction() as session:
            opened = await refunds.refund(session, deps.providers, found.id, now, amount=wanted)
            money = Money(opened.amount_minor, found.amount.currency)
            await _note(session, found, "payment.refund", now, amount=money.decimal(), refund=str(opened.id))
        if opened.request_body is None:
            ref = found.provider_payment_id or ""
            return t("refund-opened-by-hand", amount=money, provider=t(f"provider-{found.provider}"), payment=ref)
        if order is None:
            return t("refund-opened-stray", amount=money)
        return t("refund-opened", amount=money, order=str(order.number))

    _run(work, t)


def _call_off(t: Translate) -> Act:
    async def act(deps: Deps, session: AsyncSession, found: Payment, now: datetime) -> str:
        return t("refund-called-off", amount=await returns.call_off(session, deps.providers, found.id, now))

    return act


@review_app.command()
def review(
    payment: str = NAMED, decision: Review = typer.Argument(help="accept: count it. cancel: count it for nothing.")
) -> None:
    """Decide on a payment that is not what was asked for."""
    t = operator_language()

    async def accept(deps: Deps) -> str:
        now = clock.now()
        async with deps.db.transaction() as session:
            found, _ = await _find(session, payment, t, now)
        try:
            shown = await decisions.look(deps, found.id, now)
        except Unavailable:
            raise CannotStart(t("review-no-answer")) from None
        async with deps.db.transaction() as session:
            granted = await decisions.accept(session, found.id, shown, now) if shown else None
            await _note(session, found, "payment.review", now, decision=decision)
        return t("review-accepted", moment=t.moment(granted.until, now)) if granted else t("review-counted")

    async def cancel(deps: Deps, session: AsyncSession, found: Payment, now: datetime) -> str:
        declined = await decisions.reject(session, found.id, now)
        left = left_of(declined).minor > 0
        offer = t("review-canceled-money", id=str(found.id)) if left else ""
        return "\n".join(filter(None, [t("review-canceled"), offer]))

    if decision is Review.ACCEPT:
        _run(accept, t)
    else:
        _decide(payment, "payment.review", decision, cancel, t)


@dispute_app.command()
def dispute(
    payment: str = NAMED, standing: Dispute = typer.Argument(help="What the provider wrote about the dispute.")
) -> None:
    """Note that a buyer's bank asks for a payment back, and how that ended."""
    t = operator_language()

    async def act(deps: Deps, session: AsyncSession, found: Payment, now: datetime) -> str:
        match standing:
            case Dispute.OPENED:
                await decisions.open_dispute(session, deps.providers, found.id, now)
            case Dispute.WON:
                await decisions.win_dispute(session, found.id)
            case Dispute.LOST:
                await decisions.lose_dispute(session, deps.providers, found.id, now)
        return t(f"dispute-{standing}")

    _decide(payment, "payment.dispute", standing, act, t)


def _decide(name: str, action: str, decision: str, act: Act, t: Translate) -> None:
    """Find the payment, act and write it down, in one transaction."""

    async def work(deps: Deps) -> str:
        now = clock.now()
        async with deps.db.transaction() as session:
            found, _ = await _find(session, name, t, now)
            said = await act(deps, session, found, now)
            await _note(session, found, action, now, decision=decision)
        return said

    _run(work, t)


def _run(work: Callable[[Deps], Awaitable[str]], t: Translate) -> None:
    """Do it and say what came of it. A "no" is a sentence, and exit code 1."""

    async def prepared(deps: Deps) -> str:
        await prepare(deps, opening=False)
        return await work(deps)

    try:
        typer.echo(run_once(prepared))
    except (Conflict, Invalid, NotFound) as error:
        raise CannotStart(t(error.code)) from None


async def _find(session: AsyncSession, name: str, t: Translate, now: datetime) -> tuple[Payment, Order | None]:
    """The one payment of this name, which is said before anything is done to it.

    Raises:
        CannotStart: there is none, or there are several, or it may be another's name; they are listed.
    """
    found = await find_payments(session, name)
    if not found:
        raise CannotStart(t("payment-unknown", name=name))
    listed = [_line(payment, order, t, now) for payment, order in found]
    if others := await rivals(session, name, found):
        number = name.strip()
        names = ", ".join(f"{other}:{number}" for other in others)
        said = [t("payment-in-doubt", name=number), *listed, t("payment-in-doubt-names", name=number, names=names)]
        raise CannotStart("\n".join(said))
    if len(found) > 1:
        raise CannotStart("\n".join([t("payment-ambiguous", name=name), *listed]))
    typer.echo(listed[0])
    return found[0]


def _line(payment: Payment, order: Order | None, t: Translate, now: datetime) -> str:
    return t(
        "payment-line",
        id=str(payment.id),
        order=str(order.number) if order else "none",
        provider=t(f"provider-{payment.provider}"),
        ref=payment.provider_payment_id or "—",
        amount=payment.amount,
        state=payment.state,
        day=t.day(payment.created_at, now),
    )


async def _note(session: AsyncSession, payment: Payment, action: str, now: datetime, **details: str) -> None:
    await note(session, actor=actor(), action=action, subject=str(payment.id), now=now, **details)


def _who() -> str:
    """Who sits at the terminal; a container's user may have no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _money(text: str, currency: Currency, t: Translate) -> Money:
    try:
        hundredths = to_minor(text.strip().replace(",", "."))
    except ValueError:
        hundredths = 0
    minor, rest = divmod(hundredths, 10 ** (2 - currency.exponent))
    if minor <= 0 or rest:
        example = Money(100 * 10**currency.exponent, currency).decimal()
        raise CannotStart(t("refund-bad-amount", text=text, currency=currency, example=example))
    return Money(minor, currency)
