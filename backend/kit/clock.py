"""The only reader of the clock.

Everything in the product that needs the time calls `now()` at its edge and passes the value down. In the demo
and in tests `use_file` names the small file in which the sandbox keeps the offset of its moved clock, so that a
month passes for all processes in the same instant.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

_file: Path | None = None
_seen: tuple[int, timedelta] = (0, timedelta(0))


def use_file(path: Path | None) -> None:
    """Add the offset kept in this file (decimal seconds) to every reading; None: real time."""
    global _file, _seen  # one clock per process is the point
    _file, _seen = path, (0, timedelta(0))


def offset() -> timedelta:
    """How far the clock is moved; zero without a file."""
    global _seen  # noqa: PLW0603
    if _file is None:
        return timedelta(0)
    try:
        changed = os.stat(_file).st_mtime_ns
        if changed != _seen[0]:
            _seen = (changed, timedelta(seconds=float(_file.read_text() or 0)))
    except FileNotFoundError:
        return timedelta(0)
    return _seen[1]


def now() -> datetime:
    """The time, aware UTC, in whole milliseconds: panels keep no more."""
    moment = datetime.now(UTC) + offset()
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
