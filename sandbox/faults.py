"""Faults on demand: what a test or the fault panel arms, and the middleware that plays it.

Modes: latency, status, lost_before, lost_after, reset, garbage, slow_body, http_202, http_429.
Source: the fault modes of the providers' emulators are one list for all of them, so a test reads the same
whatever it breaks.
"""

import asyncio
import fnmatch
import itertools
import json
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MODES = frozenset(
    {
        "latency",
        "status",
        "lost_before",
        "lost_after",
        "reset",
        "garbage",
        "slow_body",
        "http_202",
        "http_429",
    }
)
ANSWERED = frozenset({"status", "garbage"})  # by whoever stands between, so the request may have arrived
BAD_GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass
class Fault:
    """One armed fault. It is consumed `times` times and then forgotten; `times` None stays until removed."""

    id: int
    service: str
    mode: str
    method: str | None = None  # None: any
    path: str = "*"  # shell pattern over the path inside the emulator, e.g. /v3/payments or */sendMessage
    times: int | None = 1
    hits: int = 0
    ms: int = 0  # latency, slow_body: how long
    status: int = 500  # status: the code answered instead
    body: Any = ""  # status: text, or JSON
    retry_after: int = 1  # http_429: seconds; http_202: milliseconds
    after: bool = False  # status, garbage: the request was carried out before

    def matches(self, service: str, method: str, path: str) -> bool:
        alive = self.times is None or self.hits < self.times
        return (
            alive
            and self.service == service
            and self.method in (None, method)
            and fnmatch.fnmatchcase(path, self.path)
        )


@dataclass
class Faults:
    """Everything armed now, for all emulators."""

    armed: list[Fault] = field(default_factory=list)
    _ids: Any = field(default_factory=lambda: itertools.count(1))

    def arm(self, service: str, mode: str, **options: Any) -> Fault:
        """Arm one fault.

        Raises:
            ValueError: an unknown mode or option.
        """
        if mode not in MODES:
            raise ValueError(f"unknown mode {mode!r}, one of: {', '.join(sorted(MODES))}")
        if options.get("after") and mode not in ANSWERED:
            raise ValueError(f"after is for {', '.join(sorted(ANSWERED))}")
        try:
            fault = Fault(id=next(self._ids), service=service, mode=mode, **options)
        except TypeError as error:
            raise ValueError(str(error)) from error
        self.armed.append(fault)
        return fault

    def clear(self, fault_id: int | None = None) -> None:
        self.armed = [] if fault_id is None else [f for f in self.armed if f.id != fault_id]

    def take(self, service: str, method: str, path: str) -> list[Fault]:
        """The faults this request meets: every latency, then the first of the others. They count as hit."""
        matching = [f for f in self.armed if f.matches(service, method, path)]
        delays = [f for f in matching if f.mode == "latency"]
        others = [f for f in matching if f.mode != "latency"][:1]
        for fault in (*delays, *others):
            fault.hits += 1
        return [*delays, *others]

    def as_json(self) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self.armed]


AnswerFault = Callable[[Fault], Response]


class FaultMiddleware:
    """Plays armed faults in front of one emulator.

    `answers` gives the body a company sends with 429 or 202, where it has one of its own.
    """

    def __init__(
        self, app: ASGIApp, *, faults: Faults, service: str, answers: Mapping[str, AnswerFault] | None = None
    ) -> None:
        self.app = app
        self.faults = faults
        self.service = service
        self.answers = answers or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "").removeprefix(scope.get("root_path", ""))
        if scope["type"] != "http" or path.startswith("/_ctl/"):
            await self.app(scope, receive, send)
            return
        met = self.faults.take(self.service, scope["method"], path)
        scope["sandbox.faults"] = [fault.mode for fault in met]
        for fault in met:
            if fault.mode == "latency":
                await asyncio.sleep(fault.ms / 1000)
            else:
                await self._play(fault, scope, receive, send)
                return
        await self.app(scope, receive, send)

    async def _play(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.after:
            await self.app(scope, receive, _discard)
        if fault.mode in self.answers:
            await self.answers[fault.mode](fault)(scope, receive, send)
        elif fault.mode == "lost_before":
            await close(scope)
        elif fault.mode == "reset":
            await close(scope, reset=True)
        elif fault.mode == "lost_after":
            await self.app(scope, receive, _discard)
            await close(scope)
        elif fault.mode == "slow_body":
            await self.app(scope, receive, _slowly(send, fault.ms / 1000))
        else:
            await _answer(fault)(scope, receive, send)


def _answer(fault: Fault) -> Response:
    if fault.mode == "garbage":
        return Response(BAD_GATEWAY, 502, media_type="text/html")
    if fault.mode == "http_429":
        return Response("", 429, headers={"Retry-After": str(fault.retry_after)})
    if fault.mode == "http_202":
        return Response("", 202)
    if isinstance(fault.body, str):
        kind = "text/html" if fault.body.lstrip().startswith("<") else "text/plain"
        return Response(fault.body, fault.status, media_type=kind)
    return Response(json.dumps(fault.body), fault.status, media_type="application/json")


async def _discard(message: Message) -> None:
    """Swallow an answer that is to be lost."""


def _slowly(send: Send, seconds: float) -> Send:
    async def trickle(message: Message) -> None:
        if message["type"] != "http.response.body" or not message.get("body"):
            await send(message)
            return
        body: bytes = message["body"]
        middle = len(body) // 2
        await send({"type": "http.response.body", "body": body[:middle], "more_body": True})
        await asyncio.sleep(seconds)
        await send({**message, "body": body[middle:]})

    return trickle


async def close(scope: Scope, *, reset: bool = False) -> None:
    """Close the connection of this request without an answer; with `reset` by a TCP RST.

    Needs the transport that `sandbox.server` puts into the scope.
    """
    transport: asyncio.Transport = scope["extensions"]["sandbox.transport"]["transport"]
    if reset:
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    else:
        transport.close()
    await asyncio.sleep(0.01)  # lets the server notice, so that it does not try to answer 500
