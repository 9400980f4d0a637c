"""Days of the shop and sums of two sides."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from backend.alerts.rules import Paid, bounds, day_to_report, differences
from backend.kit.money import Currency, Money

MOSCOW, BERLIN = ZoneInfo("Europe/Moscow"), ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def paid(ref: str, roubles: int, *, refunded: int = 0, currency: Currency = Currency.RUB) -> Paid:
    return Paid(ref, Money(roubles * 100, currency), refunded * 100, NOON)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 11, 25, 5, 59, tzinfo=UTC), None),
        (datetime(2026, 11, 25, 6, 0, tzinfo=UTC), date(2026, 11, 24)),
        (datetime(2026, 11, 25, 20, 59, tzinfo=UTC), date(2026, 11, 24)),
        (datetime(2026, 11, 25, 21, 0, tzinfo=UTC), None),
    ],
)
def test_yesterday_is_reported_from_nine_in_the_morning_of_the_shop(moment: datetime, day: date | None) -> None:
    assert day_to_report(moment, MOSCOW) == day


def test_a_day_begins_and_ends_at_the_shops_midnight() -> None:
    after, before = bounds(date(2026, 11, 24), MOSCOW)

    assert after == datetime(2026, 11, 23, 21, tzinfo=UTC)
    assert before == datetime(2026, 11, 24, 21, tzinfo=UTC)


def test_the_day_clocks_go_back_has_25_hours() -> None:
    after, before = bounds(date(2026, 10, 25), BERLIN)

    assert before.astimezone(UTC) - after.astimezone(UTC) == timedelta(hours=25)


def test_the_same_sums_are_no_difference_whatever_they_are_made_of() -> None:
    assert differences("yookassa", [paid("a", 299), paid("b", 1)], [paid("c", 300)]) == ()


def test_a_payment_that_our_books_lack_is_a_difference() -> None:
    (found,) = differences("yookassa", [paid("a", 299), paid("b", 799)], [paid("a", 299)])

    assert (found.provider, found.currency, found.paid_there, found.paid_here) == ("yookassa", "RUB", 109800, 29900)


def test_a_payment_that_the_provider_lacks_is_a_difference() -> None:
    (found,) = differences("yookassa", [], [paid("a", 299)])

    assert (found.paid_there, found.paid_here) == (0, 29900)


def test_money_that_went_back_on_one_side_alone_is_a_difference() -> None:
    (found,) = differences("yookassa", [paid("a", 299, refunded=299)], [paid("a", 299)])

    assert (found.paid_there, found.paid_here) == (29900, 29900)
    assert (found.refunded_there, found.refunded_here) == (29900, 0)


def test_currencies_are_never_added_up() -> None:
    there = [paid("a", 2, currency=Currency.EUR), paid("b", 2)]

    found = differences("coingate", there, [paid("a", 4)])

    assert [(difference.currency, difference.paid_there) for difference in found] == [("EUR", 200), ("RUB", 200)]
