"""Errors as HTTP answers: in the form of RFC 9457 for programs, a page for a person in a browser.

`type` and `title` stay the same for one kind of error; `detail` is for the person, in the language of the request.
"""

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel, ConfigDict, Field

from backend.kit.errors import Invalid, NotFound, ShopError
from backend.kit.i18n import Translate, translator
from backend.kit.web import brand_of, language_of

MEDIA_TYPE = "application/problem+json"
PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
MOST_FIELDS = 20  # of a body where nothing fits, so many are named

_pages = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined)

EXAMPLE: dict[str, Any] = {
    "type": "urn:shop:error-subscription-not-found",
    "title": "There is no such subscription.",
    "status": 404,
    "detail": "You have no such subscription.",
}


class InvalidFields(Invalid):
    """Some values of the request do not fit."""

    status = 422


class FieldProblem(BaseModel):
    """A value of the request that does not fit."""

    field: str = Field(description="Where it stands: `body.init_data`, `query.limit`.")
    message: str


class Problem(BaseModel):
    """Why a request was refused."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    type: str = Field(description="What kind of problem it is; stays the same. `about:blank`: what the status says.")
    title: str = Field(description="The kind in words, in English.")
    status: int = Field(description="The status of the answer.")
    detail: str = Field(description="For the person, in the language of Accept-Language.")
    errors: list[FieldProblem] | None = Field(None, description="With 422: the values that do not fit.")


def schemas() -> dict[str, Any]:
    """The form of errors, for the description of an API."""
    template = "#/components/schemas/{model}"
    schema = Problem.model_json_schema(ref_template=template)
    return {**schema.pop("$defs"), Problem.__name__: schema}


def problem_of(error: type[ShopError], detail: str, errors: list[FieldProblem] | None = None) -> Problem:
    """The problem that this kind of error is."""
    title = (error.__doc__ or "").partition("\n")[0]
    return Problem(type=f"urn:shop:{error.code}", title=title, status=error.status, detail=detail, errors=errors)


def of_error(error: ShopError, request: Request) -> Response:
    """What this error is to whoever asked."""
    problem = problem_of(type(error), _t(request)(error.code, **error.details))
    return respond(problem, request, _headers(error, request))


def of_status(status: int, detail: str, request: Request, headers: Mapping[str, str] | None) -> Response:
    """A refusal of the web framework: no such page, a wrong method, a body that is too large."""
    title = HTTPStatus(status).phrase
    if status == NotFound.status and detail == title:  # nobody of ours has said what is missing
        detail = _t(request)(NotFound.code)
    problem = Problem(type="about:blank", title=title, status=status, detail=detail or title)
    return respond(problem, request, headers)


def of_invalid(error: RequestValidationError, request: Request) -> Response:
    """Which values of the request do not fit."""
    fields = [
        FieldProblem(field=_printable(".".join(map(str, problem["loc"]))), message=_printable(problem["msg"]))
        for problem in error.errors()[:MOST_FIELDS]
    ]
    named = ", ".join(field.field for field in fields)
    return respond(problem_of(InvalidFields, _t(request)(InvalidFields.code, fields=named), fields), request)


def respond(problem: Problem, request: Request, headers: Mapping[str, str] | None = None) -> Response:
    """The problem as whoever asked reads it."""
    headers = {"Cache-Control": "no-store", **(headers or {})}
    if "text/html" in request.headers.get("accept", ""):
        page = _pages.get_template("problem.html").render(
            problem=problem,
            brand=brand_of(request),
            language=language_of(request),
            open_bot=_t(request)("problem-open-bot"),
        )
        policy = {"Content-Security-Policy": PAGE_POLICY, "X-Content-Type-Options": "nosniff"}
        return HTMLResponse(page, status_code=problem.status, headers={**headers, **policy})
    return JSONResponse(
        problem.model_dump(exclude_none=True), status_code=problem.status, headers=headers, media_type=MEDIA_TYPE
    )


def _headers(error: ShopError, request: Request) -> dict[str, str]:
    if error.status == 401:
        given = "authorization" in request.headers
        return {"WWW-Authenticate": 'Bearer error="invalid_token"' if given else "Bearer"}
    if error.status == 429:
        return {"Retry-After": str(error.details["retry_after_seconds"])}
    return {}


def _t(request: Request) -> Translate:
    return translator(language_of(request))


def _printable(text: Any) -> str:
    """Names of fields come from the request: half a character in them could not be sent back."""
    return str(text)[:200].encode(errors="replace").decode()
