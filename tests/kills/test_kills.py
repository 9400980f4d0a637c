"""A process of the shop is killed at a message of a story; started again, the story ends as any other."""

import asyncio
import os
import random
import time

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from backend.kit.db import Database
from tests.audit import audit_books
from tests.journeys.processes import ROOT
from tests.kills.proxy import Cut, Moment
from tests.kills.scenes import Autopay, Refund, Renewal, Sale, Scene
from tests.kills.stage import Stage

ALL = bool(os.environ.get("KILL_EVERY_MESSAGE"))  # `make soak`
RANDOM = 5  # of each story
REPORT = ROOT / "out" / "kills.txt"
SCENES: list[type[Scene]] = [Autopay, Renewal, Refund, Sale]  # the longest first
MOMENTS: tuple[Moment, ...] = ("before", "after")
LONGEST = 90.0  # seconds for one story

pytestmark = pytest.mark.timeout(12 * 3600 if ALL else 900)


async def play(stage: Stage, scene: Scene, cut: Cut | None) -> bool:
    """Whether the process was killed before the story's end. Raises AssertionError: it ended otherwise."""
    async with asyncio.timeout(LONGEST):
        await scene.prepare(stage)
        for line in stage.lines.values():
            line.reset(cut if cut and cut.process == line.process else None)
        async with stage.kept_running():
            await scene.act(stage)
            fired = any(line.fired for line in stage.lines.values())
            counts = {name: (line.messages, line.commits) for name, line in stage.lines.items()}
            for line in stage.lines.values():
                line.reset()
        await scene.check(stage)
    if cut is None:
        _recorded.setdefault(scene.name, []).append(counts)
    return fired


_recorded: dict[str, list[dict[str, tuple[int, int]]]] = {}


async def recorded(stage: Stage, kind: type[Scene]) -> dict[str, tuple[int, int]]:
    """How many messages and commits each process has at least in this story when nothing goes wrong."""
    if kind.name not in _recorded:
        for _ in range(3):
            await play(stage, kind(), None)
    _, once, again = _recorded[kind.name]  # the first time everything has just begun, and speaks more than later
    return {name: (min(once[name][0], again[name][0]), min(once[name][1], again[name][1])) for name in once}


async def kill_at(stage: Stage, kind: type[Scene], cuts: list[Cut], *, enough: int) -> None:
    """Play the story with each of these kills, until `enough` were met.

    A story that ended before its kill is played once more: how much each process says differs a little.
    """
    began, tried, failures = time.monotonic(), 0, []
    met: set[Cut] = set()
    for cut in (*cuts, *cuts):
        if len(met) == enough or cut in met:
            continue
        tried += 1
        try:
            if await play(stage, kind(), cut):
                met.add(cut)
        except (AssertionError, TimeoutError, httpx2.HTTPError) as error:
            failures.append(f"{cut}: {type(error).__name__} {error}")
            for line in stage.lines.values():
                line.reset()
            async with stage.kept_running():
                pass
    failures += await audit(stage)
    with REPORT.open("a") as report:  # of two runs side by side
        seconds = time.monotonic() - began
        report.write(f"{kind.name}: {len(met)} of {enough} kills met in {tried} stories, {seconds:.0f} s\n")
    assert not failures, "\n\n".join(failures)
    assert len(met) >= enough * 9 // 10, "the stories end before their kills"


async def audit(stage: Stage) -> list[str]:
    db = Database(stage.world.dsn)
    try:
        async with db.transaction() as session:
            assert isinstance(session, AsyncSession)
            return await audit_books(session, await stage.world.now())
    finally:
        await db.aclose()


@pytest.mark.parametrize("kind", SCENES, ids=lambda kind: kind.name)  # the fastest to change: the longest lie apart
@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_kill_at_every_commit_loses_and_doubles_nothing(
    stage: Stage, kind: type[Scene], moment: Moment
) -> None:
    counts = await recorded(stage, kind)
    cuts = [
        Cut(process, moment, number, commits=True)
        for process, (_, commits) in counts.items()
        for number in range(1, commits + 1)
    ]
    await kill_at(stage, kind, cuts, enough=len(cuts))


@pytest.mark.parametrize("kind", SCENES, ids=lambda kind: kind.name)
async def test_a_kill_at_any_message_loses_and_doubles_nothing(stage: Stage, kind: type[Scene]) -> None:
    counts = await recorded(stage, kind)
    every = [
        Cut(process, moment, number)
        for process, (messages, _) in counts.items()
        for number in range(1, messages + 1)
        for moment in MOMENTS
    ]
    random.shuffle(every)
    await kill_at(stage, kind, every, enough=len(every) if ALL else RANDOM)
