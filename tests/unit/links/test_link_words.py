"""What people read about their link."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kit.i18n import translator
from backend.links.formats.base import Status
from backend.links.page import Visit
from backend.links.words import announcement, notice, size, time_left, traffic

RU, EN = translator("ru"), translator("en")
GB = 1024**3


@pytest.mark.parametrize(
    ("left", "russian", "english"),
    [
        (timedelta(days=365), "Осталось 365 дней", "365 days left"),
        (timedelta(days=21), "Остался 21 день", "21 days left"),
        (timedelta(days=7) - timedelta(seconds=1), "Осталось 7 дней", "7 days left"),
        (timedelta(days=2, hours=1), "Осталось 3 дня", "3 days left"),
        (timedelta(days=1), "Осталось 24 часа", "24 hours left"),
        (timedelta(hours=4, minutes=1), "Осталось 5 часов", "5 hours left"),
        (timedelta(minutes=61), "Осталось 2 часа", "2 hours left"),
        (timedelta(minutes=59), "Осталось меньше часа", "Less than an hour left"),
    ],
)
def test_what_is_left_is_rounded_in_the_persons_favour(
    left: timedelta, russian: str, english: str, make_visit: Callable[..., Visit]
) -> None:
    now = make_visit().now

    assert time_left(RU, now + left, now) == russian
    assert time_left(EN, now + left, now) == english


def test_a_link_without_an_end_says_so(make_visit: Callable[..., Visit]) -> None:
    assert time_left(RU, None, make_visit().now) == "Без ограничения по времени"


@pytest.mark.parametrize(
    ("count", "russian", "english"),
    [
        (0, "0 МБ", "0 MB"),
        (150 * 1024**2 + 700_000, "151 МБ", "151 MB"),
        (int(1023.7 * 1024**2), "1 ГБ", "1 GB"),
        (int(1.26 * GB), "1,3 ГБ", "1.3 GB"),
        (100 * GB, "100 ГБ", "100 GB"),
        (int(1.5 * 1024 * GB), "1,5 ТБ", "1.5 TB"),
    ],
)
def test_sizes_read_naturally(count: int, russian: str, english: str) -> None:
    assert size(RU, count) == russian
    assert size(EN, count) == english


@given(count=st.integers(0, 10**16))
def test_a_size_below_a_thousand_terabytes_has_at_most_four_digits(count: int) -> None:
    number = size(EN, min(count, 900 * 1024 * GB)).split()[0]

    assert len(number.replace(".", "").replace(",", "")) <= 4


def test_traffic_without_a_limit_shows_what_was_used() -> None:
    assert traffic(RU, 2 * GB, 0) == "2 ГБ, без ограничений"
    assert traffic(RU, 2 * GB, 50 * GB) == "2 ГБ из 50 ГБ"


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (Status.EXPIRED, "Подписка закончилась 5 декабря — продлите её в боте"),
        (Status.LIMITED, "Трафик израсходован — продлите подписку в боте"),
        (Status.DISABLED, "Доступ приостановлен — напишите в поддержку"),
        (Status.NONE, "Ключ готовится — обновите подписку через минуту"),
        (Status.ACTIVE, "Ключ готовится — обновите подписку через минуту"),
    ],
)
def test_an_app_shows_one_line_instead_of_servers(
    status: Status, text: str, make_visit: Callable[..., Visit]
) -> None:
    now = make_visit().now

    assert notice(RU, status, now - timedelta(days=2), now) == text
    assert notice(EN, status, now - timedelta(days=2), now).isascii()


def announce(status: Status, end: datetime | None, now: datetime) -> str:
    return announcement(RU, status, end, now=now, url="https://t.me/b")


def test_an_announcement_comes_only_when_something_is_to_be_done(make_visit: Callable[..., Visit]) -> None:
    now = make_visit().now
    soon, late, past = now + timedelta(days=2), now + timedelta(days=9), now - timedelta(days=2)

    assert announce(Status.ACTIVE, late, now) == ""
    assert announce(Status.ACTIVE, None, now) == ""
    assert announce(Status.NONE, late, now) == ""
    assert announce(Status.ACTIVE, soon, now) == "Подписка закончится 9 декабря. Продлить: https://t.me/b"
    assert announce(Status.EXPIRED, past, now) == "Подписка закончилась 5 декабря. Продлить: https://t.me/b"
    assert announce(Status.LIMITED, late, now) == "Трафик израсходован. Продлить: https://t.me/b"
    assert announce(Status.DISABLED, late, now) == "Доступ приостановлен. Напишите нам: https://t.me/b"
