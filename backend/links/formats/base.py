"""What every document of a link is made of: nodes and the state of the subscription. Pure.

Source: docs of XTLS (VLESS share link, discussion #716) and of 3X-UI for the two derived REALITY values.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

VISION = "xtls-rprx-vision"


class Status(StrEnum):
    """Why a document carries nodes, or why it does not."""

    ACTIVE = "active"
    EXPIRED = "expired"
    LIMITED = "limited"  # the traffic of the plan is used up
    DISABLED = "disabled"  # switched off by an operator
    NONE = "none"  # nothing to connect to yet: no server has the key so far


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One endpoint as a document shows it. An empty string means "not there".

    `host` is a DNS name (any script), an IPv4 or a bare IPv6 address; `network` is tcp, xhttp, ws, grpc or
    httpupgrade; `security` is reality, tls or none; `extra` is compact JSON of an xhttp transport.
    """

    uuid: str
    host: str
    port: int
    remark: str
    network: str = "tcp"
    security: str = "reality"
    encryption: str = "none"
    flow: str = ""
    sni: str = ""
    fp: str = "chrome"
    alpn: str = ""
    pbk: str = ""
    sid: str = ""
    spx: str = ""
    pqv: str = ""
    path: str = ""
    host_header: str = ""
    mode: str = ""
    service_name: str = ""
    authority: str = ""
    extra: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One link: whose it is, what it gives, until when.

    `notice` is the one line an app shows instead of servers while there are none. Bytes count from the start
    of the period; `total_bytes` 0 means unlimited, `expires_at` None means without an end.
    """

    title: str
    status: Status
    web_page_url: str  # https://HOST/sub/<token>: the link itself
    notice: str
    nodes: tuple[Node, ...] = ()
    upload_bytes: int = 0
    download_bytes: int = 0
    total_bytes: int = 0
    expires_at: datetime | None = None
    support_url: str = ""
    announce: str = ""
    announce_url: str = ""
    update_interval_hours: int = 12

    @property
    def used_bytes(self) -> int:
        return self.upload_bytes + self.download_bytes

    @property
    def expire_seconds(self) -> int:
        """The end as whole Unix seconds; 0 for a subscription without an end."""
        return int(self.expires_at.timestamp()) if self.expires_at else 0

    @property
    def shown_status(self) -> Status:
        """The status as people see it: active with no server is not active."""
        return Status.NONE if self.status is Status.ACTIVE and not self.nodes else self.status

    @property
    def shown_nodes(self) -> tuple[Node, ...]:
        """What every format lists, in this order and under these names; empty unless active."""
        return name_apart(self.nodes) if self.status is Status.ACTIVE else ()


def name_apart(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """The same nodes, each with a remark of its own: "A", "A 2", "A 3".

    Apps merge nodes of one name and mihomo refuses the whole document. An empty remark becomes the host.
    """
    wanted = [" ".join(node.remark.split()) or node.host for node in nodes]
    used: set[str] = set()
    named = []
    for node, remark in zip(nodes, wanted, strict=True):
        name, number = remark, 1
        while name in used or (number > 1 and name in wanted):
            number += 1
            name = f"{remark} {number}"
        used.add(name)
        named.append(replace(node, remark=name))
    return tuple(named)


def vision_flow(network: str, security: str) -> str:
    """The flow of a key on this transport; empty where Vision cannot run and a flow resets the connection."""
    return VISION if network == "tcp" and security in {"reality", "tls"} else ""


def choose_short_id(sub_id: str, short_ids: Sequence[str]) -> str:
    """One short id of the inbound, always the same for the same subscription; empty if there is none."""
    if not short_ids:
        return ""
    return short_ids[int(sha256(sub_id.encode()).hexdigest(), 16) % len(short_ids)]


def derive_spider_x(spider_x: str, sub_id: str) -> str:
    """The crawl path of one subscription, as 3X-UI 3.5 and later derive it from the inbound's `spiderX`."""
    return "/" + sha256(f"{spider_x}|{sub_id}".encode()).hexdigest()[:15]
