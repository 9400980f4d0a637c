"""/api/v1: what the web application calls, and so do its clients."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.bodies import Refusal, parse_object, read_body
from sandbox.mynalog.books import Books, Refused, Sessions
from sandbox.store import Document

Handler = Callable[[Request], Awaitable[Document]]
LARGEST_PAGE = 50


class Api:
    def __init__(self, sessions: Sessions, books: Books) -> None:
        self._sessions, self._books = sessions, books

    def routes(self) -> list[Route]:
        return [
            Route("/auth/lkfl", _answering(self._sign_in), methods=["POST"]),
            Route("/auth/token", _answering(self._refresh), methods=["POST"]),
            Route("/income", _answering(self._enter), methods=["POST"]),
            Route("/cancel", _answering(self._annul), methods=["POST"]),
            Route("/incomes", _answering(self._list), methods=["GET"]),
        ]

    async def _sign_in(self, request: Request) -> Document:
        return self._sessions.sign_in(await _body(request))

    async def _refresh(self, request: Request) -> Document:
        return self._sessions.refresh(await _body(request))

    async def _enter(self, request: Request) -> Document:
        self._sessions.check(request.headers.get("authorization"))
        return {"approvedReceiptUuid": self._books.enter(await _body(request))["approvedReceiptUuid"]}

    async def _annul(self, request: Request) -> Document:
        self._sessions.check(request.headers.get("authorization"))
        return {"incomeInfo": self._books.annul(await _body(request))}

    async def _list(self, request: Request) -> Document:
        self._sessions.check(request.headers.get("authorization"))
        query = request.query_params
        try:
            since, until = datetime.fromisoformat(query["from"]), datetime.fromisoformat(query["to"])
            offset, limit = int(query.get("offset", 0)), min(int(query.get("limit", LARGEST_PAGE)), LARGEST_PAGE)
        except (KeyError, ValueError):
            raise Refused(400, "validation.failed", "from, to, offset, limit") from None
        return self._books.page(since, until, max(offset, 0), max(limit, 1))


async def _body(request: Request) -> Document:
    try:
        return parse_object(await read_body(request))
    except Refusal:
        raise Refused(400, "validation.failed", "JSON") from None


def _answering(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return JSONResponse(await handler(request))
        except Refused as refused:
            return error_answer(refused.status, refused.code, refused.message)

    return answer


def error_answer(status: int, code: str, message: str) -> Response:
    return JSONResponse({"code": code, "message": message, "additionalInfo": None}, status)
