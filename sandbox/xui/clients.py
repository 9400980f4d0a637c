"""The rules for clients of panels >= 3.1.

A client is one record, one entry in the settings of each of its inbounds, and one traffic row; client routes write
the three copies together. Source: the panel's create, update, delete, attach and detach, with
their order of checks; an error in the middle leaves what was done before it.
"""

import json
import uuid
from collections.abc import Collection, Sequence
from typing import Any

from sandbox.store import Document
from sandbox.xui.answers import new_error
from sandbox.xui.state import State, clients_of

Client = dict[str, Any]  # every field of a client body, absent ones zero

_OTHER_PROTOCOLS = ("password", "auth", "privateKey", "publicKey", "allowedIPs", "preSharedKey", "keepAlive")
_LIMITS = ("limitIp", "totalGB", "expiryTime", "tgId", "comment", "reset", "subId")
_CREDENTIALS = ("password", "auth", "secret")


def create(state: State, client: Client, inbound_ids: Sequence[int]) -> None:
    """One client in all these inbounds. A repeated identical call changes nothing; `enable` is always true."""
    _check_identity(client)
    if not inbound_ids:
        raise new_error("at least one inbound is required")
    now = state.now_ms()
    client = {**client, "subId": client["subId"] or str(uuid.uuid4()), "enable": True}
    client |= {"created_at": client["created_at"] or now, "updated_at": now}
    record = state.records.get(client["email"])
    if record is not None:
        if record["subId"] != client["subId"]:
            raise new_error(f"email already in use: {client['email']}")
        _keep_credentials(client, record)
    if any(r["subId"] == client["subId"] and r["email"] != client["email"] for r in state.records):
        raise new_error(f"subId already in use: {client['subId']}")
    for inbound_id in inbound_ids:
        inbound = state.inbound(inbound_id)
        client["id"] = client["id"] or str(uuid.uuid4())
        add_to_inbound(state, inbound, client)


def add_to_inbound(state: State, inbound: Document, client: Client) -> None:
    """Append the entry, unless the inbound has it; then record and traffic row follow it."""
    email = client["email"].lower()
    for other, entry in state.entries():
        if entry["email"].lower() != email:
            continue
        if entry["subId"] != client["subId"]:
            raise new_error(f"Duplicate email: {client['email']}")
        if other is inbound:
            return
    clients_of(inbound).append(_entry(inbound, client))
    state.save_inbound(inbound)
    record = state.records.get(client["email"]) or {
        "id": state.records.next_id(),
        "email": client["email"],
        "inboundIds": [],
    }
    record["inboundIds"] = sorted({*record["inboundIds"], inbound["id"]})
    state.save_record(_filled(state, record, client))
    write_traffic(state, client, inbound["id"])


def update(state: State, email: str, client: Client, only: Collection[int] = ()) -> None:
    """Replace every field; id, subId and the other protocols' secrets stay when empty. `only` limits the inbounds."""
    record = state.record(email)
    _check_identity(client)
    client = {**client, "subId": client["subId"] or record["subId"] or str(uuid.uuid4())}
    client |= {"created_at": client["created_at"] or record["createdAt"], "updated_at": state.now_ms()}
    _keep_credentials(client, record)
    _check_free(state, record, client)
    touched = [i for i in record["inboundIds"] if (not only or i in only) and str(i) in state.inbounds]
    for inbound_id in touched:
        inbound = state.inbound(inbound_id)
        entries = clients_of(inbound)
        entries[:] = [_entry(inbound, client) if entry["email"] == email else entry for entry in entries]
        state.save_inbound(inbound)
    if client["email"] != email:
        _rename(state, record, client["email"])
    state.save_record(_filled(state, record, client))
    if touched:
        write_traffic(state, client)


def set_enabled(state: State, email: str, enable: bool) -> None:
    """Switch one client on or off in its record, entries and traffic row; everything else stays."""
    now = state.now_ms()
    for inbound, entry in state.entries():
        if entry["email"] == email:
            entry |= {"enable": enable, "updated_at": now}
            state.save_inbound(inbound)
    record = state.records.get(email)
    if record is not None:
        state.save_record(record | {"enable": enable, "updatedAt": now})
    row = state.traffic.get(email)
    if row is not None:
        state.save_traffic(row | {"enable": enable})


def delete(state: State, email: str, *, keep_traffic: bool = False) -> None:
    """Remove the client from every inbound, the record and, unless kept, the traffic row."""
    holding = {inbound["id"] for inbound, entry in state.entries() if entry["email"] == email}
    if email not in state.records and not holding:
        quoted = json.dumps(email, ensure_ascii=False)
        raise new_error(f"client {quoted} not found in any inbound or client record")
    for inbound_id in holding:
        _remove_entry(state, state.inbound(inbound_id), email)
    state.records.delete(email)
    state.online_until.pop(email, None)
    if not keep_traffic:
        state.traffic.delete(email)


def attach(state: State, email: str, inbound_ids: Sequence[int]) -> None:
    record = state.record(email)
    client = as_client(record) | {"flow": effective_flow(state, email), "updated_at": state.now_ms()}
    for inbound_id in inbound_ids:
        if inbound_id not in record["inboundIds"]:
            add_to_inbound(state, state.inbound(inbound_id), client)


def detach(state: State, email: str, inbound_ids: Sequence[int]) -> None:
    """The record stays, also when it is attached nowhere any more."""
    record = state.record(email)
    for inbound_id in inbound_ids:
        if inbound_id in record["inboundIds"]:
            _remove_entry(state, state.inbound(inbound_id), email)
            record["inboundIds"].remove(inbound_id)
    state.save_record(record)


def as_client(record: Document) -> Client:
    """A record in the form of a client body."""
    kept = {name: record[name] for name in (*_OTHER_PROTOCOLS, *_LIMITS, "secret", "adTag", "email", "enable")}
    return kept | {
        "id": record["uuid"],
        "security": record["security"],
        "flow": record["flow"],
        "group": record["group"],
        "reverse": record["reverse"],
        "created_at": record["createdAt"],
        "updated_at": record["updatedAt"],
    }


def effective_flow(state: State, email: str) -> str:
    """The flow its entries have; "" for a client attached nowhere."""
    flows = (entry.get("flow", "") for _, entry in state.entries() if entry["email"] == email)
    return next((flow for flow in flows if flow), "")


def flow_capable(inbound: Document) -> bool:
    """Vision works on VLESS over tcp with tls or reality. The panel does not know that Xray's "raw" is tcp."""
    stream = inbound["streamSettings"] or {}
    return (
        inbound["protocol"] == "vless"
        and stream.get("network") == "tcp"
        and stream.get("security") in ("tls", "reality")
    )


def write_traffic(state: State, client: Client, inbound_id: int | None = None) -> None:
    """The traffic row follows the client; its counters stay. An add moves it to the new inbound."""
    row = state.traffic.get(client["email"])
    if row is None:
        if inbound_id is None:
            return
        row = {"id": state.traffic.next_id(), "email": client["email"], "up": 0, "down": 0, "lastOnline": 0}
    row |= {"enable": client["enable"], "total": client["totalGB"]}
    row |= {"expiryTime": client["expiryTime"], "reset": client["reset"]}
    if inbound_id is not None:
        row["inboundId"] = inbound_id
    state.save_traffic(row)


def _check_identity(client: Client) -> None:
    if not client["email"].strip():
        raise new_error("client email is required")
    for name in ("email", "subId"):
        if any(letter in "/\\ \x7f" or letter < " " for letter in client[name]):
            raise new_error(f"client {name} contains an invalid character: {client[name]}")


def _check_free(state: State, record: Document, client: Client) -> None:
    """Nobody else has the new email (records exactly, entries in any case) or the new subId."""
    others = [other for other in state.records if other is not record]
    if client["email"] != record["email"]:
        taken = any(other["email"] == client["email"] for other in others) or any(
            entry["email"].lower() == client["email"].lower()
            for _, entry in state.entries()
            if entry["email"] != record["email"]
        )
        if taken:
            raise new_error(f"Duplicate email: {client['email']}")
    if any(other["subId"] == client["subId"] for other in others):
        raise new_error(f"Duplicate subId: {client['subId']}")


def _keep_credentials(client: Client, record: Document) -> None:
    client["id"] = client["id"] or record["uuid"]
    for name in _CREDENTIALS:
        client[name] = client[name] or record[name]


def _entry(inbound: Document, client: Client) -> Document:
    """The client as it stands in the inbound's settings: keys sorted, an empty flow or group left out."""
    entry = {name: client[name] for name in (*_LIMITS, "id", "email", "enable", "security")}
    entry |= {"created_at": client["created_at"], "updated_at": client["updated_at"]}
    if client["flow"] and flow_capable(inbound):
        entry["flow"] = client["flow"]
    entry |= {name: client[name] for name in ("group", *_OTHER_PROTOCOLS, "secret", "adTag") if client[name]}
    return dict(sorted(entry.items()))


def _filled(state: State, record: Document, client: Client) -> Document:
    """The record after its entries have been written."""
    names = (*_OTHER_PROTOCOLS, *_LIMITS, "secret", "adTag", "enable", "security", "group", "reverse")
    attached = bool(record["inboundIds"])
    return record | {
        "email": client["email"],
        "uuid": client["id"],
        "flow": effective_flow(state, client["email"]) if attached else client["flow"],
        "createdAt": client["created_at"],
        "updatedAt": client["updated_at"],
        **{name: client[name] for name in names},
    }


def _rename(state: State, record: Document, email: str) -> None:
    """Record, traffic row and presence move to the new email."""
    old = record["email"]
    state.records.delete(old)
    row = state.traffic.get(old)
    if row is not None:
        state.traffic.delete(old)
        state.save_traffic(row | {"email": email})
    if old in state.online_until:
        state.online_until[email] = state.online_until.pop(old)


def _remove_entry(state: State, inbound: Document, email: str) -> None:
    entries = clients_of(inbound)
    entries[:] = [entry for entry in entries if entry["email"] != email]
    state.save_inbound(inbound)
