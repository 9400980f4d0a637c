"""A shop with its world in processes of their own, as the figures need it."""

import itertools
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from backend.kit.tokens import Secrets
from backend.payments.mac import hook_token
from sandbox.companies import SHOP_ID, environment
from tests.journeys.processes import Process


@dataclass
class Shop:
    """Processes by name: sandbox, serve, bot, worker, up. Only the sandbox runs at first."""

    http: httpx2.Client
    sandbox_url: str
    web_port: int
    webhook_path: str
    processes: dict[str, Process]

    def start(self, *names: str) -> None:
        for name in names:
            self.processes[name].start()
        if {"serve", "up"} & set(names):
            self.wait_for(f"http://127.0.0.1:{self.web_port}/readyz")
        for name in {"bot", "up"} & set(names):
            self.processes[name].says("poller.started")

    def stop(self, *names: str) -> None:
        for name in names:
            self.processes[name].stop()

    def pid(self, name: str) -> int:
        running = self.processes[name].running
        assert running is not None
        return running.pid

    def ask(self, path: str, **query: Any) -> Any:
        return self.http.get(self.sandbox_url + path, params=query).raise_for_status().json()

    def do(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return self.http.post(self.sandbox_url + path, json=body or {}).raise_for_status().json()

    def wait_for(self, url: str, *, within: float = 60) -> None:
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            with suppress(httpx2.TransportError):
                if self.http.get(url).status_code == 200:
                    return
            time.sleep(0.01)
        raise TimeoutError(url)

    def people(self, count: int, *, first: int) -> list[int]:
        """So many new people, who have not written yet."""
        return [
            self.do("/sandbox/telegram/_ctl/users", {"id": first + n, "first_name": "Анна", "language_code": "ru"})[
                "id"
            ]
            for n in range(count)
        ]


@contextmanager
def open_shop(dsn: str, home: Path) -> Iterator[Shop]:
    """A world on free ports and a shop for it; everything is stopped when the block ends."""
    web_port, sandbox_port = _free_ports(2)
    sandbox_url, secret = f"http://127.0.0.1:{sandbox_port}", secrets.token_urlsafe(32)
    ring = Secrets(secret).ring("order-mac")
    webhook_path = f"/webhooks/yookassa/{hook_token(ring.keys[ring.newest], 'yookassa', SHOP_ID)}"
    settings = environment(sandbox_url) | {
        "SECRET_KEY": secret,
        "PUBLIC_URL": f"http://127.0.0.1:{web_port}",
        "DATABASE_URL": dsn,
        "TRUSTED_PROXIES": "127.0.0.1",
        "PORT": str(web_port),
    }
    options = {
        "--port": str(sandbox_port),
        "--webhook-url": f"http://127.0.0.1:{web_port}{webhook_path}",
    }
    processes = {"sandbox": Process("sandbox", ("sandbox", *itertools.chain(*options.items())), {}, home)}
    processes |= {
        name: Process(name, ("cli.main", name), settings, home) for name in ("serve", "bot", "worker", "up")
    }
    with httpx2.Client(timeout=30, trust_env=False) as http:
        shop = Shop(http, sandbox_url, web_port, webhook_path, processes)
        try:
            shop.start("sandbox")
            shop.wait_for(f"{sandbox_url}/sandbox/_ctl/clock")
            yield shop
        finally:
            for process in processes.values():
                if process.running:
                    process.kill()


def _free_ports(count: int) -> list[int]:
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports
