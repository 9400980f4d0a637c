"""The control API of one panel, under /sandbox/{name}/_ctl: its whole state, its job, its traffic, its troubles."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.store import Document
from sandbox.xui import machine, traffic
from sandbox.xui.state import State, Trouble

Action = Callable[[Any], Any]


class Controlled(Protocol):
    @property
    def state(self) -> State: ...
    def tick(self) -> None: ...
    def add_reality_inbound(self, port: int = ..., remark: str = ..., host: str = ...) -> Document: ...


def control_app(panel: Controlled) -> Starlette:
    """Every POST takes a JSON object; a wrong one is answered 400 with an error sentence."""
    state = panel.state

    def everything(sent: Any) -> Any:
        return {"settings": asdict(state.settings), "xray": machine.xray(state), **state.snapshot()}

    def clients(sent: Any) -> Any:
        """All clients with inbounds and traffic, by the order of their creation."""
        online = set(state.online())
        return [
            {**record, "traffic": state.traffic.get(record["email"]), "online": record["email"] in online}
            for record in state.records_in_order()
        ]

    def settings(sent: Any) -> Any:
        state.change_settings(**sent)
        return asdict(state.settings)

    def add_traffic(sent: Any) -> Any:
        traffic.add(state, sent["email"], sent.get("up", 0), sent.get("down", 0))
        return state.traffic.get(sent["email"])

    def set_online(sent: Any) -> Any:
        state.online_until[sent["email"]] = float("inf") if sent.get("online", True) else 0
        return state.online()

    def trouble(sent: Any) -> Any:
        state.troubles.append(Trouble(**sent))
        return [asdict(armed) for armed in state.troubles]

    def clear_limiter(sent: Any) -> Any:
        state.login_failures.clear()
        state.blocked_until.clear()

    def restore(sent: Any) -> Any:
        state.restore(sent["snapshot"])

    routes: list[tuple[str, str, Action]] = [
        ("GET", "/state", everything),
        ("GET", "/clients", clients),
        ("GET", "/snapshot", lambda sent: {"snapshot": state.snapshot()}),
        ("POST", "/restore", restore),
        ("POST", "/settings", settings),
        ("POST", "/tick", lambda sent: panel.tick()),
        ("POST", "/traffic", add_traffic),
        ("POST", "/online", set_online),
        ("POST", "/next", trouble),
        ("POST", "/limiter/clear", clear_limiter),
        ("POST", "/seed", lambda sent: panel.add_reality_inbound(**sent)),
    ]
    return Starlette(
        routes=[Route(f"/_ctl{path}", _route(action), methods=[method]) for method, path, action in routes]
    )


def _route(action: Action) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            sent = await request.json() if await request.body() else {}
            return JSONResponse(action(sent))
        except (ValueError, KeyError, TypeError) as error:
            return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 400)

    return answer
