"""The service as one ASGI application: /api/v1, a list of receipts, /_ctl."""

import asyncio
from decimal import Decimal, InvalidOperation

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount
from starlette.types import ASGIApp

from sandbox.acts import get, post
from sandbox.faults import Fault, FaultMiddleware
from sandbox.log import LogMiddleware
from sandbox.mynalog.api import Api, error_answer
from sandbox.mynalog.books import COMMENTS, YEARLY_LIMIT, Books, Person, Sessions
from sandbox.mynalog.pages import Pages
from sandbox.store import Document
from sandbox.world import World


class MyNalogEmulator:
    """The tax service, for one self-employed person. What it knows survives a restart."""

    name = "mynalog"

    def __init__(self, world: World, person: Person) -> None:
        self._world = world
        self._store = world.store(self.name)
        self._sessions = Sessions(world.clock, self._store, person)
        self._books = Books(world.clock, self._store)
        app = Starlette(
            routes=[
                *Pages(person, self._books).routes(),
                Mount("/api/v1", routes=Api(self._sessions, self._books).routes()),
                Mount(
                    "/_ctl",
                    routes=[
                        get("/receipts", lambda path, body: self._books.newest_first()),
                        post("/receipts/{id}/annul", self._annul),
                        post("/limit", self._set_limit),
                        post("/list", self._leave_out),
                        post("/sessions/end", self._end_sessions),
                        post("/reset", self._reset),
                    ],
                ),
            ]
        )
        answers = {"status": _broken, "http_429": _too_many}
        faulty = FaultMiddleware(app, faults=world.faults, service=self.name, answers=answers)
        self.app: ASGIApp = LogMiddleware(faulty, log=world.log, service=self.name)

    async def run(self) -> None:
        """Nothing happens there by itself."""
        await asyncio.Event().wait()

    def reset(self) -> None:
        """Forget everything."""
        self._store.reset()
        self._books.limit = YEARLY_LIMIT
        self._books.left_out = frozenset()

    def _annul(self, path: dict[str, str], body: Document) -> object:
        """As the person does it in the app. {"comment": …}, the second of the two where there is none."""
        self._books.get(path["id"])
        now = self._world.clock.now().isoformat(timespec="seconds")
        comment = body.get("comment", COMMENTS[1])
        return self._books.annul({"receiptUuid": path["id"], "comment": comment, "operationTime": now})

    def _set_limit(self, path: dict[str, str], body: Document) -> object:
        """{"roubles": 1000}: what may be earned in a year."""
        try:
            self._books.limit = Decimal(str(body.get("roubles")))
        except InvalidOperation:
            raise ValueError("roubles is a number") from None
        return {"roubles": float(self._books.limit)}

    def _leave_out(self, path: dict[str, str], body: Document) -> object:
        """{"without": ["hasMore", "operationTime"]}: what GET /incomes leaves out, of its pages and their lines."""
        names = body.get("without", [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ValueError("without is a list of names")
        self._books.left_out = frozenset(names)
        return {"without": sorted(names)}

    def _end_sessions(self, path: dict[str, str], body: Document) -> object:
        """{"refreshes": true}: the password is needed again."""
        self._sessions.forget(refreshes=body.get("refreshes") is True)
        return {"ok": True}

    def _reset(self, path: dict[str, str], body: Document) -> object:
        self.reset()
        return {"ok": True}


def _broken(fault: Fault) -> Response:
    """The body that was armed, else the service's own for this status."""
    if fault.body == "":
        return error_answer(fault.status, "internal.error", "Внутренняя ошибка")
    if isinstance(fault.body, str):
        kind = "text/html" if fault.body.lstrip().startswith("<") else "text/plain"
        return Response(fault.body, fault.status, media_type=kind)
    return JSONResponse(fault.body, fault.status)


def _too_many(fault: Fault) -> Response:
    answer = error_answer(429, "too.many.requests", "Слишком много запросов")
    answer.headers["Retry-After"] = str(fault.retry_after)
    return answer
