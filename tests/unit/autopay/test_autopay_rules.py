"""When a renewal is announced, charged, tried again and stopped: every answer follows from values alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.autopay.rules import (
    AT_THE_TILL,
    CHARGES,
    FIRST_NOTICE,
    HOUR,
    LAPSES_AFTER,
    LAST_NOTICE,
    NOTICE_HOLDS,
    OPEN,
    UNANSWERED_FOR,
    Act,
    Cycle,
    Notice,
    Own,
    Reason,
    Try,
    charge_at,
    decide,
    decide_renewed,
)
from backend.kit.money import Currency, Money
from backend.orders.rules import STALE_AFTER
from backend.payments.providers.base import PaymentState
from backend.payments.rules import COMING

RETRYABLE = (
    "insufficient_funds",
    "issuer_unavailable",
    "payment_method_limit_exceeded",
    "general_decline",
    "call_issuer",
    "internal_timeout",
    "rejected_by_timeout",
)
FINAL = (
    "permission_revoked",
    "card_expired",
    "invalid_card_number",
    "invalid_csc",
    "payment_method_restricted",
    "fraud_suspected",
    "country_forbidden",
    "3d_secure_failed",
    "identification_required",
)
UNTIL = datetime(2026, 12, 25, 17, 0, tzinfo=UTC)
PRICE = Money(29900, Currency.RUB)
HEARD = UNTIL - LAST_NOTICE
NOTICE = Notice(HEARD, PRICE)
CYCLE = Cycle(UNTIL, most=PRICE, price=PRICE, notice=NOTICE)


def money(minor: int) -> Money:
    return Money(minor, Currency.RUB)


def refused(before_end: timedelta, reason: str | None = "insufficient_funds") -> Try:
    return Try(UNTIL - before_end, PaymentState.CANCELED, reason)


moments = st.timedeltas(timedelta(days=-40), timedelta(days=10)).map(lambda after: UNTIL + after)
prices = st.none() | st.integers(1, 60_000).map(money)
states = st.sampled_from(list(PaymentState))
tries = st.lists(
    st.builds(
        Try,
        st.timedeltas(timedelta(hours=-12), timedelta(days=4)).map(lambda after: UNTIL + after),
        states,
        st.none() | st.sampled_from([*RETRYABLE, *FINAL, "moonshine"]),
    ),
    max_size=5,
).map(lambda made: sorted(made, key=lambda tried: tried.at))
heard = st.none() | st.timedeltas(timedelta(days=-3), timedelta(days=3)).map(lambda after: UNTIL + after)
notices = st.none() | st.builds(Notice, heard, prices.filter(bool)).flatmap(
    lambda told: st.booleans().map(lambda missed: replace(told, missed=missed and told.at is None))
)
begun = st.builds(Own, moments, st.sampled_from(sorted(OPEN)), st.none() | st.booleans())
cycles = st.builds(
    Cycle,
    st.none() | st.just(UNTIL),
    most=st.integers(1, 60_000).map(money),
    price=prices,
    stopped=st.none() | st.sampled_from([Reason.BLOCKED, Reason.DISPUTED, Reason.REFUNDED, Reason.METHOD_GONE]),
    rise_told=st.booleans(),
    warned_early=st.booleans(),
    notice=notices,
    tries=tries,
    own=st.lists(begun, max_size=2),
    provider_works=st.booleans(),
)


@given(cycle=cycles, now=moments)
def test_nothing_is_charged_that_was_not_allowed_told_and_due(cycle: Cycle, now: datetime) -> None:
    step = decide(cycle, now)
    if step.act is not Act.CHARGE:
        return

    assert cycle.stopped is None
    assert cycle.price is not None
    assert cycle.notice is not None
    assert cycle.provider_works
    assert step.amount is not None
    assert step.amount <= min(cycle.most, cycle.price, cycle.notice.amount)
    assert UNTIL + CHARGES[0] <= now < UNTIL + LAPSES_AFTER
    assert cycle.notice.at is not None
    assert cycle.tries or now >= cycle.notice.at + NOTICE_HOLDS
    assert not [own for own in cycle.own if own.state in COMING and now - own.at < STALE_AFTER]
    assert len(cycle.tries) < len(CHARGES)
    assert not [tried for tried in cycle.tries if tried.state in OPEN or tried.state is PaymentState.SUCCEEDED]
    assert all(tried.reason in (*RETRYABLE, "recurring_off") for tried in cycle.tries[-1:])


@given(cycle=cycles, now=moments)
def test_deciding_is_deciding_again(cycle: Cycle, now: datetime) -> None:
    assert decide(cycle, now) == decide(cycle, now)


@given(cycle=cycles, now=moments, state=st.sampled_from(sorted(OPEN)))
def test_while_an_outcome_is_open_nothing_else_happens(cycle: Cycle, now: datetime, state: PaymentState) -> None:
    waiting = replace(cycle, stopped=None, tries=[*cycle.tries, Try(UNTIL, state)])

    assert decide(waiting, now).act is Act.WAIT


@given(seen=st.lists(moments, max_size=30).map(sorted))
def test_whenever_the_worker_looks_there_are_at_most_four_charges_a_slot_apart(seen: list[datetime]) -> None:
    cycle = replace(CYCLE, tries=[])
    for now in seen:
        if decide(cycle, now).act is Act.CHARGE:
            cycle = replace(cycle, tries=[*cycle.tries, Try(now, PaymentState.CANCELED, "insufficient_funds")])

    made = [tried.at for tried in cycle.tries]
    slots = [UNTIL + charge for charge in CHARGES]
    assert len(made) <= 4
    for one, other in pairwise(made):
        assert any(one < slot <= other for slot in slots)


def test_the_two_notices_come_three_days_and_a_day_before() -> None:
    fresh = replace(CYCLE, notice=None)

    assert decide(fresh, UNTIL - FIRST_NOTICE - HOUR).act is Act.WAIT
    assert decide(fresh, UNTIL - FIRST_NOTICE).act is Act.WARN
    assert decide(replace(fresh, warned_early=True), UNTIL - FIRST_NOTICE + HOUR).act is Act.WAIT
    assert decide(replace(fresh, warned_early=True), UNTIL - LAST_NOTICE).act is Act.WARN


def test_charges_are_planned_half_a_day_and_an_hour_before_a_day_and_three_days_after() -> None:
    assert charge_at(UNTIL, HEARD, []) == UNTIL - 12 * HOUR
    assert charge_at(UNTIL, HEARD, [refused(12 * HOUR)]) == UNTIL - HOUR
    assert charge_at(UNTIL, HEARD, [refused(12 * HOUR), refused(HOUR)]) == UNTIL + 24 * HOUR
    made = [refused(12 * HOUR), refused(HOUR), refused(-24 * HOUR)]
    assert charge_at(UNTIL, HEARD, made) == UNTIL + 72 * HOUR
    assert charge_at(UNTIL, HEARD, [*made, refused(-72 * HOUR)]) is None


def test_a_late_first_charge_leaves_out_what_has_passed() -> None:
    assert charge_at(UNTIL, HEARD, [refused(HOUR / 2)]) == UNTIL + 24 * HOUR
    assert charge_at(UNTIL, HEARD, [refused(-73 * HOUR)]) is None


@pytest.mark.parametrize("reason", RETRYABLE)
def test_refusals_that_may_pass_are_waited_out(reason: str) -> None:
    step = decide(replace(CYCLE, tries=[refused(12 * HOUR, reason)]), UNTIL - 11 * HOUR)

    assert (step.act, step.reason, step.at) == (Act.WAIT, reason, UNTIL - HOUR)


@pytest.mark.parametrize("reason", [*FINAL, "moonshine", None])
def test_refusals_that_do_not_pass_suspend(reason: str | None) -> None:
    step = decide(replace(CYCLE, tries=[refused(12 * HOUR, reason)]), UNTIL - 11 * HOUR)

    assert (step.act, step.reason) == (Act.SUSPEND, reason or "unknown")


def test_a_lower_price_is_charged_and_a_higher_one_needs_a_consent() -> None:
    due = UNTIL - 12 * HOUR

    assert decide(replace(CYCLE, price=money(19900)), due).amount == money(19900)
    dearer = decide(replace(CYCLE, price=money(29901)), due)
    assert (dearer.act, dearer.reason, dearer.amount) == (Act.SUSPEND, Reason.PRICE, money(29901))


def test_without_an_address_for_its_receipt_nothing_is_charged_and_that_is_said_with_the_first_notice() -> None:
    lacking = replace(CYCLE, lacks_email=True)

    assert decide(lacking, UNTIL - FIRST_NOTICE - HOUR).act is Act.WAIT
    for at in (UNTIL - FIRST_NOTICE, UNTIL - 12 * HOUR):
        step = decide(lacking, at)
        assert (step.act, step.reason) == (Act.SUSPEND, Reason.EMAIL)
    assert decide(replace(lacking, price=money(29901)), UNTIL).reason == Reason.PRICE


def test_never_more_is_charged_than_was_told() -> None:
    told_less = replace(CYCLE, notice=Notice(UNTIL - LAST_NOTICE, money(19900)))

    assert decide(told_less, UNTIL - 12 * HOUR).amount == money(19900)


def test_a_plan_that_is_gone_suspends_and_days_without_a_worker_lapse() -> None:
    assert decide(replace(CYCLE, price=None), UNTIL - 12 * HOUR).reason == Reason.PLAN_GONE
    assert decide(replace(CYCLE, notice=None), UNTIL + LAPSES_AFTER).reason == Reason.LAPSED
    assert decide(replace(CYCLE, tries=[refused(12 * HOUR)]), UNTIL + LAPSES_AFTER).reason == Reason.EXHAUSTED


def test_what_a_company_renews_ends_when_its_price_is_not_the_shops_any_more() -> None:
    renewed = replace(CYCLE, notice=None)

    assert decide_renewed(renewed).act is Act.WAIT
    for price, reason in ((None, Reason.PLAN_GONE), (money(19900), Reason.PRICE), (money(39900), Reason.PRICE)):
        step = decide_renewed(replace(renewed, price=price))
        assert (step.act, step.reason) == (Act.END, reason)
    assert decide_renewed(replace(renewed, stopped=Reason.BLOCKED)).reason == Reason.BLOCKED


DUE = UNTIL - 12 * HOUR


@pytest.mark.parametrize("state", sorted(COMING))
def test_while_money_of_its_owner_is_on_its_way_nothing_is_charged(state: PaymentState) -> None:
    own = Own(DUE - 20 * HOUR, state)

    assert decide(replace(CYCLE, own=[own]), DUE).act is Act.WAIT
    assert decide(replace(CYCLE, own=[replace(own, at=DUE - STALE_AFTER)]), DUE).act is Act.CHARGE


@pytest.mark.parametrize("state", [PaymentState.NEW, PaymentState.PENDING])
def test_somebody_who_is_about_to_pay_is_waited_for_as_long_as_a_link_lives(state: PaymentState) -> None:
    own = Own(DUE - AT_THE_TILL + HOUR / 60, state, answered=True)

    assert decide(replace(CYCLE, own=[own]), DUE).act is Act.WAIT
    assert decide(replace(CYCLE, own=[own]), DUE + HOUR / 60).act is Act.CHARGE


def test_a_link_that_may_have_been_paid_is_asked_about_and_waited_for_two_days_at_most() -> None:
    own = Own(DUE - AT_THE_TILL, PaymentState.PENDING)
    deaf = replace(CYCLE, own=[replace(own, answered=False)])

    assert decide(replace(CYCLE, own=[own]), DUE).act is Act.ASK
    assert decide(replace(CYCLE, own=[replace(own, answered=True)]), DUE).act is Act.CHARGE
    assert decide(deaf, DUE).act is Act.WAIT
    assert decide(deaf, own.at + UNANSWERED_FOR).act is Act.CHARGE
    assert decide(replace(CYCLE, own=[own], provider_works=False), DUE).act is Act.WAIT


def test_a_notice_that_is_not_heard_yet_is_waited_for_and_one_that_never_was_pauses() -> None:
    waiting = replace(CYCLE, notice=Notice(None, PRICE))

    assert decide(waiting, DUE).act is Act.WAIT
    for step in (
        decide(replace(CYCLE, notice=Notice(None, PRICE, missed=True)), DUE),
        decide(waiting, UNTIL + LAPSES_AFTER),
    ):
        assert (step.act, step.reason) == (Act.SUSPEND, Reason.UNWARNED)


def test_a_later_try_is_for_no_more_than_an_earlier_one_was() -> None:
    tried = replace(refused(12 * HOUR), amount=money(19900))

    assert decide(replace(CYCLE, tries=[tried]), UNTIL - HOUR).amount == money(19900)
    assert decide(replace(CYCLE, price=money(9900), tries=[tried]), UNTIL - HOUR).amount == money(9900)
