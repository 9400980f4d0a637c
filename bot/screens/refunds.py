"""Money back: a buyer asks, an operator decides; the second payment of an order goes back at one tap."""

from collections.abc import Sequence
from datetime import datetime

from aiogram import F, Router
from aiogram.types import CallbackQuery

from backend.audit.service import note
from backend.kit import clock
from backend.kit.brand import Brand
from backend.kit.errors import Forbidden
from backend.kit.i18n import Translate
from backend.kit.money import Money
from backend.notifications.kinds import Paid, RefundAsked, RefundDecided
from backend.orders.asking import BLOCKED, BY_BUYER, TWICE
from backend.orders.checkout import Checkout
from backend.orders.returns import (
    Decision,
    Refundable,
    ask_refund,
    decide,
    find_worth,
    refundable,
    return_second,
)
from backend.payments.providers.base import GivesBack
from backend.users.models import User
from bot.callbacks import AskRefund, DecideRefund, Open, ReturnSecond, Screen
from bot.deps import Deps
from bot.screens.help import contact
from bot.screens.keys import subscription_button
from bot.screens.outcomes import paid_title
from bot.view import Button, View, escape, lines, paragraphs, show

router = Router(name=__name__)

WHY = {
    BY_BUYER: "operator-refund-why-asked",
    BLOCKED: "operator-refund-why-blocked",
    TWICE: "operator-refund-why-twice",
}


def list_view(t: Translate, offers: Sequence[Refundable], brand: Brand) -> View:
    """The payments of which money can come back, with how much of each."""
    back = [Button(t("button-back"), Open(screen=Screen.PAYSUPPORT))]
    if not offers:
        reachable = brand.support or brand.support_url
        nothing = [t("refund-list-none"), t("refund-list-contact", support=contact(brand)) if reachable else ""]
        return View(paragraphs(t("refund-list-title"), *nothing), [back])
    buttons = [
        [
            Button(
                t("button-refund-payment", order=str(offer.order_number), amount=offer.amount),
                AskRefund(payment_id=offer.payment_id, step=0),
            )
        ]
        for offer in offers
    ]
    return View(paragraphs(t("refund-list-title"), t("refund-list-hint")), [*buttons, back])


def confirm_view(t: Translate, offer: Refundable, now: datetime) -> View:
    """How much comes back, what goes for it, and how."""
    by_hand = offer.gives_back is GivesBack.BY_HAND
    return View(
        paragraphs(
            t("refund-confirm-title", amount=offer.amount),
            lines(
                t(
                    "refund-confirm-order",
                    order=str(offer.order_number),
                    day=t.day(offer.paid_at, now),
                    paid=offer.paid,
                ),
                t("refund-confirm-days", days=offer.days),
            ),
            t("refund-confirm-whole") if offer.gives_back is GivesBack.WHOLE else "",
            t("refund-confirm-by-hand") if by_hand else "",
            t("refund-confirm-how-by-hand" if by_hand else "refund-confirm-how"),
        ),
        [
            [
                Button(
                    t("button-refund-confirm", amount=offer.amount),
                    AskRefund(payment_id=offer.payment_id, step=1),
                    style="danger",
                )
            ],
            [Button(t("button-keep"), Open(screen=Screen.PAYSUPPORT))],
        ],
    )


def asked_view(t: Translate, offer: Refundable) -> View:
    asked = t("refund-asked", order=str(offer.order_number), amount=offer.amount)
    less = t("refund-asked-less") if offer.by_days else ""
    return View(paragraphs(t("refund-asked-title"), asked, less), [_home(t)])


def decided_view(t: Translate, decided: RefundDecided, brand: Brand) -> View:
    """The operator's answer."""
    order = str(decided.order_number)
    if decided.granted:
        title = t("refund-granted-title", amount=decided.amount)
        then = t("refund-granted-by-hand" if decided.by_hand else "refund-granted", order=order)
    else:
        title = t("refund-declined-title")
        then = t("refund-declined", order=order, amount=decided.amount, support=contact(brand))
    return View(paragraphs(title, then), [_home(t)])


def paid_again_view(t: Translate, paid: Paid, bought: Checkout, now: datetime) -> View:
    """An order was paid once more than it had to be: all counts, and the last payment can go back."""
    return View(
        paragraphs(
            paid_title(t, t("paid-again-title", price=paid.amount), bought),
            t("paid-again", times=paid.times, days=paid.days, moment=t.moment(paid.until, now)),
            t("paid-again-offer"),
        ),
        [
            [Button(t("button-return-second", price=paid.amount), ReturnSecond(payment_id=paid.payment_id))],
            [subscription_button(t)],
        ],
    )


def second_view(t: Translate, amount: Money, *, by_hand: bool) -> View:
    if by_hand:
        return View(paragraphs(t("refund-asked-title"), t("refund-asked-all", amount=amount)), [_home(t)])
    title = t("second-returning-title", amount=amount)
    return View(paragraphs(title, t("second-returning")), [[subscription_button(t)]])


def question_view(t: Translate, asked: RefundAsked) -> View:
    """To an operator: shall this go back?"""
    known = [f"@{asked.username}"] if asked.username else []
    names = [asked.buyer, *known, *([f"id {asked.telegram_id}"] if asked.telegram_id else [])]
    return View(
        paragraphs(
            t("operator-refund-asked-title", amount=asked.amount),
            t(WHY[asked.why]),
            lines(
                t(
                    "operator-refund-order",
                    order=str(asked.order_number),
                    paid=asked.paid,
                    provider=t(f"provider-{asked.provider}"),
                    payment=escape(asked.payment_ref),
                ),
                t("operator-refund-buyer", buyer=escape(", ".join(name for name in names if name))),
            ),
            t("operator-refund-again") if asked.why == BY_BUYER else "",
        ),
        [
            [
                Button(t("button-refund-grant"), DecideRefund(refund_id=asked.refund_id, granted=True)),
                Button(t("button-refund-decline"), DecideRefund(refund_id=asked.refund_id, granted=False)),
            ]
        ],
    )


def answer_view(t: Translate, decision: Decision, *, granted: bool) -> View:
    """To the operator who decided: what happens now."""
    about = {"amount": decision.amount, "order": str(decision.order_number)}
    if not granted:
        return View(t("operator-refund-declined" if decision.why == BY_BUYER else "operator-refund-dropped", **about))
    if not decision.by_hand:
        return View(t("operator-refund-granted", **about))
    provider, payment = t(f"provider-{decision.provider}"), escape(decision.payment_ref)
    return View(t("operator-refund-by-hand", provider=provider, payment=payment, **about))


def _home(t: Translate) -> list[Button]:
    return [Button(t("button-home"), Open(screen=Screen.HOME))]


@router.callback_query(Open.filter(F.screen == Screen.REFUND))
async def open_list(call: CallbackQuery, deps: Deps, user: User, t: Translate) -> None:
    async with deps.db.transaction() as session:
        offers = await refundable(session, deps.providers, user.id, clock.now())
    await show(call, list_view(t, offers, deps.brand))


@router.callback_query(AskRefund.filter())
async def ask(call: CallbackQuery, callback_data: AskRefund, deps: Deps, user: User, t: Translate) -> None:
    """Say what would come back at step 0, and ask for it at step 1."""
    now, find = clock.now(), ask_refund if callback_data.step else find_worth
    async with deps.db.transaction() as session:
        offer = await find(session, deps.providers, now, payment_id=callback_data.payment_id, user_id=user.id)
    await show(call, asked_view(t, offer) if callback_data.step else confirm_view(t, offer, now))


@router.callback_query(ReturnSecond.filter())
async def give_second_back(
    call: CallbackQuery, callback_data: ReturnSecond, deps: Deps, user: User, t: Translate
) -> None:
    now, wanted = clock.now(), callback_data.payment_id
    async with deps.db.transaction() as session:
        amount, by_hand = await return_second(session, deps.providers, now, payment_id=wanted, user_id=user.id)
    await show(call, second_view(t, amount, by_hand=by_hand))


@router.callback_query(DecideRefund.filter())
async def decide_refund(
    call: CallbackQuery, callback_data: DecideRefund, deps: Deps, user: User, t: Translate
) -> None:
    """An operator's answer. Whoever else holds this button decides nothing."""
    if call.from_user.id not in deps.operators:
        raise Forbidden
    now, granted, refund_id = clock.now(), callback_data.granted, callback_data.refund_id
    async with deps.db.transaction() as session:
        decision = await decide(session, deps.providers, refund_id, now, granted=granted)
        await note(
            session,
            actor=f"telegram:{call.from_user.id}",
            action="refund.grant" if granted else "refund.decline",
            subject=str(refund_id),
            now=now,
            amount=decision.amount.decimal(),
            order=decision.order_number,
        )
    await show(call, answer_view(t, decision, granted=granted))
