"""Routes about the machine under the panel: status, Xray, keys, the database file."""

import base64
import json
import os
import sqlite3
import uuid
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from starlette.responses import Response

from sandbox.store import Document
from sandbox.xui import traffic
from sandbox.xui.answers import GoJSONResponse, Refused
from sandbox.xui.routing import Call, Endpoint
from sandbox.xui.state import State

NO_BINARY = "fork/exec bin/xray-linux-amd64: no such file or directory"
X25519_FAILED = "Error while obtaining the X25519 certificate."
RELAUNCHED = "Xray has been successfully relaunched."
REBOOT_FAILED = "There was an error when rebooting the Xray."
STOPPED = "Xray has been successfully stopped."


def status(state: State, call: Call) -> Document | None:
    """Null until the first refresh after a start. Only Xray, versions and guid mean something here."""
    settings = state.settings
    if not settings.status_ready:
        return None
    cores = os.cpu_count() or 1
    return {
        "cpu": 3.1,
        "cpuCores": cores,
        "logicalPro": cores,
        "cpuSpeedMhz": 2600,
        "mem": {"current": 565_133_312, "total": 2_147_483_648},
        "swap": {"current": 0, "total": 0},
        "disk": {"current": 4_294_967_296, "total": 21_474_836_480},
        "diskIO": {"read": 0, "write": 8191},
        "diskTraffic": {"read": 2_355_622_912, "write": 10_485_002_240},
        "xray": xray(state),
        "panelVersion": settings.version,
        "panelGuid": settings.panel_guid,
        "uptime": 1342,
        "loads": [1.17, 2.6, 1.5],
        "tcpCount": 74,
        "udpCount": 0,
        "netIO": {"up": 0, "down": 0, "pktUp": 0, "pktDown": 0},
        "netTraffic": {"sent": 4_154_180, "recv": 1_137_270_532, "pktSent": 37_792, "pktRecv": 58_450},
        "publicIP": {"ipv4": "N/A", "ipv6": "N/A"},
        "appStats": {"threads": 29, "mem": 96_735_232, "uptime": 29},
    }


def xray(state: State) -> Document:
    """One client whose id is no uuid and longer than 30 characters keeps the whole Xray from starting."""
    settings = state.settings
    broken = [entry["email"] for inbound, entry in state.entries() if inbound["enable"] and not _starts(entry["id"])]
    found, message = "running", ""
    if not settings.xray_running:
        found = "stop"
    elif not settings.xray_binary:
        found, message = "error", NO_BINARY
    elif broken:
        found, message = "error", f"Failed to start: invalid UUID of user {broken[0]}"
    return {"state": found, "errorMsg": message, "version": settings.xray_version}


def new_x25519(state: State, call: Call) -> dict[str, str]:
    if not state.settings.xray_binary:
        raise Refused(NO_BINARY)
    return x25519_pair()


def x25519_pair() -> dict[str, str]:
    """A REALITY key pair, base64url without padding, 43 characters each."""
    private = X25519PrivateKey.generate()
    halves = {"privateKey": private.private_bytes_raw(), "publicKey": private.public_key().public_bytes_raw()}
    return {name: base64.urlsafe_b64encode(key).decode().rstrip("=") for name, key in halves.items()}


def new_uuid(state: State, call: Call) -> dict[str, str]:
    return {"uuid": str(uuid.uuid4())}


def fail2ban(state: State, call: Call) -> dict[str, bool]:
    present = state.settings.fail2ban
    return {"enabled": present, "installed": present, "usable": present, "windows": False}


def restart_xray(state: State, call: Call) -> None:
    """Answers success even if Xray then does not come up; building its configuration runs the expiry job."""
    if not state.settings.xray_binary:
        raise Refused(NO_BINARY)
    state.change_settings(xray_running=True)
    traffic.tick(state)


def stop_xray(state: State, call: Call) -> None:
    """It stays stopped until started by hand."""
    state.change_settings(xray_running=False)


def database(state: State, call: Call) -> Response:
    """The panel's database as a real SQLite file, every row as JSON."""
    db = sqlite3.connect(":memory:")
    db.execute("create table documents(collection text, body text)")
    for name, rows in state.snapshot().items():
        db.executemany("insert into documents values (?, ?)", ((name, json.dumps(row)) for row in rows))
    db.commit()
    body = db.serialize()
    db.close()
    name = f"{call.request.url.hostname}_{state.clock.now():%Y-%m-%d_%H%M%S}.db"
    headers = {"content-disposition": f"attachment; filename={name}"}
    return Response(body, media_type="application/octet-stream", headers=headers)


def openapi(state: State, call: Call) -> Any:
    """As a panel that was built without its frontend answers."""
    return GoJSONResponse({"msg": "openapi.json not found", "success": False}, 404)


def _starts(client_id: str) -> bool:
    try:
        uuid.UUID(client_id)
    except ValueError:
        return len(client_id) <= 30
    return True


API = "panel/api/server/"

ENDPOINTS = (
    Endpoint("GET", API + "status", status),
    Endpoint("GET", API + "getNewX25519Cert", new_x25519, failed=X25519_FAILED),
    Endpoint("GET", API + "getNewUUID", new_uuid),
    Endpoint("GET", API + "fail2banStatus", fail2ban),
    Endpoint("GET", API + "getDb", database),
    Endpoint("POST", API + "restartXrayService", restart_xray, RELAUNCHED, REBOOT_FAILED),
    Endpoint("POST", API + "stopXrayService", stop_xray, STOPPED),
    Endpoint("GET", "panel/api/openapi.json", openapi),
)
