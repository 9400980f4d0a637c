"""What each answer of a 3X-UI panel means, and the envelope around it. Pure.

Source: github.com/MHSanaei/3x-ui at tag v3.6.0, internal/web/controller and internal/web/middleware.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError

from backend.kit.errors import Outside, Unavailable
from backend.kit.http import Answer
from backend.vpn.panels.base import PanelAuthFailed, PanelNotRecognized, PanelRefused

AGAIN_LATER = frozenset({408, 429})
NOWHERE = (
    "no 3X-UI 3.x at this address: check host, port and base path, e.g. https://203.0.113.10:2053/abc/, "
    "without /panel at the end"
)
HTTPS_PORT = re.compile(rb"HTTP request (was sent )?to (an )?HTTPS (server|port)")  # Go's words, and nginx's

T = TypeVar("T")


class RouteMissing(Exception):
    """404 where a route was expected: another dialect, or another program. Never leaves this package."""


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


def interpret(answer: Answer, label: str, refusals: Mapping[int, str]) -> Reply:
    """Tell a panel's answer from everything else that may stand at its address.

    `refusals` says what 401 and 403 mean to somebody who came in our way.

    Raises:
        RouteMissing: 404.
        Unavailable: no usable answer.
        PanelAuthFailed, PanelNotRecognized: it will be the same next time.
    """
    if answer.status == 404:
        raise RouteMissing(label)
    if answer.status in refusals:
        raise PanelAuthFailed(request=label, reason=refusals[answer.status])
    if answer.status >= 500 or answer.status in AGAIN_LATER:
        raise Unavailable(request=label, status=answer.status)
    if answer.status != 200:
        raise PanelNotRecognized(request=label, status=answer.status, reason=_strange(answer))
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


def _strange(answer: Answer) -> str:
    """Why an answer that is none of 3X-UI's came, as far as it shows. A panel with TLS redirects plain http."""
    if HTTPS_PORT.search(answer.body):
        return "https is spoken at this port: begin the panel's address with https://"
    if answer.status not in range(300, 400):
        return "not an answer of 3X-UI"
    if answer.headers.get("location", "").startswith("https://"):
        return "a redirect to https: give the panel's address as a browser shows it, beginning with https://"
    return "a redirect to another address: check scheme, host, port and base path"


def _date(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
