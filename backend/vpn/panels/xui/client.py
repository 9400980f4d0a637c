"""HTTP with one 3X-UI panel: who we are, the envelope of its answers, and what each failure means.

Source: github.com/MHSanaei/3x-ui at tag v3.6.0, internal/web/controller and internal/web/middleware.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Protocol, TypeVar

from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError

from backend.kit.errors import Outside, Unavailable
from backend.kit.http import Answer, Http
from backend.vpn.panels.base import PanelAccess, PanelAuthFailed, PanelNotRecognized, PanelRefused

READ_SECONDS = 30.0  # the panel gives up on an answer of its own after 30 s
AGAIN_LATER = frozenset({408, 429})

T = TypeVar("T")


class RouteMissing(Exception):
    """404 where a route was expected: another dialect, or another program. Never leaves this package."""


class Auth(Protocol):
    """How a request proves who sends it."""

    async def headers(self) -> Mapping[str, str]:
        """What the next request carries. A session signs in here when it has to."""


@dataclass(frozen=True, slots=True)
class BearerToken:
    """An API token of the panel: no session, no CSRF, no lock-out."""

    token: str = field(repr=False)

    async def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def auth_for(access: PanelAccess) -> Auth:
    """The way in that these credentials open.

    Raises:
        PanelAuthFailed: no token, or one that cannot stand in a header.
    """
    if not access.token:
        raise PanelAuthFailed(reason="an API token is needed: make one in the panel, Settings, Security, API tokens")
    if not access.token.isascii() or not access.token.isprintable() or " " in access.token:
        raise PanelAuthFailed(reason="the API token has characters that no token has: copy it again")
    return BearerToken(access.token)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the panel's program answered. HTTP 200 is not yet a yes: `success` is."""

    success: bool
    message: str
    obj: JsonValue
    date: datetime | None  # the panel's clock, whole seconds

    def says(self, text: str) -> bool:
        """Whether the English inner part of the message has `text`; the part before it changes with the language."""
        return text in inner(self.message)

    def failure(self) -> Outside:
        """The error that this "no" is."""
        reason = redact(inner(self.message))
        if self.says("database is locked") or self.says("queue full"):
            return Unavailable(reason=reason)
        return PanelRefused(reason=reason)

    def read(self, shape: TypeAdapter[T]) -> T:
        """The answer itself.

        Raises:
            Unavailable, PanelRefused: the panel said no.
            PanelNotRecognized: the answer has another shape than every known version gives it.
        """
        if not self.success:
            raise self.failure()
        try:
            return shape.validate_python(self.obj)
        except ValidationError as error:
            where = ".".join(str(part) for part in error.errors()[0]["loc"])
            raise PanelNotRecognized(reason=f"unexpected answer at {where or 'its root'}") from None


class _Envelope(BaseModel):
    success: bool
    msg: str = ""
    obj: JsonValue = None


class Client:
    """One panel's API. Routes are relative to the panel's base path; `label` stands for them in logs and errors."""

    def __init__(self, access: PanelAccess) -> None:
        self.url = access.url.rstrip("/") + "/"
        self._auth = auth_for(access)
        self._http = Http(
            "3x-ui",
            read_seconds=READ_SECONDS,
            # Without the first, a wrong token is answered 404 like a wrong address. No Accept-Language: the
            # panel then writes its messages in English.
            headers={"X-Requested-With": "XMLHttpRequest", "Accept": "application/json"},
            verify=access.verify_tls,
        )

    async def get(self, route: str, *, label: str) -> Reply:
        """Read something.

        Raises:
            RouteMissing: 404.
            Unavailable: no usable answer.
            PanelAuthFailed, PanelNotRecognized: it will be the same next time.
        """
        answer = await self._http.send("GET", self.url + route, label=label, headers=await self._auth.headers())
        return interpret(answer, label)

    async def post(self, route: str, body: Mapping[str, JsonValue], *, label: str) -> Reply:
        """Change something. Raises as `get`; after Unavailable the change may have happened all the same."""
        answer = await self._http.send(
            "POST", self.url + route, label=label, json=body, headers=await self._auth.headers()
        )
        return interpret(answer, label)

    async def aclose(self) -> None:
        await self._http.aclose()


def interpret(answer: Answer, label: str) -> Reply:
    """Tell a panel's answer from everything else that may stand at its address. Raises as `Client.get`."""
    if answer.status == 404:
        raise RouteMissing(label)
    if answer.status == 401:
        raise PanelAuthFailed(request=label, reason="the API token is wrong, disabled or expired")
    if answer.status == 403:
        raise PanelAuthFailed(request=label, reason="the token may not do this, or the panel wants its own domain")
    if answer.status >= 500 or answer.status in AGAIN_LATER:
        raise Unavailable(request=label, status=answer.status)
    if answer.status != 200:
        hint = "a redirect: http instead of https?" if answer.status in range(300, 400) else "not an answer of 3X-UI"
        raise PanelNotRecognized(request=label, status=answer.status, reason=hint)
    if not answer.body:
        raise Unavailable(request=label, reason="an empty answer: the panel broke off")
    try:
        envelope = _Envelope.model_validate_json(answer.body)
    except ValidationError:
        raise PanelNotRecognized(request=label, reason="the answer is not JSON of 3X-UI") from None
    return Reply(envelope.success, envelope.msg, envelope.obj, _date(answer.headers.get("date")))


def inner(message: str) -> str:
    """The part in parentheses of `<text in the panel's language> (<text in English>)`, or the whole."""
    match = re.search(r"\((.*)\)\s*$", message, re.DOTALL)
    return (match.group(1) if match else message).strip()


def redact(text: str) -> str:
    """Fit for a log: no UUID, no subscription id, no novel."""
    text = re.sub(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", "…", text)
    return re.sub(r"(subId[^:]*: ).*", r"\1…", text, flags=re.DOTALL)[:200]


def _date(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
