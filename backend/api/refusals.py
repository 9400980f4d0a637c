"""The error answers of an operation, as its documentation shows them: taken from the errors themselves."""

from collections import defaultdict
from http import HTTPStatus
from typing import Any

from backend.kit.db import DatabaseUnavailable
from backend.kit.errors import ShopError
from backend.kit.i18n import translator
from backend.kit.problems import MEDIA_TYPE, InvalidFields, problem_of

PROBLEM = "#/components/schemas/Problem"

_HEADERS = {
    401: {"WWW-Authenticate": {"description": "`Bearer`", "schema": {"type": "string"}}},
    429: {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}},
}


def refusals(*errors: type[ShopError]) -> dict[int | str, dict[str, Any]]:
    """What an operation may answer instead: these, and the database being away."""
    by_status: dict[int, list[type[ShopError]]] = defaultdict(list)
    raised: list[type[ShopError]] = [*errors, DatabaseUnavailable]
    for error in raised:
        by_status[error.status].append(error)
    return {status: _refusal(HTTPStatus(status), errors) for status, errors in by_status.items()}


def _refusal(status: HTTPStatus, errors: list[type[ShopError]]) -> dict[str, Any]:
    examples = {error.code.removeprefix("error-").replace("-", "_"): {"value": _shown(error)} for error in errors}
    answer = {
        "description": status.phrase,
        "content": {MEDIA_TYPE: {"schema": {"$ref": PROBLEM}, "examples": examples}},
    }
    return answer | ({"headers": _HEADERS[status]} if status in _HEADERS else {})


def _shown(error: type[ShopError]) -> dict[str, Any]:
    values = {"fields": "query.limit"} if error is InvalidFields else {}
    return problem_of(error, translator("en")(error.code, **values)).model_dump(exclude_none=True)
