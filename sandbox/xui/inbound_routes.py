"""The routes of panels >= 3.1 for inbounds; nested parts are objects here."""

from sandbox.store import Document
from sandbox.xui import inbounds, views
from sandbox.xui.answers import INBOUND_CREATED, INBOUND_DELETED, INBOUND_UPDATED, OBTAIN
from sandbox.xui.routing import Call, Endpoint
from sandbox.xui.schemas import ENABLE, IDS
from sandbox.xui.state import State


def list_inbounds(state: State, call: Call) -> list[Document]:
    return views.inbound_listing(state)


def list_inbounds_slim(state: State, call: Call) -> list[Document]:
    return views.inbound_listing(state, slim=True)


def inbound_options(state: State, call: Call) -> list[Document]:
    return views.inbound_options(state)


def get_inbound(state: State, call: Call) -> Document:
    return views.inbound_details(state, state.inbound(call.number("id", prefix="")))


def add_inbound(state: State, call: Call) -> Document:
    return _created(inbounds.add(state, inbounds.read(call.body)))


def update_inbound(state: State, call: Call) -> Document:
    return _created(inbounds.replace(state, call.number("id", INBOUND_UPDATED), inbounds.read(call.body)))


def enable_inbound(state: State, call: Call) -> None:
    inbound_id, enable = call.number("id", INBOUND_UPDATED), call.read(ENABLE)["enable"]
    state.save_inbound(state.inbound(inbound_id) | {"enable": enable})


def delete_inbound(state: State, call: Call) -> int:
    inbound_id = call.number("id", INBOUND_DELETED)
    inbounds.remove(state, inbound_id)
    return inbound_id


def delete_inbounds(state: State, call: Call) -> Document:
    for inbound_id in (ids := call.read(IDS)["ids"]):
        inbounds.remove(state, inbound_id)
    return {"deleted": len(ids)}


def _created(inbound: Document) -> Document:
    """In this answer clientStats is null."""
    return {**inbound, "clientStats": None}


API = "panel/api/inbounds/"

ENDPOINTS = (
    Endpoint("GET", API + "list", list_inbounds, failed=OBTAIN),
    Endpoint("GET", API + "list/slim", list_inbounds_slim, failed=OBTAIN),
    Endpoint("GET", API + "options", inbound_options, failed=OBTAIN),
    Endpoint("GET", API + "get/{id}", get_inbound, failed=OBTAIN),
    Endpoint("POST", API + "add", add_inbound, INBOUND_CREATED),
    Endpoint("POST", API + "update/{id}", update_inbound, INBOUND_UPDATED),
    Endpoint("POST", API + "setEnable/{id}", enable_inbound, INBOUND_UPDATED),
    Endpoint("POST", API + "del/{id}", delete_inbound, INBOUND_DELETED),
    Endpoint("POST", API + "bulkDel", delete_inbounds),
)
