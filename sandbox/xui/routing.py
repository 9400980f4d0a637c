"""One panel over HTTP: base path, routes, the order of checks before a handler, and the answer around it.

Source: webDomain (403), then the route (404 for an unknown one, also with a token), then token or session (401
for XHR, else 404), then CSRF for sessions (403); all of these without a body.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.xui import auth
from sandbox.xui.answers import WENT_WRONG, Invalid, Refused, envelope, failure
from sandbox.xui.auth import Session
from sandbox.xui.gojson import GoError, Kind, decode
from sandbox.xui.state import State, Trouble

SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")


@dataclass
class Call:
    """One request as a handler sees it."""

    request: Request
    body: bytes
    root: str  # where the panel's base path is for the browser
    params: dict[str, str] = field(default_factory=dict)
    session: Session | None = None
    cookie: str = ""  # a Set-Cookie header to send

    def read(self, kind: Kind) -> Any:
        """The body as this Go type. Raises Refused with the decoder's words."""
        try:
            return decode(self.body, kind)
        except GoError as error:
            raise Refused(str(error)) from error

    def number(self, name: str, prefix: str | None = None) -> int:
        """A path parameter that must be a number; `prefix` is how the route begins its complaint."""
        text = self.params[name]
        if not re.fullmatch(r"[+-]?\d+", text):
            raise Refused(f'strconv.Atoi: parsing "{text}": invalid syntax', prefix)
        return int(text)

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form body; none for another content type."""
        if "form" not in self.request.headers.get("content-type", ""):
            return {}
        return {
            name: values[0]
            for name, values in parse_qs(self.body.decode(errors="replace"), keep_blank_values=True).items()
        }


Handler = Callable[[State, Call], Any]


@dataclass(frozen=True)
class Endpoint:
    """A route: `handler` returns `obj` or a whole Response; `done` is the msg then, `failed` the prefix else."""

    method: str
    path: str  # under the base path; {name} is one segment
    handler: Handler
    done: str = ""
    failed: str = WENT_WRONG

    @property
    def open(self) -> bool:
        """Answers without a login."""
        return not self.path.startswith("panel/")

    def match(self, method: str, path: str) -> dict[str, str] | None:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path)
        found = re.fullmatch(pattern, path) if method == self.method else None
        return found.groupdict() if found else None


class Panel:
    """The ASGI application of one panel, without its subscription server."""

    def __init__(self, state: State, endpoints: Sequence[Endpoint]) -> None:
        self._state = state
        self._endpoints = endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        call = Call(request, await request.body(), scope.get("root_path", "") + self._state.settings.base_path)
        response = self._answer(call)
        if call.cookie:
            response.headers["set-cookie"] = call.cookie
        await response(scope, receive, send)

    def _answer(self, call: Call) -> Response:
        settings, scope = self._state.settings, call.request.scope
        if settings.web_domain and call.request.url.hostname != settings.web_domain:
            return Response(status_code=403)
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if not path.startswith(settings.base_path):
            return Response(status_code=404)
        path = path.removeprefix(settings.base_path)
        endpoint = self._find(call, path)
        if endpoint is None:
            return self._missing(call, path)
        return self._forbidden(call, endpoint) or self._handle(call, endpoint)

    def _find(self, call: Call, path: str) -> Endpoint | None:
        for endpoint in self._endpoints:
            params = endpoint.match(call.request.method, path)
            if params is not None:
                call.params = params
                return endpoint
        return None

    def _missing(self, call: Call, path: str) -> Response:
        """404, or a redirect when only the slash at the end is too many."""
        method = call.request.method
        if not path.endswith("/") or not any(e.match(method, path[:-1]) is not None for e in self._endpoints):
            return Response(status_code=404)
        location = call.root + path[:-1]
        if method != "GET":
            return Response(status_code=307, headers={"location": location})
        body = f'<a href="{location}">Moved Permanently</a>.\n\n'
        return Response(body, 301, media_type="text/html", headers={"location": location})

    def _forbidden(self, call: Call, endpoint: Endpoint) -> Response | None:
        headers = call.request.headers
        call.session = auth.read_cookie(self._state, call.request.cookies.get(auth.COOKIE))
        if not endpoint.open:
            if auth.token_is_valid(self._state, headers.get("authorization", "")):
                return None
            if not auth.is_logged_in(self._state, call.session):
                return self._anonymous(call)
        if endpoint.method in SAFE_METHODS:
            return None
        sent = headers.get("x-csrf-token") or call.form.get("_csrf")
        return None if call.session and sent == call.session.csrf else Response(status_code=403)

    def _anonymous(self, call: Call) -> Response:
        """A dead session is written back without its user."""
        if call.session and call.session.user:
            call.session.user = False
            call.cookie = auth.set_cookie(self._state, call.session, call.root)
        xhr = call.request.headers.get("x-requested-with") == "XMLHttpRequest"
        return Response(status_code=401 if xhr else 404)

    def _handle(self, call: Call, endpoint: Endpoint) -> Response:
        trouble = self._trouble(endpoint)
        if trouble and trouble.kind == "refuse":
            return failure(call.request, endpoint.failed, trouble.text)
        try:
            obj = endpoint.handler(self._state, call)
        except Refused as error:
            prefix = endpoint.failed if error.prefix is None else error.prefix
            return failure(call.request, prefix, error.text)
        except Invalid as error:
            return envelope(False, "request body failed validation", error.obj)
        if isinstance(obj, Response):
            return obj
        return envelope(True, endpoint.done, {"nodePending": True} if trouble and obj is None else obj)

    def _trouble(self, endpoint: Endpoint) -> Trouble | None:
        """The armed trouble this call meets; it is used up by it."""
        for trouble in self._state.troubles:
            if trouble.path in endpoint.path:
                trouble.times -= 1
                if trouble.times <= 0:
                    self._state.troubles.remove(trouble)
                return trouble
        return None
