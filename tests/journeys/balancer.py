"""What stands before several web processes in production: each request goes to the next of them."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


@dataclass
class Balancer:
    """`taken` are the paths that each process has answered."""

    http: httpx2.AsyncClient
    servers: Sequence[str]
    taken: dict[str, list[str]] = field(default_factory=dict)

    def app(self) -> Starlette:
        self.taken = {server: [] for server in self.servers}
        turns = itertools.cycle(self.servers)

        async def pass_on(request: Request) -> Response:
            server = next(turns)
            headers = {name: value for name, value in request.headers.items() if name not in ("host", "connection")}
            try:
                answer = await self.http.request(
                    request.method, server + request.url.path, content=await request.body(), headers=headers
                )
            except httpx2.TransportError:
                return Response("nobody is there", 502)
            self.taken[server].append(request.url.path)
            return Response(answer.content, answer.status_code)

        return Starlette(routes=[Route("/{path:path}", pass_on, methods=["GET", "POST"])])
