"""What a receipt says, and when to tell a registrar again. Pure."""

from datetime import datetime, timedelta

from backend.kit.errors import Conflict
from backend.kit.i18n import translator

LANGUAGE = "ru"  # of receipts, whatever the buyer speaks: they are papers of the tax service

# The first is longer than one attempt can take, so that two never run at once.
_RETRIES = tuple(timedelta(minutes=m) for m in (3, 5, 10, 20, 40, 60))
MISCONFIGURED_RETRY = timedelta(hours=1)


class EmailNeeded(Conflict):
    """A receipt goes by e-mail to whoever pays this way, and this person's is not known."""


class ReceiptAddressUnknown(Conflict):
    """A receipt goes with a part that is given back, and the buyer's e-mail is not known any more."""


def require_email(email: str | None, *, needed: bool) -> None:
    """Raises EmailNeeded."""
    if needed and not email:
        raise EmailNeeded


def item_name(days: int, order: int) -> str:
    """What was sold: "Доступ к сервису, 30 дней, заказ 1042". The order makes a line of the books findable."""
    return translator(LANGUAGE)("receipt-item", days=days, order=str(order))


def unnamed_item() -> str:
    return translator(LANGUAGE)("receipt-item-unnamed")


def next_try(attempts: int, now: datetime) -> datetime:
    """When to tell again, after so many attempts: later each time, at last hourly, for ever."""
    return now + _RETRIES[min(attempts, len(_RETRIES)) - 1] if attempts else now
