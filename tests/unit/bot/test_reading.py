"""Updates that leave out what the library demands."""

from typing import Any

import pytest
from aiogram.types import Message
from pydantic import ValidationError

from bot.reading import read_update
from bot.session import make_bot

BOT = make_bot("42:TEST")
CHAT = {"id": 7, "first_name": "Анна"}


@pytest.mark.parametrize(
    "update",
    [
        {"message": {"message_id": 1, "chat": CHAT, "text": "/start"}},
        {"message": {"message_id": 1, "chat": CHAT, "from": {"id": 7}, "text": "/start"}},
        {"callback_query": {"id": 5, "from": {"id": 7}, "data": "open:home"}},
        {"callback_query": {"id": "5", "from": {"id": 7}, "message": {"chat": CHAT}, "data": "open:home"}},
        {
            "my_chat_member": {
                "chat": CHAT,
                "old_chat_member": {"status": "member", "user": {"id": 42, "is_bot": True, "first_name": "Bot"}},
                "new_chat_member": {"status": "kicked", "user": {"id": 42, "is_bot": True, "first_name": "Bot"}},
            }
        },
        {
            "pre_checkout_query": {
                "id": 1,
                "from": {"id": 7},
                "currency": "XTR",
                "total_amount": 200,
                "invoice_payload": "x",
            }
        },
    ],
)
def test_who_did_something_is_read_from_little(update: dict[str, Any]) -> None:
    event: Any = read_update({"update_id": 1, **update}, BOT).event

    assert event.from_user.id == 7
    assert event.from_user.is_bot is False


def test_a_message_under_a_tap_says_where_the_tap_was() -> None:
    tap = {"id": "5", "from": {"id": 7}, "message": {"message_id": 3, "chat": CHAT}, "data": "open:home"}

    query = read_update({"update_id": 1, "callback_query": tap}, BOT).callback_query

    assert query is not None
    assert query.message is not None
    assert (query.message.message_id, query.message.chat.id) == (3, 7)


@pytest.mark.parametrize("chat", [{"id": -100, "type": "supergroup"}, {"id": -5}, {"id": 8, "type": "channel"}])
def test_nobody_is_made_up_where_it_is_no_private_chat(chat: dict[str, Any]) -> None:
    message = read_update({"update_id": 1, "message": {"message_id": 1, "chat": chat, "text": "x"}}, BOT).message

    assert message is not None
    assert message.from_user is None
    assert message.chat.type != "private"


@pytest.mark.parametrize("raw", [{}, {"update_id": "x"}, {"update_id": 1, "message": {"chat": CHAT}}])
def test_what_is_no_update_is_an_error(raw: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read_update(raw, BOT)


# --- parts that nobody can read

SPOKEN = {"message_id": 1, "date": 1_790_000_000, "chat": CHAT, "from": {"id": 7}, "text": "/start"}
HALF = {"file_id": "p", "width": 1, "height": 1}


@pytest.mark.parametrize(
    "strange",
    [
        {"forward_origin": {"type": "a_new_kind", "date": 1}},
        {"reply_to_message": {"message_id": 3}},
        {"photo": [HALF]},
        {"from": {"id": 7, "first_name": "Анна", "language_code": 5}},
        {"from": {"id": 7, "first_name": 5, "is_bot": "?"}},
        {"chat": CHAT | {"type": "private", "username": 5}},
        {"date": None},
        {"entities": [{"type": "bold"}]},
    ],
)
def test_a_part_that_nobody_can_read_takes_no_message_away(strange: dict[str, Any]) -> None:
    message = read_update({"update_id": 1, "message": SPOKEN | strange}, BOT).message

    assert message is not None
    assert message.from_user is not None
    assert (message.chat.id, message.chat.type, message.text) == (7, "private", "/start")
    assert (message.from_user.id, message.from_user.is_bot, message.from_user.language_code) == (7, False, None)


def test_a_photo_that_nobody_can_read_is_a_message_without_text() -> None:
    raw = {name: value for name, value in SPOKEN.items() if name != "text"} | {"photo": [HALF]}

    message = read_update({"update_id": 1, "message": raw}, BOT).message

    assert message is not None
    assert message.text is None


def test_a_tap_under_a_message_that_nobody_can_read_changes_that_message() -> None:
    under = SPOKEN | {"from": {"id": 42, "is_bot": True}, "reply_markup": {"inline_keyboard": 5}}
    person = {"id": 7, "language_code": 5}
    tap = {"id": "5", "from": person, "chat_instance": 9, "message": under, "data": "open:home"}

    query = read_update({"update_id": 1, "callback_query": tap}, BOT).callback_query

    assert query is not None
    assert isinstance(query.message, Message)
    assert (query.data, query.from_user.id) == ("open:home", 7)
    assert (query.message.message_id, query.message.chat.id, query.message.text) == (1, 7, "/start")


def test_a_tap_under_nothing_that_anybody_can_read_is_a_tap() -> None:
    tap = {"id": "5", "from": {"id": 7}, "message": {"message_id": "x", "chat": CHAT}, "data": "open:home"}

    query = read_update({"update_id": 1, "callback_query": tap}, BOT).callback_query

    assert query is not None
    assert (query.message, query.data) == (None, "open:home")


@pytest.mark.parametrize(
    ("before", "now", "read"),
    [
        ({"status": "left"}, {"status": "administrator"}, ("left", "member")),
        ({"status": "member", "user": {"id": 42}}, {"status": "kicked"}, ("member", "left")),
        ({"status": "restricted", "is_member": False}, {"status": "a_new_kind"}, ("left", "member")),
    ],
)
def test_who_came_and_went_is_read_without_rights(
    before: dict[str, Any], now: dict[str, Any], read: tuple[str, str]
) -> None:
    members = {"old_chat_member": before, "new_chat_member": now}

    event = read_update({"update_id": 1, "my_chat_member": {"chat": CHAT, **members}}, BOT).my_chat_member

    assert event is not None
    assert event.from_user.id == 7
    assert (event.old_chat_member.status, event.new_chat_member.status) == read


def test_a_question_about_a_payment_is_read_by_what_it_asks() -> None:
    asks = {"id": 12, "from": {"id": 7}, "currency": "XTR", "total_amount": 200, "invoice_payload": "x"}

    query = read_update({"update_id": 1, "pre_checkout_query": asks | {"order_info": 5}}, BOT).pre_checkout_query

    assert query is not None
    assert (query.id, query.from_user.id, query.total_amount, query.invoice_payload) == ("12", 7, 200, "x")


@pytest.mark.parametrize(
    "raw",
    [
        {"message": SPOKEN | {"successful_payment": {"currency": "XTR"}}},
        {"message": SPOKEN | {"refunded_payment": 5}},
        {"subscription": {"user": 5}},
        {"edited_message": {"message_id": 1}},
        {"my_chat_member": {"chat": CHAT}},
    ],
)
def test_what_matters_and_cannot_be_read_is_an_error(raw: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read_update({"update_id": 1, **raw}, BOT)
