"""Clients as the panel writes them: what it returns, what it takes, and whether a key is as it should be. Pure.

Numbers are integers, always: the panel's decoder refuses 1.0. Times are Unix milliseconds, sizes bytes (also in
the field `totalGB`), and 0 is "no limit".
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, model_validator

from backend.vpn.panels.base import KeySpec, PanelKey, Usage

VISION = "xtls-rprx-vision"  # the panel drops it for inbounds that cannot have it
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
LATEST = 253_402_300_799_999  # the last millisecond that a datetime can hold


class Wire(BaseModel):
    """Something the panel returns. A null is what it is in Go: the zero value."""

    model_config = ConfigDict(populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, value: object) -> object:
        if isinstance(value, dict):
            return {key: entry for key, entry in value.items() if entry is not None}
        return value


class Record(Wire):
    """A client as `clients/get` returns it, with every field, also those that only newer panels have."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)

    email: str
    uuid: str = ""
    sub_id: str = Field("", alias="subId")
    flow: str = ""
    limit_ip: int = Field(0, alias="limitIp")
    total_bytes: int = Field(0, alias="totalGB")
    expiry_ms: int = Field(0, alias="expiryTime")
    enable: bool = False
    reset: int = 0


class Found(Wire):
    """The answer of `clients/get/{email}`. `used_bytes` is 0 before 3.3.1."""

    client: Record
    inbound_ids: frozenset[int] = Field(frozenset(), alias="inboundIds")
    used_bytes: int = Field(0, alias="usedTraffic")


class Traffic(Wire):
    up: int = 0
    down: int = 0
    last_online_ms: int = Field(0, alias="lastOnline")


class Item(Wire):
    """One line of `clients/list/paged`: no UUID."""

    email: str
    sub_id: str = Field("", alias="subId")
    enable: bool = False
    total_bytes: int = Field(0, alias="totalGB")
    expiry_ms: int = Field(0, alias="expiryTime")
    inbound_ids: frozenset[int] = Field(frozenset(), alias="inboundIds")
    traffic: Traffic = Traffic()


class Page(Wire):
    items: tuple[Item, ...] = ()
    filtered: int | None = None  # how many there are on all pages


FOUND = TypeAdapter(Found)
PAGE = TypeAdapter(Page)


def to_ms(moment: datetime | None) -> int:
    """None, "never", is 0.

    Raises:
        ValueError: a naive time, or one that would read as "never": a bug in the caller.
    """
    if moment is None:
        return 0
    ms = (moment - EPOCH) // MILLISECOND
    if ms <= 0:
        raise ValueError(f"a key cannot end at {moment}: the panel reads 0 as never")
    return ms


def from_ms(ms: int) -> datetime | None:
    """0 is never. Negative, a duration that starts with the first traffic, has no end yet either."""
    return EPOCH + min(ms, LATEST) * MILLISECOND if ms > 0 else None


def new_client(spec: KeySpec) -> dict[str, JsonValue]:
    """The body of `clients/add`. The panel creates every client enabled, whatever `enable` says."""
    return {**_ours(spec), "tgId": 0, "group": "", "comment": spec.comment}


def changed_client(record: Record, spec: KeySpec) -> dict[str, JsonValue]:
    """The body of `clients/update`, which replaces everything: what is missing becomes zero.

    So each field that is not ours goes back as it came, the administrator's comment and group among them. A
    record is not a body, though: it calls the UUID `uuid` and has its row number in `id`, and it joins the
    WireGuard addresses with commas where a body has a list.
    """
    kept: dict[str, JsonValue] = record.model_dump(by_alias=True)
    for key in ("uuid", "updatedAt"):
        kept.pop(key, None)
    if created := kept.pop("createdAt", None):
        kept["created_at"] = created
    addresses = kept.pop("allowedIPs", None)
    if isinstance(addresses, str) and addresses:
        kept["allowedIPs"] = [part.strip() for part in addresses.split(",")]
    return {**kept, **_ours(spec)}


def _ours(spec: KeySpec) -> dict[str, JsonValue]:
    return {
        "id": str(spec.uuid),
        "email": spec.email,
        "subId": spec.sub_id,
        "flow": VISION,
        "limitIp": spec.device_limit,
        "totalGB": spec.traffic_limit_bytes,
        "expiryTime": to_ms(spec.expires_at),
        "enable": spec.enabled,
        "reset": 0,  # days after which the panel would renew a client by itself, for nothing
    }


def disagreements(found: Found | None, spec: KeySpec, inbound_ids: Collection[int], now: datetime) -> frozenset[str]:
    """What of a key is not as `spec` wants it, by the panel's names; empty: all is well.

    A key that is to be on but that the panel itself has switched off, since its time or traffic is used up, is
    as it should be.
    """
    if found is None:
        return frozenset({"client"})
    client = found.client
    pairs = {
        "uuid": (client.uuid.lower(), str(spec.uuid)),
        "subId": (client.sub_id, spec.sub_id),
        "flow": (client.flow, VISION),
        "limitIp": (client.limit_ip, spec.device_limit),
        "totalGB": (client.total_bytes, spec.traffic_limit_bytes),
        "expiryTime": (client.expiry_ms, to_ms(spec.expires_at)),
        "enable": (client.enable or (spec.enabled and is_spent(found, now)), spec.enabled),
        "reset": (client.reset, 0),
        "inboundIds": (found.inbound_ids, frozenset(inbound_ids)),
    }
    return frozenset(name for name, (has, wanted) in pairs.items() if has != wanted)


def is_spent(found: Found, now: datetime) -> bool:
    """Whether the panel's own job switches this client off every few seconds."""
    client = found.client
    expired = 0 < client.expiry_ms <= to_ms(now)
    return expired or 0 < client.total_bytes <= found.used_bytes


def key_of(item: Item) -> PanelKey:
    return PanelKey(
        email=item.email,
        uuid=None,
        sub_id=item.sub_id,
        expires_at=from_ms(item.expiry_ms),
        enabled=item.enable,
        traffic_limit_bytes=item.total_bytes,
        inbound_ids=tuple(sorted(item.inbound_ids)),
    )


def usage_of(item: Item) -> Usage:
    return Usage(item.traffic.up, item.traffic.down, from_ms(item.traffic.last_online_ms))
