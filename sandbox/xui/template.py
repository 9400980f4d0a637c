"""The inbound the product's operators are told to create: VLESS over tcp with REALITY, and Vision on its clients."""

import secrets
from typing import Any

from sandbox.xui.machine import x25519_pair

TARGET = "www.nl-target.example"


def reality_inbound(port: int, remark: str, host: str) -> dict[str, Any]:
    """A body for inbounds/add with a fresh key pair and shortId. `host` is what links and documents show.

    `minClientVer` is set, as an empty one makes Xray 26.7 refuse every sing-box based app.
    """
    pair = x25519_pair()
    return {
        "enable": True,
        "remark": remark,
        "listen": "",
        "port": port,
        "protocol": "vless",
        "expiryTime": 0,
        "total": 0,
        "trafficReset": "never",
        "trafficResetDay": 1,
        "subSortIndex": 1,
        "shareAddrStrategy": "custom",
        "shareAddr": host,
        "settings": {"clients": [], "decryption": "none", "encryption": "none", "fallbacks": []},
        "streamSettings": {
            "network": "tcp",
            "security": "reality",
            "externalProxy": [],
            "tcpSettings": {"acceptProxyProtocol": False, "header": {"type": "none"}},
            "realitySettings": _reality(pair),
        },
        "sniffing": {
            "enabled": True,
            "destOverride": ["http", "tls", "quic", "fakedns"],
            "metadataOnly": False,
            "routeOnly": False,
            "ipsExcluded": [],
            "domainsExcluded": [],
        },
    }


def _reality(pair: dict[str, str]) -> dict[str, Any]:
    return {
        "show": False,
        "xver": 0,
        "target": f"{TARGET}:443",
        "serverNames": [TARGET],
        "privateKey": pair["privateKey"],
        "minClientVer": "1.8.0",
        "maxClientVer": "",
        "maxTimediff": 0,
        "shortIds": [secrets.token_hex(8)],
        "mldsa65Seed": "",
        "settings": {
            "publicKey": pair["publicKey"],
            "fingerprint": "chrome",
            "serverName": "",
            "spiderX": "/",
            "mldsa65Verify": "",
        },
    }
