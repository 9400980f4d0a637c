"""Updates that leave out what the library demands."""

from typing import Any

import pytest
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
                "id": "1",
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
