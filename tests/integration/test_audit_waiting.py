"""Keys that wait for their panels: a server that fails them for a day is found, and told once."""

from datetime import timedelta
from itertools import accumulate

import pytest
from sqlalchemy import select

from backend.audit.queries import A_DAY, A_DAY_OF_TRIES
from backend.audit.service import look
from backend.subscriptions.rules import backoff
from backend.vpn.models import Server
from tests.integration.test_audit import LIVES, LOOKED, alerts, audited, broken, sold
from tests.shop import Shop

pytestmark = pytest.mark.thorough

WAITS = "update subscriptions set desired_version = desired_version + 1"
FAILS = "update servers set failing_since = (select max(at) from extensions) - interval '{} hours'"
TRIED = "update vpn_keys set sync_attempts = {}, last_error = 'no'"
LONG_AGO = (
    "update subscriptions set paid_until = paid_until - interval '2 days';"
    "update extensions set at = at - interval '2 days'"
)


async def stale(shop: Shop, *sql: str) -> list[str]:
    """What is found in books of which this is true."""
    async with broken(shop, ";".join([*sql, LOOKED.format("stale-key")])) as session:
        found = (await look(session, shop.now, LIVES))["stale-key"]
    return [one.details for one in found]


async def test_a_panel_that_has_failed_for_a_day_is_told_once_however_many_keys_come_to_wait(shop: Shop) -> None:
    await audited(shop)
    await sold(shop)
    shop.panel.goes_down()
    waiting = await shop.buyer()
    await waiting.buys()
    for _ in range(25):
        await shop.passes(hours=1)
    during = alerts(shop)

    later = await shop.buyer()
    await later.buys()
    for _ in range(3):
        await shop.passes(hours=1)
    (server,) = await shop.all(select(Server))
    after = alerts(shop)
    shop.mend()
    await shop.passes(minutes=10)
    await audited(shop)

    (alert,) = during
    assert (alert.rule, alert.subjects, alert.count) == ("stale-key", (str(server.id),), 1)
    assert "server main, keys that wait: 1" in alert.details
    assert after == during
    assert later.told == ["Paid", "KeyReady"]


async def test_a_retired_server_that_does_not_answer_was_switched_off(shop: Shop) -> None:
    await sold(shop)
    retired = "update servers set retired_at = failing_since"

    assert len(await stale(shop, WAITS, FAILS.format(25))) == 1
    assert await stale(shop, WAITS, FAILS.format(25), retired) == []
    assert await stale(shop, WAITS, FAILS.format(23)) == []


async def test_a_key_that_is_refused_is_found_after_a_day_of_tries(shop: Shop) -> None:
    await sold(shop)

    assert await stale(shop, WAITS, LONG_AGO, TRIED.format(9)) == []
    assert await stale(shop, WAITS, TRIED.format(A_DAY_OF_TRIES)) == ["server main, keys that wait: 1: no"]


def test_so_many_tries_of_a_key_take_a_day() -> None:
    ages = [timedelta(0), *accumulate(backoff(tries) for tries in range(1, A_DAY_OF_TRIES))]

    assert ages[A_DAY_OF_TRIES - 2] < A_DAY <= ages[A_DAY_OF_TRIES - 1]
