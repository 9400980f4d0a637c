"""What clients send, read with a limit: nothing they send makes the emulator fail."""

import json
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from sandbox.store import Document

LIMIT_BYTES = 1024 * 1024
NOT_JSON = "Request body is not a JSON object"


class Refusal(Exception):
    """A request that an emulated company does not take: HTTP status and why, in English."""

    def __init__(self, status: int, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.description = description


async def read_body(request: Request) -> bytes:
    """The body, which is read to its end also when it is too long, so that the client hears the answer.

    Raises:
        Refusal: 413, it is over 1 MiB.
    """
    kept, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= LIMIT_BYTES:
            kept.extend(chunk)
    if size > LIMIT_BYTES:
        raise Refusal(413, "Request body is too large")
    return bytes(kept)


def parse_object(body: bytes) -> Document:
    """The JSON object in it; nothing at all is an empty one.

    Raises:
        Refusal: 400, not an object, or text in it that cannot be stored.
    """
    if not body.strip():
        return {}
    try:
        parsed = json.loads(body.decode())
        _check_text(parsed)
    except (ValueError, RecursionError):
        raise Refusal(400, NOT_JSON) from None
    if not isinstance(parsed, dict):
        raise Refusal(400, NOT_JSON)
    return parsed


async def read_form(request: Request) -> dict[str, str]:
    """The fields of an HTML form; of a repeated one the last.

    Raises:
        Refusal: 400 or 413.
    """
    body = await read_body(request)
    try:
        return dict(parse_qsl(body.decode(errors="replace"), max_num_fields=50))
    except ValueError:
        raise Refusal(400, "Form is not understood") from None


def _check_text(value: Any) -> None:
    if isinstance(value, str):
        value.encode()  # a lone surrogate raises
        if "\0" in value:
            raise ValueError("NUL")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _check_text(key)
            _check_text(inner)
    elif isinstance(value, list):
        for inner in value:
            _check_text(inner)
