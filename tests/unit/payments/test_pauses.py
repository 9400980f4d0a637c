"""How long to leave a provider alone."""

from datetime import timedelta
from itertools import pairwise
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from backend.payments.circuits import FIRST_PROBE, LAST_PROBE, probe_interval
from backend.payments.unanswered import LONGEST_PAUSE, PAUSE, pause


def test_probes_of_a_long_outage_come_less_and_less_often() -> None:
    at, probes = FIRST_PROBE, [FIRST_PROBE]
    while at < timedelta(minutes=30):
        at += probe_interval(at)
        probes.append(at)
    gaps = [after - before for before, after in pairwise(probes)]

    assert gaps[:4] == [timedelta(seconds=30), timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert gaps == sorted(gaps)
    assert set(gaps[4:]) == {LAST_PROBE}


@given(attempts=st.integers(0, 2000))
def test_a_pause_after_too_many_requests_grows_to_a_minute_and_half_of_it(attempts: int) -> None:
    waits = pause(uuid4(), attempts, None)

    assert PAUSE <= waits <= LONGEST_PAUSE * 1.5
    if attempts >= 4:
        assert waits >= LONGEST_PAUSE


def test_payments_that_were_refused_together_do_not_come_together_again() -> None:
    again = {pause(uuid4(), 4, None) for _ in range(50)}

    assert len(again) > 25
    assert max(again) - min(again) > timedelta(seconds=10)


def test_what_the_company_asks_for_is_waited_for_whatever_it_is() -> None:
    assert pause(uuid4(), 0, timedelta(minutes=10)) >= timedelta(minutes=10)
