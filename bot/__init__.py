"""The Telegram face: screens only, no rules."""

from bot.lean import import_aiogram

import_aiogram()  # before anything else does, in full
