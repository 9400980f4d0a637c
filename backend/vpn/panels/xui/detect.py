"""Which 3X-UI answers at an address. The version it reports proves nothing; the routes it has do."""

from enum import StrEnum

from backend.vpn.panels.base import PanelNotRecognized
from backend.vpn.panels.xui.answers import NOWHERE, RouteMissing
from backend.vpn.panels.xui.client import Client


class Dialect(StrEnum):
    CLIENTS = "clients"  # 3.1.0 and later
    INBOUNDS = "inbounds"  # 2.8.4 to 3.0.x


async def detect(client: Client) -> Dialect:
    """Ask for routes that only one dialect has.

    Raises:
        PanelNotRecognized: neither; with our token a 2.x panel, which has none, looks like a wrong address.
        PanelAuthFailed: a panel, but not for us.
        Unavailable: ask again.
    """
    if await _has(client, "panel/api/clients/list/paged?pageSize=1", label="clients/list"):
        return Dialect.CLIENTS
    if await _has(client, "panel/api/inbounds/list", label="inbounds/list"):
        return Dialect.INBOUNDS
    if await _has(client, "csrf-token", label="csrf-token"):
        raise PanelNotRecognized(reason="a 3X-UI without the routes of a known version: update it to 3.3.1 or later")
    raise PanelNotRecognized(reason=NOWHERE)


async def _has(client: Client, route: str, *, label: str) -> bool:
    try:
        reply = await client.get(route, label=label)
    except RouteMissing:
        return False
    if not reply.success:
        raise reply.failure()
    return True
