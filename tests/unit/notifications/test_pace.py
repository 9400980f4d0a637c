"""How fast a messenger lets us speak."""

import asyncio
import itertools
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from backend.kit import clock
from backend.notifications.channels import SlowDown
from backend.notifications.pace import FORGET_ABOVE, Bucket, Pace


@pytest.fixture
def moved(tmp_path: Path) -> Iterator[Path]:
    """The file that moves the clock."""
    file = tmp_path / "clock"
    clock.use_file(file)
    yield file
    clock.use_file(None)


def taken(bucket: Bucket, *asked_at: float) -> list[float]:
    """When those may go who ask at these times."""
    gone = []
    for now in asked_at:
        gone.append(bucket.next_at(now))
        bucket.take(gone[-1])
    return gone


def test_a_bucket_lets_a_burst_go_at_once_and_then_one_at_a_time() -> None:
    assert taken(Bucket(3, 1), 100, 100, 100, 100, 100) == [100, 100, 100, 101, 102]


def test_a_bucket_fills_while_nobody_asks_and_never_above_its_size() -> None:
    assert taken(Bucket(3, 1), 100, 100, 100, 102, 102, 102) == [100, 100, 100, 102, 102, 103]
    assert taken(Bucket(3, 1), 100, 900, 900, 900, 900) == [100, 900, 900, 900, 901]


def test_a_bucket_of_one_lets_them_go_evenly() -> None:
    gone = taken(Bucket(1, 30), *(0.0 for _ in range(301)))

    assert gone[-1] == pytest.approx(10)
    assert all(later - earlier == pytest.approx(1 / 30) for earlier, later in itertools.pairwise(gone))


async def test_a_chat_that_has_to_wait_holds_up_no_other() -> None:
    pace = Pace()
    full = [asyncio.create_task(pace.turn(1)) for _ in range(5)]
    await asyncio.wait(full, timeout=0.3)
    started = time.monotonic()

    await pace.turn(2)

    assert sum(task.done() for task in full) == 3
    assert time.monotonic() - started < 0.5
    for task in full:
        task.cancel()


async def test_all_chats_together_keep_the_pace() -> None:
    pace = Pace(per_second=100)
    started = time.monotonic()

    await asyncio.gather(*(pace.turn(chat) for chat in range(51)))

    assert 0.49 <= time.monotonic() - started < 2  # timers of the loop are right to a millisecond


async def test_a_chat_rests_for_as_long_as_the_messenger_says(moved: Path) -> None:
    pace = Pace()
    pace.rest(1, timedelta(seconds=40))

    with pytest.raises(SlowDown) as refused:
        await pace.turn(1)
    await pace.turn(2)
    moved.write_text("41")
    await pace.turn(1)

    assert timedelta(seconds=39) < refused.value.wait <= timedelta(seconds=40)


async def test_everybody_rests_when_one_after_the_other_is_refused(moved: Path) -> None:
    pace = Pace()
    for chat in (1, 2, 3):
        pace.rest(chat, timedelta(seconds=40))

    assert pace.resting
    with pytest.raises(SlowDown):
        await pace.turn(4)
    moved.write_text("41")
    assert not pace.resting
    await pace.turn(4)


async def test_who_is_heard_shows_that_the_others_rest_for_themselves() -> None:
    pace = Pace()
    for chat in (1, 2, 3):
        pace.rest(chat, timedelta(seconds=40))
        pace.heard()

    assert not pace.resting


async def test_chats_that_have_rested_are_forgotten() -> None:
    pace = Pace(per_second=100_000)
    for chat in range(FORGET_ABOVE + 1):
        pace._chats[chat] = Bucket(3, 1)

    await pace.turn(FORGET_ABOVE + 2)

    assert len(pace._chats) == 1
