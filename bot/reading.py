"""Updates as they come, made complete where a server of this API leaves out what the library demands.

A part that the library cannot read (a kind of media, of origin or of rights that is new, or half of one) takes away
nothing but itself: what is left is read without all that the bot has no use for.
"""

from collections.abc import Callable

import structlog
from aiogram import Bot
from aiogram.types import Update
from pydantic import ValidationError

from backend.kit.reading import Json, part, whole

log = structlog.get_logger()

NAMES = ("first_name", "last_name", "username", "language_code")
MESSAGE = ("message_id", "date", "chat", "from", "text", "successful_payment", "refunded_payment")
QUESTION = ("id", "from", "currency", "total_amount", "invoice_payload")
GONE = ("left", "kicked")


def read_update(raw: Json, bot: Bot) -> Update:
    """An update as the library has it.

    Raises:
        ValueError: it is no update that anybody could read.
    """
    known = raw | {kind: complete(part(raw[kind])) for kind, complete in COMPLETED.items() if raw.get(kind)}
    try:
        return Update.model_validate(known, context={"bot": bot})
    except ValidationError as error:
        lean = {kind: reduce(part(known[kind])) for kind, reduce in REDUCED.items() if known.get(kind)}
        if not lean:
            raise
        read = Update.model_validate({"update_id": raw.get("update_id"), **lean}, context={"bot": bot})
        unread = {".".join(str(step) for step in one["loc"][:2]) for one in error.errors(include_input=False)}
        log.info("update.read_in_part", update=read.update_id, unread=sorted(unread))
        return read


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


def _question(query: Json) -> Json:
    return _spoken(query) | {"id": str(query.get("id", ""))}


def _tap(query: Json) -> Json:
    message = part(query.get("message"))
    under = _spoken(message) if "message_id" in message else None
    return _question(query) | {"chat_instance": str(query.get("chat_instance", "")), "message": under}


def _membership(event: Json) -> Json:
    members = {name: {"until_date": 0} | part(event.get(name)) for name in ("old_chat_member", "new_chat_member")}
    return _spoken(event) | members


def _is_person(chat: Json) -> bool:
    """Ids of groups and channels are negative."""
    number = chat.get("id")
    return chat.get("type", "private") == "private" and isinstance(number, int) and number > 0


def _lean(event: Json, names: tuple[str, ...]) -> Json:
    """These parts alone, where they are; of people and chats what they are called."""
    kept = {name: event[name] for name in names if name in event}
    if "date" in kept and whole(kept["date"]) is None:
        kept["date"] = 0
    return kept | {name: _lean_person(part(kept[name])) for name in ("from", "chat") if name in kept}


def _lean_person(known: Json) -> Json:
    kept: Json = {name: known[name] for name in ("id", "type") if name in known}
    if "is_bot" in known:
        kept["is_bot"] = known["is_bot"] is True
    return kept | {"first_name": ""} | {name: known[name] for name in NAMES if isinstance(known.get(name), str)}


def _lean_message(message: Json) -> Json:
    kept = _lean(message, MESSAGE)
    if not isinstance(kept.get("text"), str):
        kept.pop("text", None)
    return kept


def _lean_tap(query: Json) -> Json:
    message = part(query.get("message"))
    known = whole(message.get("message_id")) and whole(part(message.get("chat")).get("id"))
    under = {"message": _lean_message(message)} if known else {}
    return _lean(query, ("id", "from", "chat_instance", "data")) | under


def _lean_membership(event: Json) -> Json:
    """Of rights only whether the bot is there."""
    members = {name: _lean_member(part(event.get(name))) for name in ("old_chat_member", "new_chat_member")}
    return _lean(event, ("chat", "from", "date")) | members


def _lean_member(member: Json) -> Json:
    status = member.get("status")
    gone = status in GONE or (status == "restricted" and member.get("is_member") is False)
    there = {"status": "left" if gone else "member"} if status else {}
    return there | {"user": {"id": 0, "is_bot": True, "first_name": ""}}


COMPLETED: dict[str, Callable[[Json], Json]] = {
    "message": _spoken,
    "pre_checkout_query": _question,
    "callback_query": _tap,
    "my_chat_member": _membership,
}
REDUCED: dict[str, Callable[[Json], Json]] = {
    "message": _lean_message,
    "pre_checkout_query": lambda query: _lean(query, QUESTION),
    "callback_query": _lean_tap,
    "my_chat_member": _lean_membership,
}
