"""How a person sees the chat: the shapes that the control API answers and the chat page draws."""

from typing import Any

Message = dict[str, Any]
FILES = "/sandbox/telegram/_ctl/files/"


def seen(message: Message) -> dict[str, Any]:
    """One message on the screen. `text` is its caption where it has a picture or a file."""
    return {
        "message_id": message["message_id"],
        "date": message["date"],
        "outgoing": not message["from"]["is_bot"],
        "text": message.get("text", message.get("caption", "")),
        "entities": message.get("entities", message.get("caption_entities", [])),
        "keyboard": message.get("reply_markup", {}).get("inline_keyboard", []),
        "photo": _photo(message.get("photo")),
        "document": _document(message.get("document")),
        "invoice": message.get("invoice"),
        "paid": message.get("successful_payment"),
        "refunded": message.get("refunded_payment"),
        "protected": message.get("has_protected_content", False),
        "edited": "edit_date" in message,
        "reply_to": message.get("reply_to_message", {}).get("message_id"),
    }


def summary(person: dict[str, Any], history: list[Message]) -> dict[str, Any]:
    """One row of the list of people."""
    last = history[-1] if history else None
    unread = sum(message["from"]["is_bot"] and message["message_id"] > person["read"] for message in history)
    return {
        **person["user"],
        "started": person["started"],
        "blocked": person["blocked"],
        "unread": unread,
        "last_message": seen(last) if last else None,
    }


def _photo(sizes: list[dict[str, Any]] | None) -> dict[str, Any] | None:
    if not sizes:
        return None
    best = sizes[-1]
    return {"url": FILES + best["file_id"], "width": best["width"], "height": best["height"]}


def _document(document: dict[str, Any] | None) -> dict[str, Any] | None:
    if not document:
        return None
    return {
        "url": FILES + document["file_id"],
        "name": document["file_name"],
        "mime": document["mime_type"],
        "size": document["file_size"],
    }
