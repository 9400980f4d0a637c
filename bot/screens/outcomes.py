"""What becomes of a payment, in words."""

from datetime import datetime
from uuid import UUID

from backend.kit.brand import Brand
from backend.kit.i18n import Translate
from backend.notifications.kinds import Paid, Refunded
from backend.orders.checkout import Checkout
from backend.payments.refusals import EMAIL_REFUSED
from backend.payments.rules import SENT_PERHAPS
from bot.callbacks import CheckPayment, ChoosePlan, Open, Screen
from bot.screens.help import contact
from bot.screens.keys import Holding, key_rows, subscription_button
from bot.screens.plans import plan_name
from bot.view import Button, View, copyable, escape, lines, paragraphs

EXPIRED = ("expired_on_confirmation", "rejected_by_timeout", "expired")


def failed_view(t: Translate, plan_id: int | None, reason: str | None) -> View:
    """Why a payment came to nothing, in words of ours, and the way to another try."""
    known = reason is not None and t.has(f"failure-{reason}")
    again = ChoosePlan(plan_id=plan_id) if plan_id else Open(screen=Screen.PLANS)
    mend = [[Button(t("button-email"), Open(screen=Screen.EMAIL))]] if reason == EMAIL_REFUSED else []
    return View(
        paragraphs(
            t("failed-expired-title") if reason in EXPIRED else t("failed-title"),
            t(f"failure-{reason}") if known else t("failure-unknown"),
            t("failed-safe") if reason not in SENT_PERHAPS else "",
        ),
        [
            *mend,
            [Button(t("button-try-again"), again, style="primary")],
            [Button(t("button-home"), Open(screen=Screen.HOME))],
        ],
    )


def seen_view(t: Translate, payment_id: UUID) -> View:
    """The money is on its way and nobody can hurry it."""
    return View(
        paragraphs(t("seen-title"), t("seen-wait")),
        [
            [Button(t("button-refresh"), CheckPayment(payment_id=payment_id))],
            [Button(t("button-home"), Open(screen=Screen.HOME))],
        ],
    )


def checked_view(t: Translate, brand: Brand) -> View:
    """The money is here and an operator looks at it."""
    return View(
        paragraphs(t("review-title"), t("review-wait", support=contact(brand))),
        [[Button(t("button-home"), Open(screen=Screen.HOME))]],
    )


def paid_title(t: Translate, heading: str, bought: Checkout) -> str:
    """How much came, and below it what for: whoever asks about a payment is asked for the order."""
    plan = escape(plan_name(t, bought.plan_names))
    return lines(heading, t("paid-for", plan=plan, order=str(bought.order_number)))


def paid_view(t: Translate, paid: Paid, bought: Checkout, now: datetime) -> View:
    """Money is in; the key follows by itself."""
    return View(
        paragraphs(
            paid_title(t, t("paid-title", price=paid.amount), bought),
            t("paid-late") if paid.late else "",
            t("paid-until", moment=t.moment(paid.until, now)),
            t("paid-key-coming"),
        ),
        [[Button(t("button-how"), Open(screen=Screen.HELP))], [subscription_button(t)]],
    )


def renewed_view(t: Translate, paid: Paid, bought: Checkout, holding: Holding, now: datetime) -> View:
    """Money is in and the key goes on working: link and ways to connect are right here."""
    return View(
        paragraphs(
            paid_title(t, t("paid-title", price=paid.amount), bought),
            t("paid-late") if paid.late else "",
            t("paid-extended", days=paid.days, moment=t.moment(paid.until, now)),
            t("paid-same-key"),
            copyable(t("profile-link"), holding.link) if holding.link else "",
        ),
        key_rows(t, holding),
    )


def closed_view(t: Translate, paid: Paid, bought: Checkout, brand: Brand) -> View:
    """Money came from somebody who is blocked: an operator decides whether it goes back."""
    return View(
        paragraphs(
            paid_title(t, t("paid-title", price=paid.amount), bought),
            t("paid-late") if paid.late else "",
            t("paid-closed", support=contact(brand)),
        ),
        [[Button(t("button-home"), Open(screen=Screen.HOME))]],
    )


def refunded_view(t: Translate, refunded: Refunded, now: datetime) -> View:
    """Money went back, and what that means for the subscription."""
    if not refunded.counted:
        then = t("refunded-foreign")
    elif refunded.until is not None and refunded.until > now:
        then = t("refunded-until", moment=t.moment(refunded.until, now))
    else:
        then = t("refunded-ended")
    return View(
        paragraphs(t("refunded-title", amount=refunded.amount), then),
        [[Button(t("button-home"), Open(screen=Screen.HOME))]],
    )
