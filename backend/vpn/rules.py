"""Which servers keys go to. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass


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
