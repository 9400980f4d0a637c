"""The arithmetic of time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.subscriptions.rules import DAY, Entry, Standing, backoff, days_left, replay, standing

T0 = datetime(2026, 11, 25, 12, tzinfo=UTC)
moments = st.timedeltas(timedelta(days=-1000), timedelta(days=4000)).map(lambda age: T0 + age)
days = st.integers(1, 1000)
gifts = st.builds(Entry, days, moments)
takings = st.builds(Entry, days.map(lambda n: -n), moments)
ledgers = st.lists(gifts | takings, max_size=12).map(lambda entries: sorted(entries, key=lambda e: e.at))


def entry(n: int, day: float) -> Entry:
    return Entry(n, T0 + day * DAY)


# --- examples ---


def test_nothing_gives_nothing() -> None:
    assert replay([]) is None


def test_taking_back_from_nothing_gives_nothing() -> None:
    assert replay([entry(-30, 0)]) is None


def test_a_first_purchase_runs_from_its_moment() -> None:
    assert replay([entry(30, 0)]) == T0 + 30 * DAY


def test_paid_early_is_added_to_the_end() -> None:
    assert replay([entry(30, 0), entry(30, 20)]) == T0 + 60 * DAY


def test_lapsed_starts_at_the_purchase() -> None:
    assert replay([entry(30, 0), entry(30, 45)]) == T0 + 75 * DAY


def test_a_purchase_in_the_moment_of_the_end_continues_it() -> None:
    assert replay([entry(30, 0), entry(30, 30)]) == T0 + 60 * DAY


def test_days_taken_back_shorten_what_runs() -> None:
    assert replay([entry(30, 0), entry(-10, 5)]) == T0 + 20 * DAY


def test_more_days_taken_back_than_are_left_end_it_now() -> None:
    assert replay([entry(30, 0), entry(-30, 5)]) == T0 + 5 * DAY


def test_days_taken_back_after_the_end_change_nothing() -> None:
    assert replay([entry(30, 0), entry(-30, 31)]) == T0 + 30 * DAY


def test_a_refund_after_a_lapse_and_a_new_purchase_takes_from_the_new_time() -> None:
    assert replay([entry(30, 0), entry(30, 40), entry(-30, 41)]) == T0 + 41 * DAY


def test_a_day_is_24_hours_also_where_clocks_are_turned() -> None:
    """The last Sunday of October has 25 hours in Berlin."""
    before = datetime(2026, 10, 24, 12, tzinfo=UTC)
    assert replay([Entry(2, before)]) == before + timedelta(hours=48)


# --- properties ---


@given(ledger=ledgers)
def test_the_end_is_never_before_the_last_gift_took_effect(ledger: list[Entry]) -> None:
    until = replay(ledger)
    given_ones = [line for line in ledger if line.days > 0]
    assert (until is None) == (not given_ones)
    if until is not None and ledger[-1].days > 0:
        assert until >= ledger[-1].at + ledger[-1].days * DAY


@given(ledger=ledgers, n=days, now=moments)
def test_n_days_given_are_exactly_n_days_from_now_or_from_the_end(ledger: list[Entry], n: int, now: datetime) -> None:
    past = [line for line in ledger if line.at <= now]
    before, after = replay(past), replay([*past, Entry(n, now)])
    assert after is not None
    left_before = max(before - now, timedelta(0)) if before else timedelta(0)
    assert after - now == left_before + n * DAY


@given(ledger=ledgers, n=days, now=moments)
def test_taking_back_never_lengthens_and_never_reaches_into_the_past(
    ledger: list[Entry], n: int, now: datetime
) -> None:
    past = [line for line in ledger if line.at <= now]
    before, after = replay(past), replay([*past, Entry(-n, now)])
    if before is None or before <= now:
        assert after == before
    else:
        assert after is not None
        assert now <= after < before
        assert before - after <= n * DAY


@given(ledger=ledgers, n=days, now=moments)
def test_giving_and_taking_back_at_once_changes_no_running_time(ledger: list[Entry], n: int, now: datetime) -> None:
    past = [line for line in ledger if line.at <= now]
    before, after = replay(past), replay([*past, Entry(n, now), Entry(-n, now)])
    assert after == (before if before is not None and before > now else now)


@given(a=days, b=days, now=moments, ledger=ledgers)
def test_buying_twice_is_buying_the_sum(a: int, b: int, now: datetime, ledger: list[Entry]) -> None:
    past = [line for line in ledger if line.at <= now]
    assert replay([*past, Entry(a, now), Entry(b, now)]) == replay([*past, Entry(a + b, now)])


@given(at=moments, gifts_of_one_moment=st.permutations([3, 7, 30, 365]))
def test_gifts_of_one_moment_count_in_any_order(at: datetime, gifts_of_one_moment: list[int]) -> None:
    assert replay(Entry(n, at) for n in gifts_of_one_moment) == at + 405 * DAY


@given(ledger=ledgers)
def test_the_end_is_whole_days_after_some_line(ledger: list[Entry]) -> None:
    until = replay(ledger)
    if until is not None:
        assert any((until - line.at) % DAY == timedelta(0) for line in ledger)


# --- where somebody stands ---


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (None, Standing.NOTHING),
        (timedelta(0), Standing.ENDED),
        (timedelta(seconds=-1), Standing.ENDED),
        (timedelta(milliseconds=1), Standing.ENDING),
        (3 * DAY, Standing.ENDING),
        (3 * DAY + timedelta(milliseconds=1), Standing.ACTIVE),
        (365 * DAY, Standing.ACTIVE),
    ],
)
def test_where_somebody_stands(left: timedelta | None, expected: Standing) -> None:
    assert standing(None if left is None else T0 + left, T0) is expected


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (30 * DAY, 30),
        (30 * DAY - timedelta(seconds=1), 30),
        (DAY + timedelta(milliseconds=1), 2),
        (DAY, 1),
        (timedelta(milliseconds=1), 1),
        (timedelta(0), 0),
        (-5 * DAY, 0),
    ],
)
def test_days_left_count_the_begun_one(left: timedelta, expected: int) -> None:
    assert days_left(T0 + left, T0) == expected


def test_a_key_is_left_alone_longer_each_time_but_never_over_five_minutes() -> None:
    waits = [backoff(attempts) for attempts in range(1, 40)]
    assert waits[:4] == [timedelta(seconds=s) for s in (2, 4, 8, 16)]
    assert waits == sorted(waits)
    assert max(waits) == timedelta(minutes=5)
