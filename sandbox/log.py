"""The request log: what went between the shop and the world, newest last, kept in memory."""

import contextlib
import itertools
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.clock import Clock

KEPT = 5000
BODY_LIMIT = 8192
HIDDEN_HEADERS = frozenset({"authorization", "cookie"})


@dataclass
class Entry:
    """One exchange. `direction` is "in" for a request to an emulator, "out" for a webhook to the shop."""

    id: int
    at: str
    service: str
    direction: str
    method: str
    path: str
    status: int | None  # None: no answer
    ms: float
    request: str
    response: str
    headers: dict[str, str]
    faults: list[str]


@dataclass
class RequestLog:
    clock: Clock
    entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=KEPT))
    _ids: Any = field(default_factory=lambda: itertools.count(1))

    def add(self, **fields: Any) -> Entry:
        entry = Entry(id=next(self._ids), at=self.clock.now().isoformat(timespec="milliseconds"), **fields)
        self.entries.append(entry)
        return entry

    def since(self, after: int = 0, service: str | None = None, last: int | None = None) -> list[dict[str, Any]]:
        """What came after that id, oldest first; of more than `last` entries only the newest."""
        found = [e for e in self.entries if e.id > after and service in (None, e.service)]
        return [asdict(e) for e in (found[-last:] if last else found)]

    def clear(self) -> None:
        self.entries.clear()


class LogMiddleware:
    """Writes every request of one emulator to the log, except its own control API and its polling."""

    def __init__(self, app: ASGIApp, *, log: RequestLog, service: str, quiet: tuple[str, ...] = ()) -> None:
        self.app = app
        self.log = log
        self.service = service
        self.quiet = quiet  # ends of paths that are too many to keep

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "").removeprefix(scope.get("root_path", ""))
        if scope["type"] != "http" or path.startswith("/_ctl/") or path.endswith(self.quiet):
            with contextlib.suppress(ClientDisconnect):
                await self.app(scope, receive, send)
            return
        request, response = bytearray(), bytearray()
        status: int | None = None

        async def receiving() -> Message:
            message = await receive()
            request.extend(message.get("body", b"")[: BODY_LIMIT - len(request)])
            return message

        async def sending(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            response.extend(message.get("body", b"")[: BODY_LIMIT - len(response)])
            await send(message)

        started = time.perf_counter()
        try:
            await self.app(scope, receiving, sending)
        except ClientDisconnect:
            pass  # whoever asked was killed or lost patience, during a fault as a rule
        finally:
            query = scope.get("query_string", b"").decode("latin-1")
            self.log.add(
                service=self.service,
                direction="in",
                method=scope["method"],
                path=f"{path}?{query}" if query else path,
                status=status,
                ms=round((time.perf_counter() - started) * 1000, 1),
                request=request.decode(errors="replace"),
                response=response.decode(errors="replace"),
                headers={
                    k.decode("latin-1"): v.decode("latin-1")
                    for k, v in scope["headers"]
                    if k.decode("latin-1") not in HIDDEN_HEADERS
                },
                faults=scope.get("sandbox.faults", []),
            )
