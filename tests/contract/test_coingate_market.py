"""What the CoinGate emulator tells anybody, how often one may ask, and what it says when it is broken."""

from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio

from tests.contract.coingate_fixture import OTHER_TOKEN, Gate, assert_error, coingate


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running() -> AsyncIterator[Gate]:
    async with coingate() as emulator:
        yield emulator


@pytest_asyncio.fixture
async def gate(running: Gate) -> Gate:
    await running.forget()
    return running


async def test_anybody_may_ask_for_currencies_networks_and_rates(gate: Gate) -> None:
    async def symbols(query: str) -> set[str]:
        return {c["symbol"] for c in (await gate.get(f"/currencies?{query}", token=None)).json()}

    currencies = {c["symbol"]: c for c in (await gate.get("/currencies", token=None)).json()}
    platforms = {p["id_name"]: p for p in (await gate.get("/platforms", token=None)).json()}
    rate = await gate.get("/rates/merchant/RUB/BTC", token=None)

    assert await symbols("merchant_price=true") == {"EUR", "USD", "GBP", "RUB"}
    assert {"BTC", "ETH", "LTC"} <= await symbols("merchant_pay=true&enabled=true")
    assert await symbols("merchant_pay=True&enabled=True") == await symbols("merchant_pay=true&enabled=true")
    assert await symbols("merchant_pay=False") == {"EUR", "USD", "GBP", "RUB"}
    assert await symbols("enabled=False") == set()
    assert await symbols("merchant_receive=true") == {"EUR", "USDC", "BTC", "ETH", "LTC"}
    assert await symbols("kind=fiat") == {"EUR", "USD", "GBP", "RUB"}
    assert currencies["BTC"]["platforms"] == [{"id": 6, "id_name": "bitcoin", "title": "Bitcoin", "enabled": True}]
    assert currencies["RUB"]["merchant"] == {"price": True, "pay": False, "receive": False}
    assert {"bitcoin", "ethereum", "litecoin"} <= platforms.keys()
    assert "LTC" in {c["symbol"] for c in platforms["litecoin"]["currencies"]}
    assert rate.headers["content-type"].startswith("text/plain")
    assert 0 < float(rate.text) < 1e-5
    assert (await gate.get("/rates/merchant/RUB/XTR", token=None)).status_code == 404
    rates = (await gate.get("/rates/merchant", token=None)).json()
    assert (rates["RUB"]["BTC"], "RUB" in rates["RUB"]) == (rate.text, False)
    assert (await gate.get("/rates", token=None)).json() == {"merchant": rates}


async def test_addresses_and_countries_are_public_and_may_change(gate: Gate) -> None:
    ips = await gate.get("/ips-v4", token=None)
    merchants = (await gate.get("/countries/merchants", token=None)).json()
    assert ips.text.split("\n") == ["52.28.22.118", "35.156.68.160"]
    assert {"alpha2_code": "LT", "alpha3_code": "LTU", "name": "Lithuania"} in merchants
    assert "RU" not in {country["alpha2_code"] for country in merchants}

    changes = {"ips": ["192.0.2.7"], "shoppers": ["RU"], "price_currencies": ["EUR"]}
    assert (await gate.ctl("/market", changes)).status_code == 200
    assert (await gate.get("/ips-v4", token=None)).text == "192.0.2.7"
    assert [c["name"] for c in (await gate.get("/countries/shoppers", token=None)).json()] == ["Russia"]
    refused = await gate.post("/orders", gate.order())
    assert_error(refused, 422, "OrderIsNotValid", "Price currency is invalid")


async def test_more_requests_in_a_minute_than_allowed_are_refused(gate: Gate) -> None:
    await gate.ctl("/market", {"requests_per_minute": 3})
    answers = [(await gate.get("/orders")).status_code for _ in range(4)]
    assert_error(await gate.get("/orders"), 429, "RateLimitExceeded")
    assert answers == [200, 200, 200, 429]
    assert (await gate.get("/orders", token=OTHER_TOKEN)).status_code == 200
    assert (await gate.get("/ping", token=None)).status_code == 200

    await gate.advance(61)
    assert (await gate.get("/orders")).status_code == 200
    assert (await gate.look("/market"))["requests_per_minute"] == 3
    await gate.forget()
    assert (await gate.look("/market"))["requests_per_minute"] == 200


async def test_orders_are_limited_by_the_hour(gate: Gate) -> None:
    await gate.ctl("/market", {"orders_per_hour": 2})
    await gate.open()
    await gate.post("/orders")  # what is refused does not count
    await gate.open()
    assert_error(await gate.post("/orders", gate.order()), 429, "RateLimitExceeded")
    await gate.advance(3601)
    await gate.open()


async def test_faults_have_the_companys_words(gate: Gate) -> None:
    await gate.arm(mode="status", status=500, method="POST", path="/v2/orders")
    assert_error(await gate.post("/orders", gate.order()), 500, "InternalServerError")
    await gate.arm(mode="http_429", retry_after=7)
    limited = await gate.get("/orders")
    assert_error(limited, 429, "RateLimitExceeded")
    assert limited.headers["retry-after"] == "7"
    await gate.arm(mode="status", status=401)
    assert_error(await gate.get("/orders"), 401, "BadCredentials")
    await gate.arm(mode="status", status=200, body={"hello": 1})
    assert (await gate.get("/orders")).json() == {"hello": 1}
    await gate.arm(mode="status", status=502, body="<html>busy</html>")
    assert (await gate.get("/orders")).headers["content-type"].startswith("text/html")


async def test_an_order_whose_answer_was_lost_is_in_the_list(gate: Gate) -> None:
    await gate.arm(mode="lost_after", method="POST", path="/v2/orders")
    with pytest.raises(httpx2.TransportError):
        await gate.post("/orders", gate.order(order_id="lost"))
    today = gate.clock.now().date().isoformat()
    query = {"created_at[from]": today, "sort": "created_at_desc", "per_page": "100"}
    [found] = (await gate.get("/orders", **query)).json()["orders"]
    assert found["order_id"] == "lost"

    await gate.arm(mode="lost_before", method="POST", path="/v2/orders")
    with pytest.raises(httpx2.TransportError):
        await gate.post("/orders", gate.order())
    assert (await gate.get("/orders")).json()["total_orders"] == 1
