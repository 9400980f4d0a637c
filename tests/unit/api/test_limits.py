"""How often one address and one person may log in."""

from datetime import UTC, datetime, timedelta

import pytest

from backend.api.limits import PER_ADDRESS, PER_PERSON, LoginLimits, LoginsTooOften, Window

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def seconds(count: float) -> datetime:
    return NOW + timedelta(seconds=count)


def test_so_many_are_let_in_and_the_next_one_is_told_how_long_to_wait() -> None:
    window = Window(3, MINUTE)

    answers = [window.enter("a", seconds(second)) for second in (0, 10, 20, 30)]

    assert answers == [None, None, None, timedelta(seconds=30)]


def test_who_waits_is_let_in_again_and_asking_meanwhile_does_not_prolong_it() -> None:
    window = Window(2, MINUTE)
    window.enter("a", seconds(0))
    window.enter("a", seconds(1))

    early = [window.enter("a", seconds(second)) for second in (2, 30, 59)]

    assert all(early)
    assert window.enter("a", seconds(60)) is None
    assert window.enter("a", seconds(60)) == timedelta(seconds=1)


def test_the_window_slides_so_that_no_minute_has_more() -> None:
    window = Window(10, MINUTE)

    let_in = [second for second in range(300) if window.enter("a", seconds(second)) is None]

    assert max(sum(start <= second < start + 60 for second in let_in) for start in range(300)) == 10


def test_one_key_does_not_wait_for_another() -> None:
    window = Window(1, MINUTE)

    assert [window.enter(key, NOW) for key in ("a", "b", "c")] == [None, None, None]


def test_what_is_over_is_forgotten() -> None:
    window = Window(1, MINUTE)
    for number in range(1000):
        window.enter(str(number), NOW)

    window.enter("the last", NOW + MINUTE)

    assert list(window._times) == ["the last"]


def test_a_clock_that_was_set_back_locks_nobody_out() -> None:
    window = Window(1, MINUTE)
    window.enter("a", NOW + timedelta(days=30))

    assert window.enter("a", NOW) is None


def test_an_address_of_ipv6_counts_as_the_network_of_its_customer() -> None:
    limits = LoginLimits()
    for number in range(PER_ADDRESS):
        limits.count_address(f"2001:db8:1:1::{number:x}", NOW)

    limits.count_address("2001:db8:1:2::1", NOW)
    with pytest.raises(LoginsTooOften):
        limits.count_address("2001:db8:1:1:ffff::", NOW)


@pytest.mark.parametrize("address", ["203.0.113.7", None, "testclient"])
def test_an_address_is_let_in_sixty_times_a_minute(address: str | None) -> None:
    limits = LoginLimits()
    for _ in range(60):
        limits.count_address(address, NOW)

    with pytest.raises(LoginsTooOften) as refusal:
        limits.count_address(address, seconds(0.5))
    assert refusal.value.details == {"retry_after_seconds": 60}
    limits.count_address("203.0.113.8", seconds(0.5))


def test_a_person_is_let_in_ten_times_a_minute() -> None:
    limits = LoginLimits()
    for _ in range(PER_PERSON):
        limits.count_person(7, NOW)

    with pytest.raises(LoginsTooOften):
        limits.count_person(7, NOW)
    limits.count_person(8, NOW)
