"""Inbounds as the panel writes them."""

import json
from typing import Any

import pytest

from backend.vpn.panels.base import Inbound
from backend.vpn.panels.xui.inbounds import INBOUNDS, read_inbound
from tests.unit.vpn.recorded import obj


def inbound(**changes: Any) -> Inbound:
    """The recorded one with other parts; `stream` is laid over its streamSettings."""
    raw = json.loads(json.dumps(obj("inbounds")[0]))
    raw["streamSettings"].update(changes.pop("stream", {}))
    return read_inbound({**raw, **changes})


def test_the_inbound_of_a_real_panel_is_read() -> None:
    assert inbound() == Inbound(
        id=1,
        tag="in-443-tcp",
        remark="NL-1",
        enabled=True,
        protocol="vless",
        network="tcp",
        security="reality",
        host="203.0.113.10",
        port=443,
        server_names=("www.nvidia.com",),
        short_ids=("6ba85179e30d4fc2",),
        public_key="Z84J2IelR9ch3k8VtlVhhs5ycBUlXA7wHBWcBrjqnAw",
        spider_x="/",
    )
    assert inbound().sells_reality


def test_older_panels_write_the_same_in_strings() -> None:
    (wire,) = INBOUNDS.validate_python(obj("inbounds as strings"))

    old = read_inbound(wire)

    assert isinstance(obj("inbounds as strings")[0]["streamSettings"], str)
    assert (old.network, old.security, old.public_key) == ("tcp", "reality", inbound().public_key)
    assert old.host is None


@pytest.mark.parametrize(
    ("changes", "address"),
    [
        ({"shareAddrStrategy": "node", "shareAddr": "203.0.113.10"}, (None, 443)),
        ({"shareAddrStrategy": "listen", "listen": "198.51.100.1", "shareAddr": ""}, (None, 443)),
        ({"shareAddrStrategy": "custom", "shareAddr": ""}, (None, 443)),
        ({"shareAddrStrategy": "custom", "shareAddr": "vpn.example.com"}, ("vpn.example.com", 443)),
        ({"stream": {"externalProxy": [{"dest": "cdn.example.com", "port": 8443}]}}, ("cdn.example.com", 8443)),
        ({"stream": {"externalProxy": [{"dest": "cdn.example.com"}]}}, ("cdn.example.com", 443)),
        ({"stream": {"externalProxy": [{"dest": "", "port": 8443}]}}, ("203.0.113.10", 443)),
        ({"stream": {"externalProxy": None}}, ("203.0.113.10", 443)),
    ],
)
def test_people_connect_where_the_panel_says_and_never_where_it_listens(
    changes: dict[str, Any], address: tuple[str | None, int]
) -> None:
    read = inbound(**changes)

    assert (read.host, read.port) == address


@pytest.mark.parametrize(
    "changes",
    [
        {"enable": False},
        {"nodeId": 3},
        {"protocol": "trojan"},
        {"stream": {"network": "raw"}},
        {"stream": {"network": "xhttp"}},
        {"stream": {"security": "tls"}},
    ],
)
def test_keys_are_sold_only_where_vision_over_reality_works(changes: dict[str, Any]) -> None:
    assert not inbound(**changes).sells_reality


def test_values_of_the_other_transports_are_read() -> None:
    xhttp = inbound(
        stream={
            "network": "xhttp",
            "xhttpSettings": {"path": "/p", "host": "h.example.com", "mode": "auto", "extra": {"xmux": {"a": 1}}},
        }
    )
    grpc = inbound(stream={"network": "grpc", "grpcSettings": {"serviceName": "s", "multiMode": True}})
    ws = inbound(stream={"network": "ws", "wsSettings": {"path": "/w", "host": "w.example.com"}})

    assert (xhttp.path, xhttp.host_header, xhttp.mode) == ("/p", "h.example.com", "auto")
    assert xhttp.extra == '{"xmux":{"a":1}}'
    assert (grpc.service_name, grpc.mode) == ("s", "multi")
    assert (ws.path, ws.host_header, ws.mode) == ("/w", "w.example.com", "")


def test_the_private_key_stays_in_the_panel() -> None:
    assert "<x25519-private-key>" in json.dumps(obj("inbounds"))
    assert "<x25519-private-key>" not in repr(inbound())


def test_an_inbound_of_another_protocol_may_look_as_it_likes() -> None:
    other = inbound(protocol="wireguard", settings={"encryption": ["?"]}, stream={"network": {"odd": 1}})

    assert (other.protocol, other.network, other.security) == ("wireguard", "", "")


def test_empty_and_missing_parts_are_empty() -> None:
    raw = {"id": 7, "protocol": "vless", "settings": "", "streamSettings": None, "port": 1}

    assert read_inbound(raw) == Inbound(7, "", "", False, "vless", "", "", None, 1)
