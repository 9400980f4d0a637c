"""How often one address and one person may log in.

Tokens cannot be guessed, so this only keeps somebody from wearing the shop out. It is counted in the memory of a
process: where several serve, each of them allows as much.
"""

import math
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from backend.kit.errors import TooOften

PERIOD = timedelta(minutes=1)
PER_ADDRESS = 60  # a whole mobile network may stand behind one
PER_PERSON = 10


class LoginsTooOften(TooOften):
    """Too many logins in a minute."""


class Window:
    """At most `most` times in any `period`, for each key."""

    def __init__(self, most: int, period: timedelta) -> None:
        self._most = most
        self._period = period
        self._times: OrderedDict[str, list[datetime]] = OrderedDict()  # the key used last is the last

    def enter(self, key: str, now: datetime) -> timedelta | None:
        """None: counted. Else how long to wait; that is not counted."""
        self._forget(now)
        recent = [at for at in self._times.get(key, []) if now - self._period < at <= now]
        if len(recent) >= self._most:
            return recent[0] + self._period - now
        self._times[key] = [*recent, now]
        self._times.move_to_end(key)
        return None

    def _forget(self, now: datetime) -> None:
        while self._times:
            key = next(iter(self._times))
            if self._times[key][-1] > now - self._period:
                return
            del self._times[key]


@dataclass(frozen=True, slots=True)
class LoginLimits:
    """Counts logins and refreshes.

    Both raise LoginsTooOften.
    """

    _addresses: Window = field(default_factory=lambda: Window(PER_ADDRESS, PERIOD))
    _people: Window = field(default_factory=lambda: Window(PER_PERSON, PERIOD))

    def count_address(self, address: str | None, now: datetime) -> None:
        _refuse(self._addresses.enter(_household(address or ""), now))

    def count_person(self, user_id: int, now: datetime) -> None:
        _refuse(self._people.enter(str(user_id), now))


def _refuse(wait: timedelta | None) -> None:
    if wait is not None:
        raise LoginsTooOften(retry_after_seconds=math.ceil(wait.total_seconds()))


def _household(address: str) -> str:
    """The address; of IPv6 the /64, all of which is one customer's."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else address
