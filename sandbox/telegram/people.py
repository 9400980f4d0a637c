"""What a person does in their app: writes, taps, blocks."""

from typing import Any

from sandbox.acts import NotNow
from sandbox.store import Document
from sandbox.telegram.chats import Message, private_chat
from sandbox.telegram.keyboards import button_at
from sandbox.telegram.state import Telegram
from sandbox.telegram.texts import TEXT_LIMIT, tidy
from sandbox.telegram.utf16 import units


class Impossible(NotNow):
    """The person's app would not let them do this."""


def send(telegram: Telegram, person: Document, text: str) -> Message:
    """Write to the bot. The first message is what opens the chat for it.

    Raises:
        Impossible: nothing to send, too long for one message, or the bot is blocked.
    """
    written = tidy(text.replace("\r", ""), [])
    if not written.text:
        raise Impossible("an app sends no empty message")
    if units(written.text) > TEXT_LIMIT:
        raise Impossible(f"an app sends at most {TEXT_LIMIT} characters in a message; send a raw update")
    if person["blocked"]:
        raise Impossible("the bot is blocked: unblock it first")
    content: Message = {"text": written.text}
    if written.entities:
        content["entities"] = written.entities
    person["started"] = True
    message = telegram.chats.post(person, content, by_bot=False)
    read(telegram, person)
    telegram.updates.add("message", message)
    return message


def tap(telegram: Telegram, person: Document, message_id: int, *, data: str) -> Document:
    """Press a button that carries `data`. Old and altered apps send any data, so any is taken.

    Raises:
        Impossible: no such message, or the bot is blocked.
    """
    message = telegram.chats.message(person["user"]["id"], message_id)
    if message is None:
        raise Impossible("no such message in this chat")
    if person["blocked"]:
        raise Impossible("the bot is blocked: unblock it first")
    query = telegram.queries.open(person["user"]["id"], message_id, data)
    telegram.updates.add(
        "callback_query",
        {
            "id": query["id"],
            "from": person["user"],
            "message": message,
            "chat_instance": str(-(person["user"]["id"] << 20)),
            "data": data,
        },
    )
    return query


def button(telegram: Telegram, person: Document, message_id: int, row: int, column: int) -> dict[str, Any]:
    """The button at a place of a message's keyboard.

    Raises:
        Impossible: there is none.
    """
    message = telegram.chats.message(person["user"]["id"], message_id) or {}
    found = button_at(message.get("reply_markup"), row, column)
    if found is None:
        raise Impossible("no such button in this chat")
    return found


def block(telegram: Telegram, person: Document, *, blocked: bool) -> None:
    """Stop the bot, or let it speak again; the bot learns of a change.

    Raises:
        Impossible: the chat was never opened.
    """
    if not person["started"]:
        raise Impossible("the person never wrote to the bot")
    if person["blocked"] == blocked:
        return
    telegram.chats.save({**person, "blocked": blocked})
    member = {"user": telegram.bot, "status": "member"}
    kicked = {"user": telegram.bot, "status": "kicked", "until_date": 0}
    telegram.updates.add(
        "my_chat_member",
        {
            "chat": private_chat(person["user"]),
            "from": person["user"],
            "date": int(telegram.world.clock.timestamp()),
            "old_chat_member": member if blocked else kicked,
            "new_chat_member": kicked if blocked else member,
        },
    )


def read(telegram: Telegram, person: Document) -> None:
    """Everything in the chat has been seen."""
    history = telegram.chats.history(person["user"]["id"])
    person["read"] = history[-1]["message_id"] if history else 0
    telegram.chats.save(person)
