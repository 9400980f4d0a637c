"""Answers to taps, "typing…", and what the bot may ask about a chat or a file."""

from typing import Any

from sandbox.telegram.chats import private_chat
from sandbox.telegram.files import DOWNLOAD_LIMIT
from sandbox.telegram.methods.call import Method
from sandbox.telegram.params import Params
from sandbox.telegram.refusal import bad_request
from sandbox.telegram.state import Telegram
from sandbox.telegram.utf16 import units

ANSWER_LIMIT = 200
ACTIONS = frozenset(
    {
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)
NO_GIFTS = {
    "unlimited_gifts": False,
    "limited_gifts": False,
    "unique_gifts": False,
    "premium_subscription": False,
    "gifts_from_channels": False,
}


async def answer_callback_query(telegram: Telegram, params: Params) -> bool:
    text, url = params.text("text"), params.text("url")
    if units(text) > ANSWER_LIMIT:
        raise bad_request("MESSAGE_TOO_LONG")
    if url and not _opens_this_bot(telegram, url):
        raise bad_request("URL_INVALID")
    answer = {"text": text, "show_alert": params.flag("show_alert"), "url": url or None}
    telegram.queries.answer(params.text("callback_query_id"), answer)
    return True


async def send_chat_action(telegram: Telegram, params: Params) -> bool:
    action = params.text("action").lower()
    if action not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    person = telegram.reachable(params)
    telegram.feed.add("action", person["user"]["id"], action=action)
    return True


async def get_chat(telegram: Telegram, params: Params) -> dict[str, Any]:
    return {
        **private_chat(telegram.person(params)["user"]),
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": NO_GIFTS,
    }


async def get_chat_member(telegram: Telegram, params: Params) -> dict[str, Any]:
    """A private chat has two members: the person and the bot."""
    person = telegram.person(params)
    user_id = params.integer("user_id")
    if user_id == person["user"]["id"]:
        return {"user": person["user"], "status": "member"}
    if user_id == telegram.bot["id"]:
        kicked = {"user": telegram.bot, "status": "kicked", "until_date": 0}
        return kicked if person["blocked"] else {"user": telegram.bot, "status": "member"}
    raise bad_request("PARTICIPANT_ID_INVALID")


async def get_file(telegram: Telegram, params: Params) -> dict[str, Any]:
    known = telegram.files.find(params.text("file_id"))
    if known is None:
        raise bad_request("invalid file_id")
    file = known["file"]
    if file["file_size"] > DOWNLOAD_LIMIT:
        raise bad_request("file is too big")
    facts = {name: file[name] for name in ("file_id", "file_unique_id", "file_size")}
    return {**facts, "file_path": known["path"]}


def _opens_this_bot(telegram: Telegram, url: str) -> bool:
    username = telegram.bot["username"]
    places = (f"https://t.me/{username}", f"t.me/{username}", f"{telegram.world.public_url}/chat")
    return url.startswith(places)


METHODS: dict[str, Method] = {
    "answerCallbackQuery": answer_callback_query,
    "sendChatAction": send_chat_action,
    "getChat": get_chat,
    "getChatMember": get_chat_member,
    "getFile": get_file,
}
