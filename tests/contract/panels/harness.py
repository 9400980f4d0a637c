"""A panel's emulator behind a real server, as the suite of all panels needs it.

What the suite compares is read over the panel's own API by other code than the driver's.
"""

import asyncio
import contextlib
import secrets
import socket
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Protocol
from urllib.parse import quote
from uuid import UUID

import httpx2
from starlette.types import ASGIApp

from backend.vpn.panels.base import PanelAccess
from sandbox.app import create_app
from sandbox.clock import Clock
from sandbox.faults import Fault
from sandbox.server import server
from sandbox.world import World
from sandbox.xui import XuiEmulator

Request = tuple[str, str]  # method and path, as the emulator's log has it


@dataclass(frozen=True)
class Seen:
    """A key as an inbound serves it. An inbound that held it twice would stand here twice."""

    uuid: UUID
    sub_id: str
    expires_at: datetime | None
    enabled: bool
    device_limit: int
    traffic_limit_bytes: int
    vision: bool
    inbound_ids: tuple[int, ...]


class PanelHarness(Protocol):
    """One panel to try a driver on. Every test gets it empty, with two inbounds that can sell keys."""

    access: PanelAccess
    wrong_secret: PanelAccess
    wrong_address: PanelAccess
    inbound_ids: tuple[int, int]
    advice: tuple[str, ...]  # what a probe finds to say about a panel in good order

    async def reset(self) -> None: ...

    def arm(self, mode: str, request: Request | None = None, **options: Any) -> Fault:
        """One fault for the next such request; without `request` for the next of all."""

    def disarm(self) -> None: ...

    async def busy(self, request: Request) -> None:
        """The next such request is answered, properly, that the panel is too busy."""

    def requests(self) -> Sequence[Request]:
        """What reached the panel since the last reset or question."""

    async def seen(self, email: str) -> Seen | None: ...
    async def count(self) -> int: ...
    async def use(self, email: str, up: int, down: int) -> None: ...
    async def let_time_tell(self) -> None:
        """The panel switches off what has ended or is used up."""

    async def admin_notes(self, email: str, **notes: str) -> None:
        """Somebody writes beside the key, in fields that are not ours."""

    async def notes(self, email: str) -> Mapping[str, str]: ...
    async def admin_switches_off(self, email: str) -> None: ...
    async def admin_deletes(self, email: str) -> None: ...
    async def admin_takes_off(self, email: str) -> None:
        """Off every inbound, where a panel can keep a key that is nowhere; else as deleted."""

    async def stranger(self, email: str, sub_id: str) -> None:
        """A key that is not ours."""

    async def strangers(self, count: int) -> None: ...


class XuiHarness:
    """3X-UI 3.6 under the base path /abc/, whose driver comes in by token or by password."""

    def __init__(
        self, url: str, world: World, emulator: XuiEmulator, http: httpx2.AsyncClient, *, by_password: bool
    ) -> None:
        self._world, self._emulator, self._http = world, emulator, http
        base = f"{url}/sandbox/{emulator.name}/abc/"
        self.advice: tuple[str, ...] = ("password-login",) if by_password else ()
        if by_password:
            self.access = PanelAccess(url=base, username=emulator.username, password=emulator.password)
            self.wrong_secret = replace(self.access, password="wrong")
        else:
            self.access = PanelAccess(url=base, token=emulator.token)
            self.wrong_secret = replace(self.access, token="x" * 48)
        self.wrong_address = replace(self.access, url=f"{url}/sandbox/{emulator.name}/wrong/")
        self._api = f"{base}panel/api/"
        self._control = f"{url}/sandbox/{emulator.name}/_ctl/"
        first, second = (inbound["id"] for inbound in emulator.state.inbounds_in_order())
        self.inbound_ids = (first, second)
        self._logged = 0

    async def reset(self) -> None:
        self.disarm()
        self._emulator.reset()
        self.requests()

    def arm(self, mode: str, request: Request | None = None, **options: Any) -> Fault:
        method, path = request or (None, "*")
        return self._world.faults.arm(self._emulator.name, mode, method=method, path=path, **options)

    def disarm(self) -> None:
        self._world.faults.clear()

    async def busy(self, request: Request) -> None:
        await self._post(self._control + "next", path=next(r for r in _ROUTES if r.strip("/") in request[1]))

    def requests(self) -> Sequence[Request]:
        """Those of the harness itself carry no X-Requested-With, which the driver always sends."""
        entries = [entry for entry in self._world.log.entries if entry.id > self._logged]
        self._logged = max((entry.id for entry in entries), default=self._logged)
        return [(entry.method, entry.path) for entry in entries if "x-requested-with" in entry.headers]

    async def seen(self, email: str) -> Seen | None:
        entries = Counter[Seen]()
        where = []
        for inbound in await self._get("inbounds/list"):
            for entry in inbound["settings"]["clients"]:
                if entry["email"].lower() == email.lower():
                    entries[_seen(entry)] += 1
                    where.append(inbound["id"])
        if not entries:
            return None
        assert len(entries) == 1, f"inbounds disagree about one key: {entries}"
        (seen,) = entries
        record = (await self._get(f"clients/get/{quote(email, safe='')}"))["client"]
        assert _seen({**record, "id": record["uuid"]}) == seen, "the panel's list and its inbounds disagree"
        return replace(seen, inbound_ids=tuple(sorted(where)))

    async def count(self) -> int:
        return len(await self._get("clients/list"))

    async def use(self, email: str, up: int, down: int) -> None:
        await self._post(self._control + "traffic", email=email, up=up, down=down)

    async def let_time_tell(self) -> None:
        await self._post(self._control + "tick")

    async def admin_notes(self, email: str, **notes: str) -> None:
        record = (await self._get(f"clients/get/{email}"))["client"]
        mine = ("email", "subId", "flow", "limitIp", "totalGB", "expiryTime", "enable", "tgId", "reset")
        body = {name: record[name] for name in (*mine, "comment", "group")} | {"id": record["uuid"]}
        await self._post(f"{self._api}clients/update/{email}", **body | notes)

    async def notes(self, email: str) -> Mapping[str, str]:
        record = (await self._get(f"clients/get/{email}"))["client"]
        return {"comment": record["comment"], "group": record["group"]}

    async def admin_switches_off(self, email: str) -> None:
        await self._post(self._api + "clients/bulkDisable", emails=[email])

    async def admin_deletes(self, email: str) -> None:
        await self._post(f"{self._api}clients/del/{email}")

    async def admin_takes_off(self, email: str) -> None:
        await self._post(f"{self._api}clients/{email}/detach", inboundIds=list(self.inbound_ids))

    async def stranger(self, email: str, sub_id: str) -> None:
        client = {"email": email, "subId": sub_id, "enable": True}
        await self._post(self._api + "clients/add", client=client, inboundIds=[self.inbound_ids[0]])

    async def strangers(self, count: int) -> None:
        clients = [
            {"client": {"email": f"stranger-{n}", "subId": secrets.token_hex(8)}, "inboundIds": [self.inbound_ids[0]]}
            for n in range(count)
        ]
        answer = await self._http.post(self._api + "clients/bulkCreate", json=clients)
        assert answer.json()["obj"]["created"] == count

    async def _get(self, route: str) -> Any:
        answer = (await self._http.get(self._api + route)).json()
        assert answer["success"], answer
        return answer["obj"]

    async def _post(self, url: str, **body: Any) -> None:
        answer = await self._http.post(url, json=body)
        assert answer.is_success, answer.text
        assert url.startswith(self._control) or answer.json()["success"], answer.text


_ROUTES = ("clients/add", "clients/update", "clients/del", "clients/get", "clients/list", "/attach", "/detach")


def _seen(entry: Mapping[str, Any]) -> Seen:
    """A client of an inbound's settings, in our words; where is told by whoever found it."""
    ms = entry["expiryTime"]
    return Seen(
        uuid=UUID(entry["id"]),
        sub_id=entry["subId"],
        expires_at=datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms) if ms else None,
        enabled=entry["enable"],
        device_limit=entry["limitIp"],
        traffic_limit_bytes=entry["totalGB"],
        vision=entry.get("flow") == "xtls-rprx-vision",
        inbound_ids=(),
    )


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, port_socket: socket.socket) -> AsyncIterator[None]:
    running = server(app, port=port_socket.getsockname()[1])
    task = asyncio.create_task(running.serve(sockets=[port_socket]))
    async with asyncio.timeout(10):
        while not running.started:  # uvicorn sets a flag, not an event
            await asyncio.sleep(0.005)
    yield
    running.should_exit = True
    await task


def free_port() -> socket.socket:
    """With the protocol named, asyncio switches Nagle's delay off; without, each answer takes 40 ms."""
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    return listener


@contextlib.asynccontextmanager
async def xui(*, by_password: bool = False) -> AsyncIterator[PanelHarness]:
    with free_port() as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        world = World(Clock(), url)
        token = secrets.token_hex(24)
        emulator = XuiEmulator(world, base_path="/abc/", username="shop", password="S3cret-pass", token=token)
        emulator.seed_reality_inbound(443, "NL-1")
        emulator.seed_reality_inbound(8443, "NL-2")
        async with (
            serving(create_app(world, [emulator]), listener),
            httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=30) as http,
        ):
            yield XuiHarness(url, world, emulator, http, by_password=by_password)


class Start(Protocol):
    def __call__(self) -> AbstractAsyncContextManager[PanelHarness]: ...


HARNESSES: Mapping[tuple[str, str], Start] = {
    ("3x-ui", "token"): xui,
    ("3x-ui", "password"): partial(xui, by_password=True),
}
"""By panel and way in."""
