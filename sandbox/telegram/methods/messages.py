"""Sending. Source: https://core.telegram.org/bots/api#sendmessage and the methods after it."""

from sandbox.store import Document
from sandbox.telegram.chats import Message
from sandbox.telegram.keyboards import Markup, read_markup
from sandbox.telegram.methods.call import Method
from sandbox.telegram.params import Params, Upload
from sandbox.telegram.refusal import bad_request
from sandbox.telegram.state import Telegram
from sandbox.telegram.texts import caption, message_text


async def send_message(telegram: Telegram, params: Params) -> Message:
    return post(telegram, params, text_content(telegram, params))


async def send_photo(telegram: Telegram, params: Params) -> Message:
    described = caption_content(telegram, params)
    return post(telegram, params, {"photo": telegram.files.photo(file_of(params, "photo")), **described})


async def send_document(telegram: Telegram, params: Params) -> Message:
    described = caption_content(telegram, params)
    document = telegram.files.document(file_of(params, "document"))
    return post(telegram, params, {"document": document, **described})


def text_content(telegram: Telegram, params: Params) -> Message:
    """The fields of a text message, from the parameters that sending and editing share.

    Raises:
        Refusal: the text is empty, too long or its markup is wrong.
    """
    formatted = message_text(params, strict=telegram.strict)
    content: Message = {"text": formatted.text}
    if formatted.entities:
        content["entities"] = formatted.entities
    preview = params.parsed("link_preview_options")
    if preview is None and params.flag("disable_web_page_preview"):
        preview = {"is_disabled": True}
    if preview:
        content["link_preview_options"] = preview
    return content


def caption_content(telegram: Telegram, params: Params) -> Message:
    """The caption of a message, as its fields; none when it is empty.

    Raises:
        Refusal: it is too long or its markup is wrong.
    """
    formatted = caption(params, strict=telegram.strict)
    if not formatted.text:
        return {}
    content: Message = {"caption": formatted.text}
    if formatted.entities:
        content["caption_entities"] = formatted.entities
    if params.flag("show_caption_above_media"):
        content["show_caption_above_media"] = True
    return content


def file_of(params: Params, name: str) -> Upload | str:
    """The upload, or the id of a file sent before.

    Raises:
        Refusal: neither is there.
    """
    source = params.upload(name) or params.text(name)
    if not source or (isinstance(source, str) and source.startswith("attach://")):
        raise bad_request(f"there is no {name} in the request")
    return source


def post(telegram: Telegram, params: Params, content: Message) -> Message:
    """Put a message into the chat that the call names, with its keyboard.

    Raises:
        Refusal: the keyboard is wrong, the bot may not speak there, or it speaks too fast.
    """
    invoice = "invoice" in content
    markup = read_markup(params, strict=telegram.strict, inline_only=invoice, to_pay=invoice)
    person = telegram.reachable(params)
    head = _reply(telegram, params, person["user"]["id"])
    if params.flag("protect_content"):
        head["has_protected_content"] = True
    telegram.throttle.take(person["user"]["id"])
    inline = {"reply_markup": markup} if markup and "inline_keyboard" in markup else {}
    message = telegram.chats.post(person, {**head, **content, **inline}, by_bot=True)
    if markup and not inline:
        _show_keyboard(telegram, person, markup)
    return message


def _reply(telegram: Telegram, params: Params, chat_id: int) -> Message:
    reply = params.parsed("reply_parameters") or {"message_id": params.integer("reply_to_message_id")}
    if not reply.get("message_id"):
        return {}
    original = telegram.chats.message(chat_id, int(reply["message_id"]))
    if original is None:
        if reply.get("allow_sending_without_reply") or params.flag("allow_sending_without_reply"):
            return {}
        raise bad_request("message to be replied not found")
    return {"reply_to_message": {k: v for k, v in original.items() if k != "reply_to_message"}}


def _show_keyboard(telegram: Telegram, person: Document, markup: Markup) -> None:
    """A reply keyboard belongs to the chat, not to the message that brought it."""
    person["keyboard"] = markup if "keyboard" in markup else None
    telegram.chats.save(person)


METHODS: dict[str, Method] = {
    "sendMessage": send_message,
    "sendPhoto": send_photo,
    "sendDocument": send_document,
}
