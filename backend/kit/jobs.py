"""Jobs: work stored in the database, written in the transaction that needs it. Hides the queue library.

A job only wakes and runs now; it is never scheduled and never retried by the queue. What waits is a row with a
time (`next_check_at`, `sync_after`, …) that a `@ticks` function reads every second with the one clock. So a moved
clock moves everything, and deleting every queued job changes no end state.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import psycopg
import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Status
from prometheus_client import Counter
from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from backend.kit import clock
from backend.kit.db import Database, DatabaseUnavailable, Model
from backend.kit.errors import Outside
from backend.kit.telemetry import JOBS

log = structlog.get_logger()

TICKS_FAILED = Counter("shop_ticks_failed_total", "Looks for what is due that failed by a bug.", ["tick"])

HEARTBEAT_SECONDS = 2.0
STALLED_SECONDS = 10.0
CONNECTIONS = 2  # of the queue itself; what jobs do goes through the Database
POOL_SECONDS = 2.0  # without a database a worker must still be able to stop


class Job:
    """Base of all jobs: frozen dataclasses that live beside the service function which queues them.

    Without slots: those make a second class of the same name.
    """


class Timer(Model):
    """When a recurring job is due next."""

    __tablename__ = "timers"

    name: Mapped[str] = mapped_column(primary_key=True)
    next_at: Mapped[datetime]


J = TypeVar("J", bound=Job)
T = TypeVar("T", bound=type[Job])
Runner = Callable[[Any, Any], Awaitable[None]]
Tick = Callable[[AsyncSession, datetime], Awaitable[None]]

RUNNERS: dict[type[Job], Runner] = {}
RECURRING: dict[type[Job], timedelta] = {}
TICKS: list[Tick] = []
_FIELDS: dict[type[Job], TypeAdapter[Any]] = {}


def runs(job: type[J]) -> Callable[[Callable[[J, Any], Awaitable[None]]], Callable[[J, Any], Awaitable[None]]]:
    """Mark the one function that does this kind of job: `async def sync_server(job, deps)`."""

    def register(function: Callable[[J, Any], Awaitable[None]]) -> Callable[[J, Any], Awaitable[None]]:
        if job in RUNNERS:
            raise ValueError(f"{job.__name__} has two runners")
        RUNNERS[job] = function
        return function

    return register


def every(interval: timedelta) -> Callable[[T], T]:
    """Queue this job, which has no fields, once in every interval of the one clock."""

    def register(job: T) -> T:
        RECURRING[job] = interval
        return job

    return register


def ticks(function: Tick) -> Tick:
    """Mark a function that looks every second for rows that are due and queues their jobs."""
    TICKS.append(function)
    return function


_enqueuer = App(connector=PsycopgConnector())
_WAITING = text("select 1 from procrastinate_jobs where queueing_lock = :name and status = 'todo'")


async def enqueue(session: AsyncSession, job: Job, *, once: str | None = None, serial: str | None = None) -> None:
    """Queue a job in the caller's transaction.

    Args:
        once: while a job of this name waits, a second one is not queued (that is success).
        serial: of the jobs of this name only one runs at a time, in order.
    """
    name = f"{type(job).__name__}:{once}" if once is not None else None
    if name is not None and await session.scalar(_WAITING, {"name": name}):
        return
    deferrer = _enqueuer.configure_task(type(job).__name__, lock=serial, queueing_lock=name)
    arguments = _fields(type(job)).dump_python(job, mode="json")
    try:
        async with session.begin_nested():
            # asked for in here: the savepoint is made when its connection is asked for, not before
            connection = await (await session.connection()).get_raw_connection()
            deferrer.connection = connection.driver_connection
            await deferrer.defer_async(**arguments)
    except AlreadyEnqueued:
        log.debug("job.already_queued", job=type(job).__name__, once=once)


def _fields(job: type[Job]) -> TypeAdapter[Any]:
    """How a job's fields are written and read: kept, since it takes a millisecond to find out."""
    if job not in _FIELDS:
        _FIELDS[job] = TypeAdapter(job)
    return _FIELDS[job]


async def tick(db: Database) -> None:
    """Queue everything that is due now.

    Each kind in a transaction of its own: an uncommitted job makes others who queue it wait, and in one transaction
    with others of another order they would wait for each other. One that fails is looked at again with the next
    tick, and stops no other.

    Raises:
        DatabaseUnavailable, OSError, ConnectorException: the database is away, for all of them.
    """
    now = clock.now()
    for function in (_queue_recurring, *TICKS):
        [outcome] = await asyncio.gather(_look(db, function, now), return_exceptions=True)
        if isinstance(outcome, BaseException) and _is_outage(outcome):
            raise outcome
        if outcome is not None:
            TICKS_FAILED.labels(tick=function.__name__).inc()
            log.error("tick.failed", tick=function.__name__, exc_info=outcome)


async def _look(db: Database, function: Tick, now: datetime) -> None:
    async with db.transaction() as session:
        await function(session, now)


def _is_outage(error: BaseException) -> bool:
    """Whether this is the database being away, or the end of the process, rather than one row being wrong."""
    if isinstance(error, ConnectorException):  # the queue library's name for whatever the database says
        return isinstance(error.__cause__, psycopg.OperationalError | psycopg.InterfaceError)
    return isinstance(error, DatabaseUnavailable | OSError) or not isinstance(error, Exception)


async def _queue_recurring(session: AsyncSession, now: datetime) -> None:
    for job in await _due_recurring(session, now):
        await enqueue(session, job(), once="recurring")


async def _due_recurring(session: AsyncSession, now: datetime) -> list[type[Job]]:
    due = []
    for job, interval in RECURRING.items():
        claim = (
            insert(Timer)
            .values(name=job.__name__, next_at=now + interval)
            .on_conflict_do_update(
                index_elements=[Timer.name], set_={"next_at": now + interval}, where=Timer.next_at <= now
            )
            .returning(Timer.name)
        )
        if await session.scalar(claim):
            due.append(job)
    return due


@dataclass
class Worker:
    """Runs jobs until it is cancelled.

    `deps` is the one object built by cli/wiring.py; every runner declares as a Protocol what it needs of it.
    """

    db: Database
    deps: Any
    concurrency: int = 10

    async def run(self) -> None:
        """Tick, run jobs and clear the jobs of dead workers, for ever; a database that is away is waited for."""
        while True:
            try:
                await self._run()
            except* (ConnectorException, psycopg.Error, DatabaseUnavailable, OSError) as errors:
                log.warning("worker.waits", errors=[type(error).__name__ for error in errors.exceptions])
            await asyncio.sleep(1)

    async def _run(self) -> None:
        """Until cancelled. A cancellation that meets an answer of the database is lost before Python 3.12: `stop`."""
        stop = asyncio.Event()
        async with self._app().open_async() as app, asyncio.TaskGroup() as group:
            if (this := asyncio.current_task()) is not None and this.cancelling():
                raise asyncio.CancelledError
            group.create_task(self._tick_until(stop, app))
            try:
                await app.run_worker_async(
                    concurrency=self.concurrency,
                    update_heartbeat_interval=HEARTBEAT_SECONDS,
                    stalled_worker_timeout=STALLED_SECONDS,
                    fetch_job_polling_interval=0.5,
                    shutdown_graceful_timeout=3,
                    delete_jobs="always",
                    install_signal_handlers=False,
                )
            finally:
                stop.set()

    async def run_until_idle(self) -> None:
        """Do what is due and everything that follows from it, then return. For tests and `sync` commands."""
        async with self._app().open_async() as app:
            while True:
                await tick(self.db)
                if not await self._anything_queued():
                    return
                while await self._anything_queued():
                    await app.run_worker_async(
                        wait=False,
                        concurrency=self.concurrency,
                        delete_jobs="always",
                        install_signal_handlers=False,
                        listen_notify=False,
                    )

    async def _anything_queued(self) -> bool:
        async with self.db.transaction() as session:
            return bool(await session.scalar(text("select exists (select from procrastinate_jobs)")))

    def _app(self) -> App:
        # of a fixed size: a pool that is closed while it grows leaves the new connection open
        connector = PsycopgConnector(
            conninfo=self.db.dsn, min_size=CONNECTIONS, max_size=CONNECTIONS, timeout=POOL_SECONDS
        )
        app = App(connector=connector)
        for job, runner in RUNNERS.items():
            app.task(name=job.__name__)(self._task(job, runner))
        return app

    def _task(self, job: type[Job], runner: Runner) -> Callable[..., Awaitable[None]]:
        async def run(**arguments: Any) -> None:
            await run_job(job.__name__, runner(_fields(job).validate_python(arguments), self.deps))

        return run

    async def _tick_until(self, stop: asyncio.Event, app: App) -> None:
        while not stop.is_set():
            try:
                await tick(self.db)
                for stalled in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
                    log.warning("job.stalled", name=stalled.task_name)
                    await app.job_manager.finish_job(stalled, Status.FAILED, delete_job=True)
            except (ConnectorException, DatabaseUnavailable, OSError) as error:
                log.warning("ticker.waits", error=type(error).__name__)
            await asyncio.sleep(1)


async def run_job(name: str, work: Awaitable[None]) -> str:
    """Await one job and say what came of it: done, postponed, failed.

    Nothing it raises is lost or repeated here: the rows it serves will wake it again.
    """
    started, outcome = time.perf_counter(), "done"
    with structlog.contextvars.bound_contextvars(job=name):
        try:
            await work
        except Outside as error:
            outcome = "postponed"
            log.warning("job.postponed", reason=str(error))
        except Exception:
            outcome = "failed"
            log.exception("job.failed")
    JOBS.labels(job=name, outcome=outcome).observe(time.perf_counter() - started)
    return outcome
