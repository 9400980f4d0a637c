"""Renewals without the buyer: how they stand, switched off by one tap, agreed to anew at a higher price."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from backend.autopay import queries
from backend.autopay.queries import Renewal
from backend.autopay.rules import CHARGES, NOTICE_HOLDS, Reason
from backend.autopay.service import SwitchedOff, agree_to_price, switch_off
from backend.kit import clock
from backend.kit.i18n import Translate
from backend.kit.money import Currency, Money
from backend.notifications.kinds import AutopayDearer, AutopayFailed, AutopayNotice, AutopayStopped
from backend.payments.models import SavedMethod
from backend.payments.refusals import EMAIL_REFUSED
from backend.users.models import User
from bot.callbacks import AgreeToPrice, AutopayOff, ChoosePlan, Open, Screen
from bot.deps import Deps
from bot.screens.keys import subscription_button
from bot.view import Button, View, escape, lines, paragraphs, show

router = Router(name=__name__)

OF_THE_ADDRESS = (Reason.EMAIL, EMAIL_REFUSED)
GOES_ON_BY_ITSELF = (Reason.CANCELED, Reason.EMAIL, Reason.UNWARNED)  # their texts say what to do for it
HOME = Open(screen=Screen.HOME)


def autopay_view(t: Translate, renewals: Sequence[Renewal], now: datetime) -> View:
    """Every subscription that renews, or would, with a way out of each."""
    if not renewals:
        rows = [[Button(t("button-plans"), Open(screen=Screen.PLANS))], [subscription_button(t)]]
        return View(paragraphs(t("autopay-title"), t("autopay-none")), rows)
    return View(
        paragraphs(t("autopay-title"), *(_state(t, renewal, now) for renewal in renewals)),
        [*(row for renewal in renewals for row in _rows(t, renewal)), [subscription_button(t)]],
    )


def _state(t: Translate, renewal: Renewal, now: datetime) -> str:
    mandate = renewal.mandate
    said = {
        "plan": escape(renewal.plan.name(t.language)),
        "price": mandate.most,
        "days": mandate.period_days,
    }
    if mandate.state == "active":
        return lines(t("autopay-active", **said), next_charge(t, renewal, now))
    return lines(t("autopay-paused", **said), why(t, mandate.reason or "", mandate.most))


def next_charge(t: Translate, renewal: Renewal, now: datetime) -> str:
    """When and with what it is charged next; empty: nobody knows yet."""
    if renewal.until is None:
        return ""
    moment = t.moment(charge_moment(renewal, now), now)
    if renewal.mandate.charged_by == "provider":
        return t("autopay-next-provider", moment=moment)
    return t("autopay-next", moment=moment, **source(t, renewal.method))


def charge_moment(renewal: Renewal, now: datetime) -> datetime:
    """When the next charge is planned: half a day before the end, or a later try; a company charges at the end."""
    assert renewal.until is not None
    if renewal.mandate.charged_by == "provider":
        return renewal.until
    planned = [renewal.until + before for before in CHARGES]
    return next((at for at in planned if at > now), planned[-1])


def source(t: Translate, method: SavedMethod) -> dict[str, str]:
    """What is charged, as it stands after "from": {"from": "bank card", "title": "*4477"}."""
    name = f"method-from-{method.method}"
    return {"from": t(name) if t.has(name) else escape(method.method), "title": escape(method.title)}


def why(t: Translate, reason: str, price: Money | str | None) -> str:
    """Why nothing is charged, in words of ours."""
    if reason == Reason.PRICE:
        return t("autopay-why-price", price=price)
    for known in (f"autopay-why-{reason}", f"failure-{reason}"):
        if t.has(known):
            return t(known)
    return t("failure-unknown")


def _rows(t: Translate, renewal: Renewal) -> list[list[Button]]:
    mandate = renewal.mandate
    pay = [Button(t("button-autopay-pay"), ChoosePlan(plan_id=mandate.plan_id))] if mandate.state != "active" else []
    return [pay, [off_button(t, mandate.id)]]


def off_button(t: Translate, mandate_id: UUID) -> Button:
    return Button(t("button-autopay-off"), AutopayOff(mandate_id=mandate_id))


def off_view(t: Translate, done: SwitchedOff, now: datetime) -> View:
    """What switching off came to; a charge that it came too late for can be had back."""
    if not done.ended:
        first = t("autopay-off-already")
    else:
        running = done.until is not None and done.until > now
        first = paragraphs(
            t("autopay-off-provider") if done.by_company else t("autopay-off"),
            t("autopay-off-until", moment=t.moment(done.until, now))
            if running and done.until
            else t("autopay-off-ended"),
        )
    late = done.stands
    return View(
        paragraphs(first, t("autopay-off-late", amount=late.amount) if late else ""),
        [
            [Button(t("button-autopay-refund"), Open(screen=Screen.REFUND))] if late else [],
            [subscription_button(t)],
        ],
    )


def on_view(t: Translate, renewal: Renewal, now: datetime) -> View:
    """It renews by itself from now on."""
    mandate = renewal.mandate
    said = {"price": mandate.most, "days": mandate.period_days}
    moment = t.moment(charge_moment(renewal, now), now) if renewal.until else ""
    if mandate.charged_by == "provider":
        text = t("autopay-on-provider", moment=moment, **said)
    else:
        text = t("autopay-on-shop", moment=moment, **said, **source(t, renewal.method))
    return View(paragraphs(t("autopay-on"), text), [[off_button(t, mandate.id)], [subscription_button(t)]])


def notice_view(t: Translate, notice: AutopayNotice, renewal: Renewal, now: datetime) -> View:
    """What will be charged, when and from where. Said late it is charged later than was planned."""
    moment = max(notice.charge_at, now + NOTICE_HOLDS)
    return View(
        paragraphs(
            t("autopay-notice"),
            t(
                "autopay-notice-charge",
                moment=t.moment(moment, now),
                amount=notice.amount,
                days=renewal.mandate.period_days,
                **source(t, renewal.method),
            ),
            t("autopay-notice-manual"),
        ),
        [[off_button(t, renewal.mandate.id)], [subscription_button(t)]],
    )


def dearer_view(t: Translate, dearer: AutopayDearer, renewal: Renewal, now: datetime) -> View:
    """A higher price can be agreed to before the renewal; without that nothing is charged."""
    mandate = renewal.mandate
    said = {"price": dearer.amount, "before": mandate.most, "days": mandate.period_days}
    return View(
        paragraphs(
            t("autopay-dearer"),
            t("autopay-dearer-price", **said),
            t("autopay-dearer-agree", moment=t.moment(renewal.until, now)) if renewal.until else "",
        ),
        [
            [_agree_button(t, mandate.id, dearer.amount_minor, mandate.most.currency)],
            [off_button(t, mandate.id)],
            [subscription_button(t)],
        ],
    )


def refused_view(t: Translate, failed: AutopayFailed, renewal: Renewal, now: datetime) -> View:
    """A charge was refused, and when it is tried again."""
    return View(
        paragraphs(
            t("autopay-failed"),
            why(t, failed.reason or "", None),
            t("autopay-failed-again", moment=t.moment(failed.again_at, now)),
        ),
        [
            [Button(t("button-autopay-pay"), ChoosePlan(plan_id=renewal.mandate.plan_id), style="primary")],
            [off_button(t, renewal.mandate.id)],
        ],
    )


def stopped_view(t: Translate, stopped: AutopayStopped, renewal: Renewal) -> View:
    """Nothing is charged any more: why, and what to do. A higher price can be agreed to right here."""
    mandate, by_company = renewal.mandate, renewal.mandate.charged_by == "provider"
    agree = stopped.reason == Reason.PRICE and not by_company and stopped.amount_minor is not None
    reason = why(t, stopped.reason, stopped.amount)
    if stopped.reason == Reason.PRICE and by_company:
        reason = t("autopay-why-price-provider", price=stopped.amount)
    elsewhere = stopped.reason in (Reason.PLAN_GONE, Reason.REFUNDED)
    pay = Open(screen=Screen.PLANS) if elsewhere else ChoosePlan(plan_id=mandate.plan_id)
    return View(
        paragraphs(
            t("autopay-stopped") if mandate.state == "suspended" else t("autopay-ended"),
            reason,
            t("autopay-pay-again") if stopped.reason not in GOES_ON_BY_ITSELF else "",
        ),
        [
            [_agree_button(t, mandate.id, stopped.amount_minor, mandate.most.currency)] if agree else [],
            [Button(t("button-email"), Open(screen=Screen.EMAIL))] if stopped.reason in OF_THE_ADDRESS else [],
            [Button(t("button-autopay-pay"), pay)],
            [off_button(t, mandate.id)] if mandate.state == "suspended" else [],
        ],
    )


def _agree_button(t: Translate, mandate_id: UUID, minor: int | None, currency: Currency) -> Button:
    price = Money(minor or 0, currency)
    agrees = AgreeToPrice(mandate_id=mandate_id, minor=price.minor)
    return Button(t("button-autopay-agree", price=price), agrees, style="primary")


@router.callback_query(Open.filter(F.screen == Screen.AUTOPAY))
async def open_autopay(call: CallbackQuery, deps: Deps, user: User, t: Translate) -> None:
    async with deps.db.transaction() as session:
        renewals = await queries.renewals_of(session, user.id)
    await show(call, autopay_view(t, renewals, clock.now()))


@router.message(Command("autopay_off"))
async def turn_all_off(message: Message, deps: Deps, user: User, t: Translate) -> None:
    """Everything this person lets us charge."""
    now = clock.now()
    async with deps.db.transaction() as session:
        done = await switch_off(session, user.id, now, channel="bot")
    await show(message, off_view(t, done, now))


@router.callback_query(AutopayOff.filter())
async def turn_off(call: CallbackQuery, callback_data: AutopayOff, deps: Deps, user: User, t: Translate) -> None:
    """One tap, and no question."""
    now = clock.now()
    async with deps.db.transaction() as session:
        done = await switch_off(session, user.id, now, channel="bot", mandate_id=callback_data.mandate_id)
    await show(call, off_view(t, done, now))


@router.callback_query(AgreeToPrice.filter())
async def agree(call: CallbackQuery, callback_data: AgreeToPrice, deps: Deps, user: User, t: Translate) -> None:
    """A higher price is charged once its owner has agreed to exactly that one."""
    now = clock.now()
    async with deps.db.transaction() as session:
        mandate_id = callback_data.mandate_id
        asked = await queries.find_renewal(session, mandate_id, user.id)
        price = Money(callback_data.minor, asked.mandate.most.currency) if asked else None
        agreed = price and await agree_to_price(session, user.id, mandate_id, price, now, channel="bot")
        renewals = await queries.renewals_of(session, user.id)
    view = autopay_view(t, renewals, now)
    if agreed:
        await show(call, View(paragraphs(t("autopay-agreed"), view.text), view.rows))
    else:
        await show(call, view, notice=t("autopay-price-changed"))
