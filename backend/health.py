"""/healthz, /readyz and /metrics: for whoever watches the shop."""

import asyncio

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text

from backend.alerts.measures import measure
from backend.audit.service import measure as measure_audit
from backend.kit import clock
from backend.kit.errors import Unavailable
from backend.kit.web import DatabaseOf

ANSWER_SECONDS = 3  # a database that hangs is away

router = APIRouter(tags=["operations"])


@router.get("/healthz")
async def alive() -> dict[str, str]:
    """The process runs."""
    return {"status": "ok"}


@router.get("/readyz", responses={503: {"description": "The database does not answer or is not migrated."}})
async def ready(db: DatabaseOf, response: Response) -> dict[str, str]:
    """The process can do its work: the database answers and has its tables."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS), db.transaction() as session:
            migrated = await session.scalar(text("select to_regclass('alembic_version')")) is not None
            version = await session.scalar(text("select version_num from alembic_version")) if migrated else None
    except (Unavailable, TimeoutError):
        response.status_code = 503
        return {"status": "no database"}
    if version is None:
        response.status_code = 503
        return {"status": "not migrated"}
    return {"status": "ok", "schema": str(version)}


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request, db: DatabaseOf) -> Response:
    """Prometheus counters of this process, and what the database says of the whole shop while it answers."""
    known = [driver.id for driver in request.app.state.deps.providers]
    try:
        async with asyncio.timeout(ANSWER_SECONDS), db.transaction() as session:
            registry = await measure(session, known, clock.now())
            await measure_audit(session, registry)
        shop = generate_latest(registry)
    except (Unavailable, TimeoutError):
        shop = b""
    return Response(generate_latest() + shop, media_type=CONTENT_TYPE_LATEST)
