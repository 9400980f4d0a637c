"""The arithmetic of time. A day is 24 hours. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from backend.vpn.panels.base import KeySpec, PanelKey

DAY = timedelta(hours=24)
ENDING_WITHIN = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger: days given (or taken back, when negative) at a moment."""

    days: int
    at: datetime


def replay(entries: Iterable[Entry]) -> datetime | None:
    """Until when a ledger pays, folding its entries in the given order (of `at`, then of writing).

    Giving n days at t makes it max(t, until) + n days: paid early, nothing is lost; lapsed, nobody pays for days
    he could not use. Taking n days back at t makes it max(t, until - n days) while it runs, and changes nothing
    after the end. An empty ledger, and taking back from nothing, give None.
    """
    until: datetime | None = None
    for entry in entries:
        if entry.days > 0:
            until = max(entry.at, until or entry.at) + entry.days * DAY
        elif until is not None and until > entry.at:
            until = max(entry.at, until + entry.days * DAY)
    return until


class Standing(StrEnum):
    """Where somebody stands with the shop."""

    NOTHING = "nothing"
    ACTIVE = "active"
    ENDING = "ending"
    ENDED = "ended"


def standing(paid_until: datetime | None, now: datetime) -> Standing:
    if paid_until is None:
        return Standing.NOTHING
    if paid_until <= now:
        return Standing.ENDED
    return Standing.ENDING if paid_until - now <= ENDING_WITHIN else Standing.ACTIVE


def days_left(paid_until: datetime, now: datetime) -> int:
    """Whole days still ahead, the begun one counted: 1 in the last 24 hours, 0 after the end."""
    return max(0, -((now - paid_until) // DAY))


def backoff(attempts: int) -> timedelta:
    """How long to leave a key alone after so many failures in a row: 2 s, doubling, at most 5 minutes."""
    return timedelta(seconds=min(2 ** min(attempts, 9), 300))


def drifted(wanted: KeySpec, there: PanelKey | None, inbound_ids: Collection[int], now: datetime) -> bool:
    """Whether a panel's key is another than it should be, so that somebody can use less than he paid for, or more.

    One that is not to be used may be missing, or have any values: panels switch off by themselves what has ended.
    """
    if not wanted.enabled:
        return there is not None and there.enabled and (there.expires_at is None or there.expires_at > now)
    return (
        there is None
        or not there.enabled
        or there.uuid not in (None, str(wanted.uuid))
        or set(there.inbound_ids) != set(inbound_ids)
        or (there.sub_id, there.expires_at, there.traffic_limit_bytes)
        != (wanted.sub_id, wanted.expires_at, wanted.traffic_limit_bytes)
    )
