"""Inbounds as the panel writes them, and what a document needs of them. Pure.

`settings` and `streamSettings` are objects since 3.1 and strings that hold JSON before. What a client must know of
REALITY the panel keeps in `realitySettings.settings`; the private key beside it is never read here.
"""

import json
from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field, JsonValue, TypeAdapter

from backend.vpn.panels.base import Inbound
from backend.vpn.panels.xui.wire import Wire


def _object(value: object) -> object:
    return json.loads(value or "{}") if isinstance(value, str) else value


def _compact(value: object) -> object:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if isinstance(value, dict) else value


JsonObject = Annotated[dict[str, JsonValue], BeforeValidator(_object)]
JsonText = Annotated[str, BeforeValidator(_compact)]


class RealityLink(Wire):
    public_key: str = Field("", alias="publicKey")
    spider_x: str = Field("", alias="spiderX")
    mldsa65_verify: str = Field("", alias="mldsa65Verify")


class Reality(Wire):
    server_names: tuple[str, ...] = Field((), alias="serverNames")
    short_ids: tuple[str, ...] = Field((), alias="shortIds")
    min_client_version: str = Field("", alias="minClientVer")
    settings: RealityLink = RealityLink()


class Proxy(Wire):
    dest: str = ""
    port: int = 0


class Transport(Wire):
    """Settings of ws, httpupgrade, xhttp or grpc: each has some of these."""

    path: str = ""
    host: str = ""
    mode: str = ""
    extra: JsonText = ""
    service_name: str = Field("", alias="serviceName")
    multi_mode: bool = Field(False, alias="multiMode")


class Stream(Wire):
    network: str = ""
    security: str = ""
    external_proxy: tuple[Proxy, ...] = Field((), alias="externalProxy")
    reality: Reality = Field(Reality(), alias="realitySettings")
    ws: Transport = Field(Transport(), alias="wsSettings")
    httpupgrade: Transport = Field(Transport(), alias="httpupgradeSettings")
    xhttp: Transport = Field(Transport(), alias="xhttpSettings")
    grpc: Transport = Field(Transport(), alias="grpcSettings")

    @property
    def transport(self) -> Transport:
        known = {"ws": self.ws, "httpupgrade": self.httpupgrade, "xhttp": self.xhttp, "grpc": self.grpc}
        return known.get(self.network, Transport())

    @property
    def mode(self) -> str:
        if self.network == "grpc":
            return "multi" if self.grpc.multi_mode else "gun"
        return self.transport.mode


class VlessSettings(Wire):
    encryption: str = "none"


class InboundWire(Wire):
    id: int
    tag: str = ""
    remark: str = ""
    enable: bool = False
    protocol: str = ""
    port: int = 0
    node_id: int = Field(0, alias="nodeId")
    share_strategy: str = Field("", alias="shareAddrStrategy")
    share_address: str = Field("", alias="shareAddr")
    settings: JsonObject = Field(default_factory=dict)
    stream: JsonObject = Field(default_factory=dict, alias="streamSettings")


class Option(Wire):
    """One line of `inbounds/options`: the short list."""

    id: int
    takes_vision: bool = Field(False, alias="tlsFlowCapable")


INBOUNDS = TypeAdapter(tuple[dict[str, JsonValue], ...])  # each is read apart: one may be odd
OPTIONS = TypeAdapter(tuple[Option, ...])


def read_inbound(raw: Mapping[str, JsonValue]) -> Inbound:
    """Only VLESS is read whole; of other protocols, which are not ours, the outline.

    `network` stays as the panel writes it: "raw" is Xray's other name for "tcp", but the panel takes Vision away
    from a client of such an inbound.

    Raises:
        ValueError: an inbound with parts of unexpected types.
    """
    wire = InboundWire.model_validate(raw)
    ours = wire.protocol == "vless"
    stream = Stream.model_validate(wire.stream if ours else {})
    host, port = _address(wire, stream)
    return Inbound(
        id=wire.id,
        tag=wire.tag,
        remark=wire.remark,
        enabled=wire.enable,
        protocol=wire.protocol,
        network=stream.network,
        security=stream.security,
        host=host,
        port=port,
        server_names=stream.reality.server_names,
        short_ids=stream.reality.short_ids,
        public_key=stream.reality.settings.public_key,
        spider_x=stream.reality.settings.spider_x,
        mldsa65_verify=stream.reality.settings.mldsa65_verify,
        encryption=VlessSettings.model_validate(wire.settings).encryption or "none" if ours else "none",
        path=stream.transport.path,
        host_header=stream.transport.host,
        mode=stream.mode,
        service_name=stream.transport.service_name,
        extra=stream.transport.extra,
        min_client_version=stream.reality.min_client_version,
        on_node=wire.node_id != 0,
    )


def _address(wire: InboundWire, stream: Stream) -> tuple[str | None, int]:
    """Where people are to connect, if the panel says so. Its `listen` is where the server listens: not that."""
    proxy = stream.external_proxy[0] if stream.external_proxy else Proxy()
    if proxy.dest:
        return proxy.dest, proxy.port or wire.port
    if wire.share_strategy == "custom" and wire.share_address:
        return wire.share_address, wire.port
    return None, wire.port
