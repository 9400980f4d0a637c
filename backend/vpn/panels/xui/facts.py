"""What a panel is and what its operator should change there."""

import ipaddress
from collections.abc import Iterator, Mapping
from datetime import timedelta
from urllib.parse import urlsplit

import structlog
from pydantic import Field, TypeAdapter

from backend.kit import clock
from backend.vpn.panels.base import Inbound, PanelFacts
from backend.vpn.panels.xui.client import Client
from backend.vpn.panels.xui.detect import Dialect
from backend.vpn.panels.xui.inbounds import INBOUNDS, OPTIONS, read_inbound
from backend.vpn.panels.xui.notes import Note
from backend.vpn.panels.xui.wire import Wire

log = structlog.get_logger()

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
    """Ask everything there is to know. Three requests, one of them with every client in it: not for polling.

    Which inbound a note is about, and by how much, is in the log.
    """
    reply = await client.get("panel/api/server/status", label="server/status")
    status = reply.read(STATUS)  # None in the first half minute after the panel's start
    options = (await client.get("panel/api/inbounds/options", label="inbounds/options")).read(OPTIONS)
    raws = (await client.get("panel/api/inbounds/list", label="inbounds/list")).read(INBOUNDS)
    skew = reply.date - (clock.now() - clock.offset()) if reply.date else timedelta(0)
    without_vision = frozenset(option.id for option in options if not option.takes_vision)
    version, core = (status.version or None, status.xray.state) if status else (None, None)

    panel = {"version": version, "core": core, "skew_seconds": round(skew.total_seconds())}
    inbounds: list[Inbound] = []
    found: list[tuple[str, Mapping[str, object]]] = [(note, {}) for note in client.notes]
    found += [(note, panel) for note in panel_notes(client.url, status, skew)]
    for raw in raws:
        try:
            inbounds.append(inbound := read_inbound(raw))
        except ValueError:
            found.append((Note.INBOUND_UNREADABLE, {"inbound": raw.get("id")}))
            continue
        found += [(note, {"inbound": inbound.id}) for note in inbound_notes(inbound, without_vision)]
    if not any(inbound.sells_reality for inbound in inbounds):
        found.append((Note.NO_INBOUND_TO_SELL, {}))
    for note, where in found:
        log.info("panel.note", note=str(note), **where)
    return PanelFacts(dialect, version, tuple(inbounds), tuple(dict.fromkeys(str(note) for note, _ in found)))


def panel_notes(url: str, status: Status | None, skew: timedelta) -> Iterator[Note]:
    """`skew` is how far the panel's clock is ahead of ours: its clock is the one that ends subscriptions."""
    if urlsplit(url).scheme == "http" and not _is_local(urlsplit(url).hostname or ""):
        yield Note.PLAIN_HTTP
    if abs(skew) > SKEW:
        yield Note.CLOCK_SKEW
    if status is None:
        yield Note.PANEL_JUST_STARTED
        return
    if status.xray.state != "running":
        yield Note.CORE_NOT_RUNNING
    version = _numbers(status.version)
    if version and version < RECOMMENDED:
        yield Note.PANEL_OUTDATED


def inbound_notes(inbound: Inbound, without_vision: frozenset[int]) -> Iterator[Note]:
    """What is wrong with one enabled VLESS inbound; of other inbounds nothing, they are not ours."""
    if inbound.protocol != "vless" or not inbound.enabled:
        return
    if inbound.on_node:
        yield Note.INBOUND_ON_NODE
    if inbound.network == "raw":  # the panel takes Vision away from its clients
        yield Note.INBOUND_NETWORK_RAW
    elif inbound.id in without_vision:
        yield Note.INBOUND_WITHOUT_VISION
    if not inbound.sells_reality:
        return
    if not inbound.min_client_version:
        yield Note.MIN_CLIENT_VERSION_MISSING
    if not (inbound.public_key and inbound.server_names):
        yield Note.INBOUND_INCOMPLETE
    if inbound.host is None:
        yield Note.INBOUND_ADDRESS_MISSING


def _numbers(version: str) -> tuple[int, ...]:
    """ "3.6.0" is (3, 6, 0); a development build, "dev+…", has no numbers."""
    parts = version.removeprefix("v").split(".")
    return tuple(int(part) for part in parts) if all(part.isdigit() for part in parts) else ()


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
