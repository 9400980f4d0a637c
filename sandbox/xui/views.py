"""Records, inbounds and traffic rows as the API shows them."""

from typing import Any

from sandbox.store import Document
from sandbox.xui.clients import effective_flow, flow_capable
from sandbox.xui.state import State, clients_of
from sandbox.xui.traffic import used


def traffic_row(row: Document, *, uuid: str = "", sub_id: str = "") -> Document:
    """One row of client_traffics; lists leave uuid and subId empty."""
    return {
        "id": row["id"],
        "inboundId": row["inboundId"],
        "enable": row["enable"],
        "email": row["email"],
        "uuid": uuid,
        "subId": sub_id,
        **{name: row[name] for name in ("up", "down", "expiryTime", "total", "reset", "lastOnline")},
    }


def client_details(state: State, record: Document) -> Document:
    """clients/get: here a client attached nowhere has no flow and an empty list of inbounds."""
    return {
        "client": _columns(record) | {"flow": effective_flow(state, record["email"])},
        "externalLinks": [],
        "inboundIds": record["inboundIds"],
        "usedTraffic": used(state, record),
    }


def client_listing(state: State, record: Document) -> Document:
    """clients/list: here a client attached nowhere keeps its flow and its inbounds are null."""
    return _columns(record) | {"inboundIds": record["inboundIds"] or None} | _traffic(state, record)


def client_row(state: State, record: Document) -> Document:
    """One item of clients/list/paged, which carries no uuid."""
    optional = {name: record[name] for name in ("group", "comment") if record[name]}
    return {
        **{name: record[name] for name in ("email", "subId", "enable", "totalGB", "expiryTime", "limitIp", "reset")},
        **optional,
        "inboundIds": record["inboundIds"],
        **_traffic(state, record),
        "createdAt": record["createdAt"],
        "updatedAt": record["updatedAt"],
    }


def client_export(record: Document) -> Document:
    """One item of clients/export: a client body and its inbounds."""
    optional = ("password", "flow", "auth", "privateKey", "publicKey", "allowedIPs", "preSharedKey", "keepAlive")
    same = ("email", "limitIp", "totalGB", "expiryTime", "enable", "tgId", "subId", "comment", "reset")
    return {
        "client": {
            "id": record["uuid"],
            "security": record["security"],
            **{name: record[name] for name in (*optional, "secret", "adTag", "group") if record[name]},
            **{name: record[name] for name in same},
            "created_at": record["createdAt"],
            "updated_at": record["updatedAt"],
        },
        "inboundIds": record["inboundIds"] or None,
    }


def inbound_details(state: State, inbound: Document, *, slim: bool = False) -> Document:
    """An inbound with its traffic rows: those it owns by number, then those of its other clients."""
    owned = [row for row in state.traffic if row["inboundId"] == inbound["id"]]
    present = {entry["email"]: entry for entry in clients_of(inbound)}
    others = [row for row in state.traffic if row["email"] in present and row["inboundId"] != inbound["id"]]
    rows = sorted(owned, key=_by_id) + sorted(others, key=_by_id)
    identified = {} if slim else present
    shown = {**inbound, "clientStats": [_identified(row, identified.get(row["email"])) for row in rows]}
    if slim:
        kept = ("comment", "email", "enable")
        entries = [{name: entry[name] for name in kept} for entry in clients_of(inbound)]
        shown["settings"] = {**inbound["settings"], "clients": entries}
    return shown


def inbound_listing(state: State, *, slim: bool = False) -> list[Document]:
    return [
        inbound_details(state, inbound, slim=slim) | {"originNodeGuid": state.settings.panel_guid}
        for inbound in state.inbounds_in_order()
    ]


def inbound_options(state: State) -> list[Document]:
    """What a health check reads: `tlsFlowCapable` tells whether Vision works."""
    return [
        {
            **{name: inbound[name] for name in ("id", "remark", "tag", "protocol", "port", "enable")},
            "tlsFlowCapable": flow_capable(inbound),
            "ssMethod": "",
            **{name: inbound[name] for name in ("listen", "shareAddr", "shareAddrStrategy") if inbound[name]},
        }
        for inbound in state.inbounds_in_order()
    ]


def _columns(record: Document) -> Document:
    return {name: value for name, value in record.items() if name != "inboundIds"}


def _traffic(state: State, record: Document) -> Document:
    row = state.traffic.get(record["email"])
    return {"traffic": traffic_row(row)} if row else {}


def _identified(row: Document, entry: Document | None) -> Document:
    """A row with the ids of its entry in the inbound; empty when the client is there no more."""
    return traffic_row(row, uuid=entry["id"], sub_id=entry["subId"]) if entry else traffic_row(row)


def _by_id(row: Document) -> Any:
    return row["id"]
