"""Anything may happen to the shop, in any order; in the end every rouble, day and key must be where it belongs."""

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvloop

from cli.migrations import migrate
from tests.machine.deeds import Play, Stage
from tests.machine.machine import fresh_seed, play_at_random, play_what_is_left
from tests.machine.record import Record
from tests.town import open_town

FIXED_SEED = 5103
SHOPS = int(os.environ.get("MACHINE_SHOPS", "8"))  # of each seed
ROUND = 10  # shops between two looks at the clock
SOAK_SECONDS = 60 * float(os.environ.get("SOAK_MINUTES", "0"))


@pytest.fixture
def stage(postgres_dsn: str, tmp_path: Path) -> Iterator[Stage]:
    """A town on a loop of its own: hypothesis waits for nothing."""
    migrate(postgres_dsn)
    record, town = Record(postgres_dsn), open_town(postgres_dsn, tmp_path)
    record.watch()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        Play.stage = Stage(runner, runner.run(town.__aenter__()), record)
        try:
            yield Play.stage
        finally:
            runner.run(Play.stage.town.db.aclose())
            runner.run(town.__aexit__(None, None, None))
    record.unwatch()


@pytest.mark.timeout(SOAK_SECONDS + 1200)
def test_whatever_happens_money_days_and_keys_come_right(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """`MACHINE_SEED` replays a seed alone, and makes what it finds as short as can be.

    What it finds is said as steps that can be played alone: `play([do("buys", …), …])`.
    """
    try:
        run(stage.record, capsys)
    finally:
        if stage.record.found:
            say(capsys, stage.record.found[-1])
        say(capsys, stage.record.summary)


def run(record: Record, capsys: pytest.CaptureFixture[str]) -> None:
    asked = os.environ.get("MACHINE_SEED")
    for number in [int(asked)] if asked else [FIXED_SEED, fresh_seed()]:
        say(capsys, f"machine: MACHINE_SEED={number} MACHINE_SHOPS={SHOPS}")
        play_at_random(number, shops=SHOPS, shrink=asked is not None)
    until = time.monotonic() + SOAK_SECONDS
    while time.monotonic() < until:
        number = fresh_seed()
        say(capsys, f"{record.summary}; now MACHINE_SEED={number} MACHINE_SHOPS={ROUND}")
        play_at_random(number, shops=ROUND)
    if asked is None:
        play_what_is_left(record)


def say(capsys: pytest.CaptureFixture[str], line: str) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\n{line}\n")
