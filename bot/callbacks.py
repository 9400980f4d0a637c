"""What buttons carry, all in one place.

Old messages keep their buttons for ever: a prefix is never given a second meaning, and data that no longer reads is
answered by the main screen. Ids are bounded, so that foreign data cannot reach a column that does not hold it.
"""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

PlanId = Annotated[int, Field(ge=1, le=2**31 - 1)]
Small = Annotated[int, Field(ge=0, le=2**31 - 1)]
Name = Annotated[str, Field(min_length=1, max_length=16)]


BACK_FROM_PAYING = "paid_"  # begins what follows /start when a payment page leads back here; a return token follows


class Screen(StrEnum):
    """Screens that need nothing but the person."""

    HOME = "home"
    PLANS = "plans"
    SUBSCRIPTION = "subscription"
    HISTORY = "history"
    SETTINGS = "settings"
    HELP = "help"
    TERMS = "terms"
    PAYSUPPORT = "paysupport"
    EMAIL = "email"
    REFUND = "refund"
    AUTOPAY = "autopay"


class Open(CallbackData, prefix="open"):
    """Go to a screen."""

    screen: Screen


class StartTrial(CallbackData, prefix="trial"):
    """Take the free days."""


class ChoosePlan(CallbackData, prefix="plan"):
    """See how a plan can be paid for."""

    plan_id: PlanId


class ChooseMethod(CallbackData, prefix="buy"):
    """Accept the offer and order a plan by this method."""

    plan_id: PlanId
    provider: Name
    method: Name


class TickAutopay(CallbackData, prefix="auto"):
    """Tick, or not, that a plan is to be renewed without its buyer."""

    plan_id: PlanId
    ticked: bool


class ChooseRenewed(CallbackData, prefix="buyauto"):
    """As `ChooseMethod`, and agree to be charged again."""

    plan_id: PlanId
    provider: Name
    method: Name


class AutopayOff(CallbackData, prefix="autooff"):
    """No more charges by this mandate."""

    mandate_id: UUID


class AgreeToPrice(CallbackData, prefix="autoyes"):
    """Let a paused mandate go on at this price."""

    mandate_id: UUID
    minor: Small


class ShowCheckout(CallbackData, prefix="checkout"):
    """Look again whether the payment page is there."""

    payment_id: UUID


class CheckPayment(CallbackData, prefix="check"):
    """Ask the provider at once."""

    payment_id: UUID


class ShowSubscription(CallbackData, prefix="sub"):
    """One of the person's subscriptions."""

    subscription_id: UUID


class ShowKey(CallbackData, prefix="key"):
    """Send link, key and QR."""

    subscription_id: UUID


class ShowKeyQr(CallbackData, prefix="keyqr"):
    """Send the QR of one server's key, counted from 1; 0: of the only one, or ask which."""

    subscription_id: UUID
    number: Small = 0


class Reissue(CallbackData, prefix="reissue"):
    """A new link: asked at step 0 and 1, done at step 2. `version` is of the link it replaces."""

    subscription_id: UUID
    step: Annotated[int, Field(ge=0, le=2)]
    version: Small


class ChangeEmail(CallbackData, prefix="email"):
    """Set the address for receipts, or delete it."""

    remove: bool


class ShowText(CallbackData, prefix="text"):
    """A page of a text people accept, counted from 0."""

    document: Name
    page: Small = 0


class AskRefund(CallbackData, prefix="giveback"):
    """Have money of a payment back: what that comes to at step 0, asked for at step 1."""

    payment_id: UUID
    step: Annotated[int, Field(ge=0, le=1)]


class ReturnSecond(CallbackData, prefix="second"):
    """Have all of a payment back that was one too many."""

    payment_id: UUID


class DecideRefund(CallbackData, prefix="decide"):
    """An operator's answer to somebody who asks for money."""

    refund_id: UUID
    granted: bool


class ChooseLanguage(CallbackData, prefix="lang"):
    """Speak this language from now on."""

    language: Name


PAYING = tuple(
    f"{kind.__prefix__}:" for kind in (ChooseMethod, ChooseRenewed, ShowCheckout, CheckPayment, AutopayOff)
)


def is_about_money(data: str) -> bool:
    """Whether a tap is part of paying: such a one is never held back."""
    return data.startswith(PAYING)
