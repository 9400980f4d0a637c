"""What a panel is: the software on a server that manages its keys.

A driver speaks HTTP and nothing else. It raises `Unavailable` (try again) or `Refused` (somebody must look) and
never answers half a success. One write at a time per panel is the caller's duty.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Protocol
from uuid import UUID

from backend.kit.errors import Refused


class PanelAuthFailed(Refused):
    """The panel does not accept our token or password."""


class PanelNotRecognized(Refused):
    """What answers there is not a panel we know: check address, base path and version."""


class PanelRefused(Refused):
    """The panel answered no."""


@dataclass(frozen=True, slots=True)
class KeySpec:
    """The whole wanted state of one key. Absolute values only, so that sending it twice is sending it once.

    Args:
        email: the panel's name for the key, chosen once by us.
        expires_at: aware UTC in whole milliseconds; None: never.
        device_limit: devices at a time; 0: no limit.
        traffic_limit_bytes: 0: no limit.
        previous_uuid: the UUID last applied there, where the panel finds a key by it.
    """

    email: str
    uuid: UUID
    sub_id: str
    expires_at: datetime | None
    enabled: bool
    device_limit: int = 0
    traffic_limit_bytes: int = 0
    comment: str = ""
    previous_uuid: UUID | None = None


@dataclass(frozen=True, slots=True)
class PanelKey:
    """A key as the panel has it."""

    email: str
    uuid: str | None  # None: the list of this panel does not tell
    sub_id: str
    expires_at: datetime | None
    enabled: bool
    traffic_limit_bytes: int
    inbound_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Usage:
    """Traffic of one key since its counter was reset, in bytes."""

    upload_bytes: int
    download_bytes: int
    last_online: datetime | None = None


@dataclass(frozen=True, slots=True)
class Inbound:
    """One inbound of a panel with what a document needs of it (client-side values only, no private key).

    `host` and `port` are what the panel says people should connect to; host None: the panel does not say.
    """

    id: int
    tag: str
    remark: str
    enabled: bool
    protocol: str
    network: str
    security: str
    host: str | None
    port: int
    server_names: tuple[str, ...] = ()
    short_ids: tuple[str, ...] = ()
    public_key: str = ""
    spider_x: str = ""
    mldsa65_verify: str = ""
    encryption: str = "none"
    path: str = ""
    host_header: str = ""
    mode: str = ""
    service_name: str = ""
    extra: str = ""
    min_client_version: str = ""
    on_node: bool = False  # lives on another machine than the panel

    @property
    def holds_keys(self) -> bool:
        """Whether a VLESS key can work here: on this machine, and enabled."""
        return self.enabled and not self.on_node and self.protocol == "vless"

    @property
    def sells_reality(self) -> bool:
        """Whether keys of this product can live here: VLESS over TCP with REALITY."""
        return self.holds_keys and (self.network, self.security) == ("tcp", "reality")


@dataclass(frozen=True, slots=True)
class PanelFacts:
    """What answers at a panel's address."""

    dialect: str
    version: str | None
    inbounds: tuple[Inbound, ...]
    notes: tuple[str, ...] = ()  # what the operator should change there: ids of texts, `note-<id>`


@dataclass(frozen=True, slots=True)
class PanelAccess:
    """How to reach a panel. Token, or user and password where the panel has no tokens."""

    url: str
    token: str | None = field(default=None, repr=False)
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    verify_tls: bool = True


class Panel(Protocol):
    """One panel. Implementations are built by `PANELS[id](access)`."""

    id: ClassVar[str]  # stored with every server: never rename

    async def put(self, spec: KeySpec, inbound_ids: Sequence[int]) -> None:
        """Make the panel's key agree with `spec` on exactly these inbounds: created, changed or left alone.

        Returns only when the panel was read back and agrees. Safe to repeat after any failure.

        Raises:
            Unavailable: no usable answer; it may have had an effect.
            Refused: the panel will not.
        """

    async def drop(self, email: str, inbound_ids: Sequence[int]) -> None:
        """Remove a key; one that is not there is success."""

    async def list(self) -> Sequence[PanelKey]:
        """Every key of the panel, ours or not."""

    async def usage(self) -> Mapping[str, Usage]:
        """Traffic by email."""

    async def probe(self) -> PanelFacts:
        """Dialect, version and inbounds: whether we can work here."""

    async def aclose(self) -> None:
        """Close connections."""
