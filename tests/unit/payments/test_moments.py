"""To the step and the second: what is news, and when payments and money back are asked about again."""

from datetime import UTC, datetime, timedelta

import pytest

from backend.payments.providers.base import PaymentState
from backend.payments.rules import NEVER, STOP_POLLING_AFTER, advances, next_poll, next_refund_try

T0 = datetime(2026, 11, 25, 12, tzinfo=UTC)
S, M, H = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@pytest.mark.parametrize("state", list(PaymentState))
def test_what_is_known_is_no_news(state: PaymentState) -> None:
    assert not advances(state, state)


def test_a_canceled_payment_is_asked_for_hourly_until_it_is_a_day_old() -> None:
    waits = [
        next_poll(PaymentState.CANCELED, T0, T0 + age, late_for=100 * H) - T0 - age for age in (24 * H - S, 24 * H)
    ]

    assert waits == [H, 12 * H]


def test_a_payment_that_may_be_paid_is_asked_for_until_it_is_26_hours_old() -> None:
    last = T0 + STOP_POLLING_AFTER

    assert next_poll(PaymentState.PENDING, T0, last - S, late_for=timedelta(0)) == last - S + H
    assert next_poll(PaymentState.PENDING, T0, last, late_for=timedelta(0)) == NEVER


def test_money_back_is_asked_for_later_each_time_and_at_last_hourly() -> None:
    waits = [next_refund_try(attempts, T0) - T0 for attempts in range(9)]

    assert waits == [M, 2 * M, 5 * M, 10 * M, 20 * M, 40 * M, H, H, H]
