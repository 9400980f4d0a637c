"""What the operators hear. Every one says what to do."""

from datetime import datetime

from backend.kit.i18n import Translate
from backend.notifications.kinds import PaymentInReview
from bot.view import View, escape


def in_review(kind: PaymentInReview, t: Translate, now: datetime) -> View:
    return View(
        t(
            "operator-payment-in-review",
            payment=str(kind.payment_id),
            provider=t(f"provider-{kind.provider}"),
            reason=escape(kind.reason),
        )
    )
