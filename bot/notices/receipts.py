"""How receipts are spoken of."""

from contextlib import suppress
from datetime import datetime

from backend.kit.i18n import Translate
from backend.notifications import kinds
from backend.orders.checkout import current_checkout
from backend.payments.service import PaymentNotFound
from bot.notices.base import Hearer, Said
from bot.view import Button, View, escape, lines, paragraphs


async def ready(kind: kinds.ReceiptReady, to: Hearer) -> Said:
    text = paragraphs(to.t("receipt-ready", amount=kind.amount), await _sold(kind, to))
    return Said([View(text, [[Button(to.t("button-receipt"), kind.url)]])])


async def _sold(kind: kinds.ReceiptReady, to: Hearer) -> str:
    """What the receipt is for, in the buyer's language; where his payment is not known, in that of the receipt."""
    if kind.payment_id is not None:
        with suppress(PaymentNotFound):
            bought = await current_checkout(to.deps, payment_id=kind.payment_id, user_id=to.user.id)
            return to.t("receipt-item", days=bought.days, order=str(bought.order_number))
    return escape(kind.title)


def refused(kind: kinds.ReceiptRefused, t: Translate, now: datetime) -> View:
    return View(
        t(
            "operator-receipt-refused",
            registrar=t(f"registrar-{kind.registrar}"),
            amount=kind.amount,
            reason=escape(kind.reason),
            payment=str(kind.payment_id),
            receipt=str(kind.receipt_id),
        )
    )


def refuses_us(kind: kinds.RegistrarRefusesUs, t: Translate, now: datetime) -> View:
    return View(
        t("operator-registrar-refuses", registrar=t(f"registrar-{kind.registrar}"), reason=escape(kind.reason))
    )


def books_differ(kind: kinds.BooksDiffer, t: Translate, now: datetime) -> View:
    return View(
        paragraphs(
            t("operator-books-differ", registrar=t(f"registrar-{kind.registrar}")),
            _titles(t("operator-books-missing"), kind.missing),
            _titles(t("operator-books-annulled"), kind.annulled),
            _titles(t("operator-books-twice"), kind.twice),
            t("operator-books-mend"),
        )
    )


def books_unread(kind: kinds.BooksUnread, t: Translate, now: datetime) -> View:
    return View(
        t(
            "operator-books-unread",
            registrar=t(f"registrar-{kind.registrar}"),
            since=t.moment(kind.since, now),
            reason=escape(kind.reason),
        )
    )


def fiscal_failed(kind: kinds.FiscalReceiptFailed, t: Translate, now: datetime) -> View:
    which = "late" if kind.status == "pending" else "failed"
    provider = t(f"provider-{kind.provider}")
    of = "refund" if kind.refund else "sale"
    return View(t(f"operator-fiscal-{which}", provider=provider, payment=str(kind.payment_id), of=of))


def fiscal_refused(kind: kinds.FiscalReceiptRefused, t: Translate, now: datetime) -> View:
    return View(t("operator-fiscal-refused", provider=t(f"provider-{kind.provider}"), reason=escape(kind.reason)))


SHOWN = 10  # titles of each sort; the rest is counted


def _titles(heading: str, titles: tuple[str, ...]) -> str:
    rest = [f"+ {len(titles) - SHOWN}"] if len(titles) > SHOWN else []
    return lines(heading, *(f"• {escape(title)}" for title in titles[:SHOWN]), *rest) if titles else ""
