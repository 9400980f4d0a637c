"""Structured logs and Prometheus counters, set up once per process."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog
from prometheus_client import Counter, Histogram, start_http_server

EVENTS = Counter("shop_events_total", "What happened, by event name.", ["event"])
JOBS = Histogram("shop_job_seconds", "How long jobs took.", ["job", "outcome"])
REQUESTS = Histogram("shop_http_seconds", "How long answers took.", ["route", "status"])

_HIDDEN_WORDS = ("secret", "password", "token", "authorization", "mac", "link", "dsn")
_SECRET_PATHS = re.compile(r"(/(?:webhooks/[\w-]+|sub|return|telegram)/|bot\d+:|://[^:/@\s]+:)[\w%.~-]+")


def hide_secrets(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank what must never be in a log: by the field's name, and addresses that are secrets themselves."""
    for name, value in event.items():
        if name != "event" and any(word in name.lower() for word in _HIDDEN_WORDS):
            event[name] = "***"
        elif isinstance(value, str):
            event[name] = _SECRET_PATHS.sub(r"\1***", value)
    return event


def count_event(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Every event is also a counter, so a metric never needs a second line."""
    EVENTS.labels(event=str(event.get("event", ""))[:60]).inc()
    return event


def serve_metrics(host: str, port: int) -> None:
    """Show the counters of this process there until it ends, from a thread of their own.

    Raises:
        OSError: nobody can listen there.
    """
    start_http_server(port, host)


_PROCESSORS: list[Any] = []  # one list for all: loggers keep the one they met first


def configure_logs(log_format: Literal["console", "json"], level: str = "INFO") -> None:
    """Send our events and the libraries' warnings to standard error in one form."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,  # before secrets are hidden: a traceback quotes them too
        hide_secrets,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            exception_formatter=structlog.dev.plain_traceback,  # the other one prints local variables
        )
    )
    _PROCESSORS[:] = [*shared, count_event, renderer]
    structlog.configure(
        processors=_PROCESSORS,
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[_drop_meta, renderer])
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


_drop_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
