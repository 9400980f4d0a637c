"""The one clock."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backend.kit import clock
from sandbox.clock import Clock


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "clock"
    clock.use_file(None)


def test_it_reads_utc_in_whole_milliseconds() -> None:
    now = clock.now()
    assert now.tzinfo is UTC
    assert now.microsecond % 1000 == 0
    assert abs(datetime.now(UTC) - now) < timedelta(seconds=1)


def test_a_file_that_is_not_there_moves_nothing(file: Path) -> None:
    clock.use_file(file)
    assert clock.offset() == timedelta(0)


def test_it_follows_the_sandbox_at_once_however_fast_that_moves(file: Path) -> None:
    moved = Clock(file)
    clock.use_file(file)
    for days in range(1, 50):
        moved.advance(86_400)
        assert clock.offset() == timedelta(days=days)
    assert abs(clock.now() - moved.now()) < timedelta(seconds=1)
    moved.reset()
    assert clock.offset() == timedelta(0)


def test_without_a_file_it_is_the_real_time_again(file: Path) -> None:
    Clock(file).advance(86_400)
    clock.use_file(file)
    clock.use_file(None)
    assert abs(datetime.now(UTC) - clock.now()) < timedelta(seconds=1)


def test_an_empty_file_moves_nothing(file: Path) -> None:
    file.write_text("")
    clock.use_file(file)
    assert clock.offset() == timedelta(0)
