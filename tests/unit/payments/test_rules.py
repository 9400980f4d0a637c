"""How an attempt to pay may change, and when it is looked at."""

import itertools
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.payments.providers.base import PaymentState
from backend.payments.rules import (
    GIVE_UP_AFTER,
    KEY_IS_DEAD_AFTER,
    NEVER,
    OPEN,
    RANK,
    STOP_POLLING_AFTER,
    advances,
    first_create,
    next_create,
    next_event_try,
    next_poll,
)

T0 = datetime(2026, 11, 25, 12, tzinfo=UTC)
S, M, H = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
states = st.sampled_from(PaymentState)
told = st.sampled_from([PaymentState.PENDING, PaymentState.CONFIRMING, PaymentState.CANCELED, PaymentState.SUCCEEDED])


def apply(history: list[PaymentState], start: PaymentState = PaymentState.NEW) -> PaymentState:
    """Where a history of snapshots leads."""
    state = start
    for snapshot in history:
        if advances(state, snapshot):
            state = snapshot
    return state


# --- rank ---


def test_every_state_has_a_rank() -> None:
    assert set(RANK) == set(PaymentState)


@given(history=st.lists(told, max_size=8), again=st.randoms(use_true_random=False))
def test_the_order_of_snapshots_does_not_matter(history: list[PaymentState], again: random.Random) -> None:
    shuffled = history.copy()
    again.shuffle(shuffled)
    assert apply(shuffled) == apply(history)


@given(history=st.lists(told, max_size=8))
def test_a_snapshot_twice_is_a_snapshot_once(history: list[PaymentState]) -> None:
    assert apply([*history, *history]) == apply(history) == apply([s for s in history for _ in range(3)])


@given(state=states, history=st.lists(told, max_size=8))
def test_rank_never_decreases_and_success_is_final(state: PaymentState, history: list[PaymentState]) -> None:
    passed = list(itertools.accumulate([state, *history], lambda now, next_: apply([next_], now)))
    ranks = [RANK[each] for each in passed]
    assert ranks == sorted(ranks)
    assert apply(history, PaymentState.SUCCEEDED) is PaymentState.SUCCEEDED


def test_money_that_comes_late_still_counts() -> None:
    assert advances(PaymentState.CANCELED, PaymentState.SUCCEEDED)
    assert advances(PaymentState.FAILED, PaymentState.SUCCEEDED)
    assert advances(PaymentState.REVIEW, PaymentState.SUCCEEDED)


def test_a_cancellation_does_not_undo_what_is_higher() -> None:
    assert not advances(PaymentState.SUCCEEDED, PaymentState.CANCELED)
    assert not advances(PaymentState.REVIEW, PaymentState.CANCELED)


# --- when to send an unanswered create again ---


def test_a_job_sends_first_when_whoever_opened_it_can_no_longer_be_sending() -> None:
    assert first_create(T0, charged=False, repeatable=True) - T0 == 10 * S
    for charged, repeatable in ((True, True), (False, False), (True, False)):
        assert first_create(T0, charged=charged, repeatable=repeatable) - T0 == 60 * S


def test_an_unanswered_create_is_sent_after_5_15_and_60_seconds_and_then_every_minute() -> None:
    assert [next_create(attempts, T0) - T0 for attempts in range(5)] == [5 * S, 15 * S, 60 * S, 60 * S, 60 * S]


def test_a_key_is_dead_before_the_provider_forgets_it_and_before_we_give_up() -> None:
    assert KEY_IS_DEAD_AFTER < 24 * H
    assert KEY_IS_DEAD_AFTER < GIVE_UP_AFTER


# --- when to ask ---


def polls(state: PaymentState, *, late_for: timedelta = timedelta(0)) -> list[timedelta]:
    """The ages at which a payment is asked for, if each question is asked when it is due."""
    ages, now = [], T0
    while (due := next_poll(state, T0, now, late_for=late_for)) < NEVER:
        ages.append(due - T0)
        now = due
        assert len(ages) < 200
    return ages


@pytest.mark.parametrize("state", sorted(OPEN))
def test_a_payment_that_may_be_paid_is_asked_for_by_its_age(state: PaymentState) -> None:
    ages = polls(state)
    assert ages[:8] == [30 * S, M, 2 * M, 5 * M, 10 * M, 20 * M, 40 * M, 65 * M]
    assert {later - earlier for earlier, later in itertools.pairwise(ages[7:])} == {H}
    assert STOP_POLLING_AFTER <= ages[-1] < STOP_POLLING_AFTER + H


@pytest.mark.parametrize("state", [PaymentState.SUCCEEDED, PaymentState.REVIEW, PaymentState.FAILED])
def test_a_payment_that_is_over_is_not_asked_for(state: PaymentState) -> None:
    assert polls(state) == []


def test_a_canceled_payment_is_not_asked_for_where_canceled_is_final() -> None:
    assert polls(PaymentState.CANCELED) == []


def test_a_canceled_payment_is_watched_for_as_long_as_it_may_still_be_paid() -> None:
    ages = polls(PaymentState.CANCELED, late_for=100 * H)
    assert ages[:24] == [hour * H for hour in range(1, 25)]
    assert {later - earlier for earlier, later in itertools.pairwise(ages[24:])} == {12 * H}
    assert 100 * H <= ages[-1] < 112 * H


@given(
    state=states,
    age=st.timedeltas(timedelta(0), timedelta(days=6)),
    late_for=st.timedeltas(timedelta(0), timedelta(days=5)),
)
def test_the_next_question_is_always_ahead(state: PaymentState, age: timedelta, late_for: timedelta) -> None:
    assert next_poll(state, T0, T0 + age, late_for=late_for) > T0 + age


# --- when to look again at what a webhook claims ---


def test_an_event_ahead_of_the_truth_is_looked_at_later_each_time() -> None:
    waits = [next_event_try(attempts, T0, T0) for attempts in range(6)]
    assert [wait - T0 for wait in waits if wait] == [5 * S, 30 * S, 2 * M, 10 * M, H, H]


def test_an_event_is_left_to_the_polls_after_a_day() -> None:
    assert next_event_try(9, T0, T0 + GIVE_UP_AFTER) is not None
    assert next_event_try(9, T0, T0 + GIVE_UP_AFTER + S) is None
