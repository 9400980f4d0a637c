"""What a renewal is called; the sum for days that were not used, and which days those are."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.orders.rules import Grant, cycle_key, days_ahead, days_taken, price_of_days

DAY = timedelta(days=1)
days = st.integers(1, 3650)


@given(days, st.data())
def test_what_goes_back_for_days_ahead_takes_exactly_them(period: int, data: st.DataObject) -> None:
    amount = data.draw(st.integers(period, 10**9))  # a day costs at least one minor unit
    refunded = data.draw(st.integers(0, amount))
    gone = days_taken(period, amount, refunded)
    ahead = data.draw(st.integers(0, period - gone))

    minor = price_of_days(period, amount, refunded, ahead)

    assert 0 <= minor <= amount - refunded
    assert days_taken(period, amount, refunded + minor) == gone + ahead


@given(days, st.integers(1, 10**9), st.data())
def test_days_are_taken_by_the_sum_however_it_is_cut(period: int, amount: int, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, amount), max_size=5)))
    steps = [
        days_taken(period, amount, after) - days_taken(period, amount, before)
        for before, after in zip([0, *cuts], [*cuts, amount], strict=True)
    ]
    assert min(steps) >= 0
    assert sum(steps) == period


@given(days, st.integers(1, 10**9), st.data())
def test_all_days_go_only_with_all_of_the_money(period: int, amount: int, data: st.DataObject) -> None:
    part = data.draw(st.integers(0, amount - 1))
    assert days_taken(period, amount, part) < period
    assert days_taken(period, amount, part) * amount <= period * part  # rounded down


@pytest.mark.parametrize(
    ("period", "amount", "ahead", "minor"),
    [(30, 29900, 30, 29900), (30, 29900, 1, 997), (30, 29900, 15, 14950), (30, 29900, 0, 0), (7, 10000, 3, 4286)],
)
def test_the_sum_is_rounded_up(period: int, amount: int, ahead: int, minor: int) -> None:
    assert price_of_days(period, amount, 0, ahead) == minor


GRANTS = [Grant("trial", 7), Grant("first", 30), Grant("second", 30)]


@pytest.mark.parametrize(
    ("left", "first", "second"),
    [(67, 30, 30), (60, 30, 30), (45, 15, 30), (30, 0, 30), (10, 0, 10), (0, 0, 0), (-3, 0, 0)],
)
def test_what_came_last_is_ahead_longest(left: int, first: int, second: int) -> None:
    assert days_ahead(GRANTS, "first", left * DAY) == first
    assert days_ahead(GRANTS, "second", left * DAY) == second


def test_a_begun_day_is_not_ahead() -> None:
    assert days_ahead(GRANTS, "second", 10 * DAY - timedelta(seconds=1)) == 9
    assert days_ahead(GRANTS, "first", 31 * DAY - timedelta(seconds=1)) == 0


def test_days_that_were_taken_back_are_not_ahead() -> None:
    assert days_ahead([Grant("first", 30), Grant("second", 10)], "first", 40 * DAY) == 30
    assert days_ahead([Grant("first", 30), Grant("second", 0)], "second", 30 * DAY) == 0
    assert days_ahead(GRANTS, "nothing", 67 * DAY) == 0


@given(st.lists(st.integers(0, 400), min_size=1, max_size=6), st.integers(-5, 3000))
def test_no_more_is_ahead_than_is_left(granted: list[int], left: int) -> None:
    grants = [Grant(str(number), each) for number, each in enumerate(granted)]
    ahead = [days_ahead(grants, grant.source_id, left * DAY) for grant in grants]
    assert sum(ahead) == max(0, min(left, sum(granted)))


def test_a_cycle_is_named_by_the_day_its_time_ends_in_utc() -> None:
    assert cycle_key("7f", datetime(2026, 12, 25, 17, 0, tzinfo=UTC)) == "7f:2026-12-25"
