"""Texts in people's language, times in their zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from backend.kit.i18n import DEFAULT_LANGUAGE, Translate, choose_language, languages, translator

NOW = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)


def test_russian_comes_first() -> None:
    assert languages()[0] == DEFAULT_LANGUAGE == "ru"
    assert set(languages()) >= {"ru", "en"}


@pytest.mark.parametrize(
    ("wanted", "spoken"),
    [
        ("ru", "ru"),
        ("ru-RU", "ru"),
        ("RU", "ru"),
        ("en", "en"),
        ("en-GB", "en"),
        ("de", "en"),
        ("zh-hans", "en"),
        ("uk", "ru"),
        ("kk", "ru"),
        ("be", "ru"),
        (None, "ru"),
        ("", "ru"),
        ("-", "ru"),
        ("../../etc", "en"),
        ("\0", "en"),
    ],
)
def test_the_language_is_the_persons_or_the_nearest(wanted: str | None, spoken: str) -> None:
    assert choose_language(wanted) == spoken


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (1, "Подписка, 1 день, заказ 7"),
        (2, "Подписка, 2 дня, заказ 7"),
        (5, "Подписка, 5 дней, заказ 7"),
        (21, "Подписка, 21 день, заказ 7"),
        (30, "Подписка, 30 дней, заказ 7"),
        (365, "Подписка, 365 дней, заказ 7"),
    ],
)
def test_russian_counts_as_russian_does(days: int, text: str) -> None:
    assert translator("ru")("payment-description", days=days, order="7") == text


def test_a_text_or_a_value_that_is_missing_is_a_bug_of_ours() -> None:
    t = translator("en")
    with pytest.raises(KeyError):
        t("no-such-text")
    with pytest.raises(KeyError):
        t("payment-description", days=30)
    assert not t.has("no-such-text")
    assert t.has("payment-description")


@pytest.mark.parametrize(
    ("at", "russian", "english"),
    [
        (
            datetime(2026, 12, 5, 11, 0, tzinfo=UTC),
            "5\u00a0декабря, 14:00\u00a0МСК",
            "December\u00a05, 14:00\u00a0MSK",
        ),
        (
            datetime(2027, 1, 5, 11, 0, tzinfo=UTC),
            "5\u00a0января 2027, 14:00\u00a0МСК",
            "January\u00a05, 2027, 14:00\u00a0MSK",
        ),
        (
            datetime(2026, 12, 31, 21, 0, tzinfo=UTC),
            "1\u00a0января 2027, 00:00\u00a0МСК",
            "January\u00a01, 2027, 00:00\u00a0MSK",
        ),
    ],
)
def test_a_moment_has_its_zone_and_the_year_when_it_is_another(at: datetime, russian: str, english: str) -> None:
    assert translator("ru").moment(at, NOW) == russian
    assert translator("en").moment(at, NOW) == english


@pytest.mark.parametrize(
    ("at", "russian", "english"),
    [
        (datetime(2026, 12, 5, 11, 0, tzinfo=UTC), "5\u00a0декабря", "December\u00a05"),
        (datetime(2027, 1, 5, 11, 0, tzinfo=UTC), "5\u00a0января 2027", "January\u00a05, 2027"),
    ],
)
def test_a_day_has_no_hour(at: datetime, russian: str, english: str) -> None:
    assert translator("ru").day(at, NOW) == russian
    assert translator("en").day(at, NOW) == english


def test_the_new_year_begins_where_the_person_is() -> None:
    at, now = datetime(2026, 12, 31, 22, 30, tzinfo=UTC), datetime(2026, 12, 31, 22, 0, tzinfo=UTC)
    assert translator("ru").moment(at, now) == "1\u00a0января, 01:30\u00a0МСК"
    assert Translate("ru", ZoneInfo("UTC")).moment(at, now) == "31\u00a0декабря, 22:30\u00a0UTC"


def test_a_zone_without_a_name_of_its_own_says_its_offset() -> None:
    assert Translate("ru", ZoneInfo("Asia/Yekaterinburg")).moment(NOW, NOW) == "26\u00a0ноября, 01:00\u00a0+05"


def test_values_are_not_wrapped_in_invisible_marks() -> None:
    text = translator("ru")("payment-description", days=30, order="7")
    assert text.isprintable()
