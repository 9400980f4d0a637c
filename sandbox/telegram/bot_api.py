"""The Bot API over HTTP: /bot<token>/<method> and /file/bot<token>/<path>."""

from http import HTTPStatus
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import AnswerFault, Fault
from sandbox.telegram.methods import METHODS
from sandbox.telegram.methods.call import Described
from sandbox.telegram.params import read_params
from sandbox.telegram.refusal import Refusal, too_many_requests
from sandbox.telegram.state import Telegram
from sandbox.telegram.waiting import unless_gone


def bot_api(telegram: Telegram) -> Starlette:
    async def call(request: Request) -> Response:
        try:
            return JSONResponse(await answer(request))
        except Refusal as refusal:
            return _refused(refusal)

    async def answer(request: Request) -> dict[str, Any]:
        if request.path_params["token"] != telegram.token:
            raise Refusal(401, "Unauthorized")
        method = METHODS.get(request.path_params["method"].lower())
        if method is None:
            raise Refusal(404, "Not Found")
        work = method(telegram, await read_params(request))
        result = await unless_gone(request, work, otherwise=[])  # only getUpdates ever waits
        if isinstance(result, Described):
            return {"ok": True, "result": result.result, "description": result.description}
        return {"ok": True, "result": result}

    async def download(request: Request) -> Response:
        if request.path_params["token"] != telegram.token:
            return _refused(Refusal(401, "Unauthorized"))
        file = telegram.files.at(request.path_params["path"])
        if file is None:
            return _refused(Refusal(404, "Not Found"))
        return Response(telegram.files.content(file), media_type="application/octet-stream")

    return Starlette(
        routes=[
            Route("/bot{token}/{method}", call, methods=["GET", "POST"]),
            Route("/file/bot{token}/{path:path}", download),
        ],
        exception_handlers={404: lambda request, error: _refused(Refusal(404, "Not Found"))},
    )


def _refused(refusal: Refusal) -> Response:
    headers = {} if refusal.retry_after is None else {"Retry-After": str(refusal.retry_after)}
    return JSONResponse(refusal.as_json(), refusal.code, headers=headers)


def _answer_status(fault: Fault) -> Response:
    if isinstance(fault.body, dict):
        return JSONResponse(fault.body, fault.status)
    if fault.body.startswith("<"):  # not Telegram's: a gateway's before it
        return HTMLResponse(fault.body, fault.status)
    return _refused(Refusal(fault.status, fault.body or HTTPStatus(fault.status).phrase))


FAULT_ANSWERS: dict[str, AnswerFault] = {
    "status": _answer_status,
    "http_429": lambda fault: _refused(too_many_requests(fault.retry_after)),
}
