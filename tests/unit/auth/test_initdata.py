"""What Telegram says about somebody is believed only as it was signed, for this bot, and for a while."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from aiogram.utils.auth_widget import check_integrity
from aiogram.utils.web_app import check_webapp_signature, safe_parse_webapp_init_data
from hypothesis import given
from hypothesis import strategies as st

from backend.auth.initdata import NotFromTelegram, TelegramLoginExpired, read_init_data, read_login_widget
from tests.telegram_login import ANNA, init_data, init_data_fields, login_widget, sign_init_data

TOKEN = "4200000042:AAH-token-of-the-tests-0000000000000"
ANOTHER = "4200000043:AAH-token-of-the-tests-0000000000000"
NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def age(**by: float) -> datetime:
    return NOW - timedelta(**by)


def accepted(presented: str) -> bool:
    try:
        read_init_data(presented, TOKEN, NOW)
    except NotFromTelegram:
        return False
    return True


# --- Mini App


def test_somebody_who_opens_the_mini_app_is_known_by_id_name_and_language() -> None:
    person = read_init_data(init_data(TOKEN, NOW, start_param="promo-7"), TOKEN, NOW)

    assert person.telegram_id == ANNA["id"]
    assert (person.first_name, person.username) == (ANNA["first_name"], "anna")
    assert (person.language_code, person.start_param) == ("en", "promo-7")


def test_another_reader_of_the_same_data_finds_the_same_person() -> None:
    presented = init_data(TOKEN, NOW)

    theirs = safe_parse_webapp_init_data(TOKEN, presented).user

    ours = read_init_data(presented, TOKEN, NOW)
    assert theirs is not None
    assert (ours.telegram_id, ours.first_name, ours.username) == (theirs.id, theirs.first_name, theirs.username)


def test_fields_that_telegram_adds_one_day_are_passed_over() -> None:
    assert read_init_data(init_data(TOKEN, NOW, chat_mood="9", empty=""), TOKEN, NOW).telegram_id == ANNA["id"]


def test_before_there_was_a_signature_for_others_the_hash_was_enough() -> None:
    assert accepted(init_data(TOKEN, NOW, signature=None))


@pytest.mark.parametrize("seconds", [0, 1, 3599, 3600, -59, -60])
def test_init_data_of_the_last_hour_is_good(seconds: int) -> None:
    assert accepted(init_data(TOKEN, age(seconds=seconds)))


@pytest.mark.parametrize("seconds", [3601, 86_400, 10**9])
def test_older_init_data_has_expired(seconds: int) -> None:
    with pytest.raises(TelegramLoginExpired):
        read_init_data(init_data(TOKEN, age(seconds=seconds)), TOKEN, NOW)


@pytest.mark.parametrize("seconds", [61, 3600, 10**9])
def test_init_data_of_the_future_is_refused(seconds: int) -> None:
    assert not accepted(init_data(TOKEN, age(seconds=-seconds)))


def test_init_data_of_another_bot_is_refused() -> None:
    assert not accepted(init_data(ANOTHER, NOW))


@pytest.mark.parametrize("name", ["query_id", "user", "auth_date", "signature"])
def test_a_field_that_was_changed_left_out_or_added_is_noticed(name: str) -> None:
    fields = dict(parse_qsl(init_data(TOKEN, NOW)))
    changed = {**fields, name: f"{fields[name]} "}
    without = {key: value for key, value in fields.items() if key != name}

    assert accepted(urlencode(fields))
    assert not accepted(urlencode(changed))
    assert not accepted(urlencode(without))
    assert not accepted(urlencode({**fields, "chat_type": "private"}))


@pytest.mark.parametrize("name", ["user", "auth_date", "hash", "query_id", "chat_type"])
def test_a_field_that_is_there_twice_is_refused_even_with_the_same_value(name: str) -> None:
    presented = init_data(TOKEN, NOW, chat_type="private")
    value = dict(parse_qsl(presented))[name]

    assert not accepted(f"{presented}&{urlencode({name: value})}")
    assert not accepted(f"{urlencode({name: value})}&{presented}")
    assert not accepted(f"{presented}&{presented}")


@pytest.mark.parametrize(
    "user",
    [
        None,
        "",
        "null",
        "[]",
        "{}",
        "not json",
        "{" * 5000,
        '{"id": "279058397"}',
        '{"id": 1.5}',
        '{"id": true}',
        '{"id": 0}',
        '{"id": -5}',
        '{"id": 99999999999999999999}',
    ],
)
def test_init_data_that_names_nobody_is_refused(user: str | None) -> None:
    assert not accepted(init_data(TOKEN, NOW, user=user))


@pytest.mark.parametrize(
    "auth_date", [None, "", "now", "-1", "1e9", "١٧٠٠٠٠٠٠٠٠", "9" * 40, " 1793600000", "1793600000.5"]
)
def test_a_time_that_cannot_be_read_is_refused(auth_date: str | None) -> None:
    assert not accepted(init_data(TOKEN, NOW, auth_date=auth_date))


@pytest.mark.parametrize("first_name", [7, None, "a\0b", "", "x" * 5000])
def test_a_name_that_the_database_could_not_keep_is_left_empty(first_name: object) -> None:
    user = f'{{"id": 5, "first_name": {"null" if first_name is None else repr_json(first_name)}}}'

    person = read_init_data(init_data(TOKEN, NOW, user=user), TOKEN, NOW)

    assert (person.telegram_id, person.first_name) == (5, "")


def repr_json(value: object) -> str:
    return f'"{value}"'.replace("\0", "\\u0000") if isinstance(value, str) else str(value)


@pytest.mark.parametrize(
    "presented",
    [
        "",
        "hash",
        "hash=",
        "&&&",
        "hash=%FF",
        "%00=%00",
        "a=b",
        "hash=é",
        "\ud800=1&hash=2",
        "user=\ud800&hash=2",
        "a=1&" * 100 + "hash=2",
        "hash=" + "0" * 64,
    ],
)
def test_what_is_no_init_data_at_all_is_refused(presented: str) -> None:
    assert not accepted(presented)


def test_lines_that_could_be_taken_apart_in_two_ways_are_refused_although_they_are_signed() -> None:
    """One value "a\\nb=c" and two values "a" and "b=c" give the same signed lines."""
    fields = {**init_data_fields(NOW), "start_param": "a\nuser={}"}
    with_equals = {**init_data_fields(NOW), "a=b": "c"}

    assert not accepted(sign_init_data(fields, TOKEN))
    assert not accepted(sign_init_data(with_equals, TOKEN))


@given(st.data())
def test_whatever_is_done_to_init_data_nothing_is_accepted_that_aiogram_refuses(data: st.DataObject) -> None:
    presented = init_data(TOKEN, NOW, start_param=data.draw(st.text("ab-_", min_size=1)))
    at = data.draw(st.integers(0, len(presented)))
    cut = data.draw(st.integers(0, 8))
    put = data.draw(st.text(max_size=3))

    mangled = presented[:at] + put + presented[at + cut :]

    if accepted(mangled):
        assert check_webapp_signature(TOKEN, mangled)


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,12}", fullmatch=True), st.text(min_size=1), max_size=6), st.randoms())
def test_whatever_telegram_signs_is_accepted_in_any_order(more: dict[str, str], random: Any) -> None:
    fine = {name: value for name, value in more.items() if not set(value) & set("\r\n\0") and value.isprintable()}
    fields = {**fine, **init_data_fields(NOW)}
    fields.pop("hash", None)
    pairs = parse_qsl(sign_init_data(fields, TOKEN))
    random.shuffle(pairs)
    presented = urlencode(pairs)

    assert check_webapp_signature(TOKEN, presented)
    assert accepted(presented)


# --- the login button


def test_somebody_who_presses_the_login_button_is_known() -> None:
    widget = login_widget(TOKEN, NOW)

    person = read_login_widget(widget, TOKEN, NOW)

    assert check_integrity(TOKEN, dict(widget))
    assert (person.telegram_id, person.first_name, person.username) == (ANNA["id"], ANNA["first_name"], "anna")
    assert person.language_code is None


def test_numbers_may_have_become_text_on_their_way() -> None:
    as_text = {name: str(value) for name, value in login_widget(TOKEN, NOW).items()}

    assert read_login_widget(as_text, TOKEN, NOW).telegram_id == ANNA["id"]


@pytest.mark.parametrize(("seconds", "good"), [(0, True), (300, True), (301, False), (-60, True), (-61, False)])
def test_a_press_of_the_button_is_good_for_five_minutes(seconds: int, good: bool) -> None:
    widget = login_widget(TOKEN, age(seconds=seconds))
    if good:
        assert read_login_widget(widget, TOKEN, NOW)
        return
    with pytest.raises(TelegramLoginExpired if seconds > 0 else NotFromTelegram):
        read_login_widget(widget, TOKEN, NOW)


@pytest.mark.parametrize(
    "change", [{"id": 1}, {"username": "admin"}, {"auth_date": 1}, {"is_admin": "1"}, {"hash": ""}]
)
def test_a_changed_login_is_refused(change: dict[str, Any]) -> None:
    widget = {**login_widget(TOKEN, age(hours=-1)), **login_widget(TOKEN, NOW), **change}

    assert not check_integrity(TOKEN, dict(widget))
    with pytest.raises(NotFromTelegram):
        read_login_widget(widget, TOKEN, NOW)


def test_a_login_of_another_bot_or_of_a_mini_app_is_refused() -> None:
    of_mini_app = dict(parse_qsl(init_data(TOKEN, NOW)))

    for widget in (login_widget(ANOTHER, NOW), of_mini_app, {}):
        with pytest.raises(NotFromTelegram):
            read_login_widget(widget, TOKEN, NOW)


def test_a_name_cannot_pass_for_other_fields() -> None:
    """A name with line breaks, signed for its owner, taken apart again as fields that name somebody else."""
    signed = login_widget(TOKEN, NOW, id=666, first_name="Eve\nid=1\nlast_name=x", photo_url=None)
    stolen = {**signed, "first_name": "Eve", "id": "1", "last_name": "x\nid=666"}

    assert check_integrity(TOKEN, dict(stolen))
    with pytest.raises(NotFromTelegram):
        read_login_widget(stolen, TOKEN, NOW)
