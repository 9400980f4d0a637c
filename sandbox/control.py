"""The control API that all emulators share: /sandbox/_ctl/{clock,faults,log,reset}."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.world import Emulator, World


def control_routes(world: World, emulators: Sequence[Emulator]) -> list[Route]:
    """Routes relative to /sandbox/_ctl."""

    async def read_clock(request: Request) -> Response:
        return JSONResponse({"now": world.clock.now().isoformat(), "offset_seconds": world.clock.offset})

    async def advance(request: Request) -> Response:
        try:
            world.clock.advance(float((await request.json())["seconds"]))
        except (ValueError, KeyError, TypeError):
            return JSONResponse({"error": 'send {"seconds": a number that is not negative}'}, 400)
        return await read_clock(request)

    async def arm(request: Request) -> Response:
        options = await request.json()
        try:
            fault = world.faults.arm(options.pop("service"), options.pop("mode"), **options)
        except (ValueError, KeyError) as error:
            return JSONResponse({"error": f"not armed: {error}"}, 400)
        return JSONResponse({"id": fault.id})

    async def faults(request: Request) -> Response:
        return JSONResponse(world.faults.as_json())

    async def clear_faults(request: Request) -> Response:
        text = request.query_params.get("id")
        world.faults.clear(int(text) if text else None)
        return JSONResponse({"ok": True})

    async def log(request: Request) -> Response:
        query = request.query_params
        after, last = int(query.get("after", 0)), int(query.get("last", 0))
        return JSONResponse(world.log.since(after, query.get("service"), last or None))

    async def reset(request: Request) -> Response:
        world.faults.clear()
        world.log.clear()
        for emulator in emulators:
            emulator.reset()
        return JSONResponse({"ok": True})

    return [
        Route("/clock", read_clock),
        Route("/clock/advance", advance, methods=["POST"]),
        Route("/faults", faults, methods=["GET"]),
        Route("/faults", arm, methods=["POST"]),
        Route("/faults", clear_faults, methods=["DELETE"]),
        Route("/log", log),
        Route("/reset", reset, methods=["POST"]),
    ]
