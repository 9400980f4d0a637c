"""What the API answers instead of an object: {"message", "reason", "errors"?}."""

from collections.abc import Sequence

from starlette.responses import JSONResponse, Response

from sandbox.bodies import Refusal

REASONS = {
    400: "BadRequest",
    401: "BadCredentials",
    404: "PageNotFound",
    413: "PayloadTooLarge",
    422: "OrderIsNotValid",
    429: "RateLimitExceeded",
}


class ApiError(Refusal):
    """A request that is refused; clients go by status and `reason`."""

    def __init__(self, status: int, message: str, reason: str, errors: Sequence[str] = ()) -> None:
        super().__init__(status, message)
        self.reason = reason
        self.errors = list(errors)

    def __str__(self) -> str:
        return ": ".join([self.description, *self.errors])


def error_answer(status: int, message: str, reason: str | None = None, errors: Sequence[str] = ()) -> Response:
    """The error object, with the reason that belongs to the status unless one is given."""
    if reason is None:
        reason = REASONS.get(status, "InternalServerError")
    body: dict[str, object] = {"message": message, "reason": reason}
    if errors:
        body["errors"] = list(errors)
    return JSONResponse(body, status)


def not_valid(what: str, errors: Sequence[str]) -> ApiError:
    """422 for an Order or a Refund."""
    return ApiError(422, f"{what} is not valid", f"{what}IsNotValid", errors)


def too_many() -> ApiError:
    return ApiError(429, "API request limit is exceeded", "RateLimitExceeded")
