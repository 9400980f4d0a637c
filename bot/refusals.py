"""What people ask for and cannot have: a line in the log and a number, by what it was."""

import structlog
from prometheus_client import Counter

from backend.kit.errors import ShopError

log = structlog.get_logger()

REFUSALS = Counter("shop_bot_refusals_total", "What people asked the bot for and could not have.", ["code"])


def note_refusal(error: ShopError) -> None:
    """Somebody reads a sentence instead of what was asked for."""
    REFUSALS.labels(code=error.code).inc()
    log.warning("bot.refused", code=error.code, **error.details)
