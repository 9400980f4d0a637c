"""What the API answers instead of an object."""

import uuid

from starlette.responses import JSONResponse, Response

from sandbox.bodies import Refusal

ILLEGAL = (
    "Invalid parameter's value (for example, the value is illegal or its format is incorrect)."
    " Send the value in accordance with the documentation."
)
CODES = {
    400: "invalid_request",
    401: "invalid_credentials",
    403: "forbidden",
    404: "not_found",
    429: "too_many_requests",
}


class ApiError(Refusal):
    """A request that is refused, and the parameter to blame."""

    def __init__(self, status: int, description: str, parameter: str | None = None) -> None:
        super().__init__(status, description)
        self.parameter = parameter

    def __str__(self) -> str:
        return f"{self.description} ({self.parameter})" if self.parameter else self.description


def invalid(parameter: str, description: str = ILLEGAL) -> ApiError:
    """400 for one parameter, named with dots: amount.value."""
    return ApiError(400, description, parameter)


def missing(parameter: str) -> ApiError:
    return invalid(parameter, f"Required parameter is missing: {parameter}")


def error_answer(status: int, description: str, parameter: str | None = None) -> Response:
    """The error object; without a body where YooKassa sends none (405, 415)."""
    if status in {405, 415}:
        return Response(status_code=status)
    body = {
        "type": "error",
        "id": str(uuid.uuid4()),
        "code": CODES.get(status, "internal_server_error" if status >= 500 else "invalid_request"),
        "description": description,
    }
    if parameter:
        body["parameter"] = parameter
    return JSONResponse(body, status)
