"""Updates as they come, made complete where a server of this API leaves out what the library demands."""

from collections.abc import Callable

from aiogram import Bot
from aiogram.types import Update

from backend.kit.reading import Json, part


def read_update(raw: Json, bot: Bot) -> Update:
    """An update as the library has it.

    Raises:
        ValueError: it is no update that anybody could read.
    """
    completed = {kind: complete(part(raw[kind])) for kind, complete in COMPLETED.items() if raw.get(kind)}
    return Update.model_validate(raw | completed, context={"bot": bot})


def _spoken(event: Json) -> Json:
    """Something somebody did: who, and in which chat."""
    chat, sender = part(event.get("chat")), part(event.get("from"))
    known: Json = {"date": 0} | event
    if chat:
        known["chat"] = {"type": "private" if _is_person(chat) else "group"} | chat
    if not sender and chat and _is_person(chat):
        sender = chat
    if sender:
        known["from"] = {"is_bot": False, "first_name": ""} | sender
    return known


def _tap(query: Json) -> Json:
    message = part(query.get("message"))
    under = _spoken(message) if "message_id" in message else None
    return {"chat_instance": ""} | _spoken(query) | {"id": str(query.get("id", "")), "message": under}


def _membership(event: Json) -> Json:
    members = {name: {"until_date": 0} | part(event.get(name)) for name in ("old_chat_member", "new_chat_member")}
    return _spoken(event) | members


def _is_person(chat: Json) -> bool:
    """Ids of groups and channels are negative."""
    number = chat.get("id")
    return chat.get("type", "private") == "private" and isinstance(number, int) and number > 0


COMPLETED: dict[str, Callable[[Json], Json]] = {
    "message": _spoken,
    "pre_checkout_query": _spoken,
    "callback_query": _tap,
    "my_chat_member": _membership,
}
