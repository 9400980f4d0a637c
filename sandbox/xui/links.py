"""The links the panel builds: parameters sorted by name, sni and sid picked anew at every rendering.

Source: 3X-UI's own link builder with its default remark template
`{{INBOUND}}-{{EMAIL}}|📊{{TRAFFIC_LEFT}}|⏳{{DAYS_LEFT}}D`; a part without a limit is dropped.
"""

import hashlib
import secrets
from typing import Any
from urllib.parse import quote, urlencode

from sandbox.store import Document
from sandbox.xui.state import State, clients_of

DAY_SECONDS = 86_400
UNITS = ("B", "KB", "MB", "GB", "TB", "PB", "EB")


def client_links(state: State, email: str, host: str) -> list[str]:
    """One client's links over all its inbounds, for the API."""
    return [
        _link(inbound, entry, host, _name(inbound, entry))
        for inbound, entry in state.entries()
        if entry["email"] == email and inbound["protocol"] == "vless"
    ]


def subscription_links(state: State, sub_id: str, host: str, *, for_body: bool) -> list[str]:
    """The links of a subscription over its enabled inbounds; none for an unknown one.

    In a body the first link shows what is left; the others only the inbound's name.
    """
    inbounds = sorted(state.inbounds_in_order(), key=lambda inbound: inbound["subSortIndex"])
    found: list[str] = []
    for inbound in inbounds:
        for entry in clients_of(inbound):
            if entry["subId"] != sub_id or not inbound["enable"] or inbound["protocol"] != "vless":
                continue
            remark = _name(inbound, entry)
            if for_body:
                remark = inbound["remark"] if found else remark + _left(state, entry)
            found.append(_link(inbound, entry, host, remark))
    return found


def size(amount: int) -> str:
    """Bytes as the panel writes them: 100.00GB."""
    value, unit = float(amount), 0
    while value >= 1024 and unit < len(UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.2f}{UNITS[unit]}"


def spider_x(seed: str, owner: str) -> str:
    """The crawl path of a client: the same at every rendering. `owner` is the subId, or the email without one."""
    return "/" + hashlib.sha256(f"{seed}|{owner}".encode()).hexdigest()[:15]


def _link(inbound: Document, entry: Document, host: str, remark: str) -> str:
    stream = inbound["streamSettings"] or {}
    network = stream.get("network", "tcp")
    parameters = {"encryption": inbound["settings"].get("encryption") or "none", "type": network}
    parameters["security"] = stream.get("security", "none")
    if entry.get("flow") and network == "tcp":
        parameters["flow"] = entry["flow"]
    if parameters["security"] == "reality":
        parameters |= _reality(stream["realitySettings"], entry)
    address = f"{_host(inbound, host)}:{inbound['port']}"
    query = urlencode(sorted(parameters.items()))
    return f"vless://{entry['id']}@{address}?{query}#{quote(remark, safe='-_.~')}"


def _reality(settings: dict[str, Any], entry: Document) -> dict[str, str]:
    shown = settings.get("settings") or {}
    parameters = {
        "fp": shown.get("fingerprint", ""),
        "pbk": shown.get("publicKey", ""),
        "sid": secrets.choice(settings.get("shortIds") or [""]),
        "sni": secrets.choice(settings.get("serverNames") or [""]),
        "spx": spider_x(shown.get("spiderX", ""), entry["subId"] or entry["email"]),
    }
    if shown.get("mldsa65Verify"):
        parameters["pqv"] = shown["mldsa65Verify"]
    return parameters


def _host(inbound: Document, asked: str) -> str:
    """Where the inbound says it is, else the host of the request."""
    by_strategy = {"custom": inbound["shareAddr"], "listen": inbound["listen"]}
    host = str(by_strategy.get(inbound["shareAddrStrategy"]) or asked)
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _name(inbound: Document, entry: Document) -> str:
    return "-".join(part for part in (inbound["remark"], entry["email"]) if part)


def _left(state: State, entry: Document) -> str:
    row = state.traffic.get(entry["email"])
    if row is None:
        return ""
    parts = ""
    if row["total"] > 0:
        parts += f"|📊{size(max(row['total'] - row['up'] - row['down'], 0))}"
    if row["expiryTime"]:
        parts += f"|⏳{_days_left(state, row['expiryTime'])}D"
    return parts


def _days_left(state: State, expiry_ms: int) -> int:
    """Whole days; 0 once it is over; a negative expiry is the duration itself."""
    seconds = -expiry_ms // 1000 if expiry_ms < 0 else expiry_ms // 1000 - int(state.clock.timestamp())
    return max(seconds // DAY_SECONDS, 0)
