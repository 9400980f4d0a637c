"""The first minute of a shop."""

import asyncio

import pytest
from sqlalchemy import func, select

from backend.plans.defaults import DEFAULTS
from backend.plans.models import Plan
from cli.wiring import prepare
from tests.shop import Shop

pytestmark = pytest.mark.thorough


async def test_processes_that_start_together_put_the_plans_in_place_once(shop: Shop) -> None:
    await shop.town.empty()

    await asyncio.gather(*(prepare(shop.deps) for _ in range(5)))

    async with shop.deps.db.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Plan)) == len(DEFAULTS)
