"""What operators read on a phone: in both languages, whole, with what to do, and with nothing of others let in."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from backend.kit.i18n import languages, translator
from backend.notifications import kinds
from backend.notifications.kinds import Kind
from backend.notifications.kinds.operator import Difference, Sales
from bot.notices import OPERATOR_NOTICES
from bot.notices.operator import lasted, report_text
from bot.view import TEXT_LIMIT, visible_length

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
SINCE = NOW - timedelta(hours=1)
PAYMENT = UUID("018f6a2e-7c1b-7d10-9f3e-2b6f0c9d4a11")
APART = Difference("yookassa", "RUB", paid_there=109800, paid_here=29900, refunded_there=0, refunded_here=0)
DAY = date(2026, 11, 23)

TOLD: list[tuple[Kind, tuple[str, ...]]] = [
    (kinds.ChargeUnanswered(PAYMENT, "yookassa", "299 ₽"), (str(PAYMENT), "review", "accept", "cancel", "299 ₽")),
    (kinds.PaymentsUnseen(PAYMENT, "2f<1>", "yookassa", "<x>"), (str(PAYMENT), "2f&lt;1&gt;", "&lt;x&gt;")),
    (kinds.KeyUsed(PAYMENT, "yookassa", found=True), (str(PAYMENT),)),
    (kinds.KeyUsed(PAYMENT, "yookassa", found=False), (str(PAYMENT),)),
    (kinds.KeyUsed(PAYMENT, "yookassa", found=None), (str(PAYMENT),)),
    (kinds.ProviderMisconfigured("yookassa", "<401>", SINCE), ("&lt;401&gt;", ".env", "doctor")),
    (kinds.ProviderNote("yookassa", "vat-code-missing"), ("YOOKASSA_VAT_CODE", "doctor")),
    (kinds.ProviderNote("coingate", "no-merchants-from-russia"), ("CoinGate", "COINGATE_API_KEY")),
    (kinds.ProviderTrouble("yookassa", SINCE, "HTTP <500>"), ("HTTP &lt;500&gt;", "11:30", "doctor")),
    (kinds.ProviderWorks("yookassa", SINCE, NOW), ("11:30", "1")),
    (kinds.PanelTrouble("nl<1>", SINCE, "<reset>", 12), ("nl&lt;1&gt;", "&lt;reset&gt;", "12", "doctor")),
    (kinds.PanelWorks("nl1", SINCE, NOW), ("nl1", "11:30")),
    (kinds.NoServer(SINCE, 12), ("11:30", "12", "server add", "--undo")),
    (kinds.ServerAgain(SINCE, NOW), ("11:30", "1")),
    (
        kinds.PaymentsRefused("yookassa", "forbidden", "<sbp> is off"),
        ("forbidden: &lt;sbp&gt; is off", "provider test yookassa", "provider off yookassa"),
    ),
    (kinds.SweepsFail("yookassa", SINCE), ("11:30", "sweep.broken_off", "sweep.object_failed")),
    (kinds.SweepsFail("coingate", None), ("CoinGate", "sweep.object_failed")),
    (kinds.RenewalNotStopped(PAYMENT, "<X>", tried_on=True), (str(PAYMENT), "&lt;X&gt;", "vpn-service refund")),
    (kinds.RenewalNotStopped(PAYMENT, "X", tried_on=False), (str(PAYMENT), "vpn-service refund")),
    (kinds.BooksUnread("mynalog", SINCE, "<away>"), ("11:30", "&lt;away&gt;", "MYNALOG_PROXY", "doctor")),
    (kinds.FiscalReceiptFailed(PAYMENT, "yookassa", "canceled"), (str(PAYMENT),)),
    (kinds.FiscalReceiptFailed(PAYMENT, "yookassa", "pending", refund=True), (str(PAYMENT),)),
    (kinds.NoCallbacks("yookassa", 3, SINCE), ("3", "11:30", "PUBLIC_URL", "doctor")),
    (kinds.NoCallbacks("coingate", 1, None), ("CoinGate", "PUBLIC_URL")),
    (kinds.CallbacksRefused("yookassa", "203.0.113.9"), ("203.0.113.9", "TRUSTED_PROXIES", "YOOKASSA_WEBHOOK_NETS")),
    (kinds.UnprovenCallbacks("yookassa", 7), ("7", "SECRET_KEY")),
    (kinds.Sold({"ru": "Месяц", "en": "Month"}, "299 ₽", "sbp", "anya", "Аня"), ("299 ₽", "@anya")),
    (kinds.Sold({"ru": "<b>", "en": "<b>"}, "200 ⭐", "stars", None, "<i>Аня"), ("&lt;b&gt;", "&lt;i&gt;Аня")),
    (kinds.TotalsDiffer(DAY, APART), ("1\u00a0098\u00a0₽", "299\u00a0₽", "report --day 2026-11-23")),
]


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize(("kind", "words"), TOLD)
def test_every_notice_says_what_happened_and_what_to_do(kind: Kind, words: tuple[str, ...], language: str) -> None:
    view = OPERATOR_NOTICES[type(kind)](kind, translator(language), NOW)

    assert [word for word in words if word not in view.text] == []
    assert view.text.count("<b>") == view.text.count("</b>")
    assert view.text.count("<code>") == view.text.count("</code>")
    assert visible_length(view.text) < 900  # a phone's screen


def report(**changes: object) -> kinds.DailyReport:
    values: dict[str, object] = {
        "day": DAY,
        "sales": (Sales("yookassa", 2, "598 ₽"), Sales("stars", 1, "200 ⭐")),
        "refunds": (),
        "people": 5,
        "trials": 4,
        "in_review": 0,
        "keys_waiting": 0,
        "differences": (),
        "unread": (),
    }
    return kinds.DailyReport(**{**values, **changes})  # type: ignore[arg-type]


def read(changed: kinds.DailyReport) -> str:
    return report_text(changed, translator("ru"), NOW)


def test_a_good_day_is_short_and_says_that_all_agrees() -> None:
    text = read(report())

    assert "23\u00a0ноября" in text
    assert "598 ₽" in text
    assert "200 ⭐" in text
    assert "✅" in text
    assert "⚠️" not in text
    assert "Возвраты" not in text
    assert visible_length(text) < TEXT_LIMIT


@pytest.mark.parametrize(
    "changed",
    [
        report(in_review=1),
        report(keys_waiting=3),
        report(unwarned=2),
        report(differences=(APART,)),
        report(unread=("coingate",)),
    ],
)
def test_what_needs_a_look_has_a_sign(changed: kinds.DailyReport) -> None:
    assert "⚠️" in read(changed)
    assert ("✅" in read(changed)) == (not changed.differences and not changed.unread)


def test_a_day_without_sales_says_so() -> None:
    assert "Продаж не было" in read(report(sales=()))


@pytest.mark.parametrize(
    ("time", "said"),
    [
        (timedelta(seconds=20), "1 мин"),
        (timedelta(minutes=12), "12 мин"),
        (timedelta(hours=3, minutes=5), "3 ч 5 мин"),
        (timedelta(days=2, hours=1), "2 сут 1 ч"),
    ],
)
def test_how_long_it_lasted_is_said_in_two_units_at_most(time: timedelta, said: str) -> None:
    assert lasted(translator("ru"), time) == said
