"""The people who use the bot, their private chats with it, and the messages in them."""

from collections.abc import Iterable
from typing import Any

from sandbox.clock import Clock
from sandbox.store import Collection, Document, Store
from sandbox.telegram.feed import Feed
from sandbox.telegram.views import seen, summary

Message = dict[str, Any]
FIRST_USER_ID = 700_000_000
USER_FIELDS = ("first_name", "last_name", "username", "language_code", "is_premium")
CONTENT = (
    "text",
    "entities",
    "link_preview_options",
    "photo",
    "document",
    "caption",
    "caption_entities",
    "show_caption_above_media",
    "has_media_spoiler",
)


class Chats:
    """A person is {"user": Telegram's User, "started", "blocked", "read": last message seen, "keyboard"}.

    Messages are kept as Telegram shows them to the bot. Their ids count from 1 in each chat.
    """

    def __init__(self, store: Store, clock: Clock, bot: dict[str, Any], feed: Feed) -> None:
        self._store = store
        self._clock = clock
        self._people = store.collection("people")
        self._feed = feed
        self.bot = bot

    def people(self) -> Iterable[Document]:
        return iter(self._people)

    def person(self, user_id: int) -> Document | None:
        return self._people.get(str(user_id))

    def register(self, fields: dict[str, Any]) -> Document:
        """A new person, or an old one with a new name or language."""
        user_id = fields.get("id") or FIRST_USER_ID + self._people.next_id()
        known = self.person(user_id)
        user = {"id": user_id, "is_bot": False, **(known["user"] if known else {})}
        user.update({name: fields[name] for name in USER_FIELDS if fields.get(name)})
        fresh = {"started": False, "blocked": False, "read": 0, "keyboard": None}
        return self.save({**(known or fresh), "user": user})

    def save(self, person: Document) -> Document:
        user_id = person["user"]["id"]
        self._people.put(str(user_id), person)
        self._feed.add("person", user_id, person=self.summary(person))
        return person

    def summary(self, person: Document) -> Document:
        return summary(person, self.history(person["user"]["id"]))

    def history(self, chat_id: int) -> list[Message]:
        return list(self._messages(chat_id))

    def message(self, chat_id: int, message_id: int) -> Message | None:
        return self._messages(chat_id).get(str(message_id))

    def post(self, person: Document, content: Message, *, by_bot: bool) -> Message:
        """Add a message; `content` is what Telegram calls its fields, an inline keyboard included."""
        chat_id = person["user"]["id"]
        message: Message = {
            "message_id": self._messages(chat_id).next_id(),
            "from": self.bot if by_bot else person["user"],
            "chat": private_chat(person["user"]),
            "date": int(self._clock.timestamp()),
            **content,
        }
        self._messages(chat_id).put(str(message["message_id"]), message)
        self._feed.add("message", chat_id, message=seen(message))
        return message

    def edit(self, message: Message, content: Message) -> Message:
        """Replace what is in a message, its inline keyboard included."""
        gone = (*CONTENT, "reply_markup", "edit_date")
        head = {name: value for name, value in message.items() if name not in gone}
        edited = {**head, "edit_date": int(self._clock.timestamp()), **content}
        self._messages(message["chat"]["id"]).put(str(message["message_id"]), edited)
        self._feed.add("edit", message["chat"]["id"], message=seen(edited))
        return edited

    def delete(self, chat_id: int, message_id: int) -> None:
        self._messages(chat_id).delete(str(message_id))
        self._feed.add("delete", chat_id, message_id=message_id)

    def _messages(self, chat_id: int) -> Collection:
        return self._store.collection(f"chat {chat_id}")


def private_chat(user: dict[str, Any]) -> dict[str, Any]:
    names: dict[str, Any] = {name: user[name] for name in ("first_name", "last_name", "username") if name in user}
    return {"id": user["id"], **names, "type": "private"}


def content_of(message: Message) -> Message:
    """What an edit may change, for comparison and for changing a part of it."""
    return {name: message[name] for name in (*CONTENT, "reply_markup") if name in message}
