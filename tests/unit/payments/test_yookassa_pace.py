"""How fast we ask: a burst, then a steady flow, never too much at once."""

import asyncio

import pytest

from backend.payments.providers.yookassa.pace import Pace

LOOP_TICK = 0.002  # the clock of the event loop goes by milliseconds


async def test_a_burst_goes_at_once_and_the_rest_is_spread() -> None:
    pace = Pace(per_second=20, in_flight=100)
    loop = asyncio.get_running_loop()
    started = loop.time()

    async def ask() -> float:
        async with pace.turn():
            return loop.time() - started

    times = sorted(await asyncio.gather(*(ask() for _ in range(30))))

    assert times[19] < 0.45
    assert times[29] >= 0.49
    assert all(later >= 0.05 * n - LOOP_TICK for n, later in enumerate(times[20:], start=1))


async def test_so_many_may_wait_for_an_answer_and_no_more() -> None:
    pace = Pace(per_second=1000, in_flight=3)
    asking = most = 0

    async def ask() -> None:
        nonlocal asking, most
        async with pace.turn():
            asking += 1
            most = max(most, asking)
            await asyncio.sleep(0.01)
            asking -= 1

    await asyncio.gather(*(ask() for _ in range(12)))

    assert most == 3


async def test_whoever_gives_up_leaves_the_place_to_others() -> None:
    pace = Pace(per_second=1000, in_flight=1)

    async def hang() -> None:
        async with pace.turn():
            await asyncio.sleep(60)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(hang(), 0.05)
    async with asyncio.timeout(1), pace.turn():
        pass
