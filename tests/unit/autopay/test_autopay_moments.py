"""To the hour: what a notice announces, when a charge is due after it, and what ends a mandate."""

from dataclasses import replace
from datetime import UTC, datetime

from backend.autopay.rules import (
    CHARGES,
    FIRST_NOTICE,
    HOUR,
    LAST_NOTICE,
    RISE_NOTICE,
    Act,
    Cycle,
    Notice,
    Reason,
    Step,
    Try,
    charge_at,
    decide,
    decide_renewed,
    is_last_notice,
)
from backend.kit.money import Currency, Money
from backend.payments.providers.base import PaymentState

UNTIL = datetime(2026, 12, 25, 17, 0, tzinfo=UTC)
PRICE = Money(29900, Currency.RUB)
UNTOLD = Cycle(UNTIL, most=PRICE, price=PRICE)


def test_a_notice_says_how_much_is_charged_and_when() -> None:
    in_time, late = UNTIL - LAST_NOTICE, UNTIL - 2 * HOUR

    assert decide(UNTOLD, in_time) == Step(Act.WARN, amount=PRICE, at=UNTIL - 12 * HOUR)
    assert decide(UNTOLD, late) == Step(Act.WARN, amount=PRICE, at=UNTIL + 9 * HOUR)


def test_a_higher_price_is_announced_two_weeks_before_the_end_and_pauses_in_the_last_three_days() -> None:
    dearer = Money(34900, Currency.RUB)
    rose, told = replace(UNTOLD, price=dearer), replace(UNTOLD, price=dearer, rise_told=True)
    at = UNTIL - RISE_NOTICE

    assert decide(rose, at) == decide(rose, UNTIL - FIRST_NOTICE - HOUR) == Step(Act.ANNOUNCE, amount=dearer)
    assert [decide(one, at).act for one in (told, UNTOLD, replace(UNTOLD, price=Money(1, Currency.RUB)))] == [
        Act.WAIT
    ] * 3
    assert decide(rose, at - HOUR).act is Act.WAIT
    assert decide(rose, UNTIL - FIRST_NOTICE) == Step(Act.SUSPEND, Reason.PRICE, dearer)


def test_the_last_notice_is_the_one_of_the_last_day() -> None:
    assert is_last_notice(UNTIL, UNTIL - LAST_NOTICE)
    assert not is_last_notice(UNTIL, UNTIL - LAST_NOTICE - HOUR)


def test_nobody_is_charged_sooner_than_eleven_hours_after_a_late_notice() -> None:
    assert charge_at(UNTIL, UNTIL - HOUR, []) == UNTIL + 10 * HOUR


def test_four_charges_are_all_though_there_be_time_for_more() -> None:
    heard = UNTIL - LAST_NOTICE
    early = [Try(UNTIL - 12 * HOUR, PaymentState.CANCELED, "insufficient_funds")]

    assert charge_at(UNTIL, heard, early * (len(CHARGES) - 1)) == UNTIL - HOUR
    assert charge_at(UNTIL, heard, early * len(CHARGES)) is None
    used_up = replace(UNTOLD, notice=Notice(heard, PRICE), tries=early * len(CHARGES))
    assert decide(used_up, UNTIL - 11 * HOUR) == Step(Act.SUSPEND, Reason.EXHAUSTED, PRICE)


def test_it_is_charged_from_the_moment_it_is_due_while_its_company_works() -> None:
    told, due = replace(UNTOLD, notice=Notice(UNTIL - LAST_NOTICE, PRICE)), UNTIL - 12 * HOUR

    assert decide(told, due) == Step(Act.CHARGE, None, PRICE, due)
    assert (
        decide(told, due - HOUR)
        == decide(replace(told, provider_works=False), due)
        == Step(Act.WAIT, None, PRICE, due)
    )


def test_what_ends_every_mandate_ends_this_one() -> None:
    assert decide(replace(UNTOLD, stopped=Reason.DISPUTED), UNTIL) == Step(Act.END, Reason.DISPUTED)


def test_what_a_company_renews_ends_with_the_reason_and_the_new_price() -> None:
    dearer = Money(39900, Currency.RUB)

    assert decide_renewed(replace(UNTOLD, stopped=Reason.BLOCKED)) == Step(Act.END, Reason.BLOCKED)
    assert decide_renewed(replace(UNTOLD, price=dearer)) == Step(Act.END, Reason.PRICE, dearer)
