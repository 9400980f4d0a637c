"""How the panel answers: the envelope, its texts and their languages.

Source: every handler answers HTTP 200 with success, msg and obj; a failure's msg is "<prefix> (<inner error>)".
Only the prefix is translated.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

WENT_WRONG = "Something went wrong"
OBTAIN = "Obtain"
PARAMETERS_CHANGED = "The parameters have been changed."
INBOUND_CREATED = "Inbound has been successfully created."
INBOUND_UPDATED = "Inbound has been successfully updated."
INBOUND_DELETED = "Inbound has been successfully deleted."
CLIENT_ADDED = "Inbound client(s) have been added."
CLIENT_UPDATED = "Inbound client has been updated."
CLIENT_DELETED = "Inbound client has been deleted."

_RUSSIAN = {WENT_WRONG: "Что-то пошло не так"}


class Refused(Exception):
    """A handler's failure; `text` is the inner error, exactly. `prefix` replaces that of the route."""

    def __init__(self, text: str, prefix: str | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.prefix = prefix


class Invalid(Exception):
    """The body does not pass validation; `obj` is what is answered beside the fixed msg."""

    def __init__(self, issues: list[dict[str, str]], message: str) -> None:
        super().__init__(message)
        self.obj = {"issues": issues, "message": message}


def new_error(text: str) -> Refused:
    """An error the panel made itself: those end with a newline. Database and decoder errors do not."""
    return Refused(f"{text}\n")


def not_found() -> Refused:
    return Refused("record not found")


class GoJSONResponse(JSONResponse):
    media_type = "application/json; charset=utf-8"


def envelope(success: bool, msg: str, obj: Any = None) -> Response:
    return GoJSONResponse({"success": success, "msg": msg, "obj": obj})


def failure(request: Request, prefix: str, text: str) -> Response:
    return envelope(False, f"{_translated(request, prefix)} ({text})")


def _translated(request: Request, prefix: str) -> str:
    language = request.cookies.get("lang") or request.headers.get("accept-language", "")
    return _RUSSIAN.get(prefix, prefix) if language.lower().startswith("ru") else prefix
