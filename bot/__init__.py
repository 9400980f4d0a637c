"""The Telegram face: screens only, no rules."""

from bot.lean import import_lean

import_lean("aiogram")  # before anything else does, in full
