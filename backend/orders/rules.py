"""What a renewal is called; how much goes back for days that were not used, and which days those are. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.subscriptions.rules import DAY

STALE_AFTER = timedelta(days=7)  # what was begun so long before a renewal's charge is not for the same time


def cycle_key(subscription_id: object, until: datetime) -> str:
    """One renewal of one subscription: at most one order has it."""
    return f"{subscription_id}:{until.date().isoformat()}"


@dataclass(frozen=True, slots=True)
class Grant:
    """Days that a source gave and that were not taken back, in the order of the ledger."""

    source_id: str
    days: int


def days_ahead(grants: Sequence[Grant], source_id: str, left: timedelta) -> int:
    """How many whole days of this source are still ahead, when so much time is left altogether.

    Time is used in the order in which it was given: what came last is ahead longest.
    """
    later = 0
    for grant in reversed(grants):
        if grant.source_id == source_id:
            return max(0, min(grant.days, left // DAY - later))
        later += grant.days
    return 0


def days_taken(days: int, amount_minor: int, refunded_minor: int) -> int:
    """How many days of a payment are gone when so much of it has gone back."""
    return days * refunded_minor // amount_minor


def price_of_days(days: int, amount_minor: int, refunded_minor: int, ahead: int) -> int:
    """What goes back for so many days ahead, so that the rule of `days_taken` takes exactly them."""
    gone = days_taken(days, amount_minor, refunded_minor)
    whole = min(days, gone + ahead)
    return max(0, -(-amount_minor * whole // days) - refunded_minor)
