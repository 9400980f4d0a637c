"""What people read about their link, on the page and inside VPN apps."""

import math
from datetime import datetime, timedelta

from backend.kit.i18n import NBSP, Translate
from backend.links.formats.base import Status

ENDING = timedelta(days=3)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MEGABYTE = 1024 * 1024  # panels and apps count in powers of two and write MB


def is_ending(status: Status, expires_at: datetime | None, now: datetime) -> bool:
    """Whether an active subscription ends so soon that its owner should be told."""
    return status is Status.ACTIVE and expires_at is not None and expires_at - now <= ENDING


def time_left(t: Translate, expires_at: datetime | None, now: datetime) -> str:
    """ "29 days left": the day and the hour that have begun are counted, so a new week has seven days."""
    if expires_at is None:
        return t("link-no-end")
    left = expires_at - now
    if left > DAY:
        return t("link-days-left", days=math.ceil(left / DAY))
    if left > HOUR:
        return t("link-hours-left", hours=math.ceil(left / HOUR))
    return t("link-minutes-left")


def traffic(t: Translate, used_bytes: int, total_bytes: int) -> str:
    """ "1.2 GB of 100 GB", or the used part alone where there is no limit (total 0)."""
    used = size(t, used_bytes)
    if not total_bytes:
        return t("link-traffic-unlimited", used=used)
    return t("link-traffic-limited", used=used, total=size(t, total_bytes))


def size(t: Translate, count_bytes: int) -> str:
    """Bytes as people read them, one digit after the point below a hundred."""
    number, units = count_bytes / MEGABYTE, ["tb", "gb", "mb"]
    while round(number) >= 1024 and len(units) > 1:
        number /= 1024
        units.pop()
    return t(f"link-size-{units[-1]}", number=round(number, 1 if number < 100 else 0))


def notice(t: Translate, status: Status, expires_at: datetime | None, now: datetime) -> str:
    """The one line an app shows instead of servers. An active link without servers waits for its key."""
    shown = Status.NONE if status is Status.ACTIVE else status
    return t(f"link-notice-{shown}", day=_plain_day(t, expires_at or now, now))


def announcement(t: Translate, status: Status, expires_at: datetime | None, *, now: datetime, url: str) -> str:
    """What apps show above the servers, with the address where it can be mended; empty while all is well."""
    kind = "ending" if is_ending(status, expires_at, now) else status.value
    if kind in {Status.ACTIVE, Status.NONE}:
        return ""
    return t(f"link-announce-{kind}", day=_plain_day(t, expires_at or now, now), url=url)


def _plain_day(t: Translate, at: datetime, now: datetime) -> str:
    """For apps, which may know no space but the common one."""
    return t.day(at, now).replace(NBSP, " ")
