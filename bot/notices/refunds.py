"""What people hear of money that goes back."""

from datetime import datetime

from backend.kit.i18n import Translate
from backend.notifications.kinds import PaidAgain, RefundAsked, RefundDecided, RefundFailed, RefundUnread
from bot.notices.base import Hearer, Said
from bot.notices.operator import provider_name
from bot.screens.refunds import decided_view, question_view
from bot.view import View, escape, lines, paragraphs


async def decided(kind: RefundDecided, to: Hearer) -> Said:
    return Said([decided_view(to.t, kind, to.deps.brand)])


def asked(kind: RefundAsked, t: Translate, now: datetime) -> View:
    return question_view(t, kind)


def failed(kind: RefundFailed, t: Translate, now: datetime) -> View:
    """Money did not go back, why, and what to do; or that nobody knows."""
    of = _of(kind, t)
    if kind.reason is None:
        title, then = t("operator-refund-unknown-title", amount=kind.amount), "operator-refund-look"
    else:
        title, then = t("operator-refund-failed-title", amount=kind.amount), "operator-refund-retry"
        of = lines(of, t("operator-refund-reason", reason=_reason(t, kind.reason, kind.words)))
    return View(paragraphs(title, of, t(then, id=str(kind.payment_id))))


def unread(kind: RefundUnread, t: Translate, now: datetime) -> View:
    """Money went back, nobody knows how much, and where that can be seen."""
    return View(paragraphs(t("operator-refund-unread-title"), _of(kind, t), t("operator-refund-unread-then")))


def _of(kind: RefundFailed | RefundUnread, t: Translate) -> str:
    about = {"provider": provider_name(t, kind.provider), "payment": escape(kind.payment_ref)}
    if kind.order_number is None:
        return t("operator-refund-of-none", **about)
    return t("operator-refund-of-order", order=str(kind.order_number), **about)


def _reason(t: Translate, code: str, words: str) -> str:
    known = f"refund-reason-{code}"
    return t(known) if t.has(known) else t("refund-reason-other", code=escape(words or code))


def paid_again(kind: PaidAgain, t: Translate, now: datetime) -> View:
    return View(
        t(
            "operator-paid-again",
            order=str(kind.order_number),
            times=kind.times,
            amount=kind.amount,
            provider=provider_name(t, kind.provider),
        )
    )
