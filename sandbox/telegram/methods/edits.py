"""Changing and deleting messages. Source: https://core.telegram.org/bots/api#updating-messages"""

from typing import Any

from sandbox.telegram.chats import Message, content_of
from sandbox.telegram.keyboards import read_markup
from sandbox.telegram.methods.call import Method
from sandbox.telegram.methods.messages import caption_content, file_of, text_content
from sandbox.telegram.params import Params
from sandbox.telegram.refusal import bad_request
from sandbox.telegram.state import Telegram

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
DELETABLE_SECONDS = 48 * 3600
MOST_DELETED = 100
MEDIA = ("photo", "document")


async def edit_message_text(telegram: Telegram, params: Params) -> Message:
    content = text_content(telegram, params)
    message = _editable(telegram, params)
    if "text" not in message:
        raise bad_request("there is no text in the message to edit")
    return _change(telegram, params, message, content)


async def edit_message_caption(telegram: Telegram, params: Params) -> Message:
    described = caption_content(telegram, params)
    message = _editable(telegram, params)
    if not any(kind in message for kind in MEDIA):
        raise bad_request("there is no caption in the message to edit")
    media: Message = {kind: message[kind] for kind in MEDIA if kind in message}
    return _change(telegram, params, message, {**media, **described})


async def edit_message_media(telegram: Telegram, params: Params) -> Message:
    media = params.parsed("media")
    if not isinstance(media, dict):
        raise bad_request("can't parse media JSON object")
    inner = Params({**media, media.get("type", ""): media.get("media", "")}, params.uploads)
    described = caption_content(telegram, inner)
    message = _editable(telegram, params)
    if "invoice" in message:
        raise bad_request("MEDIA_PREV_INVALID")
    content: dict[str, Any]
    if media.get("type") == "photo":
        content = {"photo": telegram.files.photo(file_of(inner, "photo"))}
    elif media.get("type") == "document":
        content = {"document": telegram.files.document(file_of(inner, "document"))}
    else:
        raise bad_request("can't parse InputMedia: type must be photo or document here")
    return _change(telegram, params, message, {**content, **described})


async def edit_message_reply_markup(telegram: Telegram, params: Params) -> Message:
    message = _editable(telegram, params)
    content = content_of(message)
    content.pop("reply_markup", None)
    return _change(telegram, params, message, content)


async def delete_message(telegram: Telegram, params: Params) -> bool:
    chat_id = telegram.person(params)["user"]["id"]
    message = telegram.chats.message(chat_id, _message_id(params))
    if message is None:
        raise bad_request("message to delete not found")
    if not _deletable(telegram, message):
        raise bad_request("message can't be deleted for everyone")
    telegram.chats.delete(chat_id, message["message_id"])
    return True


async def delete_messages(telegram: Telegram, params: Params) -> bool:
    """Those that cannot be deleted are skipped."""
    chat_id = telegram.person(params)["user"]["id"]
    ids = params.parsed("message_ids")
    if not isinstance(ids, list) or not ids:
        raise bad_request("message identifiers are not specified")
    if len(ids) > MOST_DELETED:
        raise bad_request("too many message identifiers specified")
    for message_id in ids:
        message = telegram.chats.message(chat_id, int(message_id))
        if message and _deletable(telegram, message):
            telegram.chats.delete(chat_id, message["message_id"])
    return True


def _message_id(params: Params) -> int:
    message_id = params.integer("message_id")
    if message_id <= 0:
        raise bad_request("message identifier is not specified")
    return message_id


def _editable(telegram: Telegram, params: Params) -> Message:
    if params.text("inline_message_id"):
        raise bad_request("MESSAGE_ID_INVALID")
    person = telegram.reachable(params)
    message = telegram.chats.message(person["user"]["id"], _message_id(params))
    if message is None:
        raise bad_request("message to edit not found")
    if not message["from"]["is_bot"]:
        raise bad_request("message can't be edited")
    return message


def _change(telegram: Telegram, params: Params, message: Message, content: Message) -> Message:
    """Edit, unless nothing would change. A keyboard that is not sent again disappears."""
    markup = read_markup(params, strict=telegram.strict, inline_only=True, to_pay="invoice" in message)
    if markup:
        content = {**content, "reply_markup": markup}
    if content == content_of(message):
        raise bad_request(NOT_MODIFIED)
    return telegram.chats.edit(message, content)


def _deletable(telegram: Telegram, message: Message) -> bool:
    return bool(telegram.world.clock.timestamp() - message["date"] <= DELETABLE_SECONDS)


METHODS: dict[str, Method] = {
    "editMessageText": edit_message_text,
    "editMessageCaption": edit_message_caption,
    "editMessageMedia": edit_message_media,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "deleteMessage": delete_message,
    "deleteMessages": delete_messages,
}
