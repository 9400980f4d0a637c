"""From a plan to a payment page, and what becomes of the payment."""

from dataclasses import replace
from datetime import datetime

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from backend.auth.service import PersonBlocked
from backend.kit import clock
from backend.kit.brand import Brand
from backend.kit.i18n import Translate
from backend.orders.checkout import (
    Checkout,
    MethodUnavailable,
    check_now,
    current_checkout,
    methods_for,
    start_checkout,
)
from backend.payments.providers.base import PaymentState
from backend.plans import service as plans
from backend.plans.service import PlanNotOnSale
from backend.receipts.rules import EmailNeeded
from backend.users.models import User
from bot.callbacks import (
    CheckPayment,
    ChooseMethod,
    ChoosePlan,
    ChooseRenewed,
    Open,
    Screen,
    ShowCheckout,
    TickAutopay,
)
from bot.deps import Deps
from bot.refusals import note_refusal
from bot.screens.email import ask_email
from bot.screens.methods import consent, method_name, methods_view, only_one, sale_terms
from bot.screens.outcomes import failed_view
from bot.screens.plans import blocked_view, plan_name, show_plans
from bot.view import Button, View, escape, lines, paragraphs, show, tell

router = Router(name=__name__)


def checkout_view(t: Translate, checkout: Checkout, *, brand: Brand, now: datetime, other_methods: bool) -> View:
    """An order, where to pay it and until when; while there is no page yet, a way to look again."""
    ready = checkout.url is not None
    if checkout.url is not None:
        first = Button(t("button-pay", price=checkout.amount), checkout.url, style="success")
    else:
        first = Button(t("button-refresh"), ShowCheckout(payment_id=checkout.payment_id))
    again = [Button(t("button-other-method"), ChoosePlan(plan_id=checkout.plan_id))] if checkout.plan_id else []
    return View(
        paragraphs(
            lines(
                t("checkout-title", order=str(checkout.order_number)),
                t(
                    "checkout-plan",
                    plan=escape(plan_name(t, checkout.plan_names)),
                    days=checkout.days,
                    price=checkout.amount,
                ),
                t("checkout-method", method=escape(method_name(t, checkout.method))),
            ),
            _renewal_line(t, checkout),
            t("checkout-until", moment=t.moment(checkout.expires_at, now)) if ready else t("checkout-preparing"),
            _accepted(t, checkout, brand) if ready else "",
        ),
        [
            [first],
            [Button(t("button-check"), CheckPayment(payment_id=checkout.payment_id))] if ready else [],
            [*(again if other_methods else []), Button(t("button-back"), Open(screen=Screen.HOME))],
        ],
    )


def _accepted(t: Translate, checkout: Checkout, brand: Brand) -> str:
    """What a tap on "pay" accepts, from whom and for what."""
    sold = sale_terms(t, days=checkout.days, price=checkout.amount, brand=brand)
    return f"{consent(t, 'pay', brand=brand)} {sold}"


def _renewal_line(t: Translate, checkout: Checkout) -> str:
    """Whether it will be renewed, to whoever agreed to that."""
    if not checkout.agreed_to_renew:
        return ""
    if not checkout.renews:
        return t("checkout-renews-not")
    return t("checkout-renews", price=checkout.amount, days=checkout.days)


@router.callback_query(ChoosePlan.filter())
async def choose_plan(call: CallbackQuery, callback_data: ChoosePlan, deps: Deps, user: User, t: Translate) -> None:
    """Show the ways to pay; where there is only one, and nothing to agree to, order at once."""
    await _show_methods(call, deps, user, t, callback_data.plan_id)


@router.callback_query(TickAutopay.filter())
async def tick_autopay(call: CallbackQuery, callback_data: TickAutopay, deps: Deps, user: User, t: Translate) -> None:
    """The same screen with the tick set or taken away: nothing is agreed to before a method is chosen."""
    await _show_methods(call, deps, user, t, callback_data.plan_id, ticked=callback_data.ticked)


async def _show_methods(
    call: CallbackQuery,
    deps: Deps,
    user: User,
    t: Translate,
    plan_id: int,
    *,
    ticked: bool | None = None,
    note: str = "",
) -> None:
    if user.blocked_at is not None:
        await show(call, blocked_view(t, deps.brand))
        return
    try:
        async with deps.db.transaction() as session:
            plan = await plans.get_on_sale(session, plan_id)
            offers = await methods_for(session, deps.providers, plan.id)
    except PlanNotOnSale as error:
        note_refusal(error)
        await show_plans(call, deps, t, note=t(error.code))
        return
    if only_one(deps.providers) and len(offers) == 1 and offers[0].renewed_by is None and ticked is None:
        only = ChooseMethod(plan_id=plan.id, provider=offers[0].provider, method=offers[0].method)
        await order(call, deps, user, t, only)
    else:
        view = methods_view(t, plan, offers, deps.brand, ticked=bool(ticked))
        await show(call, replace(view, text=paragraphs(note, view.text)))


@router.callback_query(ChooseMethod.filter())
async def choose_method(
    call: CallbackQuery, callback_data: ChooseMethod, deps: Deps, user: User, t: Translate
) -> None:
    await order(call, deps, user, t, callback_data)


@router.callback_query(ChooseRenewed.filter())
async def choose_renewed(
    call: CallbackQuery, callback_data: ChooseRenewed, deps: Deps, user: User, t: Translate
) -> None:
    await order(call, deps, user, t, callback_data)


async def order(
    call: CallbackQuery, deps: Deps, user: User, t: Translate, chosen: ChooseMethod | ChooseRenewed
) -> None:
    """Place the order and lead to its payment page.

    The same plan in one message is one order, whatever it is paid by: by two methods, it is paid twice.
    """
    place, shown_in = _place(call)
    now, autopay = clock.now(), isinstance(chosen, ChooseRenewed)
    try:
        checkout = await start_checkout(
            deps,
            now,
            user_id=user.id,
            plan_id=chosen.plan_id,
            provider=chosen.provider,
            method=chosen.method,
            request_id=f"{place}:{chosen.plan_id}",
            shown_in=shown_in,
            language=t.language,
            autopay=autopay,
        )
    except PlanNotOnSale as error:
        note_refusal(error)
        await show_plans(call, deps, t, note=t(error.code))
        return
    except MethodUnavailable as error:
        note_refusal(error)
        await _show_methods(call, deps, user, t, chosen.plan_id, ticked=autopay, note=t(error.code))
        return
    except PersonBlocked as error:
        note_refusal(error)
        await show(call, blocked_view(t, deps.brand))
        return
    except EmailNeeded:
        await ask_email(call, deps, user, t, chosen)
        return
    await _show_state(call, deps, t, checkout, now)


def _place(call: CallbackQuery) -> tuple[str, str | None]:
    """What tells one message from another, and its address if it will turn into the checkout."""
    message = call.message
    place = f"{call.from_user.id}:{message.message_id if message else 0}"
    turns = isinstance(message, Message) and message.text is not None
    return place, f"telegram:{place}" if turns else None


def current_view(t: Translate, deps: Deps, checkout: Checkout, now: datetime) -> View:
    """The checkout as it stands, with a way to other methods where there are some."""
    return checkout_view(t, checkout, brand=deps.brand, now=now, other_methods=not only_one(deps.providers))


async def _show_state(call: CallbackQuery, deps: Deps, t: Translate, checkout: Checkout, now: datetime) -> None:
    """Where to pay while it is not paid, else how it went: a paid one changes its message by itself."""
    match checkout.state:
        case PaymentState.NEW | PaymentState.PENDING:
            await show(call, current_view(t, deps, checkout, now))
        case PaymentState.FAILED | PaymentState.CANCELED:
            await show(call, failed_view(t, checkout.plan_id, checkout.failure))
        case PaymentState.SUCCEEDED:
            await tell(call, t("check-paid"))
        case PaymentState.CONFIRMING:
            await tell(call, t("check-confirming"), alert=True)
        case PaymentState.REVIEW:
            await tell(call, t("check-review"), alert=True)


@router.callback_query(ShowCheckout.filter())
async def refresh(call: CallbackQuery, callback_data: ShowCheckout, deps: Deps, user: User, t: Translate) -> None:
    """Look again whether the payment page is there."""
    checkout = await current_checkout(deps, payment_id=callback_data.payment_id, user_id=user.id)
    if checkout.state is PaymentState.NEW:
        await tell(call, t("refresh-not-yet"))
    else:
        await _show_state(call, deps, t, checkout, clock.now())


@router.callback_query(CheckPayment.filter())
async def check_payment(
    call: CallbackQuery, callback_data: CheckPayment, deps: Deps, user: User, t: Translate
) -> None:
    """Somebody says that it is paid: ask the provider at once."""
    now = clock.now()
    checkout = await check_now(deps, now, payment_id=callback_data.payment_id, user_id=user.id)
    if checkout.state in (PaymentState.NEW, PaymentState.PENDING):
        await tell(call, t("check-waiting"), alert=True)
    else:
        await _show_state(call, deps, t, checkout, now)
