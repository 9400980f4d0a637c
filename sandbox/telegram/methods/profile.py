"""The bot about itself. Source: https://core.telegram.org/bots/api#getme and #setmycommands"""

import re
from typing import Any

from sandbox.telegram.methods.call import Method
from sandbox.telegram.params import Params
from sandbox.telegram.profile import Command
from sandbox.telegram.refusal import bad_request
from sandbox.telegram.state import Telegram
from sandbox.telegram.utf16 import units

MOST_COMMANDS = 100
LIMITS = {"name": 64, "description": 512, "short_description": 120}
ABILITIES = {
    "can_join_groups": True,
    "can_read_all_group_messages": False,
    "supports_inline_queries": False,
    "can_connect_to_business": False,
    "has_main_web_app": False,
}


async def get_me(telegram: Telegram, params: Params) -> dict[str, Any]:
    return {**telegram.bot, **ABILITIES}


async def leave(telegram: Telegram, params: Params) -> bool:
    """logOut and close: there is no second server to move to."""
    return True


async def set_my_commands(telegram: Telegram, params: Params) -> bool:
    commands = params.parsed("commands") or []
    if not isinstance(commands, list):
        raise bad_request("expected an Array of BotCommand")
    if len(commands) > MOST_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    checked = [_command(command) for command in commands]
    telegram.profile.set_commands(_scope(params), _language(params), checked)
    telegram.feed.add("profile")
    return True


async def get_my_commands(telegram: Telegram, params: Params) -> list[Command]:
    return telegram.profile.commands(_scope(params), _language(params))


async def delete_my_commands(telegram: Telegram, params: Params) -> bool:
    telegram.profile.set_commands(_scope(params), _language(params), [])
    telegram.feed.add("profile")
    return True


def text_methods(kind: str) -> tuple[Method, Method]:
    """The setter and the getter of one text about the bot."""

    async def set_text(telegram: Telegram, params: Params) -> bool:
        text = params.text(kind)
        if units(text) > LIMITS[kind]:
            raise bad_request(f"bot {kind.replace('_', ' ')} is too long")
        telegram.profile.set_text(kind, _language(params), text)
        telegram.feed.add("profile")
        return True

    async def get_text(telegram: Telegram, params: Params) -> dict[str, str]:
        return {kind: telegram.profile.text(kind, _language(params))}

    return set_text, get_text


async def set_chat_menu_button(telegram: Telegram, params: Params) -> bool:
    button = params.parsed("menu_button") or {"type": "default"}
    if not isinstance(button, dict) or button.get("type") not in ("commands", "web_app", "default"):
        raise bad_request("can't parse menu button: unsupported type")
    telegram.profile.set_menu_button(params.integer("chat_id"), button)
    telegram.feed.add("profile")
    return True


async def get_chat_menu_button(telegram: Telegram, params: Params) -> dict[str, Any]:
    return telegram.profile.menu_button(params.integer("chat_id"))


def _command(command: Any) -> Command:
    if not isinstance(command, dict):
        raise bad_request("can't parse BotCommand: expected an Object")
    name, description = str(command.get("command", "")), str(command.get("description", ""))
    if not re.fullmatch(r"/?[a-z0-9_]{1,32}", name):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 1 <= units(description) <= 256:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": name.removeprefix("/"), "description": description}


def _scope(params: Params) -> str:
    scope = params.parsed("scope") or {}
    kind = str(scope.get("type", "default"))
    return f"chat/{scope['chat_id']}" if kind == "chat" else kind


def _language(params: Params) -> str:
    language = params.text("language_code")
    if not re.fullmatch(r"([a-z]{2})?", language):
        raise bad_request("invalid language code specified")
    return language


set_my_name, get_my_name = text_methods("name")
set_my_description, get_my_description = text_methods("description")
set_my_short_description, get_my_short_description = text_methods("short_description")

METHODS: dict[str, Method] = {
    "getMe": get_me,
    "logOut": leave,
    "close": leave,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "setMyName": set_my_name,
    "getMyName": get_my_name,
    "setMyDescription": set_my_description,
    "getMyDescription": get_my_description,
    "setMyShortDescription": set_my_short_description,
    "getMyShortDescription": get_my_short_description,
    "setChatMenuButton": set_chat_menu_button,
    "getChatMenuButton": get_chat_menu_button,
}
