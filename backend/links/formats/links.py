"""The format that every app reads: one `vless://` link a line, the whole list in base64.

Source: https://github.com/XTLS/Xray-core/discussions/716
"""

from base64 import b64encode
from ipaddress import IPv6Address
from urllib.parse import quote

from backend.links.formats.base import Node, Profile, vision_flow

Parameters = list[tuple[str, str]]


def render(profile: Profile) -> str:
    """The list in base64, on one line."""
    return b64encode(render_plain(profile).encode()).decode()


def render_plain(profile: Profile) -> str:
    """The list as text, no newline at the end; one link that says why when there is nothing to list."""
    links = [vless_link(node) for node in profile.shown_nodes]
    return "\n".join(links) or _informational_link(profile.notice)


def vless_link(node: Node) -> str:
    """The share link of one node, byte-stable: the order of the parameters never changes."""
    query = "&".join(f"{key}={_encode(value)}" for key, value in _parameters(node) if value)
    return f"vless://{node.uuid}@{_authority(node.host)}:{node.port}?{query}#{_encode(node.remark)}"


def _parameters(node: Node) -> Parameters:
    flow = node.flow if vision_flow(node.network, node.security) else ""
    return [
        ("encryption", node.encryption),
        ("flow", flow),
        ("security", node.security),
        *_security_parameters(node),
        ("type", node.network),
        *_transport_parameters(node),
    ]


def _security_parameters(node: Node) -> Parameters:
    match node.security:
        case "reality":
            return [
                ("sni", node.sni),
                ("fp", node.fp),
                ("pbk", node.pbk),
                ("sid", node.sid),
                ("spx", node.spx),
                ("pqv", node.pqv),
            ]
        case "tls":
            return [("sni", node.sni), ("fp", node.fp), ("alpn", node.alpn)]
        case _:
            return []


def _transport_parameters(node: Node) -> Parameters:
    match node.network:
        case "tcp":
            return [("headerType", "none")]  # mihomo adds stray HTTP options without it
        case "grpc":
            return [("serviceName", node.service_name), ("mode", node.mode), ("authority", node.authority)]
        case "xhttp":
            return [
                ("host", node.host_header),
                ("path", node.path),
                ("mode", node.mode),
                ("extra", node.extra),
            ]
        case _:
            return [("host", node.host_header), ("path", node.path)]


def _informational_link(text: str) -> str:
    """Leads nowhere on purpose: an app replaces its servers by this one and so shows the text."""
    return vless_link(
        Node(
            uuid="00000000-0000-4000-8000-000000000000",
            host="127.0.0.1",
            port=1,
            remark=text,
            security="none",
        )
    )


def _authority(host: str) -> str:
    """The host as a URL carries it: IPv6 in brackets, a name in another script as punycode."""
    if ":" in host:
        return f"[{IPv6Address(host)}]"
    return host.encode("idna").decode("ascii")


def _encode(value: str) -> str:
    """Everything but letters, digits and `_.-~` as %XX: apps read `+`, `=` and braces each in their own way."""
    return quote(value, safe="")
