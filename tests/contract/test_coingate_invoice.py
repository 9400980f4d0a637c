"""The CoinGate emulator's invoice, as a browser without scripts uses it."""

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from tests.contract.coingate_fixture import APP_ID, Gate, coingate

SUCCESS_URL = "https://shop.example.net/return/abc"
CANCEL_URL = "https://shop.example.net/return/abc?canceled"
NBSP = "\N{NO-BREAK SPACE}"
Json = dict[str, Any]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running() -> AsyncIterator[Gate]:
    async with coingate() as emulator:
        yield emulator


@pytest_asyncio.fixture
async def gate(running: Gate) -> Gate:
    await running.forget()
    return running


async def see(gate: Gate, order: Json, tail: str = "", **headers: str) -> str:
    answer = await gate.http.get(order["payment_url"] + tail, headers=headers)
    assert answer.status_code == 200
    return answer.text


async def press(gate: Gate, order: Json, action: str, **form: str) -> str:
    """Press a button; the page it leads to."""
    answer = await gate.http.post(order["payment_url"], data={"action": action, **form})
    assert answer.status_code == 303
    url = httpx2.URL(order["payment_url"]).join(answer.headers["Location"])
    return (await gate.http.get(url)).text


def part(page: str, testid: str) -> str:
    """The text of the element with this id."""
    found = re.search(rf'data-testid="{testid}"[^>]*>([^<]*)<', page)
    assert found, f"no {testid} on the page"
    return found[1].strip()


def has(page: str, *testids: str) -> list[bool]:
    return [f'data-testid="{testid}"' in page for testid in testids]


async def test_the_page_names_shop_price_and_purpose_and_calls_nobody_outside(gate: Gate) -> None:
    opened = await gate.open()
    answer = await gate.http.get(opened["payment_url"])
    page = answer.text

    assert (part(page, "shop"), part(page, "price")) == ("Тихий VPN", f"299{NBSP}₽")
    assert part(page, "title") == "Подписка, 30 дней"
    assert re.fullmatch(r"1:59:5\d", part(page, "countdown"))
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert set(re.findall(r"(?:href|src|action)=\"(https?://[^\"]+)", page)) <= {SUCCESS_URL, CANCEL_URL}
    for asset in re.findall(r"(?:href|src)=\"(/sandbox/coingate/assets/[^\"]+)", page):
        assert (await gate.http.get(gate.url.removesuffix("/sandbox/coingate") + asset)).status_code == 200


async def test_text_of_the_shop_is_text_on_the_page(gate: Gate) -> None:
    opened = await gate.open(title="<script>alert(1)</script>", success_url='https://a.example/"><script>')
    assert "<script>alert" not in await see(gate, opened)
    await gate.act(opened, "pay", confirm=True)
    assert '"><script>' not in await see(gate, opened)


async def test_the_shopper_chooses_among_the_merchants_coins(gate: Gate) -> None:
    opened = await gate.open()
    assert has(await see(gate, opened), "coin-BTC", "coin-ETH", "coin-LTC") == [True] * 3
    await gate.ctl(f"/accounts/{APP_ID}", {"coins": ["LTC"]})
    assert has(await see(gate, opened), "coin-BTC", "coin-ETH", "coin-LTC") == [False, False, True]


@pytest.mark.parametrize(
    ("coin", "platform", "scheme"),
    [("BTC", 6, "bitcoin:tb1q"), ("LTC", 9, "litecoin:tltc1q"), ("ETH", 24, "ethereum:0x")],
)
async def test_amount_address_and_code_are_those_of_the_api(
    gate: Gate, coin: str, platform: int, scheme: str
) -> None:
    opened = await gate.open()
    page = await press(gate, opened, "choose", coin=coin, platform=str(platform))
    shown = await gate.now(opened)

    assert shown["status"] == "pending"
    assert (part(page, "amount"), part(page, "address")) == (shown["pay_amount"], shown["payment_address"])
    assert f'data-uri="{shown["payment_request_uri"]}"' in page
    assert shown["payment_request_uri"].startswith(scheme)
    assert "<svg" in page.partition('class="qr"')[2]
    assert re.fullmatch(r"19:5\d|20:00", part(page, "countdown"))


async def test_a_coin_on_two_networks_asks_for_the_network(gate: Gate) -> None:
    opened = await gate.open()
    page = await see(gate, opened, "?change=1&coin=ETH")
    assert has(page, "network-ethereum", "network-arbitrum") == [True, True]
    page = await press(gate, opened, "choose", coin="ETH", platform="24")
    assert "сеть Arbitrum One" in page
    assert (await gate.now(opened))["payment_request_uri"].startswith("ethereum:0x")


async def test_another_coin_can_be_chosen_until_something_came(gate: Gate) -> None:
    opened = await gate.open()
    page = await press(gate, opened, "choose", coin="BTC", platform="6")
    assert has(page, "change") == [True]
    assert has(await see(gate, opened, "?change=1"), "coin-LTC") == [True]
    await press(gate, opened, "choose", coin="LTC", platform="9")
    page = await press(gate, opened, "under")
    assert has(page, "change", "partly") == [False, True]
    assert has(await see(gate, opened, "?change=1"), "coin-BTC") == [False]
    await press(gate, opened, "choose", coin="BTC", platform="6")
    assert (await gate.now(opened))["pay_currency"] == "LTC"


async def test_too_little_asks_for_the_rest(gate: Gate) -> None:
    opened = await gate.open()
    await press(gate, opened, "choose", coin="BTC", platform="6")
    page = await press(gate, opened, "under")
    shown = await gate.now(opened)
    assert shown["status"] == "pending"
    assert part(page, "amount") == shown["underpaid_amount"] != shown["pay_amount"]
    assert f"amount={shown['underpaid_amount']}" in page

    page = await press(gate, opened, "exact")
    assert 'data-status="confirming"' in page


async def test_confirmed_leads_back_by_itself_once(gate: Gate) -> None:
    opened = await gate.open()
    await press(gate, opened, "choose", coin="BTC", platform="6")
    page = await press(gate, opened, "over")
    assert has(page, "confirm", "reject", "overpaid") == [True] * 3
    assert "http-equiv" not in page
    page = await press(gate, opened, "confirm")
    assert "Оплачено" in page
    assert f'http-equiv="refresh" content="3;url={SUCCESS_URL}"' in page
    assert "http-equiv" not in await see(gate, opened)  # looked at later, it stays
    assert has(page, "overpaid", "back") == [True, True]


async def test_rejected_expired_and_canceled_say_so(gate: Gate) -> None:
    rejected, expired, canceled = [await gate.open() for _ in range(3)]
    await gate.act(rejected, "pay")
    pages = [await press(gate, rejected, "reject"), await press(gate, expired, "expire")]
    pages.append(await press(gate, canceled, "cancel"))
    for page, words in zip(pages, ("Платёж отклонён", "Время вышло", "Счёт отменён"), strict=True):
        assert words in page
    statuses = [await gate.status(order) for order in (rejected, expired, canceled)]
    assert statuses == ["invalid", "expired", "canceled"]
    assert f"3;url={CANCEL_URL}" in pages[2]
    assert "http-equiv" not in pages[1]  # the money may be on its way


async def test_what_is_over_can_be_paid_late_or_accepted_for_a_day(gate: Gate) -> None:
    late, accepted, gone = [await gate.open() for _ in range(3)]
    for order in (late, accepted, gone):
        page = await press(gate, order, "expire")
        assert has(page, "late", "accept", "too-late") == [True, True, False]
    await press(gate, late, "late")
    await press(gate, accepted, "accept")
    await gate.advance(25 * 3600)
    page = await press(gate, gone, "late")

    assert has(page, "late", "accept", "too-late") == [False, False, True]
    assert [await gate.status(order) for order in (late, accepted, gone)] == ["paid", "paid", "expired"]


async def test_money_that_came_too_little_and_too_late_is_told(gate: Gate) -> None:
    opened = await gate.open()
    await press(gate, opened, "choose", coin="LTC", platform="9")
    await press(gate, opened, "under")
    await gate.advance(21 * 60)
    page = await see(gate, opened)
    assert 'data-status="expired"' in page
    assert "LTC" in part(page, "partly")


async def test_a_refund_is_told(gate: Gate) -> None:
    paid = await gate.paid(price_amount="1299.50")
    await gate.act(paid, "refund", amount="300.50")
    assert part(await see(gate, paid), "refunded") == f"Возвращено 300,50{NBSP}₽"
    page = await press(gate, paid, "refund")
    assert part(page, "refunded") == f"Возвращено 1{NBSP}299,50{NBSP}₽"
    assert "Деньги возвращены" in page


async def test_pressing_twice_and_pressing_late_change_nothing(gate: Gate) -> None:
    opened = await gate.open()
    await press(gate, opened, "choose", coin="BTC", platform="6")
    await press(gate, opened, "exact")
    await press(gate, opened, "confirm")
    for action in ("confirm", "reject", "exact", "cancel", "expire", "late"):
        assert "Оплачено" in await press(gate, opened, action)
    assert len((await gate.now(opened))["blockchain_transactions"]) == 1
    assert sorted(await gate.statuses(3)) == ["confirming", "paid", "pending"]
    assert await gate.shop.stays_at(3)


async def test_nonsense_presses_leave_the_order_alone(gate: Gate) -> None:
    opened = await gate.open()
    wrong: list[dict[str, str]] = [
        {},
        {"action": "steal"},
        {"action": "choose"},
        {"action": "choose", "coin": "DOGE", "platform": "6"},
        {"action": "choose", "coin": "BTC", "platform": "11"},
    ]
    for form in wrong:
        assert (await gate.http.post(opened["payment_url"], data=form)).status_code == 200
    assert (await gate.http.post(opened["payment_url"], content=b"\xff\0=%%%")).status_code == 200
    assert (await gate.http.post(opened["payment_url"], content=b"x" * 2_000_000)).status_code == 413
    assert await gate.status(opened) == "new"
    for tail in ("unknown", "%00", "unknown/status"):
        assert (await gate.http.get(f"{gate.url}/invoice/{tail}")).status_code == 404
    assert (await gate.http.post(f"{gate.url}/invoice/unknown", data={"action": "exact"})).status_code == 404


async def test_the_open_page_learns_what_happens_and_how_time_goes(gate: Gate) -> None:
    opened = await gate.open()

    async def state() -> Json:
        answer: Json = (await gate.http.get(f"{opened['payment_url']}/status")).json()
        return answer

    states = [await state()]
    for deed, body in (("choose", {}), ("pay", {"amount": "under"}), ("pay", {}), ("confirm", {})):
        await gate.act(opened, deed, **body)
        states.append(await state())
    assert len({s["state"] for s in states}) == 5
    assert [s["status"] for s in states] == ["new", "pending", "pending", "confirming", "paid"]
    assert 7190 <= states[0]["left"] <= 7200
    assert states[4]["left"] == 0
    assert f'data-state="{states[4]["state"]}"' in await see(gate, opened)

    other = await gate.open()
    await gate.act(other, "choose")
    await gate.advance(600)
    assert 590 <= (await gate.http.get(f"{other['payment_url']}/status")).json()["left"] <= 600


async def test_the_language_is_asked_for_else_the_browsers(gate: Gate) -> None:
    opened = await gate.open(title="Order 10482")
    await gate.act(opened, "choose", coin="BTC")
    assert 'lang="ru"' in await see(gate, opened)
    assert 'lang="en"' in await see(gate, opened, **{"Accept-Language": "en-US,en;q=0.9"})
    english = await see(gate, opened, "?lang=en")
    assert f"{opened['payment_url'].partition('/sandbox')[2]}?lang=en" in english  # kept by the forms
    assert not re.search("[а-яё]", english.replace("Тихий", "").replace("Русский", ""))


async def test_prices_are_written_as_people_write_them(gate: Gate) -> None:
    opened = await gate.open(price_amount="1234.5", price_currency="EUR")
    assert part(await see(gate, opened), "price") == f"1{NBSP}234,50{NBSP}€"
    assert part(await see(gate, opened, "?lang=en"), "price") == f"1,234.50{NBSP}€"
