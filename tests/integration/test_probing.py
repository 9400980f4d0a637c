"""Who we are at the providers, asked at start: what is offered follows from the answer."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY

from backend.notifications.kinds import ProviderMisconfigured, ProviderNote, ProviderWorks
from backend.orders.checkout import methods_for
from backend.payments.providers.yookassa.config import Config
from backend.payments.providers.yookassa.driver import YooKassa
from cli.probing import ask_provider, clock_skew
from cli.wiring import CannotStart, wire
from tests.integration.test_circuits import ME
from tests.shop import Shop

pytestmark = pytest.mark.thorough

LONG_AGO = "Thu, 01 Jan 2015 00:00:00 GMT"


@contextlib.asynccontextmanager
async def says(head: str, body: str = "") -> AsyncIterator[str]:
    """A company that answers everything so: its address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"{head}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def count(event: str) -> float:
    """How often this was logged."""
    return REGISTRY.get_sample_value("shop_events_total", {"event": event}) or 0


async def offered(shop: Shop) -> list[str]:
    plan = await shop.plan("monthly")
    async with shop.deps.db.transaction() as session:
        found = await methods_for(session, shop.deps.providers, plan.id)
    return [offer.method for offer in found if offer.provider == "yookassa"]


async def asked(shop: Shop) -> bool:
    return await ask_provider(shop.deps, shop.deps.providers.get("yookassa"))


@pytest.fixture
async def expects_live(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[YooKassa]:
    """The same shop under settings that expect real money."""
    driver = shop.deps.providers.get("yookassa")
    assert isinstance(driver, YooKassa)
    config = driver._config
    wrong = YooKassa(Config(**{**config.model_dump(), "expect_test": False}))
    yield wrong
    await wrong.aclose()


async def test_only_methods_the_shop_has_a_contract_for_are_offered(shop: Shop) -> None:
    before = await offered(shop)
    await shop.yookassa.change_shop(methods=["bank_card", "yoo_money"])
    assert await asked(shop)
    narrowed = await offered(shop)
    await shop.yookassa.change_shop(methods=["bank_card", "sbp", "yoo_money"])
    assert await asked(shop)

    assert before == ["bank_card", "sbp", "yoo_money"]
    assert narrowed == ["bank_card", "yoo_money"]
    assert await offered(shop) == before


async def test_a_company_that_does_not_say_what_may_be_sold_leaves_everything_on_sale(shop: Shop) -> None:
    await shop.yookassa.change_shop(methods=[])

    assert await asked(shop)
    assert await offered(shop) == ["bank_card", "sbp", "yoo_money"]
    await shop.yookassa.change_shop(methods=["bank_card", "sbp", "yoo_money"])


async def test_play_money_where_real_is_expected_sells_nothing_until_it_is_mended(
    shop: Shop, expects_live: YooKassa
) -> None:
    first = await ask_provider(shop.deps, expects_live)
    again = await ask_provider(shop.deps, expects_live)
    hidden = await offered(shop)
    await (await shop.buyer()).takes_trial()
    await shop.passes(minutes=10)
    still = await offered(shop)
    mended = await asked(shop)
    await shop.run_jobs()

    assert (first, again, mended) == (False, False, True)
    assert hidden == still == []
    assert await offered(shop) != []
    (wrong,) = [kind for kind in shop.channel.told if isinstance(kind, ProviderMisconfigured)]
    assert wrong.reason == "the key is for test payments, the settings say live"
    (works,) = [kind for kind in shop.channel.told if isinstance(kind, ProviderWorks)]
    assert works.since == wrong.since


async def test_a_key_that_is_refused_at_start_sells_nothing_before_the_first_buyer_meets_it(shop: Shop) -> None:
    await shop.yookassa.change_shop(secret_key="test_rotated")
    assert not await asked(shop)
    hidden = await offered(shop)
    await shop.run_jobs()
    await shop.yookassa.change_shop(secret_key="test_sandbox-yookassa-key")
    await shop.passes(minutes=1)

    assert hidden == []
    assert await offered(shop) != []
    assert [type(kind) for kind in shop.channel.told][:1] == [ProviderMisconfigured]


@pytest.mark.parametrize("fiscal", [{"fiscalization": {"enabled": True}}, {"fiscalization_enabled": True}])
async def test_what_is_worth_knowing_of_an_account_is_told_once_and_holds_nothing_up(
    shop: Shop, fiscal: dict[str, Any]
) -> None:
    driver = shop.deps.providers.get("yookassa")
    said = {"account_id": driver.account, "test": True, "status": "disabled"} | fiscal
    shop.yookassa.breaks(ME, "status", status=200, body=said, times=None)

    for _ in range(3):
        assert await asked(shop)
        await shop.passes(days=1)

    notes = [(said.provider, said.note) for said in shop.channel.told if isinstance(said, ProviderNote)]
    assert sorted(notes) == [("yookassa", "shop-disabled"), ("yookassa", "vat-code-missing")]
    assert await offered(shop) != []


# --- what the whole program must get right


async def test_the_clock_is_compared_with_what_a_provider_answers(shop: Shop) -> None:
    driver = shop.deps.providers.get("yookassa")
    assert isinstance(driver, YooKassa)
    me = json.dumps({"account_id": driver.account, "test": True, "status": "enabled"})

    async with says(f"HTTP/1.1 200 OK\r\nDate: {LONG_AGO}", me) as url:
        elsewhere = YooKassa(Config(**{**driver._config.model_dump(), "api_url": url}))
        wrong = count("clock.wrong")
        assert await asked(shop)
        right = count("clock.wrong")
        assert await ask_provider(shop.deps, elsewhere)
        await elsewhere.aclose()

    assert (right - wrong, count("clock.wrong") - right) == (0, 1)


@pytest.mark.parametrize(
    ("date", "skew"),
    [
        (LONG_AGO, timedelta(days=4000)),
        (LONG_AGO.replace("GMT", "-0000"), timedelta(days=4000)),
        ("soon", None),
        ("", None),
    ],
    ids=["years ago", "in no zone", "no date", "nothing"],
)
async def test_the_clock_is_compared_with_what_telegram_answers(
    shop: Shop, date: str, skew: timedelta | None
) -> None:
    settings = shop.deps.settings.model_copy(update={"telegram_api_url": None})
    async with says("HTTP/1.1 302 Found" + (f"\r\nDate: {date}" if date else "")) as url:
        found = await clock_skew(settings, url)

    assert (found is None) == (skew is None)
    assert found is None or skew is None or found > skew


async def test_a_program_that_signs_otherwise_does_not_start(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.selftest.SIGNED", "1.another")

    with pytest.raises(CannotStart, match="Signatures"):
        wire(shop.deps.settings, shop.town.dsn, bot_username="")
