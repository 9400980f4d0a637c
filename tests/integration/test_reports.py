"""What a day was like, and whether the providers' lists and our books say the same of it."""

from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from backend.alerts.report import report_of
from backend.kit.i18n import translator
from backend.notifications.kinds import DailyReport, TotalsDiffer
from backend.notifications.kinds.operator import Sales
from backend.payments.models import Payment
from bot.notices.operator import report_text
from sandbox.companies import environment
from tests.integration.terminal import terminal
from tests.outside import LIST
from tests.shop import SECRET_KEY, Shop

pytestmark = pytest.mark.thorough

MOSCOW = translator("ru").zone


async def at(shop: Shop, hour: int, *, days: int = 0) -> date:
    """Let the clock of the shop show this hour, today or so many days later; the day it then is."""
    local = shop.now.astimezone(MOSCOW)
    there = datetime.combine(local.date() + timedelta(days=days), time(hour, 1), MOSCOW)
    if there <= local:
        there += timedelta(days=1)
    shop.advance(seconds=(there - local).total_seconds())
    return there.date()


def reports(shop: Shop) -> list[DailyReport]:
    return [said for said in shop.channel.told if isinstance(said, DailyReport)]


def differing(shop: Shop) -> list[TotalsDiffer]:
    return [said for said in shop.channel.told if isinstance(said, TotalsDiffer)]


async def test_at_nine_the_operators_hear_once_of_the_day_before(shop: Shop) -> None:
    day = await at(shop, 12)
    first, second, third = [await shop.buyer() for _ in range(3)]
    await first.buys("monthly")
    await second.buys("quarterly", method="sbp")
    await third.takes_trial()

    await at(shop, 8)
    await shop.run_jobs()
    early = [report for report in reports(shop) if report.day == day]
    await at(shop, 9)
    await shop.run_jobs()
    await shop.passes(hours=1)

    assert early == []
    (report,) = [report for report in reports(shop) if report.day == day]
    assert report.sales == (Sales("yookassa", 2, "1\u00a0098\u00a0₽"),)
    assert (report.people, report.trials, report.in_review, report.keys_waiting) == (3, 1, 0, 0)
    assert (report.differences, report.unread, report.refunds) == ((), (), ())
    assert differing(shop) == []


async def test_nothing_is_told_of_a_quiet_day_but_its_sale_and_its_report(shop: Shop) -> None:
    shop.is_run_by(1)
    await at(shop, 12)
    await (await shop.buyer()).buys("monthly")
    for _ in range(26):
        await shop.passes(hours=1)

    assert sorted(type(said).__name__ for said in shop.channel.told) == ["DailyReport", "Sold"]


async def test_a_shop_that_opened_today_has_no_yesterday(shop: Shop) -> None:
    await at(shop, 12)
    await (await shop.buyer()).takes_trial()
    shop.advance(minutes=10)
    await shop.run_jobs()

    assert reports(shop) == []


async def test_a_sum_that_is_another_there_is_an_alert_a_line_and_a_number(shop: Shop) -> None:
    day = await at(shop, 12)
    checkout = await (await shop.buyer()).buys("monthly")
    payment = Payment.id == checkout.payment_id
    async with shop.deps.db.transaction() as session:
        await session.execute(update(Payment).where(payment).values(amount_minor=19900))
    await at(shop, 9, days=1)
    await shop.run_jobs()
    metrics = (await shop.http.get("/metrics")).text
    async with shop.deps.db.transaction() as session:
        await session.execute(update(Payment).where(payment).values(amount_minor=29900))

    (alert,) = [said for said in differing(shop) if said.day == day]
    (report,) = [said for said in reports(shop) if said.day == day]
    assert (alert.difference.paid_there, alert.difference.paid_here) == (29900, 19900)
    assert report.differences == (alert.difference,)
    assert 'shop_totals_difference{currency="RUB",of="paid",provider="yookassa"} 10000.0' in metrics
    assert (await report_of(shop.deps, day)).differences == ()


async def test_a_payment_that_our_books_have_on_that_day_alone_is_found(shop: Shop) -> None:
    day = await at(shop, 12)
    checkout = await (await shop.buyer()).orders("monthly")
    await shop.yookassa.pay(checkout.payment_id, webhooks=0)  # and nobody has asked yet

    (found,) = (await report_of(shop.deps, day)).differences
    await shop.passes(minutes=2)

    assert (found.paid_there, found.paid_here) == (29900, 0)
    assert (await report_of(shop.deps, day)).differences == ()


async def test_a_list_that_cannot_be_read_is_said_and_no_difference(shop: Shop) -> None:
    day = await at(shop, 12)
    await (await shop.buyer()).buys("monthly")
    shop.yookassa.breaks(LIST, "garbage", times=None)

    report = await report_of(shop.deps, day)

    assert report.unread == ("yookassa",)
    assert report.differences == ()
    text = report_text(report, translator("ru"), shop.now)
    assert "ЮKassa" in text
    assert "Книги сходятся" not in text


async def test_the_command_says_what_the_message_says(shop: Shop, tmp_path: Path) -> None:
    await (await shop.buyer()).buys("monthly")
    day = shop.now.astimezone(MOSCOW).date()
    settings = environment(shop.town.companies_url) | {"SECRET_KEY": SECRET_KEY, "DATABASE_URL": shop.town.dsn}
    settings |= {"CLOCK_FILE": str(shop.town.clock_file)}

    async with terminal("report", "--day", day.isoformat(), home=tmp_path, **settings) as seen:
        await seen.sees("Отчёт за", "ЮKassa: 299", "Новых пользователей: 1", "Книги сходятся")
        assert await seen.ends() == 0
        assert "<b>" not in seen.text
    async with terminal("report", "--day", "24.11.2026", home=tmp_path, **settings) as seen:
        await seen.sees("24.11.2026: такого дня нет")
        assert await seen.ends() == 1
