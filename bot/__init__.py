"""The Telegram face: screens only, no rules."""
