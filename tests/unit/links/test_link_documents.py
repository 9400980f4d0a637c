"""The links format against golden documents, the grammar's examples and a strict parser."""

import json
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.links.formats import FORMATS
from backend.links.formats.base import (
    VISION,
    Node,
    Profile,
    Status,
    choose_short_id,
    derive_spider_x,
    name_apart,
    vision_flow,
)
from backend.links.formats.links import render, render_plain, vless_link

USER = "5f2b8c1e-9d34-4c7a-8a61-2e7f0c9b4d10"
ORDER = [
    *("encryption", "flow", "security", "sni", "fp", "alpn", "pbk", "sid", "spx", "pqv", "type", "headerType"),
    *("host", "path", "serviceName", "mode", "authority", "extra"),
]

REALITY = Node(
    uuid=USER,
    host="nl1.vpn.example.net",
    port=443,
    remark="🇳🇱 Нидерланды",
    flow=VISION,
    sni="www.nl-target.example",
    pbk="ffvuusYnd-uMu8elPxY8vo72mgvdWXpM_4ZStgMXQ14",
    sid="6ba85179e30d4fc2",
    spx="/a1f3",
)
TLS = Node(uuid=USER, host="cdn.vpn.example.net", port=443, remark="", security="tls", sni="cdn.vpn.example.net")
CDN = "cdn.vpn.example.net"
EXTRA = '{"xPaddingBytes":"100-1000","xmux":{"maxConcurrency":"16-32"}}'
KEY = "mlkem768x25519plus.native.0rtt.xwf4IdZwDNaIok0nnOA-X9V2kq5awvDCAw2On1sdSzQ"

EXAMPLES = [
    REALITY,
    replace(REALITY, host="2001:db8::10", remark="NL IPv6"),
    replace(REALITY, host="203.0.113.7", remark="NL empty sid & 50%+1", sid="", spx=""),
    replace(REALITY, port=8443, network="xhttp", flow="", path="/p7k2", mode="auto", remark="NL XHTTP"),
    replace(
        REALITY,
        port=8443,
        network="xhttp",
        flow="",
        host_header="www.nl-target.example",
        path="/p7k2",
        mode="stream-one",
        extra=EXTRA,
        remark="NL XHTTP extra",
    ),
    replace(
        REALITY,
        port=8444,
        network="grpc",
        flow="",
        service_name="svc7",
        mode="gun",
        remark="NL gRPC REALITY",
    ),
    replace(TLS, network="ws", alpn="http/1.1", host_header=CDN, path="/ws?ed=2048", remark="CDN WS"),
    replace(
        TLS,
        network="grpc",
        alpn="h2",
        service_name="api.v1.Stream",
        mode="multi",
        authority=CDN,
        remark="CDN gRPC",
    ),
    replace(
        TLS,
        network="xhttp",
        alpn="h2,http/1.1",
        host_header=CDN,
        path="/p7k2",
        mode="packet-up",
        remark="CDN XHTTP",
    ),
    replace(REALITY, encryption=KEY, remark="NL VLESS-encryption"),
]


@dataclass(frozen=True)
class Parsed:
    uuid: str
    host: str
    port: int
    parameters: dict[str, str]
    remark: str


def parse(link: str) -> Parsed:
    """Read a link as the pickiest apps do: ASCII, one `=` a parameter, no `+` and nothing given twice."""
    assert link.isascii()
    scheme, rest = link.split("://")
    body, remark = rest.split("#")
    address, query = body.split("?")
    uuid, at = address.split("@")
    host, port = at.rsplit(":", 1)
    pairs = [parameter.split("=") for parameter in query.split("&")]
    assert scheme == "vless"
    assert "+" not in link
    assert all(len(pair) == 2 and pair[1] for pair in pairs)
    assert len({key for key, _ in pairs}) == len(pairs)
    return Parsed(uuid, host.strip("[]"), int(port), {key: unquote(value) for key, value in pairs}, unquote(remark))


@pytest.mark.parametrize("name", ["default", "single", "strict", "ru-split"])
def test_a_profile_becomes_its_golden_list(name: str, golden: Path, make_profile: Callable[..., Profile]) -> None:
    profile = make_profile(name)

    assert render(profile).encode() == (golden / name / "links.b64").read_bytes()
    assert render_plain(profile) + "\n" == (golden / name / "links.txt").read_text()


@pytest.mark.parametrize("status", [Status.EXPIRED, Status.LIMITED, Status.DISABLED, Status.NONE])
def test_without_a_right_to_connect_an_app_gets_one_link_that_says_why(
    status: Status, golden: Path, make_profile: Callable[..., Profile]
) -> None:
    profile = make_profile(status=status, notice="Подписка истекла 01.12.2026")

    assert render(profile).encode() == (golden / "expired" / "links.b64").read_bytes()
    assert render_plain(profile) + "\n" == (golden / "expired" / "links.txt").read_text()


def test_an_active_profile_without_servers_says_so_too(make_profile: Callable[..., Profile]) -> None:
    profile = make_profile(nodes=(), notice="Ключ готовится")

    assert profile.shown_status is Status.NONE
    assert parse(render_plain(profile)).remark == "Ключ готовится"


def test_the_ten_examples_of_the_grammar_are_written_byte_for_byte(golden: Path) -> None:
    expected = (golden / "examples.txt").read_text().split()

    assert [vless_link(node) for node in EXAMPLES] == expected


def test_a_name_in_another_script_becomes_punycode() -> None:
    link = vless_link(replace(REALITY, host="почта.рф"))

    assert parse(link).host == "xn--80a1acny.xn--p1ai"


@pytest.mark.parametrize(
    ("network", "security", "flow"),
    [
        ("tcp", "reality", VISION),
        ("tcp", "tls", VISION),
        ("tcp", "none", None),
        ("xhttp", "reality", None),
        ("grpc", "reality", None),
        ("ws", "tls", None),
    ],
)
def test_flow_is_written_only_where_vision_can_run(network: str, security: str, flow: str | None) -> None:
    link = vless_link(replace(REALITY, network=network, security=security, flow=VISION))

    assert parse(link).parameters.get("flow") == flow
    assert vision_flow(network, security) == (flow or "")


texts = st.text(min_size=1, max_size=40)
hosts = st.ip_addresses().map(str) | st.from_regex(r"[a-z][a-z0-9]{0,20}\.example", fullmatch=True)
networks = st.sampled_from(["tcp", "xhttp", "ws", "grpc", "httpupgrade"])
optional = st.just("") | texts
nodes = st.builds(
    Node,
    uuid=st.uuids().map(str),
    host=hosts,
    port=st.integers(1, 65535),
    remark=texts,
    network=networks,
    security=st.sampled_from(["reality", "tls", "none"]),
    encryption=texts,
    flow=st.sampled_from(["", VISION]),
    sni=optional,
    fp=optional,
    alpn=optional,
    pbk=optional,
    sid=optional,
    spx=optional,
    pqv=optional,
    path=optional,
    host_header=optional,
    mode=optional,
    service_name=optional,
    authority=optional,
    extra=optional,
)


@given(node=nodes)
def test_whatever_a_node_holds_comes_back_from_its_link(node: Node) -> None:
    parsed = parse(vless_link(node))
    given_values = {
        "encryption": node.encryption,
        "security": node.security,
        "type": node.network,
        "sni": node.sni,
        "fp": node.fp,
        "alpn": node.alpn,
        "pbk": node.pbk,
        "sid": node.sid,
        "spx": node.spx,
        "pqv": node.pqv,
        "path": node.path,
        "host": node.host_header,
        "mode": node.mode,
        "serviceName": node.service_name,
        "authority": node.authority,
        "extra": node.extra,
        "flow": node.flow,
        "headerType": "none",
    }

    assert (parsed.uuid, parsed.host, parsed.port) == (node.uuid, node.host, node.port)
    assert parsed.remark == node.remark
    assert list(parsed.parameters) == sorted(parsed.parameters, key=ORDER.index)
    assert parsed.parameters.items() <= given_values.items()
    assert {"encryption", "security", "type"} <= parsed.parameters.keys()


@given(address=st.ip_addresses(v=6))
def test_only_ipv6_stands_in_brackets(address: IPv6Address) -> None:
    assert f"@[{address}]:443?" in vless_link(replace(REALITY, host=str(address)))
    assert f"@{IPv4Address('203.0.113.7')}:443?" in vless_link(replace(REALITY, host="203.0.113.7"))


@given(remarks=st.lists(st.sampled_from(["NL", "NL 2", "NL  2", "DE", " ", ""]), max_size=9))
def test_no_two_nodes_of_a_document_share_a_name(remarks: list[str]) -> None:
    named = name_apart([replace(REALITY, remark=remark) for remark in remarks])

    names = [node.remark for node in named]
    assert len(set(names)) == len(names) == len(remarks)
    assert all(names)


def test_the_second_node_of_a_name_is_numbered_and_the_first_keeps_it() -> None:
    named = name_apart([replace(REALITY, remark=remark) for remark in ("NL", "NL", "NL 2", "NL")])

    assert [node.remark for node in named] == ["NL", "NL 3", "NL 2", "NL 4"]


def test_two_renders_are_the_same_text(make_profile: Callable[..., Profile]) -> None:
    assert render(make_profile("strict")) == render(make_profile("strict"))


def test_the_crawl_path_is_the_one_a_3x_ui_panel_gives_the_same_subscription() -> None:
    # recorded from 3X-UI 3.6.0: its own link of a client with this subId, spiderX "/" in the inbound
    assert derive_spider_x("/", "k3v9x2m7q4w8z1ab") == "/9ab456cf91f28d0"


@given(sub_id=texts, short_ids=st.lists(st.from_regex(r"[0-9a-f]{16}", fullmatch=True), max_size=5))
def test_a_subscription_keeps_its_short_id(sub_id: str, short_ids: list[str]) -> None:
    chosen = choose_short_id(sub_id, short_ids)

    assert chosen == choose_short_id(sub_id, list(short_ids))
    assert chosen in (short_ids or [""])


def test_short_ids_are_spread_over_subscriptions() -> None:
    short_ids = ["aa", "bb", "cc"]

    assert {choose_short_id(f"sub-{number}", short_ids) for number in range(30)} == set(short_ids)
    assert choose_short_id("k3v9x2m7q4w8z1ab", short_ids) == "cc"  # for ever: links are not to change


def test_info_tells_the_state_and_never_a_key(make_profile: Callable[..., Profile]) -> None:
    profile = make_profile("strict")

    document = FORMATS["info"].render(profile)

    assert json.loads(document) == {
        "status": "active",
        "title": "Лиса VPN",
        "expire": 1799146800,
        "upload": 1000,
        "download": 26843545600,
        "used": 26843546600,
        "total": 107374182400,
        "servers": 4,
    }
    assert USER not in document
    assert profile.web_page_url not in document


def test_info_of_an_unlimited_link_has_zeros(make_profile: Callable[..., Profile]) -> None:
    document = json.loads(FORMATS["info"].render(make_profile(total_bytes=0, expires_at=None)))

    assert (document["total"], document["expire"]) == (0, 0)


def test_the_list_is_base64_of_the_plain_list(make_profile: Callable[..., Profile]) -> None:
    profile = make_profile("strict")

    encoded = FORMATS["links"].render(profile)

    assert b64decode(encoded, validate=True).decode() == FORMATS["plain"].render(profile)
    assert "\n" not in encoded
