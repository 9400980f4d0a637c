"""Telegram Stars, paid inside the bot. Source: https://core.telegram.org/bots/payments-stars"""

from backend.payments.providers.stars.config import Config
from backend.payments.providers.stars.driver import Stars

__all__ = ["Config", "Stars"]
