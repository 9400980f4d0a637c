"""The 3X-UI panel, its subscription server and its control API as one application."""

import asyncio
import json
from dataclasses import dataclass

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.faults import FaultMiddleware
from sandbox.log import LogMiddleware
from sandbox.store import Document
from sandbox.world import World
from sandbox.xui import auth, dialect_clients, inbounds, subscription, traffic
from sandbox.xui.control import control_app
from sandbox.xui.routing import Panel
from sandbox.xui.state import Settings, State
from sandbox.xui.template import reality_inbound

DIALECTS = {"clients": dialect_clients.ENDPOINTS}
TICK_SECONDS = 5
LOOK_SECONDS = 0.5  # how soon a moved clock is noticed


@dataclass
class XuiEmulator:
    """One panel at /sandbox/{name}{base_path}; subscriptions at /sandbox/{name}/sub/{subId}.

    `token` is an API token that exists from the start, named "install"; what was stored before wins over all
    options. Several panels need several names.
    """

    world: World
    name: str = "xui"
    base_path: str = "/"
    username: str = "admin"
    password: str = "admin"
    token: str | None = None
    dialect: str = "clients"

    def __post_init__(self) -> None:
        base_path = f"/{self.base_path.strip('/')}/".replace("//", "/")
        settings = Settings(base_path=base_path, username=self.username, password=self.password)
        self.state = State(self.world.store(self.name), self.world.clock, settings)
        self._seeds: list[tuple[int, str, str]] = []
        self._panel = Panel(self.state, DIALECTS[self.dialect])
        self._control = control_app(self)
        faulty = FaultMiddleware(self._serve, faults=self.world.faults, service=self.name)
        self.app: ASGIApp = LogMiddleware(faulty, log=self.world.log, service=self.name)
        self._install_token()

    async def run(self) -> None:
        """The job that ends clients: every 5 seconds of the moved clock."""
        last = self.world.clock.timestamp()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now = self.world.clock.timestamp()
            if not 0 <= now - last < TICK_SECONDS:
                last = now
                self.tick()

    def reset(self) -> None:
        """A new panel with its token and the inbounds it was seeded with."""
        self.state.reset()
        self._install_token()
        for seed in self._seeds:
            self.add_reality_inbound(*seed)

    def tick(self) -> None:
        traffic.tick(self.state)

    def seed_reality_inbound(self, port: int = 443, remark: str = "NL-1", host: str = "203.0.113.10") -> Document:
        """As `add_reality_inbound`; the panel has it again after every reset."""
        self._seeds.append((port, remark, host))
        return self.add_reality_inbound(port, remark, host)

    def add_reality_inbound(self, port: int = 443, remark: str = "NL-1", host: str = "203.0.113.10") -> Document:
        """The inbound on this port; made with fresh REALITY keys if the panel has none there."""
        for inbound in self.state.inbounds_in_order():
            if inbound["port"] == port:
                return inbound
        body = json.dumps(reality_inbound(port, remark, host)).encode()
        return inbounds.add(self.state, inbounds.read(body))

    def _install_token(self) -> None:
        if self.token and not len(self.state.tokens):
            auth.create_token(self.state, "install", self.token)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"].removeprefix(scope.get("root_path", ""))
        sub_path = self.state.settings.sub_path
        if path.startswith("/_ctl/"):
            await self._control(scope, receive, send)
        elif path.startswith(sub_path):
            response = subscription.answer(self.state, Request(scope), path.removeprefix(sub_path))
            await response(scope, receive, send)
        else:
            await self._panel(scope, receive, send)
