"""Inbounds: what the panel checks and stores when an admin adds, changes or removes one."""

import json
import uuid
from typing import Any

from sandbox.store import Document
from sandbox.xui import clients, gojson
from sandbox.xui.answers import Invalid, Refused, new_error
from sandbox.xui.gojson import FLAG, RAW, TEXT, WHOLE_INT, WHOLE_INT64, GoError
from sandbox.xui.schemas import CLIENT
from sandbox.xui.state import State, clients_of

INTERNAL_PORT = 62789
CHOICES = (
    ("protocol", "vmess vless trojan shadowsocks wireguard hysteria http mixed tunnel tun mtproto"),
    ("trafficReset", "never hourly daily weekly monthly"),
    ("shareAddrStrategy", "node listen custom"),
)
RANGES = (("port", 0, 65535), ("subSortIndex", 1, 2**31), ("trafficResetDay", 1, 31))

# The panel decodes an inbound through an alias type, and its errors show that.
INBOUND = gojson.Struct(
    "",
    {
        "id": WHOLE_INT,
        "total": WHOLE_INT64,
        "remark": TEXT,
        "subSortIndex": WHOLE_INT,
        "enable": FLAG,
        "expiryTime": WHOLE_INT64,
        "trafficReset": TEXT,
        "trafficResetDay": WHOLE_INT,
        "listen": TEXT,
        "port": WHOLE_INT,
        "protocol": TEXT,
        "tag": TEXT,
        "nodeId": WHOLE_INT,
        "shareAddrStrategy": TEXT,
        "shareAddr": TEXT,
        "settings": RAW,
        "streamSettings": RAW,
        "sniffing": RAW,
    },
    go="model.Inbound",
    under="alias",
)


def read(body: bytes) -> Document:
    """The body of inbounds/add and inbounds/update, decoded and validated; nested parts as objects.

    Raises:
        Invalid: with the decoder's or the validator's words.
    """
    try:
        sent: Document = gojson.decode(body, INBOUND)
        sent |= {name: _nested(sent[name]) for name in ("settings", "streamSettings", "sniffing")}
    except GoError as error:
        raise Invalid([], str(error)) from error
    issues = [_issue(*failed) for failed in _failures(sent)]
    if issues:
        raise Invalid(issues, "\n".join(issue["message"] for issue in issues))
    return sent


def add(state: State, sent: Document) -> Document:
    """Store a new inbound with the clients in its settings, and answer it as stored."""
    if not sent["settings"]:
        raise new_error("inbound settings is empty")
    _check_port(state, sent, own_id=None)
    entries = _entries(state, sent, own_id=None)
    tags = {inbound["tag"] for inbound in state.inbounds}
    inbound = _stored(
        sent,
        number=state.next_inbound_id(),
        tag=sent["tag"] if sent["tag"] and sent["tag"] not in tags else f"in-{sent['port']}-tcp",
    )
    state.save_inbound(inbound)
    for client in entries:
        clients.add_to_inbound(state, inbound, client)
    return inbound


def replace(state: State, inbound_id: int, sent: Document) -> Document:
    """Full replace, clients included: those left out are deleted. An `id` in the body wins over the URL's."""
    current = state.inbound(sent["id"] or inbound_id)
    if not sent["settings"]:
        raise new_error("inbound settings is empty")
    _check_port(state, sent, own_id=current["id"])
    entries = _entries(state, sent, own_id=current["id"])
    before = {entry["email"] for entry in clients_of(current)}
    inbound = _stored(sent, number=current["id"], tag=sent["tag"] or current["tag"], like=current)
    state.save_inbound(inbound)
    for client in entries:
        clients.add_to_inbound(state, inbound, client)
    for email in before - {client["email"] for client in entries}:
        _drop(state, inbound, email)
    return inbound


def remove(state: State, inbound_id: int) -> None:
    """An unknown id is no error. The clients' records stay, detached."""
    inbound = state.inbounds.get(str(inbound_id))
    if inbound is None:
        return
    state.inbounds.delete(str(inbound_id))
    for record in list(state.records):
        if inbound_id in record["inboundIds"]:
            record["inboundIds"].remove(inbound_id)
            state.save_record(record)


def _nested(value: Any) -> Document | None:
    """An object, also when it came as a JSON text."""
    if isinstance(value, str):
        if not value:
            return None
        try:
            value = json.loads(value)
        except json.JSONDecodeError as error:
            raise GoError(f"invalid character in string: {error.msg}") from error
    return value if isinstance(value, dict) else None


def _failures(sent: Document) -> list[tuple[str, str, str]]:
    """Field, rule and parameter of what is wrong. Absent fields pass, except the protocol."""
    found = [
        (name, "gte" if sent[name] < least else "lte", str(least if sent[name] < least else most))
        for name, least, most in RANGES
        if not least <= sent[name] <= most and sent[name]
    ]
    if not sent["protocol"]:
        found.append(("protocol", "required", ""))
    found += [(name, "oneof", choice) for name, choice in CHOICES if sent[name] and sent[name] not in choice.split()]
    return found


def _issue(name: str, rule: str, parameter: str) -> dict[str, str]:
    message = f"Key: 'Inbound.{name}' Error:Field validation for '{name}' failed on the '{rule}' tag"
    return {"field": name, "rule": rule, "param": parameter, "message": message}


def _check_port(state: State, sent: Document, *, own_id: int | None) -> None:
    port, listen = sent["port"], sent["listen"]
    if port == INTERNAL_PORT:
        raise new_error(f"port {port} (tcp) already used by inbound 'api' on 127.0.0.1")
    for other in state.inbounds_in_order():
        if other["id"] != own_id and other["port"] == port and (not listen or other["listen"] in ("", listen)):
            where = other["listen"] or "*"
            raise new_error(
                f"port {port} (tcp) already used by inbound '{other['remark']}' (#{other['id']}) on {where}"
            )


def _entries(state: State, sent: Document, *, own_id: int | None) -> list[clients.Client]:
    """The clients in the sent settings as client bodies."""
    listing = gojson.ListOf(CLIENT, "[]model.Client")
    try:
        body = json.dumps(sent["settings"].get("clients") or []).encode()
        found: list[clients.Client] = gojson.decode(body, listing)
    except GoError as error:
        raise Refused(str(error)) from error
    for client in found:
        if not client["id"]:
            raise new_error("empty client ID")
        held = [entry for inbound, entry in state.entries() if inbound["id"] != own_id]
        twins = [other for other in found if other["email"].lower() == client["email"].lower()]
        clash = any(
            entry["email"].lower() == client["email"].lower() and entry["subId"] != client["subId"] for entry in held
        )
        if len(twins) > 1 or clash:
            raise new_error(f"Duplicate email: {client['email']}")
        now = state.now_ms()
        client |= {"subId": client["subId"] or str(uuid.uuid4()), "created_at": client["created_at"] or now}
        client["updated_at"] = now
    return found


def _stored(sent: Document, *, number: int, tag: str, like: Document | None = None) -> Document:
    """The inbound as the panel keeps it, without clients: they are added one by one."""
    like = like or {"up": 0, "down": 0, "lastTrafficResetTime": 0}
    return {
        "id": number,
        "up": like["up"],
        "down": like["down"],
        "total": sent["total"],
        "remark": sent["remark"],
        "subSortIndex": sent["subSortIndex"] or 1,
        "enable": sent["enable"],
        "expiryTime": sent["expiryTime"],
        "trafficReset": sent["trafficReset"] or "never",
        "trafficResetDay": sent["trafficResetDay"] or 1,
        "lastTrafficResetTime": like["lastTrafficResetTime"],
        "listen": sent["listen"],
        "port": sent["port"],
        "protocol": sent["protocol"],
        "tag": tag,
        **({"nodeId": sent["nodeId"]} if sent["nodeId"] else {}),
        "shareAddrStrategy": sent["shareAddrStrategy"] or "node",
        "shareAddr": sent["shareAddr"],
        "settings": {**sent["settings"], "clients": []},
        "streamSettings": sent["streamSettings"],
        "sniffing": sent["sniffing"],
    }


def _drop(state: State, inbound: Document, email: str) -> None:
    """A client left out of the new settings: gone from this inbound, and altogether if it was its only one."""
    record = state.records.get(email)
    if record is None:
        return
    record["inboundIds"] = [held for held in record["inboundIds"] if held != inbound["id"]]
    state.save_record(record)
    if not record["inboundIds"]:
        clients.delete(state, email)
