"""What the operators hear. Every one says what to do."""

from datetime import date, datetime, timedelta

from backend.kit.i18n import Translate
from backend.kit.money import Currency, Money
from backend.notifications import kinds
from backend.notifications.kinds.operator import Difference, Sales
from bot.view import View, escape, lines, paragraphs


def in_review(kind: kinds.PaymentInReview, t: Translate, now: datetime) -> View:
    return View(
        t(
            "operator-payment-in-review",
            payment=str(kind.payment_id),
            provider=provider_name(t, kind.provider),
            reason=escape(kind.reason),
        )
    )


def charge_unanswered(kind: kinds.ChargeUnanswered, t: Translate, now: datetime) -> View:
    return View(
        t(
            "operator-charge-unanswered",
            payment=str(kind.payment_id),
            provider=provider_name(t, kind.provider),
            amount=kind.amount,
        )
    )


def payments_unseen(kind: kinds.PaymentsUnseen, t: Translate, now: datetime) -> View:
    return View(
        t(
            "operator-payments-unseen",
            payment=str(kind.payment_id),
            ref=escape(kind.payment_ref),
            provider=provider_name(t, kind.provider),
            reason=escape(kind.reason),
        )
    )


def key_used(kind: kinds.KeyUsed, t: Translate, now: datetime) -> View:
    return View(
        t(
            "operator-key-used",
            payment=str(kind.payment_id),
            provider=provider_name(t, kind.provider),
            found={True: "yes", False: "no", None: "unread"}[kind.found],
        )
    )


def misconfigured(kind: kinds.ProviderMisconfigured, t: Translate, now: datetime) -> View:
    return View(
        t(
            "operator-provider-misconfigured",
            provider=provider_name(t, kind.provider),
            reason=escape(kind.reason),
        )
    )


def provider_note(kind: kinds.ProviderNote, t: Translate, now: datetime) -> View:
    return View(t("operator-provider-note", provider=provider_name(t, kind.provider), note=t(f"note-{kind.note}")))


def provider_trouble(kind: kinds.ProviderTrouble, t: Translate, now: datetime) -> View:
    return View(
        t(
            "operator-provider-trouble",
            provider=provider_name(t, kind.provider),
            since=t.moment(kind.since, now),
            reason=escape(kind.reason),
        )
    )


def provider_works(kind: kinds.ProviderWorks, t: Translate, now: datetime) -> View:
    return View(
        t(
            "operator-provider-works",
            provider=provider_name(t, kind.provider),
            since=t.moment(kind.since, now),
            lasted=lasted(t, kind.until - kind.since),
        )
    )


def panel_trouble(kind: kinds.PanelTrouble, t: Translate, now: datetime) -> View:
    return View(
        t(
            "operator-panel-trouble",
            server=escape(kind.server),
            since=t.moment(kind.since, now),
            reason=escape(kind.reason),
            keys=kind.keys,
        )
    )


def panel_works(kind: kinds.PanelWorks, t: Translate, now: datetime) -> View:
    return View(
        t(
            "operator-panel-works",
            server=escape(kind.server),
            since=t.moment(kind.since, now),
            lasted=lasted(t, kind.until - kind.since),
        )
    )


def no_server(kind: kinds.NoServer, t: Translate, now: datetime) -> View:
    return View(t("operator-no-server", since=t.moment(kind.since, now), people=kind.people))


def server_again(kind: kinds.ServerAgain, t: Translate, now: datetime) -> View:
    since, out = t.moment(kind.since, now), lasted(t, kind.until - kind.since)
    return View(t("operator-server-again", since=since, lasted=out))


def payments_refused(kind: kinds.PaymentsRefused, t: Translate, now: datetime) -> View:
    return View(
        t(
            "operator-payments-refused",
            provider=provider_name(t, kind.provider),
            id=kind.provider,
            answer=escape(": ".join(filter(None, (kind.code, kind.reason)))),
        )
    )


def sweeps_fail(kind: kinds.SweepsFail, t: Translate, now: datetime) -> View:
    since = t.moment(kind.since, now) if kind.since else t("operator-never")
    return View(t("operator-sweeps-fail", provider=provider_name(t, kind.provider), since=since))


def renewal_not_stopped(kind: kinds.RenewalNotStopped, t: Translate, now: datetime) -> View:
    again = "yes" if kind.tried_on else "no"
    return View(
        t("operator-renewal-not-stopped", payment=str(kind.payment_id), answer=escape(kind.code), again=again)
    )


def no_callbacks(kind: kinds.NoCallbacks, t: Translate, now: datetime) -> View:
    return View(
        t(
            "operator-no-callbacks",
            provider=provider_name(t, kind.provider),
            payments=kind.payments,
            last=t.moment(kind.last, now) if kind.last else t("operator-never"),
        )
    )


def callbacks_refused(kind: kinds.CallbacksRefused, t: Translate, now: datetime) -> View:
    return View(
        t(
            "operator-callbacks-refused",
            provider=provider_name(t, kind.provider),
            address=escape(kind.address),
        )
    )


def unproven_callbacks(kind: kinds.UnprovenCallbacks, t: Translate, now: datetime) -> View:
    return View(t("operator-unproven-callbacks", provider=provider_name(t, kind.provider), count=kind.count))


def sold(kind: kinds.Sold, t: Translate, now: datetime) -> View:
    return View(
        t(
            "operator-sold",
            amount=kind.amount,
            plan=escape(str(kind.plan.get(t.language) or next(iter(kind.plan.values())))),
            method=method_name(t, kind.method),
            buyer=f"@{escape(kind.buyer)}" if kind.buyer else escape(kind.person or "—"),
        )
    )


def totals_differ(kind: kinds.TotalsDiffer, t: Translate, now: datetime) -> View:
    return View(
        t(
            "operator-totals-differ",
            provider=provider_name(t, kind.difference.provider),
            day=day_name(t, kind.day, now),
            date=kind.day.isoformat(),
            **sums(kind.difference),
        )
    )


def daily_report(kind: kinds.DailyReport, t: Translate, now: datetime) -> View:
    return View(report_text(kind, t, now))


def report_text(report: kinds.DailyReport, t: Translate, now: datetime) -> str:
    """A day in a dozen lines of HTML."""
    unread = ", ".join(provider_name(t, provider) for provider in report.unread)
    return paragraphs(
        t("report-title", day=day_name(t, report.day, now)),
        lines(
            t("report-sales") if report.sales else t("report-no-sales"),
            *(_line(t, "report-sale", sales) for sales in report.sales),
        ),
        lines(
            t("report-refunds") if report.refunds else "",
            *(_line(t, "report-refund", sales) for sales in report.refunds),
        ),
        lines(t("report-people", count=report.people), t("report-trials", count=report.trials)),
        lines(
            *(
                t("report-difference", provider=provider_name(t, found.provider), **sums(found))
                for found in report.differences
            ),
            t("report-unread", providers=unread) if unread else "",
            t("report-agrees") if not report.differences and not unread else "",
        ),
        lines(
            t("report-in-review", count=report.in_review) if report.in_review else "",
            t("report-unwarned", count=report.unwarned) if report.unwarned else "",
            t("report-keys-waiting", count=report.keys_waiting) if report.keys_waiting else "",
        ),
    )


def _line(t: Translate, text: str, sales: Sales) -> str:
    return t(text, provider=provider_name(t, sales.provider), count=sales.count, amount=sales.amount)


def sums(found: Difference) -> dict[str, str]:
    """The four sums of a difference, as people read them."""
    currency = Currency(found.currency)
    return {
        "there": str(Money(found.paid_there, currency)),
        "here": str(Money(found.paid_here, currency)),
        "refunded_there": str(Money(found.refunded_there, currency)),
        "refunded_here": str(Money(found.refunded_here, currency)),
    }


def provider_name(t: Translate, provider: str) -> str:
    return t(f"provider-{provider}") if t.has(f"provider-{provider}") else escape(provider)


def method_name(t: Translate, method: str) -> str:
    return t(f"method-{method}") if t.has(f"method-{method}") else escape(method)


def day_name(t: Translate, day: date, now: datetime) -> str:
    return t.day(datetime(day.year, day.month, day.day, 12, tzinfo=t.zone), now)


def lasted(t: Translate, time: timedelta) -> str:
    """How long something went on, in two units at most: "3 h 20 min"."""
    minutes = max(1, round(time.total_seconds() / 60))
    hours, rest = divmod(minutes, 60)
    if hours >= 24:
        return t("lasted-days", days=hours // 24, hours=hours % 24)
    return t("lasted-hours", hours=hours, minutes=rest) if hours else t("lasted-minutes", minutes=minutes)
