"""The only reader of the clock.

Everything in the product that needs the time calls `now()` at its edge and passes the value down. In the demo
and in tests `use_file` names the small file in which the sandbox keeps the offset of its moved clock, so that a
month passes for all processes in the same instant.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

_file: Path | None = None


def use_file(path: Path | None) -> None:
    """Add the offset kept in this file (decimal seconds) to every reading; None: real time."""
    global _file  # noqa: PLW0603 - one clock per process is the point
    _file = path


def offset() -> timedelta:
    """How far the clock is moved; zero without a file. Read each time: a file may change twice within one mtime."""
    if _file is None:
        return timedelta(0)
    try:
        return timedelta(seconds=float(_file.read_text() or 0))
    except FileNotFoundError:
        return timedelta(0)


def now() -> datetime:
    """The time, aware UTC, in whole milliseconds: panels keep no more."""
    moment = datetime.now(UTC) + offset()
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
