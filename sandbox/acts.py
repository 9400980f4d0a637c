"""Routes of a company's control API: what each does is a plain function, from path and JSON to JSON."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.bodies import Refusal, parse_object, read_body
from sandbox.store import Document

# Path parameters and body in, JSON out.
Act = Callable[[dict[str, str], Document], object]


class NotNow(Exception):
    """The present state forbids it."""


def get(path: str, act: Act) -> Route:
    return _route(path, act, "GET")


def post(path: str, act: Act) -> Route:
    return _route(path, act, "POST")


def _route(path: str, act: Act, method: str) -> Route:
    async def answer(request: Request) -> Response:
        try:
            return JSONResponse(act(request.path_params, parse_object(await read_body(request))))
        except KeyError as error:
            return JSONResponse({"error": f"there is no {error.args[0]}"}, 404)
        except NotNow as error:
            return JSONResponse({"error": str(error)}, 409)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        except Refusal as error:
            return JSONResponse({"error": str(error)}, error.status)

    return Route(path, answer, methods=[method])
