"""The "clients" dialect: every route of a panel >= 3.1."""

from typing import Any

from sandbox.store import Document
from sandbox.xui import access, bulk, clients, inbound_routes, links, machine, traffic, views
from sandbox.xui.answers import CLIENT_ADDED, CLIENT_DELETED, CLIENT_UPDATED, OBTAIN, Refused, new_error
from sandbox.xui.paging import page_of_clients
from sandbox.xui.routing import Call, Endpoint
from sandbox.xui.schemas import (
    BULK_ADJUST,
    BULK_ATTACH,
    BULK_DELETE,
    CLIENT,
    COUNTERS,
    CREATE_CLIENT,
    CREATE_CLIENTS,
    EMAILS,
    INBOUND_IDS,
)
from sandbox.xui.state import State

# clients ------------------------------------------------------------------------------------------------


def add_client(state: State, call: Call) -> None:
    sent = call.read(CREATE_CLIENT)
    clients.create(state, sent["client"], sent["inboundIds"])


def update_client(state: State, call: Call) -> None:
    sent = call.read(CLIENT)
    texts = call.request.query_params.get("inboundIds", "").split(",")
    clients.update(state, call.params["email"], sent, {int(text) for text in texts if text.strip().isdigit()})


def delete_client(state: State, call: Call) -> None:
    clients.delete(state, call.params["email"], keep_traffic=call.request.query_params.get("keepTraffic") == "1")


def attach_client(state: State, call: Call) -> None:
    clients.attach(state, call.params["email"], call.read(INBOUND_IDS)["inboundIds"])


def detach_client(state: State, call: Call) -> None:
    clients.detach(state, call.params["email"], call.read(INBOUND_IDS)["inboundIds"])


def get_client(state: State, call: Call) -> Document:
    return views.client_details(state, state.record(call.params["email"]))


def get_by_telegram(state: State, call: Call) -> list[Document]:
    tg_id = call.number("tgId")
    if tg_id <= 0:
        raise Refused("tg_id must be a positive integer")
    return [views.client_details(state, record) for record in state.records_in_order() if record["tgId"] == tg_id]


def list_clients(state: State, call: Call) -> list[Document]:
    return [views.client_listing(state, record) for record in state.records_in_order()]


def list_page(state: State, call: Call) -> Document:
    return page_of_clients(state, call.request.query_params)


def export_clients(state: State, call: Call) -> list[Document]:
    return [views.client_export(record) for record in state.records_in_order()]


def client_links(state: State, call: Call) -> list[str]:
    email = state.record(call.params["email"])["email"]
    return links.client_links(state, email, call.request.url.hostname or "")


def subscription_links(state: State, call: Call) -> list[str]:
    host = call.request.url.hostname or ""
    return links.subscription_links(state, call.params["subId"], host, for_body=False)


def list_groups(state: State, call: Call) -> list[Document]:
    """Groups are a label on clients; the shop sets none."""
    names = sorted({record["group"] for record in state.records if record["group"]})
    return [_group(state, name) for name in names]


def _group(state: State, name: str) -> Document:
    rows = [state.traffic.get(record["email"]) for record in state.records if record["group"] == name]
    up, down = (sum(row[way] for row in rows if row) for way in ("up", "down"))
    return {"name": name, "clientCount": len(rows), "trafficUsed": up + down, "up": up, "down": down}


# traffic ------------------------------------------------------------------------------------------------


def get_traffic(state: State, call: Call) -> Document | None:
    """Null for an unknown email; an error for a row that has outlived its client."""
    email = call.params["email"]
    row = state.traffic.get(email)
    if row is None:
        return None
    record = state.records.get(email)
    if record is None:
        raise new_error(f"Client Not Found In Inbound For Email: {email}")
    return views.traffic_row(row, uuid=record["uuid"], sub_id=record["subId"])


def reset_traffic(state: State, call: Call) -> None:
    traffic.reset(state, call.params["email"])


def reset_all_traffic(state: State, call: Call) -> None:
    traffic.reset_all(state)


def set_counters(state: State, call: Call) -> None:
    sent = call.read(COUNTERS)
    traffic.set_counters(state, call.params["email"], sent["upload"], sent["download"])


def onlines(state: State, call: Call) -> list[str]:
    return state.online()


def last_online(state: State, call: Call) -> dict[str, int]:
    return {row["email"]: row["lastOnline"] for row in state.traffic}


def addresses(state: State, call: Call) -> list[Any]:
    """Client addresses come from Xray's log, and no Xray runs here."""
    return []


def clear_addresses(state: State, call: Call) -> None:
    """Also for an unknown client."""


# many at once -------------------------------------------------------------------------------------------


def bulk_create(state: State, call: Call) -> bulk.Report:
    return bulk.bulk_create(state, call.read(CREATE_CLIENTS))


def bulk_delete(state: State, call: Call) -> bulk.Report:
    sent = call.read(BULK_DELETE)
    return bulk.bulk_delete(state, sent["emails"], keep_traffic=sent["keepTraffic"])


def bulk_enable(state: State, call: Call) -> bulk.Report:
    return bulk.bulk_enable(state, call.read(EMAILS)["emails"], True)


def bulk_disable(state: State, call: Call) -> bulk.Report:
    return bulk.bulk_enable(state, call.read(EMAILS)["emails"], False)


def bulk_adjust(state: State, call: Call) -> bulk.Report:
    sent = call.read(BULK_ADJUST)
    return bulk.bulk_adjust(state, sent["emails"], sent["addDays"], sent["addBytes"], sent["flow"])


def bulk_attach(state: State, call: Call) -> bulk.Report:
    sent = call.read(BULK_ATTACH)
    return bulk.bulk_attach(state, sent["emails"], sent["inboundIds"], attach=True)


def bulk_detach(state: State, call: Call) -> bulk.Report:
    sent = call.read(BULK_ATTACH)
    return bulk.bulk_attach(state, sent["emails"], sent["inboundIds"], attach=False)


def bulk_reset(state: State, call: Call) -> bulk.Report:
    return bulk.bulk_reset(state, call.read(EMAILS)["emails"])


def delete_orphans(state: State, call: Call) -> bulk.Report:
    return bulk.delete_orphans(state)


def delete_depleted(state: State, call: Call) -> bulk.Report:
    return bulk.delete_depleted(state)


API = "panel/api/clients/"
RESET = "Traffic has been reset."

ENDPOINTS = (
    *access.ENDPOINTS,
    *machine.ENDPOINTS,
    *inbound_routes.ENDPOINTS,
    Endpoint("GET", API + "list", list_clients, failed=OBTAIN),
    Endpoint("GET", API + "list/paged", list_page, failed=OBTAIN),
    Endpoint("GET", API + "get/{email}", get_client, failed=OBTAIN),
    Endpoint("GET", API + "get/tgId/{tgId}", get_by_telegram, failed=OBTAIN),
    Endpoint("GET", API + "traffic/{email}", get_traffic, failed="Error getting traffic."),
    Endpoint("GET", API + "links/{email}", client_links, failed=OBTAIN),
    Endpoint("GET", API + "subLinks/{subId}", subscription_links, failed=OBTAIN),
    Endpoint("GET", API + "groups", list_groups),
    Endpoint("GET", API + "export", export_clients),
    Endpoint("POST", API + "add", add_client, CLIENT_ADDED),
    Endpoint("POST", API + "update/{email}", update_client, CLIENT_UPDATED),
    Endpoint("POST", API + "del/{email}", delete_client, CLIENT_DELETED),
    Endpoint("POST", API + "{email}/attach", attach_client, CLIENT_ADDED),
    Endpoint("POST", API + "{email}/detach", detach_client, CLIENT_DELETED),
    Endpoint("POST", API + "resetTraffic/{email}", reset_traffic, RESET),
    Endpoint("POST", API + "updateTraffic/{email}", set_counters, CLIENT_UPDATED),
    Endpoint("POST", API + "resetAllTraffics", reset_all_traffic, "Traffic for all clients has been reset."),
    Endpoint("POST", API + "onlines", onlines),
    Endpoint("POST", API + "lastOnline", last_online),
    Endpoint("POST", API + "ips/{email}", addresses),
    Endpoint("POST", API + "clearIps/{email}", clear_addresses, "The log has been cleared."),
    Endpoint("POST", API + "bulkCreate", bulk_create),
    Endpoint("POST", API + "bulkDel", bulk_delete),
    Endpoint("POST", API + "bulkEnable", bulk_enable),
    Endpoint("POST", API + "bulkDisable", bulk_disable),
    Endpoint("POST", API + "bulkAdjust", bulk_adjust),
    Endpoint("POST", API + "bulkAttach", bulk_attach),
    Endpoint("POST", API + "bulkDetach", bulk_detach),
    Endpoint("POST", API + "bulkResetTraffic", bulk_reset),
    Endpoint("POST", API + "delOrphans", delete_orphans),
    Endpoint("POST", API + "delDepleted", delete_depleted),
)
