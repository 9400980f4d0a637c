"""Which servers keys go to, and what an address of one is. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address

READ_AGAIN, READ_AT_LAST = timedelta(seconds=5), timedelta(minutes=5)
LONGEST_NAME = 253  # characters of a name in the DNS, dots included

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """A server as placing sees it."""

    server_id: int
    weight: int
    retired: bool


def place(servers: Iterable[Place]) -> list[int]:
    """Ids of the servers a subscription has a key on: every one that still takes keys, the weightiest first."""
    open_ones = [server for server in servers if not server.retired]
    return [server.server_id for server in sorted(open_ones, key=lambda s: (-s.weight, s.server_id))]


def unread_pause(failing_for: timedelta) -> timedelta:
    """How long to leave a server alone that could not be read: 5 seconds, then half the time it has been in vain.

    At most 5 minutes.
    """
    return min(max(READ_AGAIN, failing_for / 2), READ_AT_LAST)


def read_host(text: str) -> str:
    """A DNS name in any script, an IPv4, or an IPv6 address, which may stand in brackets and comes back without.

    Raises:
        ValueError: it is none of these.
    """
    bracketed = text.startswith("[") and text.endswith("]")
    host = text[1:-1] if bracketed else text
    if ":" in host and "%" not in host:
        return str(ip_address(host))
    ascii_name = host.encode("idna").decode()
    labels = ascii_name.split(".")
    is_name = all(_LABEL.fullmatch(label) for label in labels) and len(ascii_name) <= LONGEST_NAME
    if bracketed or not is_name:
        raise ValueError(f"{text!r} is no address")
    return str(ip_address(host)) if labels[-1].isdigit() else host


def read_address(text: str) -> tuple[str, int | None]:
    """HOST or HOST:PORT as a person writes them; an IPv6 address with a port stands in brackets.

    Raises:
        ValueError: no host, or no port of 1 to 65535.
    """
    if text.count(":") > 1 and "]:" not in text:
        return read_host(text), None
    host, colon, port = text.rpartition(":") if ":" in text.rpartition("]")[2] else (text, "", "")
    if colon and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError(f"{text!r} has no port")
    return read_host(host), int(port) if colon else None
