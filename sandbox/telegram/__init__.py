"""Telegram: the Bot API over HTTP, the people on the other side of it, and the page where one chats as them."""

from sandbox.telegram.emulator import TelegramEmulator as TelegramEmulator
