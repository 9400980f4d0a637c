"""The panel's own subscription server.

It does not gate: an expired or disabled client still gets its links, only the headers tell. An unknown subId, or
one whose inbounds are all disabled or gone, is 404 with an empty body.
"""

import base64
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.store import Document
from sandbox.xui.answers import GoJSONResponse
from sandbox.xui.links import size, subscription_links
from sandbox.xui.state import State

UPDATE_HOURS = 12


def answer(state: State, request: Request, sub_id: str) -> Response:
    """GET or HEAD {subPath}{subId}."""
    found = subscription_links(state, sub_id, request.url.hostname or "", for_body=True)
    if request.method not in ("GET", "HEAD") or not found:
        return Response(status_code=404)
    rows = _rows(state, sub_id)
    address = str(request.url.replace(query=""))
    if request.query_params.get("format") == "info":
        return GoJSONResponse(_info(state, sub_id, rows, address))
    body = "".join(f"{link}\n" for link in found).encode()
    return Response(
        base64.b64encode(body) if state.settings.sub_encrypt else body,
        media_type="text/plain",
        headers={
            "Subscription-Userinfo": _userinfo(rows),
            "Profile-Update-Interval": str(UPDATE_HOURS),
            "Profile-Web-Page-Url": address,
        },
    )


def _rows(state: State, sub_id: str) -> list[Document]:
    emails = [record["email"] for record in state.records_in_order() if record["subId"] == sub_id]
    return [row for email in emails if (row := state.traffic.get(email)) is not None]


def _userinfo(rows: list[Document]) -> str:
    """Bytes, and the expiry in seconds; 0 is unlimited."""
    total = _sum(rows, "total")
    expire = max((row["expiryTime"] for row in rows), default=0) // 1000
    return f"upload={_sum(rows, 'up')}; download={_sum(rows, 'down')}; total={total}; expire={max(expire, 0)}"


def _info(state: State, sub_id: str, rows: list[Document], address: str) -> dict[str, Any]:
    up, down, total = _sum(rows, "up"), _sum(rows, "down"), _sum(rows, "total")
    online = set(state.online())
    return {
        "sId": sub_id,
        "enabled": any(row["enable"] for row in rows),
        "isOnline": any(row["email"] in online for row in rows),
        "download": size(down),
        "upload": size(up),
        "total": size(total) if total else "∞",
        "used": size(up + down),
        "remained": size(max(total - up - down, 0)) if total else "",
        "expire": max((row["expiryTime"] for row in rows), default=0) // 1000,
        "lastOnline": max((row["lastOnline"] for row in rows), default=0),
        "downloadByte": down,
        "uploadByte": up,
        "totalByte": total,
        "subUrl": address,
        **dict.fromkeys(("subJsonUrl", "subClashUrl", "subTitle", "subSupportUrl", "announce"), ""),
        "emails": [row["email"] for row in rows],
        "datepicker": "gregorian",
    }


def _sum(rows: list[Document], name: str) -> int:
    return sum(row[name] for row in rows)
