"""What a panel is and what its operator should change there."""

import ipaddress
from collections.abc import Iterator, Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from pydantic import Field, TypeAdapter, ValidationError

from backend.kit import clock
from backend.vpn.panels.base import Inbound, PanelFacts
from backend.vpn.panels.xui.client import Client
from backend.vpn.panels.xui.detect import Dialect
from backend.vpn.panels.xui.inbounds import INBOUNDS, OPTIONS, read_inbound
from backend.vpn.panels.xui.wire import Wire

RECOMMENDED = (3, 3, 1)  # before: an update without `id` changed the UUID, and creating failed at times
SKEW = timedelta(seconds=30)


class Xray(Wire):
    state: str = ""
    version: str = ""


class Status(Wire):
    version: str = Field("", alias="panelVersion")
    xray: Xray = Xray()


STATUS: TypeAdapter[Status | None] = TypeAdapter(Status | None)


async def look(client: Client, dialect: Dialect) -> PanelFacts:
    """Ask everything there is to know. Four requests, one of them with every client in it: not for polling."""
    reply = await client.get("panel/api/server/status", label="server/status")
    status = reply.read(STATUS)  # None in the first half minute after the panel's start
    options = (await client.get("panel/api/inbounds/options", label="inbounds/options")).read(OPTIONS)
    wires = (await client.get("panel/api/inbounds/list", label="inbounds/list")).read(INBOUNDS)
    inbounds, notes = [], []
    for each in wires:
        try:
            inbounds.append(read_inbound(each))
        except ValidationError:
            notes.append(f"Inbound {each.id} ({each.remark}) cannot be read; it is left out.")
    skew = reply.date - (clock.now() - clock.offset()) if reply.date else timedelta(0)
    without_vision = frozenset(option.id for option in options if not option.takes_vision)
    notes += [
        *panel_notes(client.url, status, skew),
        *(note for inbound in inbounds for note in inbound_notes(inbound, without_vision)),
        *_for_sale_notes(inbounds),
    ]
    return PanelFacts(dialect, status.version or None if status else None, tuple(inbounds), tuple(notes))


def panel_notes(url: str, status: Status | None, skew: timedelta) -> Iterator[str]:
    """`skew` is how far the panel's clock is ahead of ours: its clock is the one that ends subscriptions."""
    if urlsplit(url).scheme == "http" and not _is_local(urlsplit(url).hostname or ""):
        yield "The panel is reached by plain http: the token travels readable. Give the panel a certificate."
    if abs(skew) > SKEW:
        ahead = "ahead" if skew > timedelta(0) else "behind"
        yield f"The panel's clock is {abs(skew).total_seconds():.0f} s {ahead} of ours: set both by NTP."
    if status is None:
        yield "The panel has just started and does not know its state yet: ask again in a minute."
        return
    if status.xray.state != "running":
        yield f"Xray is not running (state: {status.xray.state or 'unknown'}): nobody can connect."
    version = _numbers(status.version)
    if version and version < RECOMMENDED:
        yield f"3X-UI {status.version} has known faults with clients: update it to 3.3.1 or later."


def inbound_notes(inbound: Inbound, without_vision: frozenset[int]) -> Iterator[str]:
    """What is wrong with one enabled VLESS inbound; of other inbounds nothing, they are not ours."""
    if inbound.protocol != "vless" or not inbound.enabled:
        return
    name = f"Inbound {inbound.id} ({inbound.remark})"
    if inbound.on_node:
        yield f"{name} lives on a node: register that panel as a server of its own."
    if inbound.network == "raw":
        yield f'{name} has network "raw": the panel takes Vision away from its clients. Write "tcp".'
    elif inbound.id in without_vision:
        yield f"{name} cannot carry Vision: it must be VLESS over TCP with REALITY."
    if not inbound.sells_reality:
        return
    if not inbound.min_client_version:
        yield (
            f'{name} has no minClientVer: Xray 26.7 and later then refuse many apps. Set it to "1.8.0"; '
            "it is in effect at once and nobody is cut off."
        )
    if not (inbound.public_key and inbound.server_names):
        yield f"{name} has no public key or no serverNames: its keys cannot work."
    if inbound.host is None:
        yield f"{name} does not say where people connect: set the server's address, or shareAddr in the inbound."


def _for_sale_notes(inbounds: Sequence[Inbound]) -> Iterator[str]:
    if not any(inbound.sells_reality for inbound in inbounds):
        yield "There is no enabled local inbound of VLESS over TCP with REALITY: no key can be made here."


def _numbers(version: str) -> tuple[int, ...]:
    """ "3.6.0" is (3, 6, 0); a development build, "dev+…", has no numbers."""
    parts = version.removeprefix("v").split(".")
    return tuple(int(part) for part in parts) if all(part.isdigit() for part in parts) else ()


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
